//! International bank account numbers (ISO 13616): length by country, and the remainder by 97.

use super::bytes::{alnum, byte, run};

/// Countries and the lengths of their numbers, from the registry of ISO 13616.
const LENGTHS: &[u8] = b"AD24 AE23 AL28 AO25 AT20 AZ28 BA20 BE16 BF28 BG22 BH22 BI27 BJ28 BR29 BY28 CF27 CG27 CH21 CI28 CM27 CR22 CV25 \
    CY28 CZ24 DE22 DJ27 DK18 DO28 DZ26 EE20 EG29 ES24 FI18 FK18 FO18 FR27 GA27 GB22 GE22 GI23 GL18 GQ27 GR27 GT28 \
    GW25 HN28 HR21 HU28 IE22 IL23 IQ23 IR26 IS26 IT27 JO30 KM27 KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21 LY25 MA28 \
    MC27 MD24 ME22 MG27 MK19 ML28 MN20 MR27 MT31 MU30 MZ25 NE28 NI28 NL18 NO15 OM23 PK24 PL28 PS29 PT25 QA29 RO24 \
    RS22 RU33 SA24 SC31 SD18 SE24 SI19 SK24 SM27 SN28 SO23 ST25 SV28 TD27 TG28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 \
    YE30 ";

/// The number that starts at `start` with two letters and two digits.
pub(super) fn number(text: &[u8], start: usize) -> Option<(usize, usize)> {
    let length = length(text.get(start..start + 2)?)?;
    let mut rest = 0_u32;
    let mut head = [0_u8; 4];
    let (mut at, mut taken) = (start, 0);
    while taken < length {
        let next = byte(text, at);
        if alnum(next) && at < text.len() {
            match head.get_mut(taken) {
                Some(slot) => *slot = next,
                None => rest = push(rest, next),
            }
            taken += 1;
            at += 1;
        } else if taken >= 2 && matches!(next, b' ' | b'-' | b'.') && alnum(byte(text, at + 1)) {
            at += 1;
        } else {
            return None;
        }
    }
    for next in head {
        rest = push(rest, next);
    }
    // A run of letters behind it may be the next word, but only when the number was written with gaps.
    let end = run(text, at, 1, alnum);
    (rest == 1 && end == at && byte(text, at) != b'_').then_some((start, at))
}

fn push(rest: u32, next: u8) -> u32 {
    let upper = next.to_ascii_uppercase();
    if upper.is_ascii_digit() { (rest * 10 + u32::from(upper - b'0')) % 97 } else { (rest * 100 + u32::from(upper - b'A') + 10) % 97 }
}

fn length(country: &[u8]) -> Option<usize> {
    let country = [country[0].to_ascii_uppercase(), country[1].to_ascii_uppercase()];
    let found = LENGTHS.chunks_exact(5).find(|entry| entry.starts_with(&country))?;
    Some(usize::from(found[2] - b'0') * 10 + usize::from(found[3] - b'0'))
}
