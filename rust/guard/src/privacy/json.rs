//! Masking inside JSON without parsing it into a tree: strings with their escapes, keys, whole numbers. Nothing recurses, so depth costs
//! nothing. What is no JSON goes through as it is, its strings and numbers masked all the same.

use super::bytes::{alnum, byte, run};
use super::{Privacy, placeholder};

/// Longer keys say nothing about their values.
const KEY: usize = 64;

type Token<'a> = dyn FnMut(&str, &str) -> String + 'a;

impl Privacy {
    /// The same for JSON: a value's key counts as a word before it, and a number with a finding becomes a string.
    pub fn mask_json(&self, json: &[u8], token: &mut Token<'_>) -> Option<Vec<u8>> {
        let mut walk = Walk { privacy: self, json, key: String::new(), out: None, done: 0 };
        let mut at = 0;
        while let Some(skipped) = json.get(at..)?.iter().position(|&byte| byte == b'"' || byte == b'-' || byte.is_ascii_digit()) {
            at += skipped;
            at = if json[at] == b'"' { walk.string(at, token) } else { walk.number(at, token) };
        }
        walk.finish()
    }
}

struct Walk<'a> {
    privacy: &'a Privacy,
    json: &'a [u8],
    /// The last key, as words.
    key: String,
    out: Option<Vec<u8>>,
    done: usize,
}

impl Walk<'_> {
    /// Put `with` in the place of `start..end`.
    fn put(&mut self, start: usize, end: usize, with: &[u8]) {
        let out = self.out.get_or_insert_with(|| Vec::with_capacity(self.json.len()));
        out.extend_from_slice(&self.json[self.done..start]);
        out.extend_from_slice(with);
        self.done = end;
    }

    fn finish(self) -> Option<Vec<u8>> {
        let mut out = self.out?;
        out.extend_from_slice(&self.json[self.done..]);
        Some(out)
    }

    /// The string whose quote is at `quote`; where it ends.
    fn string(&mut self, quote: usize, token: &mut Token<'_>) -> usize {
        let plain = Plain::read(self.json, quote + 1);
        let end = plain.end;
        let next = run(self.json, end + 1, usize::MAX, |byte| byte.is_ascii_whitespace());
        let is_key = byte(self.json, next) == b':' && next < self.json.len();
        let prefix = if is_key { String::new() } else { self.key.clone() };
        for (start, to, with) in self.findings(&prefix, &plain.text, token) {
            self.put(plain.place(start), plain.place(to), with.as_bytes());
        }
        if is_key {
            self.key = words(&plain.text);
        }
        (end + 1).min(self.json.len())
    }

    fn number(&mut self, start: usize, token: &mut Token<'_>) -> usize {
        let end = run(self.json, start, usize::MAX, |byte| alnum(byte) || matches!(byte, b'-' | b'+' | b'.'));
        let digits = &self.json[start..end];
        if !(6..=24).contains(&digits.len()) || !digits.iter().all(u8::is_ascii_digit) {
            return end;
        }
        let shown = String::from_utf8_lossy(digits).into_owned();
        let prefix = self.key.clone();
        if let Some((_, _, with)) = self.findings(&prefix, &shown, token).into_iter().next() {
            self.put(start, end, format!("\"{with}\"").as_bytes());
        }
        end
    }

    /// Findings in a value behind its key's words, with what comes in their place.
    fn findings(&self, prefix: &str, value: &str, token: &mut Token<'_>) -> Vec<(usize, usize, String)> {
        let shown;
        let text = if prefix.is_empty() {
            value
        } else {
            shown = format!("{prefix}{value}");
            &shown
        };
        let spans = self.privacy.scan(text).into_iter().filter(|span| span.end > prefix.len());
        spans
            .map(|span| {
                let start = span.start.max(prefix.len());
                let name = self.privacy.name(span.kind);
                let mut with = String::new();
                placeholder::push(&mut with, name, &token(name, text.get(start..span.end).unwrap_or_default()));
                (start - prefix.len(), span.end - prefix.len(), with)
            })
            .collect()
    }
}

/// `phoneNumber` and `phone_number` as `phone Number: `, so that words near a number are found.
fn words(key: &str) -> String {
    let mut words = String::new();
    if key.len() > KEY || placeholder::placeholders(key).next().is_some() {
        return words;
    }
    let mut lower = false;
    for c in key.chars() {
        if c.is_uppercase() && lower {
            words.push(' ');
        }
        lower = c.is_lowercase();
        words.push(if c == '_' || c == '-' || c == '.' || c.is_ascii_digit() { ' ' } else { c });
    }
    words.push_str(": ");
    words
}

/// A string without its escapes, and where its bytes stand in the JSON.
struct Plain {
    text: String,
    /// From this byte of the text on, bytes stand from this byte of the JSON on.
    moved: Vec<(usize, usize)>,
    /// The closing quote, or the end of the input.
    end: usize,
}

impl Plain {
    fn read(json: &[u8], start: usize) -> Self {
        let mut plain = Self { text: String::new(), moved: vec![(0, start)], end: start };
        let mut at = start;
        loop {
            let stop = json.get(at..).and_then(|rest| memchr::memchr2(b'"', b'\\', rest)).map_or(json.len(), |found| at + found);
            plain.copy(json, at, stop);
            if byte(json, stop) != b'\\' || stop >= json.len() {
                plain.end = stop;
                return plain;
            }
            let (shown, end) = escape(json, stop);
            plain.text.push(shown);
            at = end.min(json.len());
            plain.moved.push((plain.text.len(), at));
        }
    }

    /// Bytes that are no UTF-8 become one question mark each: their places stay.
    fn copy(&mut self, json: &[u8], from: usize, to: usize) {
        let part = &json[from..to];
        match std::str::from_utf8(part) {
            Ok(part) => self.text.push_str(part),
            Err(_) => self.text.extend(part.iter().map(|&byte| if byte.is_ascii() { char::from(byte) } else { '?' })),
        }
    }

    fn place(&self, at: usize) -> usize {
        let index = self.moved.partition_point(|&(to, _)| to <= at).saturating_sub(1);
        self.moved.get(index).map_or(at, |&(to, from)| from + (at - to))
    }
}

/// The character behind the backslash at `at`, and where its escape ends. Half a pair of surrogates is shown as U+FFFD and stays.
fn escape(json: &[u8], at: usize) -> (char, usize) {
    let unit = |at: usize| {
        let digits = json.get(at..at + 6)?.strip_prefix(b"\\u")?;
        u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
    };
    let Some(first) = unit(at) else {
        let shown = match byte(json, at + 1) {
            b'n' => '\n',
            b't' => '\t',
            b'r' => '\r',
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            other if other.is_ascii() => char::from(other),
            _ => return ('\\', at + 1),
        };
        return (shown, at + 2);
    };
    if let (0xd800..=0xdbff, Some(second @ 0xdc00..=0xdfff)) = (first, unit(at + 6)) {
        let joined = 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00);
        return (char::from_u32(joined).unwrap_or('\u{fffd}'), at + 12);
    }
    (char::from_u32(first).unwrap_or('\u{fffd}'), at + 6)
}
