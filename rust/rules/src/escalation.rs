//! Reads `escalation_after`: `2_attempts`, `30s`, `500ms`, `5_minutes`.

use interlock_kernel::Escalation;

/// Nothing if the text is neither a number of attempts nor a time, or is 0 or too large.
pub(crate) fn parse(text: &str) -> Option<Escalation> {
    let text = text.trim();
    let digits = text.find(|letter: char| !letter.is_ascii_digit())?;
    let (number, unit) = text.split_at(digits);
    let number: u64 = number.parse().ok().filter(|number| *number > 0)?;
    let ms = match unit {
        "_attempt" | "_attempts" => return u16::try_from(number).ok().map(Escalation::Attempts),
        "ms" => 1,
        "s" | "_second" | "_seconds" => 1_000,
        "m" | "_minute" | "_minutes" => 60_000,
        "h" | "_hour" | "_hours" => 3_600_000,
        _ => return None,
    };
    number.checked_mul(ms).map(Escalation::AfterMs)
}
