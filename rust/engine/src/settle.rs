//! How a run stands, in words and as the journal's row.

use interlock_journal::{RemovedWhy, StartRow, user_id};
use interlock_kernel::{
    CheckVerdict, EndedHow, Event, Failure, Micros, OpenReview, Phase, RefusalWhy, ReviewSubject, ReviewWhy, RunFailCode, Running, State,
    UnavailableWhy,
};

use crate::EngineError;
use crate::engine::Core;
use crate::guarding::Guarding;
use crate::live::{Held, Live};
use crate::step::{Settled, Status};

/// Stands in for a state that is being evolved; never seen by anybody.
pub(crate) fn placeholder(state: &State) -> State {
    State::Unstarted(std::sync::Arc::clone(plan_of(state)))
}

pub(crate) fn plan_of(state: &State) -> &std::sync::Arc<interlock_kernel::plan::Plan> {
    match state {
        State::Unstarted(plan) => plan,
        State::Running(running) => &running.plan,
        State::InReview(waiting) => &waiting.running.plan,
        State::Ended(ended) => &ended.plan,
    }
}

/// The row that a run's first frame adds to the list of runs.
pub(crate) fn start_row(live: &Live, events: &[Event]) -> Result<Option<StartRow>, EngineError> {
    if !matches!(events.first(), Some(Event::RunStarted(_))) {
        return Ok(None);
    }
    let user = live.held.user.as_deref().map(user_id).transpose()?.flatten();
    let (key, plan, thread) = (live.key.clone(), plan_of(&live.state).name.clone(), live.thread.clone());
    Ok(Some(StartRow { id: live.id, key, plan, user, thread }))
}

impl Core {
    /// Take a run that ended, or waits for a person, out of memory: its journal has everything.
    pub(crate) fn settle(&mut self, run: u64, ticket: u64, now: Micros) -> Result<Settled, EngineError> {
        self.abandon_all(run, now);
        self.let_rest(run);
        let live = self.leave(run).ok_or(EngineError::Internal("a run settled twice"))?;
        self.stats.settled += 1;
        let (remaining, resting) = (&self.live, &self.resting);
        self.deadlines.tidy(remaining.len() + resting.len(), |run| remaining.contains_key(&run) || resting.contains_key(&run));
        let mut settled = settled(live.state, &live.held, ticket);
        settled.unmask(&live.guarding)?;
        if matches!(settled.status, Status::Delivered | Status::Failed | Status::Cancelled) {
            self.outlive(&live.guarding)?;
        }
        Ok(settled)
    }

    /// Out of memory, and its key is the journal's to find.
    pub(crate) fn leave(&mut self, run: u64) -> Option<Live> {
        let live = self.live.remove(&run)?;
        if let Some(key) = &live.key {
            self.keys.remove(key);
        }
        Some(live)
    }
}

impl Settled {
    /// An answer that was delivered is shown to its user with their own values.
    pub(crate) fn unmask(&mut self, guarding: &Guarding) -> Result<(), EngineError> {
        if self.status == Status::Delivered { guarding.shown(&mut self.text, &mut self.data) } else { Ok(()) }
    }
}

/// A settled (or still running) state, as the shell sees it.
pub(crate) fn settled(state: State, held: &Held, ticket: u64) -> Settled {
    let (turns, handoffs, effects, tokens) = counts(&state);
    let (mut text, mut data, mut reason, mut attached, mut reviews) = (String::new(), None, None, Vec::new(), Vec::new());
    let status = status(&state);
    match &state {
        State::Unstarted(_) => {}
        State::Running(running) => {
            if running.paused {
                reason = running.open.values().next().map(why_effect);
            }
            reviews = running.open.keys().map(|review| review.0).collect();
        }
        State::InReview(waiting) => {
            reviews = vec![waiting.review.0];
            reason = Some(why_review(waiting.open.why, waiting.running.trunk().map(|trunk| &trunk.phase), held));
            attached = held.for_a_person(waiting);
        }
        State::Ended(ended) => match &ended.how {
            EndedHow::Delivered { message } => {
                if let Some(body) = held.message(message.number) {
                    text.clone_from(&body.text);
                    data.clone_from(&body.data);
                }
            }
            EndedHow::Failed { code, missed, said } => {
                let missed = missed.as_ref().map(|(agent, failure)| format!(": agent {agent:?}: {}", in_words(failure, held)));
                let said = said.and_then(|text| held.text(text.number)).filter(|text| !text.is_empty()).map(|text| format!(": {text}"));
                reason = Some(format!("{}{}", why_failed(*code), missed.or(said).unwrap_or_default()));
            }
            EndedHow::Cancelled { reason: written } => {
                reason = written.and_then(|text| held.text(text.number));
            }
        },
    }
    Settled { ticket, status, text, data, turns, handoffs, effects, tokens, reason, attached, reviews, state }
}

