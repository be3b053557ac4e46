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
    use proptest::prelude::*;
    use serde_json::Value;

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

    fn json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            "[a\"\\\\{}\\[\\],: é\n]{0,6}".prop_map(Value::from)
        ];
        leaf.prop_recursive(3, 20, 4, |inner| {
            let names = "[a\"\\\\:é]{0,3}";
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::vec((names, inner), 0..4).prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_a_reader_of_json_finds_is_found(given in json(), pretty in any::<bool>()) {
            let text = if pretty { serde_json::to_vec_pretty(&given).unwrap() } else { serde_json::to_vec(&given).unwrap() };
            let read = |text: &[u8]| serde_json::from_slice::<Value>(text).unwrap();
            let wanted = given.as_object().map(|members| members.iter().map(|(name, value)| (name.clone(), value.clone())).collect::<Vec<_>>());
            let found = members(&text).map(|members| members.into_iter().map(|(name, text)| (name.into_owned(), read(text))).collect());
            prop_assert_eq!(found, wanted);
            let found = items(&text).map(|items| items.into_iter().map(read).collect::<Vec<_>>());
            prop_assert_eq!(found, given.as_array().cloned());
        }

        #[test]
        fn no_bytes_are_too_much(bytes in prop::collection::vec(prop::sample::select(b"{}[]\",:\\ 1a\xff".to_vec()), 0..40)) {
            let _ = (members(&bytes), items(&bytes));
        }
    }
}
