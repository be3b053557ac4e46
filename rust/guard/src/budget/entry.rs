//! The lines of the book: what a ledger is rebuilt from, and what it is written down as.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Every, Per};

/// One line. Those of one ledger are read in the order in which they came to be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "entry", rename_all = "snake_case", deny_unknown_fields)]
pub enum Entry {
    /// An amount is held back. Without one of the next two it is open.
    Reserved { number: u64, at: u64, owners: Owners, parts: Parts },
    /// A provider's response was booked, in full. `number` is no longer open.
    Settled {
        number: u64,
        at: u64,
        owners: Owners,
        parts: Parts,
        #[serde(with = "hex")]
        key: [u8; 16],
    },
    /// Nothing was used. `number` is no longer open.
    Released { number: u64 },
    /// The run waits for somebody: its time stands still until its next reservation.
    Paused { run: Arc<str>, at: u64 },
    /// The run is over: its own account is closed.
    Ended { run: Arc<str> },
    /// What an account has spent in a window, as one line instead of many.
    Balance { per: Per, owner: Arc<str>, every: Every, window: u64, parts: Parts },
    /// What else is known of an open run: the time that it has used, and the responses that are booked.
    Run { run: Arc<str>, passed_us: u64, keys: Vec<HexKey> },
    /// The number of the next reservation: none is given twice.
    Numbered { next: u64 },
}

/// Whose accounts an entry is on; empty names are nobody's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Owners {
    pub run: Arc<str>,
    pub agent: Arc<str>,
    #[serde(default)]
    pub user: Arc<str>,
    #[serde(default)]
    pub tenant: Arc<str>,
}

impl Owners {
    /// In the order of `Per`.
    pub(super) fn each(&self) -> [&str; 4] {
        [&self.run, &self.agent, &self.user, &self.tenant]
    }
}

/// The sums of an entry.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Parts {
    pub tokens: u64,
    pub cost_micro: u64,
    pub time_us: u64,
    pub turns: u64,
    pub tool_calls: u64,
}

/// A response's key, in hexadecimal when it is text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct HexKey(#[serde(with = "hex")] pub [u8; 16]);

mod hex {
    use std::fmt::Write;

    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(key: &[u8; 16], serializer: S) -> Result<S::Ok, S::Error> {
        let text = key.iter().fold(String::with_capacity(32), |mut text, byte| {
            let _ = write!(text, "{byte:02x}"); // a String takes everything
            text
        });
        serializer.serialize_str(&text)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<[u8; 16], D::Error> {
        let text = String::deserialize(deserializer)?;
        let bad = || D::Error::custom("a key is 32 hexadecimal digits");
        if text.len() != 32 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(bad());
        }
        let whole = u128::from_str_radix(&text, 16).map_err(|_| bad())?;
        Ok(whole.to_be_bytes())
    }
}
