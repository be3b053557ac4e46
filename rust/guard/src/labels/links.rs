//! What in a text leads somewhere else: links, host names, mail addresses. A text may come from anybody; where it leads may not.

use super::fold::fold;

/// Every link and address of a text, as it stands there after folding.
pub(super) fn links(text: &str) -> Vec<String> {
    let folded = fold(text).replace('。', ".");
    let cuts = |c: char| {
        c.is_whitespace() || matches!(c, '(' | ')' | '[' | ']' | '<' | '>' | '{' | '}' | '"' | '`' | '|' | ',' | ';' | '“' | '”' | '—')
    };
    folded.split(cuts).map(bare).filter(|word| leads(word)).map(str::to_owned).collect()
}

fn bare(word: &str) -> &str {
    word.trim_matches(|c: char| !c.is_alphanumeric() && c != '/').trim_end_matches('/')
}

fn leads(word: &str) -> bool {
    word.contains("://") || word.starts_with("//") || word.to_lowercase().starts_with("www.") || has_host(word)
}

/// `name.tld`, alone, after `@` or a scheme, or before a path: at least two letters at the end, and something before them.
fn has_host(word: &str) -> bool {
    let after = word.rsplit('@').next().unwrap_or(word);
    let after = after.split_once(':').map_or(after, |(scheme, rest)| if rest.contains('.') { rest } else { scheme });
    let host = after.split(['/', '?', '#', ':']).next().unwrap_or(after).trim_end_matches('.');
    let Some((name, top)) = host.rsplit_once('.') else { return false };
    let is_name = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_alphanumeric() || c == '-' || c == '_');
    let numeric = host.split('.').count() == 4 && host.split('.').all(|part| part.parse::<u8>().is_ok());
    numeric || (name.split('.').all(is_name) && top.chars().count() >= 2 && top.chars().all(char::is_alphabetic))
}
