//! Labels: who had a hand in what, and which calls that forbids. Decides by values alone; what is carried along is the runtime's.
//!
//! Two readings of one policy. *Strict* asks the whole context; it can't be fooled by where a value stands, and sends every action
//! after an untrusted read to a person. *Arguments* asks where each value of a call comes from; it lets through what the user said
//! himself, word for word, whatever else was read on the way.

mod check;
mod dates;
mod emit;
mod fold;
mod leaves;
mod links;
mod numbers;
mod report;
mod rule;
mod spec;
mod trace;

use rustc_hash::FxHashMap;

pub use check::{LabelVerdict, Why};
pub use emit::Emission;
pub use interlock_kernel::{Confidentiality, Integrity, Label};
pub use spec::{ArgumentSpec, EmitsSpec, EndorseSpec, Form, Mode, OnViolation, Section, Spec, ToolSpec};
pub use trace::Source;

use crate::SpecError;
use rule::Rule;
use trace::Trace;

/// The compiled policy of labels.
#[derive(Debug, Default)]
pub struct Labels {
    mode: Mode,
    rules: FxHashMap<String, Rule>,
    /// For tools that the policy does not name.
    other: Rule,
}

/// One call to judge: everything that is known of it.
#[derive(Debug, Clone, Copy)]
pub struct Call<'a> {
    pub tool: &'a str,
    /// Whether its effect class is another than pure.
    pub acts: bool,
    /// A JSON object.
    pub arguments: &'a [u8],
    /// The join of everything that the caller has read.
    pub context: Label,
    pub sources: &'a [Source<'a>],
    /// Values for which somebody vouched. They may stand where their label's would, and show nobody's wish to call.
    pub endorsed: &'a [Source<'a>],
}

impl Labels {
    pub fn compile(spec: &Spec) -> Result<Self, SpecError> {
        let rule = |(name, tool): (&String, &ToolSpec)| Ok((name.clone(), Rule::compile(name, tool)?));
        Ok(Self { mode: spec.labels.mode, rules: spec.tools.iter().map(rule).collect::<Result<_, _>>()?, other: Rule::default() })
    }

    /// Labels are carried and forbid nothing.
    pub fn off() -> Self {
        Self { mode: Mode::Off, ..Self::default() }
    }

    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// What a tool declares that its results carry; untrusted, and the tenant's, if it declares nothing. `emit` knows more of one call.
    pub fn emits(&self, tool: &str) -> Label {
        self.rule(tool).emits
    }

    /// Whether this call may be made, given who had a hand in it.
    pub fn check(&self, tool: &str, class_acts: bool, arguments: &[u8], context: Label, sources: &[Source<'_>]) -> LabelVerdict {
        self.judge(&Call::new(tool, class_acts, arguments, context, sources))
    }

    /// As `check`.
    pub fn judge(&self, call: &Call<'_>) -> LabelVerdict {
        match self.mode {
            Mode::Off => LabelVerdict::Pass,
            Mode::Strict => check::strict(self.rule(call.tool), call),
            Mode::Arguments => check::arguments(self.rule(call.tool), call),
        }
    }

    fn rule(&self, tool: &str) -> &Rule {
        self.rules.get(tool).unwrap_or(&self.other)
    }
}

/// More values than this are not traced: the call goes to a person.
const MOST_VALUES: usize = 10_000;
/// Values times bytes of sources: about a second's search.
const MOST_WORK: usize = 1 << 30;

fn is_too_much(values: usize, trace: &Trace<'_>) -> bool {
    values > MOST_VALUES || values.saturating_mul(trace.weight()) > MOST_WORK
}
