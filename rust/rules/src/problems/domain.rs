//! The values of one field under which a condition can be true: some values, or a range of numbers, less some exceptions.

use std::cmp::Ordering;

use crate::json::Json;

/// Beyond it doubles and integers no longer compare alike.
const EXACT: u64 = 1 << 53;

#[derive(Debug, Clone, Default)]
pub(crate) struct Domain {
    /// One of these; nothing means any value.
    among: Option<Vec<Json<'static>>>,
    low: Option<Bound>,
    high: Option<Bound>,
    except: Vec<Json<'static>>,
}

#[derive(Debug, Clone)]
struct Bound {
    value: Json<'static>,
    included: bool,
}

impl Domain {
    pub(crate) fn one_of(values: Vec<Json<'static>>) -> Self {
        Self { among: Some(values), ..Self::default() }
    }

    pub(crate) fn none_of(values: Vec<Json<'static>>) -> Self {
        Self { except: values, ..Self::default() }
    }

    /// Nothing if the bound is no number, or one that does not compare exactly.
    pub(crate) fn above(value: &Json<'static>, included: bool) -> Option<Self> {
        exact(value).then(|| Self { low: Some(Bound { value: value.clone(), included }), ..Self::default() })
    }

    pub(crate) fn below(value: &Json<'static>, included: bool) -> Option<Self> {
        exact(value).then(|| Self { high: Some(Bound { value: value.clone(), included }), ..Self::default() })
    }

    fn is_range(&self) -> bool {
        self.low.is_some() || self.high.is_some()
    }

    pub(crate) fn contains(&self, value: &Json<'_>) -> bool {
        let listed = self.among.as_ref().is_none_or(|among| among.iter().any(|each| each.equals(value)));
        listed
            && self.low.as_ref().is_none_or(|low| low.admits(value, Ordering::Greater))
            && self.high.as_ref().is_none_or(|high| high.admits(value, Ordering::Less))
            && !self.except.iter().any(|each| each.equals(value))
    }

    pub(crate) fn and(&self, other: &Self) -> Self {
        let among = match (&self.among, &other.among) {
            (Some(one), _) => Some(one.iter().filter(|value| other.contains(value) && self.contains(value)).cloned().collect()),
            (None, Some(two)) => Some(two.iter().filter(|value| self.contains(value) && other.contains(value)).cloned().collect()),
            (None, None) => None,
        };
        Self {
            among,
            low: tighter(self.low.as_ref(), other.low.as_ref(), Ordering::Greater),
            high: tighter(self.high.as_ref(), other.high.as_ref(), Ordering::Less),
            except: self.except.iter().chain(&other.except).cloned().collect(),
        }
    }

    /// Whether no value is left. A range counts as one of real numbers.
    pub(crate) fn is_empty(&self) -> bool {
        if let Some(among) = &self.among {
            return !among.iter().any(|value| self.contains(value));
        }
        match (&self.low, &self.high) {
            (Some(low), Some(high)) => match low.value.compare(&high.value) {
                Some(Ordering::Less) => false,
                Some(Ordering::Equal) => !self.contains(&low.value),
                Some(Ordering::Greater) | None => true,
            },
            _ => false,
        }
    }

    /// Whether every value of this one is one of the other.
    pub(crate) fn is_within(&self, other: &Self) -> bool {
        if let Some(among) = &self.among {
            return among.iter().filter(|value| self.contains(value)).all(|value| other.contains(value));
        }
        let within = |mine: Option<&Bound>, theirs: Option<&Bound>, inner: Ordering| match (mine, theirs) {
            (_, None) => true,
            (None, Some(_)) => false,
            (Some(mine), Some(theirs)) => match mine.value.compare(&theirs.value) {
                Some(Ordering::Equal) => theirs.included || !mine.included,
                order => order == Some(inner),
            },
        };
        // A value that is no number is in no range.
        (other.among.is_none() && (self.is_range() || !other.is_range()))
            && within(self.low.as_ref(), other.low.as_ref(), Ordering::Greater)
            && within(self.high.as_ref(), other.high.as_ref(), Ordering::Less)
            && other.except.iter().all(|value| !self.contains(value))
    }

    /// Some value of it.
    pub(crate) fn example(&self) -> Option<Json<'static>> {
        let mut candidates: Vec<Json<'static>> = self.among.clone().unwrap_or_default();
        let bounds: Vec<f64> = [&self.low, &self.high].into_iter().flatten().filter_map(|bound| bound.value.number()).collect();
        candidates.extend([&self.low, &self.high].into_iter().flatten().map(|bound| bound.value.clone()));
        if let [low, high] = bounds[..] {
            candidates.extend([2.0, 3.0, 5.0].map(|part| plain(low + (high - low) / part)));
        }
        for bound in bounds {
            candidates.extend([1.0, -1.0, 2.0, -2.0, 3.0, -3.0].map(|step| plain(bound + step)));
        }
        candidates.extend(["other", "another"].map(|text| Json::Str(text.into())));
        candidates.into_iter().find(|value| self.contains(value))
    }
}

impl Bound {
    fn admits(&self, value: &Json<'_>, side: Ordering) -> bool {
        match value.compare(&self.value) {
            Some(Ordering::Equal) => self.included,
            order => order == Some(side),
        }
    }
}

fn tighter(one: Option<&Bound>, two: Option<&Bound>, inner: Ordering) -> Option<Bound> {
    match (one, two) {
        (Some(one), Some(two)) => {
            let first = match one.value.compare(&two.value) {
                Some(Ordering::Equal) => !one.included,
                order => order == Some(inner),
            };
            Some(if first { one.clone() } else { two.clone() })
        }
        (one, two) => one.or(two).cloned(),
    }
}

fn exact(value: &Json<'_>) -> bool {
    match value {
        Json::Int(number) => number.unsigned_abs() <= EXACT,
        Json::UInt(number) => *number <= EXACT,
        Json::Double(number) => number.is_finite(),
        Json::Null | Json::Bool(_) | Json::Str(_) | Json::List(_) | Json::Map(_) => false,
    }
}

/// Whether equality with the value is exact too.
pub(crate) fn is_exact(value: &Json<'_>) -> bool {
    match value {
        Json::Int(_) | Json::UInt(_) | Json::Double(_) => exact(value),
        Json::Null | Json::Bool(_) | Json::Str(_) => true,
        Json::List(_) | Json::Map(_) => false,
    }
}

/// A whole number as one, for whoever reads the example.
#[allow(clippy::cast_possible_truncation, reason = "bounds are exact, or near enough")]
fn plain(number: f64) -> Json<'static> {
    if number.fract() == 0.0 { Json::Int(number as i64) } else { Json::Double(number) }
}
