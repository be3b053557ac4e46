//! What a turn wants to do outside, what the shell is to do about it, and what came of it.

use interlock_kernel::{EffectClass, EffectKey, Name, TermsSpec};

use crate::step::Step;

/// A call that a turn wants to make.
#[derive(Debug)]
pub struct Effect {
    pub tool: Name,
    pub class: EffectClass,
    /// JSON bytes.
    pub arguments: Vec<u8>,
    /// The tool asks for a person's yes first, on these terms.
    pub approve: Option<TermsSpec>,
    /// The scopes that the tool needs.
    pub scopes: Vec<Name>,
    /// What a gate has to show to whoever is asked.
    pub about: Option<String>,
    /// The caller has what the tool is to be given: it gets its own arguments, and no copy that was masked and opened again.
    pub is_open: bool,
}

/// What the shell is to do about an effect.
#[derive(Debug)]
pub enum EffectStart {
    /// Run it, once the journal has committed this far (0: at once), and report its end under this key.
    /// The arguments are those that a person, or an earlier attempt, put in place of what was asked.
    Run { key: EffectKey, after: u64, arguments: Option<Vec<u8>> },
    /// An earlier attempt began it, and it is still under way in this process: wait for that.
    UnderWay { key: EffectKey },
    /// It was done before: this is what it gave.
    Stored { result: Vec<u8> },
    /// It may be tried once only, and raised this.
    Raised { text: String },
    /// A person, or the end of their time, refused it.
    Denied { reason: String },
    /// A person is asked: the turn stands still, and is taken again when they have decided.
    Paused { step: Box<Step> },
    /// The turn is over: don't run it.
    TooLate,
    /// The agent promised to change nothing outside.
    NotPure,
}

/// An effect's end, as it was recorded.
#[derive(Debug)]
pub struct Ended {
    /// The journal's ticket; none if the run no longer cares.
    pub ticket: Option<u64>,
    pub step: Step,
    /// What the turn is given in place of what the tool returned, if that is not left as it was.
    pub result: Option<Vec<u8>>,
    /// Why what it returned was kept out, if it was.
    pub withheld: Option<String>,
}

/// What became of what a turn wanted to do at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Noting {
    Noted,
    /// The turn is over.
    TooLate,
    /// It acts, and the agent promised to change nothing outside.
    NotPure,
}
