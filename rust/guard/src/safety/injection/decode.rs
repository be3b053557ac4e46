//! What else a text may be: base64, hexadecimal, escapes, rotated, reversed or spaced-out letters. Only stretches that look like it are decoded,
//! and what comes out is never longer than what went in, so all levels together cost at most `DEPTH` texts.

use memchr::memchr3;

/// So many times what was decoded is looked at again.
pub(crate) const DEPTH: usize = 3;
/// Encoded words of fewer characters say too little.
const LEAST: usize = 20;
/// Escapes within so many bytes of one another are one stretch, and so much around them is read with them.
const AROUND: usize = 64;
/// Spaced-out letters, at least.
const LETTERS: usize = 6;

/// A stretch of the text, and what it says.
pub(crate) struct Decoded {
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) text: String,
    pub(crate) how: &'static str,
}

/// Everything that the text says in another way, but for spaced-out letters.
pub(crate) fn decode(text: &str) -> Vec<Decoded> {
    let mut found = Vec::new();
    runs(text, &mut found);
    escapes(text, &mut found);
    found
}

/// Long words without a space: base64 and hexadecimal.
fn runs(text: &str, found: &mut Vec<Decoded>) {
    let bytes = text.as_bytes();
    let mut at = 0;
    // A run of LEAST covers one of any LEAST places in a row, so others need no look.
    while let Some(probe) = bytes.get(at + LEAST - 1) {
        if !is_base64(*probe) {
            at += LEAST;
            continue;
        }
        let before = bytes[at..at + LEAST].iter().rev().take_while(|byte| is_base64(**byte)).count();
        if before < LEAST {
            at += LEAST - before;
            continue;
        }
        let length = LEAST + bytes[at + LEAST..].iter().take_while(|byte| is_base64(**byte)).count();
        let start = at - bytes[..at].iter().rev().take_while(|byte| is_base64(**byte)).count();
        let end = at + length;
        if let Some((text, how)) = from_hex(&bytes[start..end]).map(|text| (text, "in hexadecimal")) {
            found.push(Decoded { start, end, text, how });
        } else if let Some(text) = from_base64(&bytes[start..end]) {
            found.push(Decoded { start, end, text, how: "in base64" });
        }
        at = end;
    }
}

fn is_base64(byte: u8) -> bool {
    BASE64[byte as usize] == 1
}

fn six_bits(byte: u8) -> Option<u32> {
    Some(u32::from(match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'+' | b'-' => 62,
        b'/' | b'_' => 63,
        _ => return None,
    }))
}

/// Text, if one of the four places where base64 may begin gives text.
fn from_base64(run: &[u8]) -> Option<String> {
    (0..4).find_map(|skip| {
        let run = run.get(skip..)?;
        is_text(&quads(&run[..run.len().min(LEAST)])).then(|| quads(run)).filter(|bytes| is_text(bytes)).map(|bytes| lossy(&bytes))
    })
}

fn quads(run: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(run.len() / 4 * 3);
    let (mut bits, mut held) = (0u32, 0);
    for value in run.iter().map_while(|byte| six_bits(*byte)) {
        bits = bits << 6 | value;
        held += 6;
        if held >= 8 {
            held -= 8;
            out.push((bits >> held & 0xFF) as u8);
        }
    }
    out
}

fn from_hex(run: &[u8]) -> Option<String> {
    if !run.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    let bytes: Vec<u8> = run.chunks_exact(2).filter_map(|pair| Some(nibble(pair[0])? << 4 | nibble(pair[1])?)).collect();
    is_text(&bytes).then(|| lossy(&bytes))
}

