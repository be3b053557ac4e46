//! What a gate objects to is not passed on: it is recorded with the rule that said so, and the run says what became of it.

use interlock_kernel::{
    Book, Confidentiality, Consulted, EffectClass, EffectKey, EffectOutcome, Event, Failure, Follows, Gate, Gates, Input, Integrity, Label,
    Micros, Passage, Reply, ReviewSubject, ReviewWhy, Ruled, Ruling, RunFailCode, RunId, Spent, State, Subject, TurnFailed, TurnId,
    TurnReplied, UnavailableWhy, Verdict, decide, evolve,
};
use interlock_testkit::{Shelf, bare, plan_of, step};

use crate::nothing;

/// Objects at one gate.
struct Strict {
    at: Gate,
    verdict: Ruled,
}

impl Gates for Strict {
    fn pass(&self, gate: Gate, _: Subject<'_>) -> Consulted<Passage> {
        Consulted::Decided(Passage { gate, policy: 7, verdict: Verdict::Passed })
    }

    fn objection(&self, gate: Gate, subject: Subject<'_>) -> Option<Ruling> {
        let (resource, verdict) = (subject.agent.cloned(), self.verdict);
        (gate == self.at).then(|| Ruling { gate, policy: 7, verdict, resource, rules: vec!["test".into()], about: None })
    }
}

fn told(gates: &Strict, inputs: Vec<Input>) -> Vec<Event> {
    let shelf = Shelf::default();
    let book = Book { rules: &shelf.rules, gates, payloads: &shelf.papers };
    let mut state = State::new(plan_of(step("ann")).unwrap());
    let mut journal = Vec::new();
    for input in inputs {
        for event in decide(&state, input, &book, Micros(0)).unwrap() {
            state = evolve(state, &event).unwrap();
            journal.push(event);
        }
    }
    journal
}

fn request() -> Input {
    Input::Requested { run: RunId(1), rules: None, message: nothing(), request: None, deadline: Micros(9_000_000) }
}

#[test]
fn a_request_that_is_kept_out_starts_a_run_that_says_so_and_ends() {
    let events = told(&Strict { at: Gate::Ingress, verdict: Ruled::Blocked }, vec![request()]);
    let [Event::RunStarted(started), Event::GateRuled(ruled), Event::RunFailed(failed)] = &events[..] else { panic!("{events:?}") };
    assert!(started.passages.is_empty(), "it passed no gate");
    assert_eq!((ruled.ruling.gate, ruled.ruling.verdict), (Gate::Ingress, Ruled::Blocked));
    assert_eq!(failed.code, RunFailCode::Denied);
}

#[test]
fn an_agent_that_may_not_have_the_turn_is_never_called() {
    for gate in [Gate::AgentToAgent, Gate::ModelContext] {
        let events = told(&Strict { at: gate, verdict: Ruled::Denied }, vec![request(), Input::Advanced]);
        let [_, Event::GateRuled(ruled), Event::TurnStarted(turn), Event::TurnFailed(failed)] = &events[..] else { panic!("{events:?}") };
        assert_eq!((ruled.turn, ruled.agent.as_deref()), (Some(turn.turn), Some("ann")));
        assert!(turn.passages.is_empty());
        assert_eq!(failed.failure, Failure::Unavailable(UnavailableWhy::Denied));
    }
}

/// A run whose only agent has answered, as far as a gate lets it go.
fn answered(gates: &Strict) -> Vec<Event> {
    let reply = Reply { spent: Some(Spent::default()), ..bare(nothing()) };
    let steps = [request(), Input::Advanced, Input::Replied { turn: TurnId(0), reply }, Input::Advanced, Input::Advanced];
    told(gates, steps.into())
}

#[test]
fn a_label_goes_with_what_it_is_of_into_the_event() {
    let open = Strict { at: Gate::Memory, verdict: Ruled::Denied };
    let label = Some(Label::new(Integrity::Developer, Confidentiality::Secret));
    let (turn, content, assigned) = (TurnId(0), nothing(), Some(nothing()));
    let (key, tool, class, outcome) = (EffectKey([1; 16]), "look".into(), EffectClass::Pure, EffectOutcome::Returned(content));
    let ended = Input::EffectEnded { turn, key, tool, class, arguments: content, outcome, label, assigned };
    let reply = Reply { spent: Some(Spent::default()), label, ..bare(content) };
    let failed = Input::AttemptFailed { turn, failure: Failure::Raised(content), label };
    for last in [Input::Replied { turn, reply }, failed] {
        let events = told(&open, vec![request(), Input::Advanced, ended.clone(), last]);
        let [.., Event::EffectCompleted(done), end] = &events[..] else { panic!("{events:?}") };
        assert_eq!((done.label, done.assigned), (label, assigned));
        let (Event::TurnReplied(TurnReplied { label: carried, .. }) | Event::TurnFailed(TurnFailed { label: carried, .. })) = end else {
            panic!("{end:?}")
        };
        assert_eq!(*carried, label);
    }
}

#[test]
fn an_answer_that_a_gate_blocks_is_not_delivered_and_the_run_says_so() {
    for gate in [Gate::Unmask, Gate::Egress] {
        let events = answered(&Strict { at: gate, verdict: Ruled::Blocked });
        let [.., Event::GateRuled(ruled), Event::RunFailed(failed)] = &events[..] else { panic!("{events:?}") };
        assert_eq!((ruled.ruling.gate, ruled.turn, ruled.agent.as_deref()), (gate, Some(TurnId(0)), Some("ann")));
        assert_eq!(failed.code, RunFailCode::Denied);
    }
}

#[test]
fn an_answer_that_a_person_is_to_see_waits_for_one() {
    let events = answered(&Strict { at: Gate::Egress, verdict: Ruled::Reviewed });
    let [.., Event::GateRuled(_), Event::ReviewOpened(opened)] = &events[..] else { panic!("{events:?}") };
    assert_eq!((opened.why, &opened.subject), (ReviewWhy::Guarded, &ReviewSubject::Delivery));
}

#[test]
fn what_a_shell_rules_is_recorded_with_whose_turn_it_was_and_what_follows() {
    let ruling = Ruling { gate: Gate::ToolCall, policy: 7, verdict: Ruled::Denied, resource: None, rules: Vec::new(), about: None };
    let open = Strict { at: Gate::Memory, verdict: Ruled::Denied };
    for (follows, expected) in [
        (Follows::Nothing, &["gate_ruled"][..]),
        (Follows::TurnFails, &["gate_ruled", "turn_failed"]),
        (Follows::RunFails, &["gate_ruled", "run_failed"]),
    ] {
        let ruled = Input::Ruled { turn: Some(TurnId(0)), ruling: ruling.clone(), key: None, follows };
        let events = told(&open, vec![request(), Input::Advanced, ruled]);
        assert_eq!(events[2..].iter().map(Event::name).collect::<Vec<_>>(), expected);
        let Event::GateRuled(ruled) = &events[2] else { panic!("{events:?}") };
        assert_eq!(ruled.agent.as_deref(), Some("ann"));
    }
}
