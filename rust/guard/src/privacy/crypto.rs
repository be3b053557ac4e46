//! Addresses of Bitcoin (base58check, bech32 and bech32m, with their sums) and Ethereum (forty hexadecimal digits).

use sha2::{Digest, Sha256};

use super::bytes::{alnum, before, byte, run, stands_alone};

const BASE58: &[u8] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
const BECH32: &[u8] = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l";

/// The address that the word `start..end` is.
pub(super) fn address(text: &[u8], start: usize, end: usize) -> bool {
    let token = &text[start..end];
    if !stands_alone(text, start, end) {
        return false;
    }
    match token {
        [b'1' | b'3', ..] if (26..=35).contains(&token.len()) => base58check(token),
        [b'b', b'c', b'1', ..] | [b'B', b'C', b'1', ..] if (14..=74).contains(&token.len()) => bech32(token),
        [b'0', b'x' | b'X', rest @ ..] => rest.len() == 40 && rest.iter().all(u8::is_ascii_hexdigit) && mixed(rest),
        _ => false,
    }
}

/// The word around `at`.
pub(super) fn token(text: &[u8], at: usize) -> (usize, usize) {
    let start = super::bytes::run_back(text, at, 128, alnum);
    (start, run(text, at, 128, alnum))
}

fn mixed(hex: &[u8]) -> bool {
    hex.iter().any(|byte| *byte != hex[0])
}

fn base58check(token: &[u8]) -> bool {
    let mut value = [0_u8; 25];
    for byte in token {
        let Some(digit) = BASE58.iter().position(|known| known == byte) else { return false };
        let mut carry = digit;
        for slot in value.iter_mut().rev() {
            carry += usize::from(*slot) * 58;
            *slot = u8::try_from(carry & 0xff).unwrap_or_default();
            carry >>= 8;
        }
        if carry != 0 {
            return false;
        }
    }
    let (payload, sum) = value.split_at(21);
    let twice = Sha256::digest(Sha256::digest(payload));
    matches!(payload[0], 0 | 5) && twice.get(..4) == Some(sum)
}

fn bech32(token: &[u8]) -> bool {
    let lower = token.to_ascii_lowercase();
    if token != lower && token.iter().any(u8::is_ascii_lowercase) {
        return false;
    }
    let mut sum = 1_u32;
    for value in [3, 3, 0, 2, 3] {
        sum = polymod(sum, value); // the letters "bc", high bits, a zero, low bits
    }
    for byte in &lower[3..] {
        let Some(value) = BECH32.iter().position(|known| known == byte) else { return false };
        sum = polymod(sum, u32::try_from(value).unwrap_or(0));
    }
    matches!(sum, 1 | 0x2bc8_30a3)
}

fn polymod(sum: u32, value: u32) -> u32 {
    const GENERATOR: [u32; 5] = [0x3b6a_57b2, 0x2650_8e6d, 0x1ea1_19fa, 0x3d42_33dd, 0x2a14_62b3];
    let top = sum >> 25;
    let mut next = (sum & 0x01ff_ffff) << 5 ^ value;
    for (bit, generator) in GENERATOR.iter().enumerate() {
        if top >> bit & 1 == 1 {
            next ^= generator;
        }
    }
    next
}

/// A hexadecimal number of another length starts at `at`: a transaction, a key.
pub(super) fn is_hex_start(text: &[u8], at: usize) -> bool {
    byte(text, at) == b'0' && matches!(byte(text, at + 1), b'x' | b'X') && !alnum(before(text, at))
}
