//! Effects inside a turn: asked for, begun, ended, and what becomes of those whose end nobody knows.

use crate::run::here::Here;
use crate::run::turn::speaking;
use crate::run::{Decision, Intent, Running, Strand, absorbed, one, review};
use crate::{
    Book, EffectClass, EffectCompleted, EffectIntended, EffectKey, EffectOutcome, Event, Gate, Label, Micros, Name, Ref, Refusal,
    ReviewSubject, ReviewWhy, Subject, TermsSpec, TurnId,
};

/// A tool that acts, as the turn wants to call it.
pub(super) struct Wanted {
    pub key: EffectKey,
    pub tool: Name,
    pub class: EffectClass,
    pub arguments: Ref,
    pub approve: Option<TermsSpec>,
    pub attached: Vec<Ref>,
}

/// Effects whose names begin so reach the memory. They pass its gate both ways, where a tool's call and its result pass theirs.
const MEMORY: &str = "memory.";

/// The gates that an effect's call and its end pass.
fn gates(tool: &str) -> (Gate, Gate) {
    if tool.starts_with(MEMORY) { (Gate::Memory, Gate::Memory) } else { (Gate::ToolCall, Gate::ToolResult) }
}

/// The intent is recorded before anything happens; what was decided about the key before stands.
pub(super) fn on_begun(running: &Running, turn: TurnId, wanted: Wanted, book: &Book<'_>, now: Micros) -> Decision {
    let Some(speaker) = speaking(running, turn)? else { return absorbed() }; // the turn is over: the shell must not start the effect
    let Wanted { key, tool, class, arguments, approve, attached } = wanted;
    let has_end = running.effects.contains_key(&key) || running.denied.contains_key(&key) || running.raised_once.contains_key(&key);
    if has_end || running.raised.contains(&(turn, key)) {
        return absorbed(); // the shell gives what is stored
    }
    let intent = running.intents.get(&key);
    if intent.is_some_and(|intent| !intent.orphaned) {
        return absorbed(); // it is under way, and the shell waits for its end
    }
    let Some(strand) = running.strand_of(turn) else { return absorbed() };
    let subject = || ReviewSubject::Effect { turn, key, tool: tool.clone() };
    if strand.rival.is_some() {
        return Err(Refusal::TwoAtWork { turn });
    }
    // Repeating one whose end is unknown is what its class forbids: only a person can know.
    if class == EffectClass::EffectOnce && running.intended.contains(&key) && !running.approved.contains_key(&key) {
        let terms = approve.as_ref().or_else(|| review::terms(running, book));
        let about = intent.map_or(arguments, |intent| intent.arguments);
        return one(review::open(running, strand, (ReviewWhy::EffectUnknown, about, Vec::new()), subject(), terms, now));
    }
    if let (Some(terms), None, None) = (&approve, running.approved.get(&key), intent) {
        return one(review::open(running, strand, (ReviewWhy::Approval, arguments, attached), subject(), Some(terms), now));
    }
    let domain = running.plan.domain_name(speaker.node);
    let changed = intent.map(|intent| intent.arguments).or_else(|| running.approved.get(&key).copied().flatten());
    let arguments = changed.unwrap_or(arguments);
    let subject = Subject { agent: Some(&speaker.agent), tool: Some(&tool), content: Some(arguments), domain, node: None };
    let passages = vec![book.pass(gates(&tool).0, subject)?];
    one(Event::EffectIntended(EffectIntended { turn, key, tool, arguments, passages, class }))
}

/// An effect that ends after its turn still happened, so it is recorded; only a repeated end is absorbed.
pub(super) fn on_ended(
    running: &Running,
    turn: TurnId,
    (key, tool, class, arguments): (EffectKey, Name, EffectClass, Ref),
    (outcome, label, assigned): (EffectOutcome, Option<Label>, Option<Ref>),
    book: &Book<'_>,
) -> Decision {
    let speaker = speaking(running, turn)?;
    if running.effects.contains_key(&key) || running.raised.contains(&(turn, key)) {
        return absorbed();
    }
    if class != EffectClass::Pure && !running.intents.contains_key(&key) {
        // It passed no gate; or its end is known already, and this is the second time that it is told.
        return if running.intended.contains(&key) { absorbed() } else { Err(Refusal::NotAwaited) };
    }
    let agent = speaker.map(|turn| &turn.agent);
    let domain = speaker.and_then(|turn| running.plan.domain_name(turn.node));
    let (EffectOutcome::Returned(result) | EffectOutcome::Raised(result)) = &outcome;
    let (call, end) = gates(&tool);
    let mut passages = Vec::with_capacity(2);
    if class == EffectClass::Pure {
        // A pure effect has no intent of its own, so its call passes the gate here.
        passages.push(book.pass(call, Subject { agent, tool: Some(&tool), content: Some(arguments), domain, node: None })?);
    }
    passages.push(book.pass(end, Subject { agent, tool: Some(&tool), content: Some(*result), domain, node: None })?);
    one(Event::EffectCompleted(EffectCompleted { turn, key, tool, class, arguments, outcome, passages, label, assigned }))
}

/// Effects without an end that this strand began.
fn of_strand<'a>(running: &'a Running, strand: &'a Strand) -> impl Iterator<Item = (&'a EffectKey, &'a Intent)> {
    running.intents.iter().filter(|(_, intent)| intent.strand == strand.id)
}

/// Effects without an end that were begun by branches which are over.
fn astray(running: &Running) -> impl Iterator<Item = (&EffectKey, &Intent)> {
    running.intents.iter().filter(|(_, intent)| running.strand(intent.strand).is_none())
}

/// Whether a strand that has answered must wait: an effect of it is under way in this process.
pub(super) fn is_awaited(running: &Running, strand: &Strand) -> bool {
    !running.intents.is_empty() && of_strand(running, strand).any(|(_, intent)| !intent.orphaned)
}

/// Whether a strand that waits for its branches must wait on: an effect of one that is over is still under way.
pub(super) fn is_astray(running: &Running) -> bool {
    !running.intents.is_empty() && astray(running).any(|(_, intent)| !intent.orphaned)
}

/// A reply is there, and an effect of an earlier attempt has no end and was not repeated: a person says what became of it.
pub(super) fn forgotten(here: Here<'_>, reply: Ref) -> Option<Decision> {
    if here.intents.is_empty() {
        return None;
    }
    let (key, intent) = of_strand(here.run, here.strand).find(|(_, intent)| intent.orphaned)?;
    Some(ask(here, *key, intent, vec![reply]))
}

/// As `forgotten`, for branches that are over.
pub(super) fn lost(here: Here<'_>) -> Option<Decision> {
    if here.intents.is_empty() {
        return None;
    }
    let (key, intent) = astray(here.run).find(|(_, intent)| intent.orphaned)?;
    Some(ask(here, *key, intent, Vec::new()))
}

fn ask(here: Here<'_>, key: EffectKey, intent: &Intent, attached: Vec<Ref>) -> Decision {
    let subject = ReviewSubject::Effect { turn: intent.turn, key, tool: intent.tool.clone() };
    let terms = review::terms(here.run, here.book);
    one(review::open(here.run, here.strand, (ReviewWhy::EffectForgotten, intent.arguments, attached), subject, terms, here.now))
}