fn nibble(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

/// Nearly all of it can be printed, or is UTF-8 beyond ASCII, and some of it is letters.
fn is_text(bytes: &[u8]) -> bool {
    let letters = bytes.iter().filter(|byte| byte.is_ascii_alphabetic() || byte.is_ascii_whitespace() || **byte >= 0x80).count();
    let odd = bytes.iter().filter(|byte| byte.is_ascii_control() && !byte.is_ascii_whitespace()).count();
    bytes.len() >= 8 && odd * 20 <= bytes.len() && letters * 10 >= bytes.len() * 6 && readable(bytes)
}

/// The head of it is UTF-8; its end may be cut.
fn readable(bytes: &[u8]) -> bool {
    match std::str::from_utf8(bytes) {
        Ok(_) => true,
        Err(error) => error.valid_up_to() * 10 >= bytes.len() * 8,
    }
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// `%69`, `&#105;`, `&#x69;`, `\x69`, `\u0069`: stretches with at least three, read as a browser or a parser would.
fn escapes(text: &str, found: &mut Vec<Decoded>) {
    let bytes = text.as_bytes();
    let (mut first, mut last, mut count) = (0, 0, 0);
    let mut at = 0;
    while let Some((start, end)) = next_escape(bytes, at) {
        if count > 0 && start > last + AROUND {
            unescape(text, first, last, count, found);
            count = 0;
        }
        first = if count == 0 { start } else { first };
        (last, count, at) = (end, count + 1, end);
    }
    unescape(text, first, last, count, found);
}

fn next_escape(bytes: &[u8], mut at: usize) -> Option<(usize, usize)> {
    loop {
        let next = memchr3(b'%', b'\\', b'&', &bytes[at..])?;
        at += next;
        match one_escape(&bytes[at..]) {
            Some((_, length)) => return Some((at, at + length)),
            None => at += 1,
        }
    }
}

/// The character or byte that an escape stands for, and its length.
fn one_escape(bytes: &[u8]) -> Option<(Unit, usize)> {
    let hex = |from: usize, count: usize| {
        let digits = bytes.get(from..from + count)?;
        digits.iter().try_fold(0u32, |value, digit| Some(value << 4 | u32::from(nibble(*digit)?)))
    };
    let byte = |value: u32| u8::try_from(value).ok();
    match (bytes.first()?, bytes.get(1)?) {
        (b'%', _) => hex(1, 2).and_then(byte).map(|byte| (Unit::Byte(byte), 3)),
        (b'\\', b'x') => hex(2, 2).and_then(byte).map(|byte| (Unit::Byte(byte), 4)),
        (b'\\', b'u') => hex(2, 4).and_then(char::from_u32).map(|character| (Unit::Character(character), 6)),
        (b'&', b'#') => {
            let end = bytes.iter().take(12).position(|byte| *byte == b';')?;
            let digits = std::str::from_utf8(&bytes[2..end]).ok()?;
            let number = match digits.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => digits.parse().ok()?,
            };
            char::from_u32(number).map(|character| (Unit::Character(character), end + 1))
        }
        (b'&', _) => [("&lt;", '<'), ("&gt;", '>'), ("&amp;", '&'), ("&quot;", '"'), ("&nbsp;", ' '), ("&apos;", '\'')]
            .iter()
            .find(|(name, _)| bytes.starts_with(name.as_bytes()))
            .map(|(name, character)| (Unit::Character(*character), name.len())),
        _ => None,
    }
}

enum Unit {
    Byte(u8),
    Character(char),
}

fn unescape(text: &str, first: usize, last: usize, count: usize, found: &mut Vec<Decoded>) {
    if count < 3 {
        return;
    }
    let (start, end) = (boundary(text, first.saturating_sub(AROUND)), boundary(text, (last + AROUND).min(text.len())));
    let bytes = &text.as_bytes()[start..end];
    let (mut out, mut at) = (Vec::with_capacity(bytes.len()), 0);
    while at < bytes.len() {
        match one_escape(&bytes[at..]) {
            Some((Unit::Byte(byte), length)) => {
                out.push(byte);
                at += length;
            }
            Some((Unit::Character(character), length)) => {
                out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
                at += length;
            }
            None => {
                out.push(bytes[at]);
                at += 1;
            }
        }
    }
    found.push(Decoded { start, end, text: lossy(&out), how: "in escapes" });
}

pub(crate) fn boundary(text: &str, mut at: usize) -> usize {
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// Stretches of single letters with one sign between each two of them: their letters, and where they lie.
pub(crate) fn spaced(bytes: &[u8]) -> Vec<(usize, usize, Vec<u8>)> {
    let mut found = Vec::new();
    let mut at = 0;
    // LETTERS single letters cover every eighth place with the three after it.
    while let Some(probe) = bytes.get(at..at + 4) {
        let [one, two, three, four] = [0, 1, 2, 3].map(|place: usize| SINGLE[probe[place] as usize]);
        if (one ^ two) & (two ^ three) & (three ^ four) == 0 {
            at += 8;
            continue;
        }
        let (start, end, letters) = around(bytes, at);
        let next = end.max(at + 8);
        if letters.len() >= LETTERS {
            found.push((start, end, letters));
        }
        at = next;
    }
    found
}

fn is_single(byte: u8) -> bool {
    SINGLE[byte as usize] == 1
}

/// 1 for letters and digits: probes add no branches.
const SINGLE: [u8; 256] = {
    let (mut table, mut at) = ([0; 256], 0u8);
    while at < 128 {
        table[at as usize] = at.is_ascii_alphanumeric() as u8;
        at += 1;
    }
    table
};

/// 1 for what base64 is made of.
const BASE64: [u8; 256] = {
    let (mut table, mut at) = ([0; 256], 0u8);
    while at < 128 {
        table[at as usize] = (at.is_ascii_alphanumeric() || matches!(at, b'+' | b'/' | b'-' | b'_' | b'=')) as u8;
        at += 1;
    }
    table
};

/// The stretch of single letters around a place. Two or three signs part words, more end the stretch.
fn around(bytes: &[u8], at: usize) -> (usize, usize, Vec<u8>) {
    let single = |place: usize| {
        is_single(bytes[place]) && !(place > 0 && is_single(bytes[place - 1])) && !bytes.get(place + 1).is_some_and(|next| is_single(*next))
    };
    let mut start = at + usize::from(!is_single(bytes[at]));
    if !single(start) {
        return (at, at, Vec::new());
    }
    while let Some(before) = (start.saturating_sub(4)..start.saturating_sub(1)).rev().find(|place| single(*place)) {
        start = before;
    }
    let (mut end, mut letters) = (start, Vec::new());
    while let Some(next) = (end..bytes.len().min(end + 4)).find(|place| is_single(bytes[*place])).filter(|place| single(*place)) {
        letters.push(bytes[next]);
        end = next + 1;
    }
    (start, end, letters)
}
