//! Numbers by value: `1,200.50` in a request is the 1200.5 of a call.

/// The one way to write a number: no leading or trailing zeros, no thousands' commas. `None`: it is no plain decimal number.
pub(super) fn canonical(text: &str) -> Option<String> {
    let (sign, digits) = text.strip_prefix('-').map_or(("", text.strip_prefix('+').unwrap_or(text)), |rest| ("-", rest));
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    if whole.is_empty() || !part.bytes().all(|b| b.is_ascii_digit()) || (digits.contains('.') && part.is_empty()) {
        return None;
    }
    let whole = without_commas(whole)?;
    let (whole, part) = (whole.trim_start_matches('0'), part.trim_end_matches('0'));
    let whole = if whole.is_empty() { "0" } else { whole };
    let sign = if whole == "0" && part.is_empty() { "" } else { sign };
    Some(if part.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{part}") })
}

/// Commas stand before each group of three, or there are none.
fn without_commas(whole: &str) -> Option<String> {
    let mut groups = whole.split(',');
    let first = groups.next()?;
    let rest: Vec<&str> = groups.collect();
    let all_digits = |group: &str| !group.is_empty() && group.bytes().all(|b| b.is_ascii_digit());
    let fits = all_digits(first) && (rest.is_empty() || first.len() <= 3) && rest.iter().all(|g| g.len() == 3 && all_digits(g));
    fits.then(|| std::iter::once(first).chain(rest).collect())
}

/// A word of a text as a number, and whether a sign says that it is an amount or a number of something (`$5`, `5€`, `#5`).
pub(super) fn of_word(word: &str) -> Option<(String, bool)> {
    let bare = word.trim_start_matches(['$', '€', '£', '#']).trim_end_matches(['€', '$', '£']);
    canonical(bare).map(|number| (number, bare.len() < word.len()))
}
