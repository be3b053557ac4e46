//! Numbers as people write them, by their value: `$1,200.50`, `1200.5 EUR` and `1200.5` are one.

use crate::json::Json;

/// The decimal text of a number, or of a text that holds one and nothing else. Nothing if it is no number.
pub(crate) fn of(value: &Json<'_>) -> Option<String> {
    match value {
        Json::Int(number) => Some(number.to_string()),
        Json::UInt(number) => Some(number.to_string()),
        // Rust writes all digits and never an exponent.
        Json::Double(number) => plain(&number.to_string()),
        Json::Str(text) => written(text),
        Json::Null | Json::Bool(_) | Json::List(_) | Json::Map(_) => None,
    }
}

/// A sign, a currency before or after, digits with or without groups of three, and a decimal point.
fn written(text: &str) -> Option<String> {
    // `$-5` and `-$5` are both usual.
    let text = without_currency(text.trim());
    let (sign, rest) =
        text.strip_prefix(['-', '\u{2212}']).map_or_else(|| ("", text.strip_prefix('+').unwrap_or(text)), |rest| ("-", rest));
    let digits = without_currency(rest.trim_start());
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let whole = ungrouped(whole).filter(|whole| whole.starts_with(|letter: char| letter.is_ascii_digit()))?;
    plain(&format!("{sign}{whole}.{fraction}"))
}

/// Without a currency's sign or its code of three letters, at either end.
fn without_currency(text: &str) -> &str {
    let is_sign = |letter: char| matches!(letter, '$' | '\u{a2}'..='\u{a5}' | '\u{20a0}'..='\u{20cf}');
    let is_code = |text: &str| text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_uppercase());
    let text = text.trim_start_matches(is_sign).trim_end_matches(is_sign).trim();
    let text = text.get(..3).filter(|code| is_code(code)).map_or(text, |code| text[code.len()..].trim_start());
    let code = text.len().checked_sub(3).and_then(|at| text.get(at..)).filter(|code| is_code(code));
    code.map_or(text, |code| text[..text.len() - code.len()].trim_end())
}

/// Digits whose groups, if there are any, are of three and separated alike.
fn ungrouped(whole: &str) -> Option<String> {
    let Some(separator) = whole.chars().find(|letter| [',', '\'', ' ', '_', '\u{a0}', '\u{202f}', '\u{2019}'].contains(letter)) else {
        return Some(whole.to_owned());
    };
    let mut groups = whole.split(separator);
    let first = groups.next().filter(|first| (1..=3).contains(&first.len()))?;
    let rest: Vec<&str> = groups.collect();
    rest.iter().all(|group| group.len() == 3).then(|| format!("{first}{}", rest.concat()))
}

/// Without zeros that say nothing; nothing if there is anything but digits.
fn plain(text: &str) -> Option<String> {
    let (sign, digits) = text.strip_prefix('-').map_or(("", text), |digits| ("-", digits));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let all_digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !all_digits(whole) || !all_digits(fraction) {
        return None;
    }
    let (whole, fraction) = (whole.trim_start_matches('0'), fraction.trim_end_matches('0'));
    let whole = if whole.is_empty() { "0" } else { whole };
    Some(match (whole, fraction) {
        ("0", "") => "0".to_owned(),
        (whole, "") => format!("{sign}{whole}"),
        (whole, fraction) => format!("{sign}{whole}.{fraction}"),
    })
}
