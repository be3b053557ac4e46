//! What the conditions of one decision see. The JSON is parsed when the first of them looks at it, once for all.

use std::sync::OnceLock;

use cel::common::types::{CelDouble, CelNull, CelString};
use cel::common::value::{CowVal, Val};
use cel::context::VariableResolver;
use interlock_kernel::Confidence;

use crate::{Scope, json};

/// The names that a condition may start from.
pub(crate) const ROOTS: [&str; 5] = ["text", "data", "user", "intent", "confidence"];

/// A scope and what was parsed of it so far. A lock and not a cell because CEL asks for `Sync`.
#[derive(Debug)]
pub(crate) struct Facts<'a> {
    scope: Scope<'a>,
    data: OnceLock<Option<Box<dyn Val>>>,
    user: OnceLock<Option<Box<dyn Val>>>,
}

impl<'a> Facts<'a> {
    pub(crate) fn of(scope: Scope<'a>) -> Self {
        Self { scope, data: OnceLock::new(), user: OnceLock::new() }
    }
}

impl VariableResolver for Facts<'_> {
    /// JSON that can't be parsed is no variable, which fails the expression.
    fn resolve<'b>(&'b self, name: &str) -> Option<CowVal<'b, 'b>> {
        match name {
            "text" => Some(CowVal::owned(CelString::from(self.scope.text))),
            "data" => parsed(&self.data, self.scope.data),
            "user" => parsed(&self.user, self.scope.user),
            "intent" => Some(self.scope.intent.map_or(null(), |intent| CowVal::owned(CelString::from(intent)))),
            "confidence" => Some(self.scope.confidence.map_or(null(), |given| CowVal::owned(CelDouble::from(share(given))))),
            _ => None,
        }
    }
}

fn parsed<'b>(cell: &'b OnceLock<Option<Box<dyn Val>>>, bytes: Option<&[u8]>) -> Option<CowVal<'b, 'b>> {
    let Some(bytes) = bytes else { return Some(null()) };
    cell.get_or_init(|| json::to_cel(bytes)).as_deref().map(CowVal::Borrowed)
}

fn null<'b>() -> CowVal<'b, 'b> {
    CowVal::Borrowed(&CelNull)
}

/// The nearest double, so that 800,000 parts per million equal the literal 0.8.
fn share(confidence: Confidence) -> f64 {
    f64::from(confidence.0) / f64::from(Confidence::ONE)
}
