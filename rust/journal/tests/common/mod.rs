//! Made-up runs for the journal's tests: one event of every kind, and whole runs with their payloads.
#![allow(dead_code, unreachable_pub, clippy::pedantic, clippy::unwrap_used, clippy::wildcard_enum_match_arm)] // each test file uses its part

use interlock_journal::{Append, Journal, JournalError, Payload, PayloadKind, StartRow, Ticket};
use interlock_kernel::*;

pub fn reference(number: u32) -> Ref {
    Ref { number, commitment: Digest([number as u8; 32]) }
}

fn passage(gate: Gate) -> Passage {
    Passage { gate, policy: 3, verdict: Verdict::Passed }
}

fn decision() -> RouteDecision {
    RouteDecision {
        stage: Stage::Semantic,
        intent: "billing_dispute".into(),
        target: Target::Agent("billing".into()),
        priority: Priority::High,
        fallback: vec![Target::Agent("senior".into()), Target::Review],
        escalation: Some(Escalation::Attempts(2)),
        evidence: RouteEvidence {
            rule: Some((4, 17)),
            considered: vec![
                Considered { rule: 1, outcome: RuleOutcome::NotMatched },
                Considered { rule: 2, outcome: RuleOutcome::Erred("no field amount".into()) },
                Considered { rule: 4, outcome: RuleOutcome::Matched },
            ],
            candidates: vec![("billing_dispute".into(), 900_000), ("refund".into(), 100_000)],
            neighbours: vec![Neighbour { example: 9, intent: "billing_dispute".into(), score: -20_000 }],
            index: Some(7),
            table: Some(Digest([5; 32])),
            claims: vec![("billing".into(), RuleOutcome::Matched)],
            tied: vec![1, 2],
        },
    }
}

/// The failures, each in an event of its own.
pub fn failures() -> Vec<Event> {
    let unchecked = vec![CheckVerdict { check: 0, failed: None }, CheckVerdict { check: 1, failed: Some("too short".into()) }];
    let failures = [
        Failure::Raised(reference(5)),
        Failure::WrongType(reference(6)),
        Failure::TimedOut { after_ms: 5000 },
        Failure::Unchecked(unchecked),
        Failure::HandOff(RefusalWhy::Visited),
        Failure::Unavailable(UnavailableWhy::BreakerOpen),
    ];
    let label = Some(Label::new(Integrity::Developer, Confidentiality::Tenant));
    failures.into_iter().map(|failure| Event::TurnFailed(TurnFailed { turn: TurnId(2), failure, label })).collect()
}

