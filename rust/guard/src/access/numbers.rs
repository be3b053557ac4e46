//! Numbers as Cedar can hold them. Its decimals have four digits behind the point and 64 bits, so a number lies between two of them.

/// Cedar's decimals count in these parts.
const PARTS: u32 = 4;

/// The greatest decimal that is not above a number and the least that is not below it, in ten-thousandths; None where there is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Bounds {
    pub(super) low: Option<i64>,
    pub(super) high: Option<i64>,
}

impl Bounds {
    /// From a number as JSON writes it. None: it is no number.
    pub(super) fn of(text: &str) -> Option<Self> {
        let (negative, text) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
        let (mantissa, exponent) = match text.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent.parse::<i64>().ok()?),
            None => (text, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let digits: Vec<u8> = whole.bytes().chain(fraction.bytes()).map(|digit| digit.wrapping_sub(b'0')).collect();
        if digits.is_empty() || digits.iter().any(|digit| *digit > 9) {
            return None;
        }
        let kept = i64::try_from(whole.len()).ok()?.saturating_add(exponent).saturating_add(i64::from(PARTS));
        let (down, up) = rounded(&digits, kept);
        Some(match (negative, down, up) {
            (false, down, up) => Self { low: Some(down.unwrap_or(i64::MAX)), high: up },
            (true, down, up) => Self { low: up.map(|up| -up), high: Some(down.map_or(i64::MIN, |down| -down)) },
        })
    }

    /// The number itself, if it is a decimal.
    pub(super) fn exact(self) -> Option<i64> {
        self.low.filter(|low| self.high == Some(*low))
    }
}

/// The first digits as a whole number, rounded down and up. None: beyond 64 bits.
fn rounded(digits: &[u8], kept: i64) -> (Option<i64>, Option<i64>) {
    let first = digits.iter().position(|digit| *digit != 0);
    let Some(first) = first else { return (Some(0), Some(0)) };
    let Ok(kept) = usize::try_from(kept) else { return (Some(0), Some(1)) };
    if kept.saturating_sub(first) > 19 {
        return (None, None);
    }
    let taken = digits.iter().copied().chain(std::iter::repeat(0)).take(kept);
    let down = taken.fold(0_i128, |number, digit| number * 10 + i128::from(digit));
    let rest = digits.get(kept..).is_some_and(|rest| rest.iter().any(|digit| *digit != 0));
    (i64::try_from(down).ok(), i64::try_from(down + i128::from(rest)).ok())
}

/// Ten-thousandths as Cedar's `decimal` takes them: `-0.5000`.
pub(super) fn decimal(parts: i64) -> String {
    let sign = if parts < 0 { "-" } else { "" };
    let (whole, rest) = (parts.unsigned_abs() / 10_000, parts.unsigned_abs() % 10_000);
    format!("{sign}{whole}.{rest:04}")
}

#[allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]
#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> (Option<i64>, Option<i64>) {
        let bounds = Bounds::of(text).unwrap();
        (bounds.low, bounds.high)
    }

    #[test]
    fn a_number_with_four_digits_is_itself() {
        for (text, parts) in
            [("0", 0), ("1", 10_000), ("-1.5", -15_000), ("0.0001", 1), ("1e2", 1_000_000), ("12.5e-1", 12_500), ("-0.0", 0)]
        {
            assert_eq!(of(text), (Some(parts), Some(parts)), "{text}");
            assert_eq!(Bounds::of(text).unwrap().exact(), Some(parts));
        }
        assert_eq!(decimal(-5_000), "-0.5000");
        assert_eq!(decimal(i64::MIN), "-922337203685477.5808");
    }

    #[test]
    fn a_finer_number_lies_between_two() {
        assert_eq!(of("100.00001"), (Some(1_000_000), Some(1_000_001)));
        assert_eq!(of("-0.00001"), (Some(-1), Some(0)));
        assert_eq!(of("1e-400"), (Some(0), Some(1)));
    }

    #[test]
    fn a_number_beyond_them_has_one_side_only() {
        assert_eq!(of("1e300"), (Some(i64::MAX), None));
        assert_eq!(of("-1e300"), (None, Some(i64::MIN)));
        assert_eq!(of("922337203685477.5808"), (Some(i64::MAX), None));
        assert_eq!(of("0e99999"), (Some(0), Some(0)));
        assert_eq!(Bounds::of("abc"), None);
    }
}
