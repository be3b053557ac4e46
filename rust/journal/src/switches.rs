//! For tests only: recovery rules that can be switched off, so that a crash test is seen to fail without them.
//!
//! `INTERLOCK_TEST_BREAK` names them, separated by commas; it is read when a journal is opened. Without it nothing is different.

use crate::JournalError;

/// The environment variable that names what is to be broken.
const VARIABLE: &str = "INTERLOCK_TEST_BREAK";

/// Which rules are off.
#[expect(clippy::struct_excessive_bools, reason = "rules that have nothing to do with each other")]
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Broken {
    /// An effect starts at once, and its intent is written down when it has ended.
    pub intent_before_effect: bool,
    /// Every call gets a key of its own.
    pub key_reuse: bool,
    /// What happened last is folded first.
    pub fold_order: bool,
    /// Nobody is kept from a file that somebody else owns.
    pub ownership_lock: bool,
}

impl Broken {
    /// As the environment says now.
    ///
    /// # Errors
    /// `Misused` when it names something that is no rule.
    pub fn from_environment() -> Result<Self, JournalError> {
        std::env::var_os(VARIABLE).map_or_else(|| Ok(Self::default()), |named| Self::named(&named.to_string_lossy()))
    }

    fn named(text: &str) -> Result<Self, JournalError> {
        let mut broken = Self::default();
        for name in text.split(',').map(str::trim).filter(|name| !name.is_empty()) {
            match name {
                "intent_before_effect" => broken.intent_before_effect = true,
                "key_reuse" => broken.key_reuse = true,
                "fold_order" => broken.fold_order = true,
                "ownership_lock" => broken.ownership_lock = true,
                other => {
                    let rules = "intent_before_effect, key_reuse, fold_order and ownership_lock";
                    return Err(JournalError::Misused { what: format!("{VARIABLE} names {other:?}, and there are {rules}") });
                }
            }
        }
        Ok(broken)
    }

    /// Whether any rule is off.
    pub fn any(self) -> bool {
        self != Self::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_named_in_any_order_and_a_name_that_is_none_is_refused() {
        assert_eq!(Broken::named("").unwrap(), Broken::default());
        let two = Broken::named(" fold_order,key_reuse ").unwrap();
        assert_eq!(two, Broken { key_reuse: true, fold_order: true, ..Broken::default() });
        assert!(two.any() && !Broken::default().any());
        assert!(Broken::named("fold_odor").unwrap_err().to_string().contains("names \"fold_odor\""));
    }
}