/// One event of each kind, in the order of their numbers.
pub fn one_of_each() -> Vec<Event> {
    let (turn, key, tool) = (TurnId(1), EffectKey([9; 16]), Name::from("issue_refund"));
    let (relay, node, review) = (NodeId(1), NodeId(2), ReviewId(0));
    vec![
        Event::RunStarted(RunStarted {
            run: RunId(0x0192_3fab_0000_0000_0000_0000_0000_0001),
            plan: Digest([1; 32]),
            rules: Some(Digest([2; 32])),
            message: reference(0),
            request: Some(reference(1)),
            deadline: Micros(1_700_000_005_000_000),
            passages: vec![passage(Gate::Ingress)],
        }),
        Event::RunResumed(RunResumed { at: Micros(1_700_000_001_000_000), deadline: Micros(1_700_000_006_000_000) }),
        Event::TurnStarted(TurnStarted {
            turn,
            node,
            agent: "billing".into(),
            fallback: false,
            attempt: 1,
            visit: 2,
            message: reference(0),
            due: Micros(1_700_000_002_000_000),
            priority: Priority::Critical,
            passages: vec![passage(Gate::AgentToAgent), passage(Gate::ModelContext)],
            strand: StrandId(3),
            hedge: true,
            hedge_at: Some(Micros(1_700_000_001_500_000)),
        }),
        Event::TurnReplied(TurnReplied {
            turn,
            reply: reference(2),
            empty: true,
            confidence: Some(Confidence(910_000)),
            intent: Some("refund".into()),
            hand_off: None,
            delegated: vec![("stock".into(), Some(reference(9))), ("finance".into(), None)],
            spent: Spent { tokens: 120, estimated: true },
            label: Some(Label::new(Integrity::User, Confidentiality::Public)),
        }),
        failures().remove(0),
        Event::ReplyChecked(ReplyChecked { turn, verdicts: vec![CheckVerdict { check: 3, failed: Some("amount is missing".into()) }] }),
        Event::FactNeeded(FactNeeded { node: relay, message: reference(2), fact: Fact::Neighbours, strand: StrandId(2) }),
        Event::RouteChosen(RouteChosen {
            turn: Some(turn),
            relay,
            message: reference(2),
            at: Micros(1_700_000_003_000_000),
            decision: decision(),
            strand: StrandId(1),
        }),
        Event::HandedOff(HandedOff { turn, relay, to: node, why: HandOffWhy::Routed, message: reference(2) }),
        Event::HandOffRefused(HandOffRefused { turn, target: "nobody".into(), why: RefusalWhy::UnknownTarget }),
        Event::EffectIntended(EffectIntended {
            turn,
            key,
            tool: tool.clone(),
            arguments: reference(3),
            passages: vec![passage(Gate::ToolCall)],
            class: EffectClass::EffectOnce,
        }),
        Event::EffectCompleted(EffectCompleted {
            turn,
            key,
            tool,
            class: EffectClass::Effect,
            arguments: reference(3),
            outcome: EffectOutcome::Returned(reference(4)),
            passages: vec![passage(Gate::ToolResult)],
            label: Some(Label::new(Integrity::Untrusted, Confidentiality::Secret)),
            assigned: Some(reference(6)),
        }),
        Event::ReviewOpened(ReviewOpened {
            review,
            why: ReviewWhy::Escalated,
            about: reference(2),
            attached: vec![reference(1), reference(4)],
            strand: StrandId(2),
            subject: ReviewSubject::Effect { turn, key, tool: "refund".into() },
            terms: Terms {
                role: Some("finance".into()),
                person: Some("ada".into()),
                approvals: 2,
                due: Some(Micros(1_700_000_005_000_000)),
                on_expiry: Expiry::Reassign("head".into()),
            },
        }),
        Event::ReviewDecided(ReviewDecided {
            review,
            decision: Some(reference(7)),
            verdict: ReviewVerdict::Answered,
            passages: vec![passage(Gate::ReviewDecision)],
            by: Some("ada".into()),
            content: Some(reference(9)),
            at: Micros(1_700_000_006_000_000),
            deadline: Micros(1_700_000_007_000_000),
        }),
        Event::RunDelivered(RunDelivered { message: reference(2), passages: vec![passage(Gate::Egress)] }),
        Event::RunFailed(RunFailed { code: RunFailCode::HandOffLimit }),
        Event::RunCancelled(RunCancelled { reason: Some(reference(8)) }),
    ]
    .into_iter()
    .chain(where_several_work(turn, node))
    .collect()
}

fn where_several_work(turn: TurnId, node: NodeId) -> Vec<Event> {
    let strand = StrandId(1);
    let said = Said { message: reference(3), turn, agent: "billing".into(), confidence: Some(Confidence(700_000)) };
    let tried = Tried {
        method: 1,
        votes: vec![Some(0), None, Some(1)],
        tally: vec![2_000, 1_000],
        spoiled: vec![(1, "it has no data".into())],
        considered: vec![Considered { rule: 0, outcome: RuleOutcome::NotMatched }],
        outcome: TriedOutcome::Won(2),
    };
    let lost = Contributed::Lost { why: ReviewWhy::StepFailed, failure: Some(Failure::Raised(reference(5))) };
    vec![
        Event::Forked(Forked {
            strand,
            node,
            message: reference(0),
            branches: vec![BranchStarted { strand: StrandId(2), node: NodeId(4), message: reference(1) }],
            due: Some(Micros(1_700_000_004_000_000)),
        }),
        Event::BranchEnded(BranchEnded { strand, end: BranchEnd::Answered(said.clone()) }),
        Event::CalledOff(CalledOff { strand, node }),
        Event::Reconciled(Reconciled {
            strand,
            node,
            tried: vec![tried],
            agreement: Some(vec![900_000, 0, 10]),
            verdict: JoinVerdict::Chosen(2),
        }),
        Event::FloorPassed(FloorPassed {
            strand,
            forum: node,
            said: vec![
                Contribution { member: NodeId(4), what: Contributed::Said(said), repeats: true },
                Contribution { member: NodeId(5), what: lost, repeats: false },
            ],
            summary: Some(reference(6)),
            considered: vec![Considered { rule: 2, outcome: RuleOutcome::Matched }],
            erred: Some("division by zero".into()),
            stalled: true,
            next: Floor::Delegates(vec![(NodeId(6), reference(7))]),
        }),
        Event::Crossed(Crossed {
            strand,
            domain: node,
            way: Fact::Export,
            from: reference(2),
            outcome: CrossingOutcome::Passed { message: reference(3), dropped: 2 },
            until: Some(Micros(1_700_000_009_000_000)),
        }),
        Event::TurnDropped(TurnDropped { turn, spent: Spent { tokens: 12, estimated: true } }),
        Event::FactFailed(FactFailed { strand, ask: 4, why: reference(8) }),
    ]
    .into_iter()
    .chain(where_people_decide())
    .collect()
}