/// How a run stands whose texts are gone: in the words of its events alone.
pub(crate) fn without_texts(state: &State, why: RemovedWhy) -> String {
    let gone = format!("what was said in it was {why}");
    let State::Ended(ended) = state else { return gone };
    match &ended.how {
        EndedHow::Failed { code, .. } => format!("{} ({gone})", why_failed(*code)),
        EndedHow::Delivered { .. } | EndedHow::Cancelled { .. } => gone,
    }
}

/// Where a run stands.
pub(crate) fn status(state: &State) -> Status {
    match state {
        State::Running(running) if running.paused => Status::InReview,
        State::Unstarted(_) | State::Running(_) => Status::Running,
        State::InReview(_) => Status::InReview,
        State::Ended(ended) => match &ended.how {
            EndedHow::Delivered { .. } => Status::Delivered,
            EndedHow::Failed { .. } => Status::Failed,
            EndedHow::Cancelled { .. } => Status::Cancelled,
        },
    }
}

/// Turns, handoffs, effects that returned, and tokens so far.
pub(crate) fn counts(state: &State) -> (u32, u32, u32, u64) {
    let so_far = |running: &Running| {
        let effects = u32::try_from(running.effects.len()).unwrap_or(u32::MAX);
        (running.turns, running.handoffs, effects, running.tokens)
    };
    match state {
        State::Unstarted(_) => (0, 0, 0, 0),
        State::Running(running) => so_far(running),
        State::InReview(waiting) => so_far(&waiting.running),
        State::Ended(ended) => (ended.turns, ended.handoffs, ended.effects, ended.tokens),
    }
}

pub(crate) fn why_failed(code: RunFailCode) -> &'static str {
    match code {
        RunFailCode::DeadlinePassed => "the run's deadline passed",
        RunFailCode::StepFailed => "a step failed",
        RunFailCode::HandOffLimit => "no further handoff was allowed",
        RunFailCode::Rejected => "the reviewer rejected it",
        RunFailCode::Unresolved => "no one answer came of the branches",
        RunFailCode::Denied => "a gate did not let it go on",
        RunFailCode::ForumLimit => "the limit was reached without an answer",
    }
}

/// Why an effect stands still, in words.
pub(crate) fn why_effect(open: &OpenReview) -> String {
    match &open.subject {
        ReviewSubject::Effect { tool, .. } => format!("{}: tool {tool:?}", in_short(open.why)),
        ReviewSubject::Run | ReviewSubject::Delivery => in_short(open.why).into(),
    }
}

fn why_review(why: ReviewWhy, phase: Option<&Phase>, held: &Held) -> String {
    let reason = in_short(why);
    match phase {
        Some(Phase::Missed { turn, failure }) => format!("{reason}: agent {:?}: {}", turn.agent, in_words(failure, held)),
        Some(Phase::Stuck { culprit: Some(label), .. }) => format!("{reason} (the label is {label:?})"),
        Some(
            Phase::Entering { .. }
            | Phase::AwaitingFact { .. }
            | Phase::InTurn(_)
            | Phase::Answered { .. }
            | Phase::Routed { .. }
            | Phase::Paused { .. }
            | Phase::Woken { .. }
            | Phase::Held { .. }
            | Phase::Stuck { .. }
            | Phase::Forked
            | Phase::Delegating { .. }
            | Phase::AtWall { .. }
            | Phase::Left { .. },
        )
        | None => reason.into(),
    }
}

