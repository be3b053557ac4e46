//! The `budgets:` part of the guards' configuration: a list of limits, or `{prices: FILE, limits: [...]}`.

use std::fmt;

use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::limit::{Limit, Per, WhenShort};
use super::window::Every;
use crate::SpecError;

/// A million million dollars or seconds: more is a slip of the keyboard, and would not fit in millionths.
const MOST: f64 = 1e12;

/// What may be spent, as the file says it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Spec {
    /// The file of prices. It is read by who estimates the cost; the ledger never looks at it.
    pub prices: Option<String>,
    pub limits: Vec<LimitSpec>,
    /// Whether the file had the list alone, which errors spell as it stands there.
    pub is_list: bool,
}

/// One limit, as the file says it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LimitSpec {
    pub per: Per,
    pub tokens: Option<u64>,
    /// In dollars.
    pub cost: Option<f64>,
    pub seconds: Option<f64>,
    pub turns: Option<u64>,
    pub tool_calls: Option<u64>,
    pub depth: Option<u64>,
    pub fan_out: Option<u64>,
    #[serde(default)]
    pub every: Every,
    #[serde(default)]
    pub when_short: WhenShort,
    /// The model to ask instead.
    pub cheaper: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Whole {
    prices: Option<String>,
    #[serde(default)]
    limits: Vec<LimitSpec>,
}

impl<'de> Deserialize<'de> for Spec {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct EitherForm;
        impl<'de> Visitor<'de> for EitherForm {
            type Value = Spec;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("a list of limits, or prices and limits")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Spec, A::Error> {
                Ok(Spec { prices: None, limits: Vec::deserialize(SeqAccessDeserializer::new(list))?, is_list: true })
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Spec, A::Error> {
                let Whole { prices, limits } = Whole::deserialize(MapAccessDeserializer::new(map))?;
                Ok(Spec { prices, limits, is_list: false })
            }
        }
        deserializer.deserialize_any(EitherForm)
    }
}

impl Spec {
    /// The limits by whom they are of, in the file's order.
    pub(super) fn compile(&self) -> Result<[Vec<Limit>; 4], SpecError> {
        let mut compiled: [Vec<Limit>; 4] = Default::default();
        for (number, limit) in self.limits.iter().enumerate() {
            let path = if self.is_list { format!("budgets[{number}]") } else { format!("budgets.limits[{number}]") };
            compiled[limit.per as usize].push(limit.compile(&path)?);
        }
        Ok(compiled)
    }
}

impl LimitSpec {
    fn compile(&self, path: &str) -> Result<Limit, SpecError> {
        let wrong = |key: &str, message: &str, hint: &str| {
            let path = if key.is_empty() { path.to_owned() } else { format!("{path}.{key}") };
            Err(SpecError { path, message: message.to_owned(), hint: hint.to_owned() })
        };
        let cost = self.cost.map(|dollars| millionths(dollars, &format!("{path}.cost"), "dollars")).transpose()?;
        let time = self.seconds.map(|seconds| millionths(seconds, &format!("{path}.seconds"), "seconds")).transpose()?;
        let caps = [self.tokens, cost, time, self.turns, self.tool_calls];
        if caps.iter().chain([&self.depth, &self.fan_out]).all(Option::is_none) {
            return wrong("", "it limits nothing", "add tokens, cost, seconds, turns, tool_calls, depth or fan_out");
        }
        if self.per == Per::Run && self.every != Every::Total {
            return wrong("every", "a run's budget is for the whole run", "leave `every` out, or limit the agent, the user or the tenant");
        }
        match (self.when_short, &self.cheaper) {
            (WhenShort::Cheaper, None) => return wrong("cheaper", "no model is named", "add `cheaper: MODEL`"),
            (WhenShort::Cheaper, Some(_)) if cost.is_none() => {
                let hint = "add `cost`, or choose shorter, review or deny";
                return wrong("when_short", "a cheaper model costs less, and no cost is limited", hint);
            }
            (WhenShort::Shorter | WhenShort::Review | WhenShort::Deny, Some(_)) => {
                return wrong("cheaper", "nothing asks for this model", "add `when_short: cheaper`, or leave `cheaper` out");
            }
            (WhenShort::Cheaper, Some(_)) | (WhenShort::Shorter | WhenShort::Review | WhenShort::Deny, None) => {}
        }
        Ok(Limit {
            every: self.every,
            meter: 0, // the ledger knows, which sees all limits
            caps,
            depth: self.depth,
            fan_out: self.fan_out,
            when_short: self.when_short,
            cheaper: self.cheaper.as_deref().map(Into::into),
        })
    }
}

/// Dollars as micro-dollars, seconds as microseconds, to the nearest.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is whole and between 0 and 10^18")]
fn millionths(value: f64, path: &str, unit: &str) -> Result<u64, SpecError> {
    if (0.0..=MOST).contains(&value) {
        return Ok((value * 1e6).round() as u64);
    }
    let hint = format!("give {unit}, from 0 to 10^12");
    Err(SpecError { path: path.to_owned(), message: format!("{value} can't be a limit"), hint })
}