fn where_people_decide() -> Vec<Event> {
    let (review, at) = (ReviewId(3), Micros(1_700_000_008_000_000));
    vec![
        Event::RunPaused(RunPaused { at }),
        Event::ReviewClaimed(ReviewClaimed { review, by: "ada".into(), until: at }),
        Event::ReviewReassigned(ReviewReassigned {
            review,
            by: Some("ada".into()),
            role: Some("legal".into()),
            person: None,
            decision: Some(reference(7)),
        }),
        Event::RunDerived(RunDerived {
            from: RunId(1),
            seq: 12,
            at,
            deadline: Micros(1_700_000_009_000_000),
            message: Some(reference(3)),
            origin: RunId(2),
        }),
        Event::ReviewSigned(ReviewSigned {
            review,
            by: "ada".into(),
            verdict: ReviewVerdict::Edited,
            content: Some(reference(9)),
            decision: Some(reference(7)),
            passages: vec![passage(Gate::ReviewDecision)],
        }),
        Event::ReviewWithdrawn(ReviewWithdrawn { review }),
        Event::GateRuled(GateRuled {
            turn: Some(TurnId(1)),
            agent: Some("ann".into()),
            ruling: Ruling {
                gate: Gate::ToolCall,
                policy: 7,
                verdict: Ruled::Denied,
                resource: Some("refund".into()),
                rules: vec!["tool:refund".into()],
                about: Some(reference(9)),
            },
            key: Some(EffectKey([7; 16])),
        }),
    ]
}

/// What an event of today was in an earlier version of its kind, lifted: without what that version could not say.
pub fn as_written(event: &Event, version: u8) -> Event {
    let mut event = event.clone();
    match (&mut event, version) {
        (Event::TurnStarted(turn), 1) => (turn.strand, turn.hedge, turn.hedge_at) = (StrandId(0), false, None),
        (Event::TurnReplied(reply), 1 | 2) => {
            if version == 1 {
                (reply.delegated, reply.spent) = (vec![], Spent::default());
            }
            reply.label = None;
        }
        (Event::TurnFailed(failed), 1) => failed.label = None,
        (Event::FactNeeded(needed), 1) => needed.strand = StrandId(0),
        (Event::RouteChosen(chosen), 1) => {
            chosen.strand = StrandId(0);
            chosen.decision.fallback = vec![Target::Review];
            (chosen.decision.evidence.claims, chosen.decision.evidence.tied) = (vec![], vec![]);
        }
        (Event::EffectIntended(intended), 1) => intended.class = EffectClass::Effect,
        (Event::EffectCompleted(completed), 1) => (completed.label, completed.assigned) = (None, None),
        (Event::ReviewOpened(opened), 1 | 2) => {
            if version == 1 {
                opened.attached = vec![];
            }
            (opened.strand, opened.subject, opened.terms) = (StrandId(0), ReviewSubject::Run, Terms::default());
        }
        (Event::ReviewDecided(decided), 1) => {
            (decided.by, decided.content, decided.at, decided.deadline) = (None, decided.decision, Micros(0), Micros(0));
        }
        _ => {}
    }
    event
}

pub fn payload(number: u32, text: &str) -> Payload {
    Payload { number, kind: PayloadKind::Message, salt: [number as u8 ^ 0x5a; 16], bytes: text.as_bytes().to_vec() }
}

/// A run in three appends: started, in a turn, delivered. Its frames and payloads hold together.
pub struct Story {
    pub run: u64,
    pub id: RunId,
    pub key: Option<String>,
    pub plan: &'static str,
    pub user: Option<String>,
    pub thread: Option<&'static str>,
    /// What the user wrote.
    pub says: Option<String>,
}

impl Story {
    pub fn new(journal: &Journal) -> Self {
        let run = journal.next_run();
        Self { run, id: RunId(u128::from(run) << 80 | 0xabcd), key: None, plan: "support", user: None, thread: None, says: None }
    }

