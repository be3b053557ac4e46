//! A journal in plain words, one line an event, so that a test's expectation reads as a story.

use interlock_kernel::plan::Plan;
use interlock_kernel::{CheckVerdict, Event, Failure, NodeId, ReviewVerdict, Target, TurnReplied, TurnStarted};

use crate::Papers;

/// What happened, line by line.
pub fn story(plan: &Plan, papers: &Papers, journal: &[Event]) -> Vec<String> {
    journal.iter().map(|event| line(plan, papers, event)).collect()
}

fn line(plan: &Plan, papers: &Papers, event: &Event) -> String {
    match event {
        Event::RunStarted(started) => format!("asked: {}", papers.text(started.message)),
        Event::RunResumed(_) => "resumed".into(),
        Event::TurnStarted(started) => turn(papers, started),
        Event::TurnReplied(reply) => said(papers, reply),
        Event::TurnFailed(failed) => format!("failed: {}", reason(papers, &failed.failure)),
        Event::ReplyChecked(checked) => match failures(&checked.verdicts) {
            none if none.is_empty() => "checked".into(),
            some => format!("unchecked: {some}"),
        },
        Event::FactNeeded(needed) => format!("needs {:?}", needed.fact),
        Event::RouteChosen(chosen) => format!("routes {} to {}", chosen.decision.intent, whom(&chosen.decision.target)),
        Event::HandedOff(passed) => format!("{:?}: {} gets {}", passed.why, name(plan, passed.to), papers.text(passed.message)),
        Event::HandOffRefused(refused) => format!("refused {}: {:?}", refused.target, refused.why),
        Event::EffectIntended(intended) => format!("intends {}", intended.tool),
        Event::EffectCompleted(completed) => format!("completed {}", completed.tool),
        Event::ReviewOpened(opened) => format!("review of {}: {:?}", papers.text(opened.about), opened.why),
        Event::ReviewDecided(decided) => match decided.verdict {
            ReviewVerdict::Answered => format!("reviewer says {}", papers.text(decided.decision)),
            ReviewVerdict::Rejected => "reviewer rejects".into(),
        },
        Event::RunDelivered(delivered) => format!("delivered {}", papers.text(delivered.message)),
        Event::RunFailed(failed) => format!("ended: {:?}", failed.code),
        Event::RunCancelled(_) => "cancelled".into(),
    }
}

fn turn(papers: &Papers, started: &TurnStarted) -> String {
    let fallback = if started.fallback { " as the fallback" } else { "" };
    let again = if started.attempt > 1 { format!(" again ({})", started.attempt) } else { String::new() };
    format!("{} hears {}{fallback}{again}", started.agent, papers.text(started.message))
}

fn said(papers: &Papers, reply: &TurnReplied) -> String {
    let text = if reply.empty { "nothing" } else { papers.text(reply.reply) };
    let intent = reply.intent.as_ref().map_or_else(String::new, |intent| format!(" about {intent}"));
    let target = reply.hand_off.as_ref().map_or_else(String::new, |target| format!(" to {target}"));
    format!("says {text}{intent}{target}")
}

fn reason(papers: &Papers, failure: &Failure) -> String {
    match failure {
        Failure::Raised(text) => format!("raised {}", papers.text(*text)),
        Failure::WrongType(text) => format!("wrong type {}", papers.text(*text)),
        Failure::TimedOut { after_ms } => format!("timed out after {after_ms} ms"),
        Failure::Unchecked(verdicts) => format!("unchecked: {}", failures(verdicts)),
        Failure::HandOff(why) => format!("handoff {why:?}"),
    }
}

fn failures(verdicts: &[CheckVerdict]) -> String {
    verdicts.iter().filter(|verdict| verdict.failed.is_some()).map(|verdict| verdict.check.to_string()).collect::<Vec<_>>().join(", ")
}

fn whom(target: &Target) -> &str {
    match target {
        Target::Agent(agent) => agent,
        Target::Review => "a person",
    }
}

fn name(plan: &Plan, id: NodeId) -> &str {
    plan.node(id).map_or("(no node)", |node| &node.name)
}