/// Why a person is asked, in words.
pub fn in_short(why: ReviewWhy) -> &'static str {
    match why {
        ReviewWhy::StepFailed => "a step failed",
        ReviewWhy::NoRoute => "no rule took the task",
        ReviewWhy::Routed => "the routing rule asks for a person",
        ReviewWhy::Tied => "two rules, or two members' claims, have the same right to the task",
        ReviewWhy::Fallback => "the agent came to nothing and its rule's fallback is a person",
        ReviewWhy::HandOffLimit => "no further handoff was allowed",
        ReviewWhy::Escalated => "the rule's escalation_after was reached",
        ReviewWhy::TooManyTurns => "the run took more turns than any run may",
        ReviewWhy::Unresolved => "the answers conflict, and no method decides between them",
        ReviewWhy::Overridden => "a condition over the answers asks for a person",
        ReviewWhy::NoAnswers => "no branch has an answer",
        ReviewWhy::BranchFailed => "a branch failed, and one is enough to stop them all",
        ReviewWhy::BranchDeadline => "the branch took longer than it may",
        ReviewWhy::ForumLimit => "the turns, delegations or tokens are used up without an answer",
        ReviewWhy::Stalemate => "nobody says anything new",
        ReviewWhy::Contract => "the message carries a label that the domain's contract does not let through",
        ReviewWhy::DomainLimit => "the domain's turns or time are used up",
        ReviewWhy::Guarded => "a gate held it back",
        ReviewWhy::FactFailed => "what the decision needed to know could not be found out",
        ReviewWhy::Approval => "it may not happen without a person's yes",
        ReviewWhy::EffectUnknown => "an effect that may happen once only was begun, and nobody knows what became of it",
        ReviewWhy::EffectForgotten => "an effect was begun, nobody knows what became of it, and it was not repeated",
    }
}

/// Why a branch or a delegate came to nothing.
pub(crate) fn why_lost(why: ReviewWhy, failure: Option<&Failure>, held: &Held) -> String {
    failure.map_or_else(|| in_short(why).into(), |failure| format!("{}: {}", in_short(why), in_words(failure, held)))
}

/// Why an attempt came to nothing, for the agent that tries again and for the person who is asked.
pub(crate) fn in_words(failure: &Failure, held: &Held) -> String {
    match failure {
        Failure::Raised(text) => format!("it raised {}", held.text(text.number).unwrap_or_default()),
        Failure::WrongType(text) => held.text(text.number).unwrap_or_default(),
        Failure::TimedOut { after_ms } => format!("it did not answer within {after_ms} ms"),
        Failure::Unchecked(verdicts) => failed_checks(verdicts),
        Failure::HandOff(RefusalWhy::UnknownTarget) => "its handoff names no member of the plan".into(),
        Failure::HandOff(RefusalWhy::Itself) => "it handed off to itself".into(),
        Failure::HandOff(RefusalWhy::Visited) => "its handoff names an agent that had the turn before".into(),
        Failure::HandOff(RefusalWhy::LimitReached) => "the handoffs are used up".into(),
        Failure::HandOff(RefusalWhy::FanOut) => "it delegates to more members at once than the hierarchy allows".into(),
        Failure::HandOff(RefusalWhy::Twice) => "it names a member twice in one delegation".into(),
        Failure::Unavailable(UnavailableWhy::BreakerOpen) => "it was not called: it failed or was slow too often of late".into(),
        Failure::Unavailable(UnavailableWhy::Denied) => "it was not called: a gate did not let it have the turn".into(),
        Failure::Unavailable(UnavailableWhy::Short) => "it was not called: its budget is used up".into(),
        Failure::Unavailable(UnavailableWhy::QueueFull) => "it was not called: too many wait for it already".into(),
    }
}

fn failed_checks(verdicts: &[CheckVerdict]) -> String {
    let failed: Vec<&str> = verdicts.iter().filter_map(|verdict| verdict.failed.as_deref()).collect();
    format!("its reply failed a check: {}", failed.join("; "))
}