    pub fn keyed(journal: &Journal, key: &str) -> Self {
        Self { key: Some(key.into()), ..Self::new(journal) }
    }

    /// The request's payload, as the engine writes it.
    fn asks(&self) -> String {
        let user = self.user.as_deref().map(|id| format!("{{\"id\":{id:?}}}")).unwrap_or("null".into());
        let thread = self.thread.map(|id| format!("{id:?}")).unwrap_or("null".into());
        format!("{{\"user\":{user},\"key\":null,\"thread\":{thread}}}")
    }

    pub fn start(&self, journal: &Journal) -> Result<Ticket, JournalError> {
        let message = payload(0, self.says.as_deref().unwrap_or("I was charged twice"));
        let request =
            (self.user.is_some() || self.thread.is_some()).then(|| Payload { kind: PayloadKind::Request, ..payload(2, &self.asks()) });
        let events = [Event::RunStarted(RunStarted {
            run: self.id,
            plan: Digest([1; 32]),
            rules: None,
            message: message.reference(),
            request: request.as_ref().map(Payload::reference),
            deadline: Micros(9),
            passages: vec![],
        })];
        let payloads = std::iter::once(message).chain(request).collect();
        let (key, user, thread) = (self.key.as_deref().map(Into::into), self.user.as_deref().map(Into::into), self.thread.map(Into::into));
        let start = Some(StartRow { id: self.id, key, plan: self.plan.into(), user, thread });
        journal.append(Append { run: self.run, first_seq: 0, at: Micros(100), events: &events, payloads, start })
    }

    pub fn turn(&self, journal: &Journal) -> Result<Ticket, JournalError> {
        let (message, reply) =
            (payload(0, self.says.as_deref().unwrap_or("I was charged twice")).reference(), payload(1, "You get it back"));
        let events = [
            Event::TurnStarted(TurnStarted {
                turn: TurnId(0),
                node: NodeId(0),
                agent: "billing".into(),
                fallback: false,
                attempt: 1,
                visit: 1,
                message,
                due: Micros(9),
                priority: Priority::Medium,
                passages: vec![passage(Gate::AgentToAgent)],
                strand: StrandId(0),
                hedge: false,
                hedge_at: None,
            }),
            Event::TurnReplied(TurnReplied {
                turn: TurnId(0),
                reply: reply.reference(),
                empty: false,
                confidence: None,
                intent: None,
                hand_off: None,
                delegated: vec![],
                spent: Spent::default(),
                label: None,
            }),
        ];
        journal.append(Append { run: self.run, first_seq: 1, at: Micros(200), events: &events, payloads: vec![reply], start: None })
    }

    pub fn deliver(&self, journal: &Journal) -> Result<Ticket, JournalError> {
        let message = payload(1, "You get it back").reference();
        let events = [Event::RunDelivered(RunDelivered { message, passages: vec![passage(Gate::Egress)] })];
        journal.append(Append { run: self.run, first_seq: 3, at: Micros(300), events: &events, payloads: vec![], start: None })
    }

    pub fn tell(&self, journal: &Journal) -> Result<Ticket, JournalError> {
        self.start(journal)?;
        self.turn(journal)?;
        self.deliver(journal)
    }
}

/// Appends frames to a run that was started: one turn after another, of which the journal only sees the bytes.
pub fn turn_after_turn(story: &Story, journal: &Journal, first_seq: u32, count: u32) -> Result<Ticket, JournalError> {
    let message = payload(0, "I was charged twice").reference();
    let turn = |seq: u32| {
        Event::TurnStarted(TurnStarted {
            turn: TurnId(seq),
            node: NodeId(0),
            agent: "billing".into(),
            fallback: false,
            attempt: 1,
            visit: 1,
            message,
            due: Micros(9),
            priority: Priority::Medium,
            passages: vec![passage(Gate::AgentToAgent)],
            strand: StrandId(0),
            hedge: false,
            hedge_at: None,
        })
    };
    let events: Vec<Event> = (first_seq..first_seq + count).map(turn).collect();
    journal.append(Append { run: story.run, first_seq, at: Micros(200), events: &events, payloads: vec![], start: None })
}

/// Whether the heavy counts are asked for, as `make prove` does.
pub fn heavy() -> bool {
    std::env::var("PROPTEST_CASES").is_ok_and(|cases| cases.parse().is_ok_and(|cases: u32| cases >= 100_000))
}
