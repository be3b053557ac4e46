//! The outermost layer of a JSON text: where its members and items begin and end. Linear, without recursion, and nothing is copied,
//! so that what is let through is let through byte by byte, whatever its depth.

use std::borrow::Cow;

/// The members of an object. None: it is none.
pub(super) fn members(json: &[u8]) -> Option<Vec<(Cow<'_, str>, &[u8])>> {
    let mut found = Vec::new();
    let mut rest = opened(json, b'{', b'}')?;
    while !rest.is_empty() {
        let (key, after) = value(rest)?;
        let (item, after) = value(after.trim_ascii_start().strip_prefix(b":")?.trim_ascii_start())?;
        found.push((name(key)?, item));
        rest = next(after)?;
    }
    Some(found)
}

/// The items of an array. None: it is none.
pub(super) fn items(json: &[u8]) -> Option<Vec<&[u8]>> {
    let mut found = Vec::new();
    let mut rest = opened(json, b'[', b']')?;
    while !rest.is_empty() {
        let (item, after) = value(rest)?;
        found.push(item);
        rest = next(after)?;
    }
    Some(found)
}

/// What stands between an opening and a closing bracket.
fn opened(json: &[u8], open: u8, close: u8) -> Option<&[u8]> {
    json.trim_ascii().strip_prefix(&[open])?.strip_suffix(&[close]).map(<[u8]>::trim_ascii)
}

/// After a value: nothing, or a comma and another value.
fn next(rest: &[u8]) -> Option<&[u8]> {
    let rest = rest.trim_ascii_start();
    if rest.is_empty() {
        return Some(rest);
    }
    let after = rest.strip_prefix(b",")?.trim_ascii_start();
    if after.is_empty() { None } else { Some(after) }
}

/// One value, and what follows it.
fn value(json: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut at = 0;
    let mut depth = 0_usize;
    loop {
        match json.get(at) {
            Some(b'"') => at = closed(json, at + 1)?,
            Some(b'{' | b'[') => (at, depth) = (at + 1, depth + 1),
            Some(b'}' | b']') => (at, depth) = (at + 1, depth.checked_sub(1)?),
            Some(_) if depth > 0 => {
                at += 1;
                continue;
            }
            Some(_) => {
                let plain =
                    json[at..].iter().take_while(|byte| !matches!(byte, b',' | b':' | b'}' | b']' | b' ' | b'\t' | b'\n' | b'\r')).count();
                at += plain;
                return (plain > 0).then(|| json.split_at(at));
            }
            None => return None,
        }
        if depth == 0 {
            return Some(json.split_at(at));
        }
    }
}

/// Behind the quote that ends a string.
fn closed(json: &[u8], mut at: usize) -> Option<usize> {
    loop {
        at += memchr::memchr2(b'"', b'\\', json.get(at..)?)?;
        if json[at] == b'"' {
            return Some(at + 1);
        }
        at += 2;
    }
}

fn name(key: &[u8]) -> Option<Cow<'_, str>> {
    let inner = key.strip_prefix(b"\"")?.strip_suffix(b"\"")?;
    if memchr::memchr(b'\\', inner).is_none() {
        return std::str::from_utf8(inner).ok().map(Cow::Borrowed);
    }
    serde_json::from_slice::<String>(key).ok().map(Cow::Owned)
}

#[allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]
#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_and_items_are_found_byte_by_byte() {
        let found = members(br#" {"a": [1, {"b": "}\\"}], "\u0062" :-1.50e3 , "c":"x\",y"} "#).unwrap();
        let found: Vec<(&str, &str)> = found.iter().map(|(key, item)| (key.as_ref(), std::str::from_utf8(item).unwrap())).collect();
        assert_eq!(found, [("a", r#"[1, {"b": "}\\"}]"#), ("b", "-1.50e3"), ("c", r#""x\",y""#)]);
        assert_eq!(items(b"[ 1 ,[2,3], {} ]").unwrap(), [&b"1"[..], b"[2,3]", b"{}"]);
        assert!(members(b"{}").unwrap().is_empty());
        assert!(items(b"[]").unwrap().is_empty());
    }

    #[test]
    fn what_is_broken_is_nothing() {
        for text in
            ["", "{", "[1,]", "[,1]", "{\"a\"}", "{\"a\":}", "{1:2}", "[1 2]", "[1]]", "{\"a\":1}{\"b\":2}", "[\"a]", "\"x\"", "[\"\\"]
        {
            assert!(members(text.as_bytes()).is_none() && items(text.as_bytes()).is_none(), "{text}");
        }
        let deep = [b"[".repeat(1_000_000), b"]".repeat(1_000_000)].concat();
        assert_eq!(items(&deep).unwrap().len(), 1);
    }
}
