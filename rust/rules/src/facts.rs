//! What the conditions of one decision see. The JSON is read when the first of them looks at it, once for all.

use std::borrow::Cow;
use std::sync::OnceLock;

use cel::common::value::{CowVal, Val};
use cel::context::VariableResolver;
use interlock_kernel::{Confidence, Content};

use crate::Scope;
use crate::json::{Fields, Json};

/// A name that an expression may start from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Root {
    Text,
    Data,
    User,
    Intent,
    Confidence,
    Labels,
    Speaker,
    Turns,
    Ballots,
}

impl Root {
    /// In the order in which an error lists them. A rule sees the first `OF_RULES`; the rest are a plan's.
    pub(crate) const NAMES: [&'static str; 9] = ["text", "data", "user", "intent", "confidence", "labels", "speaker", "turns", "ballots"];
    pub(crate) const OF_RULES: usize = 6;

    pub(crate) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "text" => Self::Text,
            "data" => Self::Data,
            "user" => Self::User,
            "intent" => Self::Intent,
            "confidence" => Self::Confidence,
            "labels" => Self::Labels,
            "speaker" => Self::Speaker,
            "turns" => Self::Turns,
            "ballots" => Self::Ballots,
            _ => return None,
        })
    }

    pub(crate) fn name(self) -> &'static str {
        Self::NAMES[self as usize]
    }
}

const ROOTS: usize = Root::NAMES.len();

/// A scope and what was read of it so far. Locks and not cells because CEL asks for `Sync`.
#[derive(Debug)]
pub(crate) struct Facts<'a> {
    scope: Scope<'a>,
    /// The intent that a stage found, where nobody stated one.
    found: Option<String>,
    read: [OnceLock<Option<Json<'a>>>; ROOTS],
    for_cel: [OnceLock<Option<Box<dyn Val>>>; ROOTS],
}

impl<'a> Facts<'a> {
    pub(crate) fn of(scope: Scope<'a>) -> Self {
        Self { scope, found: None, read: Default::default(), for_cel: Default::default() }
    }

    /// With what a root holds, where it is read already.
    pub(crate) fn with(mut self, root: Root, value: Json<'a>) -> Self {
        self.read[root as usize] = OnceLock::from(Some(value));
        self
    }

    /// From now on the task has this intent, unless one was stated.
    pub(crate) fn find_intent(&mut self, intent: &str) {
        self.found = Some(intent.to_owned());
        self.read[Root::Intent as usize] = OnceLock::new();
        self.for_cel[Root::Intent as usize] = OnceLock::new();
    }

    /// Nothing if it is JSON that can't be read.
    pub(crate) fn root(&self, root: Root) -> Option<&Json<'a>> {
        self.read[root as usize].get_or_init(|| self.build(root)).as_ref()
    }

    fn build(&self, root: Root) -> Option<Json<'a>> {
        let text = |text: Option<&'a str>| text.map_or(Json::Null, |text| Json::Str(Cow::Borrowed(text)));
        Some(match root {
            Root::Text => text(Some(self.scope.text)),
            Root::Data => return read(self.scope.data),
            Root::User => return read(self.scope.user),
            Root::Intent => match (self.scope.intent, &self.found) {
                (None, Some(found)) => Json::Str(Cow::Owned(found.clone())),
                (stated, _) => text(stated),
            },
            Root::Confidence => share(self.scope.confidence),
            Root::Labels => Json::List(self.scope.labels.iter().map(|label| text(Some(label))).collect()),
            Root::Speaker => text(self.scope.speaker),
            Root::Turns => Json::Int(self.scope.turns.into()),
            Root::Ballots => {
                let ballots = self
                    .scope
                    .ballots
                    .iter()
                    .map(|(name, answer, confidence)| ballot(*answer, *confidence).map(|fields| (Cow::Borrowed(*name), fields)));
                Json::Map(Fields::of(ballots.collect::<Option<_>>()?))
            }
        })
    }
}

fn read(bytes: Option<&[u8]>) -> Option<Json<'_>> {
    bytes.map_or(Some(Json::Null), Json::read)
}

fn ballot(answer: Content<'_>, confidence: Option<Confidence>) -> Option<Json<'_>> {
    Some(Json::Map(Fields::of(vec![
        (Cow::Borrowed("text"), Json::Str(Cow::Borrowed(answer.text))),
        (Cow::Borrowed("data"), read(answer.data)?),
        (Cow::Borrowed("confidence"), share(confidence)),
    ])))
}

/// The nearest double, so that 800,000 parts per million equal the literal 0.8.
fn share(confidence: Option<Confidence>) -> Json<'static> {
    confidence.map_or(Json::Null, |given| Json::Double(f64::from(given.0) / f64::from(Confidence::ONE)))
}

impl VariableResolver for Facts<'_> {
    /// JSON that can't be read is no variable, which fails the expression.
    fn resolve<'b>(&'b self, name: &str) -> Option<CowVal<'b, 'b>> {
        let root = Root::named(name)?;
        self.for_cel[root as usize].get_or_init(|| self.root(root).map(Json::to_cel)).as_deref().map(CowVal::Borrowed)
    }
}
