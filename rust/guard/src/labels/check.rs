//! Whether a call may be made. Every way out but one is a violation with the place that caused it.

use std::fmt;

use super::dates::Moment;
use super::leaves::{Kind, Leaf, leaves};
use super::links::links;
use super::report::{self, Span};
use super::rule::{Endorse, Rule};
use super::spec::OnViolation;
use super::trace::Trace;
use super::{Call, is_too_much};
use interlock_kernel::{Confidentiality, Integrity};

/// What labels say of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LabelVerdict {
    Pass,
    Violates {
        /// The argument's path; empty: the call itself.
        argument: String,
        on: OnViolation,
        why: Why,
        /// The piece of a source that the value comes from, with its place in bytes of that source's text. Empty if it comes from none.
        span: String,
        start: usize,
        end: usize,
        /// The source's place among those given.
        source: Option<usize>,
    },
}

/// Which declaration a call violates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// Somebody less trusted than this had a hand in the value.
    Integrity { needed: Integrity },
    /// A text from a stranger leads somewhere that nobody trusted named.
    Link { needed: Integrity },
    /// Nothing shows that the user wants this tool called at all.
    Unasked,
    /// The tool sends to a wider circle than may see the value.
    Confidentiality { sends: Confidentiality },
    /// The arguments are no JSON object, too deep, or too many to trace.
    Unreadable,
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Integrity { needed } => write!(f, "the value comes from somebody less trusted than {needed:?}"),
            Self::Link { needed } => write!(f, "the text leads to a place that nobody as trusted as {needed:?} named"),
            Self::Unasked => write!(f, "nothing in the user's request asks for this call"),
            Self::Confidentiality { sends } => write!(f, "the tool sends no further than {sends:?}, and the value may not go there"),
            Self::Unreadable => write!(f, "the arguments can't be read or are too many to trace"),
        }
    }
}

/// Context-wide: one look at the label.
pub(super) fn strict(rule: &Rule, call: &Call<'_>) -> LabelVerdict {
    let needed = rule.accepts.max(rule.highest.min(Integrity::User));
    if call.acts && call.context.integrity < needed {
        return violation(rule, call, "", Why::Integrity { needed }, &report::whole(call.sources, needed));
    }
    if call.context.confidentiality > rule.sends {
        return told(rule, call, "");
    }
    LabelVerdict::Pass
}

/// Value by value.
pub(super) fn arguments(rule: &Rule, call: &Call<'_>) -> LabelVerdict {
    let asks_integrity = call.acts
        && (call.context.integrity < rule.highest || rule.arguments.values().any(|bound| bound.links > Some(call.context.integrity)));
    let asks_confidentiality = call.context.confidentiality > rule.sends;
    if !(asks_integrity || asks_confidentiality) {
        return LabelVerdict::Pass;
    }
    let unreadable = || violation(rule, call, "", Why::Unreadable, &Span::default());
    let Some(value) = call.read().filter(serde_json::Value::is_object) else { return unreadable() };
    let all = leaves(&value, |path| rule.arguments.contains_key(path));
    let trace = Trace::new(call.sources);
    if is_too_much(all.len(), &trace) {
        return unreadable();
    }
    if asks_integrity {
        let judged = integrity(rule, call, &all, &trace);
        if judged != LabelVerdict::Pass {
            return judged;
        }
    }
    if asks_confidentiality {
        for leaf in &all {
            if trace.label(leaf, call.context).confidentiality > rule.sends {
                return told(rule, call, &leaf.path);
            }
        }
    }
    LabelVerdict::Pass
}

fn integrity(rule: &Rule, call: &Call<'_>, all: &[Leaf<'_>], trace: &Trace<'_>) -> LabelVerdict {
    let context = call.context.integrity;
    let vouched = Trace::new(call.endorsed);
    let mut is_anchored = false;
    for leaf in all {
        let needed = rule.needed(&leaf.rule);
        if needed > context {
            if trace.holds(leaf, needed) {
                is_anchored |= needed >= rule.accepts;
            } else if !is_endorsed(rule, leaf, all, trace, needed) && !vouched.holds(leaf, needed) {
                return violation(rule, call, &leaf.path, Why::Integrity { needed }, &report::locate(&leaf.text(), call.sources, needed));
            }
        } else if let Some(strange) = strange_link(rule, leaf, (trace, &vouched), context) {
            return strange_verdict(rule, call, leaf, &strange);
        }
    }
    let is_wanted = if rule.asks.is_empty() { is_anchored } else { trace.is_asked(&rule.asks) };
    if context < rule.accepts && !is_wanted {
        return violation(rule, call, "", Why::Unasked, &report::whole(call.sources, rule.accepts));
    }
    LabelVerdict::Pass
}

/// Whether the value's form makes it harmless, or it lies a trusted length after another argument.
fn is_endorsed(rule: &Rule, leaf: &Leaf<'_>, all: &[Leaf<'_>], trace: &Trace<'_>, needed: Integrity) -> bool {
    let Some(endorse) = rule.bound(&leaf.rule).and_then(|bound| bound.endorse.as_ref()) else { return false };
    let Endorse::After(other) = endorse else { return endorse.fits(leaf) };
    let moment = |leaf: &Leaf<'_>| match &leaf.kind {
        Kind::Text(text) => Moment::read(text).map(Moment::minutes),
        Kind::Number(_) | Kind::Boolean(_) => None,
    };
    let start = all.iter().find(|leaf| leaf.path == *other).and_then(moment);
    moment(leaf).zip(start).is_some_and(|(end, start)| trace.has_length(end - start, needed))
}

/// The first link of an accepted text that nobody trusted named.
fn strange_link(rule: &Rule, leaf: &Leaf<'_>, (trace, vouched): (&Trace<'_>, &Trace<'_>), context: Integrity) -> Option<String> {
    let needed = rule.bound(&leaf.rule).and_then(|bound| bound.links).filter(|needed| *needed > context)?;
    let found = links(&leaf.text());
    if is_too_much(found.len(), trace) {
        return found.into_iter().next();
    }
    found.into_iter().find(|link| !trace.holds_text(link, needed) && !vouched.holds_text(link, needed))
}

fn strange_verdict(rule: &Rule, call: &Call<'_>, leaf: &Leaf<'_>, link: &str) -> LabelVerdict {
    let needed = rule.bound(&leaf.rule).and_then(|bound| bound.links).unwrap_or(Integrity::User);
    violation(rule, call, &leaf.path, Why::Link { needed }, &report::locate(link, call.sources, needed))
}

fn told(rule: &Rule, call: &Call<'_>, argument: &str) -> LabelVerdict {
    let source = report::secret(call.sources);
    let end = source.map_or(0, |at| call.sources[at].text.len());
    violation(rule, call, argument, Why::Confidentiality { sends: rule.sends }, &Span { source, start: 0, end })
}

fn violation(rule: &Rule, call: &Call<'_>, argument: &str, why: Why, span: &Span) -> LabelVerdict {
    LabelVerdict::Violates {
        argument: argument.to_owned(),
        on: rule.on,
        why,
        span: span.text(call.sources),
        start: span.start,
        end: span.end,
        source: span.source,
    }
}
