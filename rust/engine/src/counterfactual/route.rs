//! The way that a run went, and where two ways part.

use interlock_kernel::{Event, Name, ReviewWhy, RunFailCode};
use serde::Serialize;

use crate::settle;

/// A stop on a run's way.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Stop {
    Agent(Name),
    Person(ReviewWhy),
    Delivered,
    Failed(RunFailCode),
    Cancelled,
}

impl Stop {
    fn name(&self) -> String {
        match self {
            Self::Agent(name) => name.to_string(),
            Self::Person(why) => format!("a person ({})", settle::in_short(*why)),
            Self::Delivered => "delivered".into(),
            Self::Failed(code) => format!("failed ({})", settle::why_failed(*code)),
            Self::Cancelled => "cancelled".into(),
        }
    }

    fn of(event: &Event) -> Option<Self> {
        if let Event::TurnStarted(started) = event {
            return Some(Self::Agent(started.agent.clone()));
        }
        if let Event::ReviewOpened(opened) = event {
            return Some(Self::Person(opened.why));
        }
        if let Event::RunFailed(failed) = event {
            return Some(Self::Failed(failed.code));
        }
        if matches!(event, Event::RunDelivered(_)) {
            return Some(Self::Delivered);
        }
        matches!(event, Event::RunCancelled(_)).then_some(Self::Cancelled)
    }
}

/// Where a run goes on otherwise, and under which lines of the rules' file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(super) struct Parting {
    pub from: String,
    pub to: String,
    /// The line of the rule that decided last; nothing when none did.
    pub old_line: Option<u32>,
    pub new_line: Option<u32>,
}

/// A stop with the line of the rule that decided last.
type Marked = (Stop, Option<u32>);

fn way(events: &[Event]) -> impl Iterator<Item = Marked> {
    let mut line = None;
    events.iter().filter_map(move |event| {
        if let Event::RouteChosen(chosen) = event {
            line = chosen.decision.evidence.rule.map(|(_, line)| line);
        }
        Stop::of(event).map(|stop| (stop, line))
    })
}

/// The first stop at which two ways part. The new way may be cut short; then it is known only so far.
pub(super) fn parting(old: &[Event], new: &[Event], is_cut: bool) -> Option<Parting> {
    let (mut old, mut new) = (way(old), way(new));
    loop {
        return Some(match (old.next(), new.next()) {
            (None, None) => return None,
            (Some(_), None) if is_cut => return None,
            (Some((then, _)), Some((now, _))) if then == now => continue,
            (Some((then, old_line)), Some((now, new_line))) => Parting { from: then.name(), to: now.name(), old_line, new_line },
            (Some((then, old_line)), None) => {
                Parting { from: then.name(), to: "a person who has not decided".into(), old_line, new_line: None }
            }
            (None, Some((now, new_line))) => {
                Parting { from: "a person who has not decided".into(), to: now.name(), old_line: None, new_line }
            }
        });
    }
}
