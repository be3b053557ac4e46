//! Base32 without padding, lower case (RFC 4648): ten bytes are sixteen letters and digits that survive any text.

const LETTERS: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

/// Ten bytes as sixteen characters.
pub(crate) fn write(bytes: &[u8; 10]) -> String {
    let mut out = String::with_capacity(16);
    for five in bytes.chunks_exact(5) {
        let bits = five.iter().fold(0_u64, |bits, byte| bits << 8 | u64::from(*byte));
        for place in (0..8).rev() {
            out.push(char::from(LETTERS[usize::from((bits >> (5 * place)).to_le_bytes()[0] & 31)]));
        }
    }
    out
}

/// The bytes of sixteen such characters; nothing for any other text.
pub(crate) fn read(text: &str) -> Option<[u8; 10]> {
    let text: &[u8; 16] = text.as_bytes().try_into().ok()?;
    let mut out = [0; 10];
    for (eight, five) in text.chunks_exact(8).zip(out.chunks_exact_mut(5)) {
        let mut bits = 0_u64;
        for letter in eight {
            bits = bits << 5 | u64::from(value(*letter)?);
        }
        five.copy_from_slice(&bits.to_be_bytes()[3..]);
    }
    Some(out)
}

fn value(letter: u8) -> Option<u8> {
    match letter {
        b'a'..=b'z' => Some(letter - b'a'),
        b'2'..=b'7' => Some(letter - b'2' + 26),
        _ => None, // any other byte: it was not written by us
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_and_nothing_else_is() {
        for byte in 0..=255_u8 {
            let bytes = [byte, 0, 255 - byte, 7, byte ^ 0x55, 1, byte, 200, 3, byte];
            assert_eq!(read(&write(&bytes)), Some(bytes));
        }
        assert_eq!(write(&[0; 10]), "aaaaaaaaaaaaaaaa");
        assert_eq!(write(b"foobafooba"), "mzxw6ytbmzxw6ytb", "as RFC 4648 has it");
        for wrong in ["", "aaaa", "aaaaaaaaaaaaaaa1", "AAAAAAAAAAAAAAAA", "aaaaaaaaaaaaaaaaa", "aaaaaaaaaaaaaaé"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
