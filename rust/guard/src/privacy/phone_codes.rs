//! Country codes (ITU-T E.164) and how long the numbers behind them are.

/// Code, fewest and most digits behind it. Codes of three digits that are not here have 6 to 10.
const CODES: &[(u16, u8, u8)] = &[
    (1, 10, 10),
    (7, 10, 10),
    (20, 8, 10),
    (27, 9, 9),
    (30, 10, 10),
    (31, 9, 9),
    (32, 8, 9),
    (33, 9, 9),
    (34, 9, 9),
    (36, 8, 9),
    (39, 6, 11),
    (40, 9, 9),
    (41, 9, 9),
    (43, 7, 13),
    (44, 9, 10),
    (45, 8, 8),
    (46, 7, 10),
    (47, 8, 8),
    (48, 9, 9),
    (49, 6, 12),
    (51, 8, 9),
    (52, 10, 11),
    (53, 6, 8),
    (54, 10, 11),
    (55, 10, 11),
    (56, 9, 9),
    (57, 8, 10),
    (58, 10, 10),
    (60, 7, 10),
    (61, 9, 9),
    (62, 8, 12),
    (63, 8, 10),
    (64, 8, 10),
    (65, 8, 8),
    (66, 8, 9),
    (81, 9, 10),
    (82, 8, 11),
    (84, 9, 10),
    (86, 9, 11),
    (90, 10, 10),
    (91, 10, 10),
    (92, 9, 10),
    (93, 9, 9),
    (94, 9, 9),
    (95, 7, 10),
    (98, 10, 10),
    (212, 9, 9),
    (213, 8, 9),
    (216, 8, 8),
    (218, 8, 9),
    (234, 7, 10),
    (254, 7, 10),
    (255, 9, 9),
    (256, 9, 9),
    (351, 9, 9),
    (352, 6, 11),
    (353, 7, 9),
    (354, 7, 9),
    (355, 7, 9),
    (356, 8, 8),
    (357, 8, 8),
    (358, 6, 11),
    (359, 7, 9),
    (370, 8, 8),
    (371, 8, 8),
    (372, 7, 8),
    (373, 8, 8),
    (374, 8, 8),
    (375, 9, 9),
    (376, 6, 9),
    (380, 9, 9),
    (381, 7, 9),
    (382, 8, 9),
    (385, 8, 9),
    (386, 8, 8),
    (387, 8, 9),
    (389, 8, 8),
    (420, 9, 9),
    (421, 9, 9),
    (423, 7, 9),
    (880, 8, 10),
    (886, 8, 9),
    (961, 7, 8),
    (962, 8, 9),
    (964, 8, 10),
    (966, 8, 9),
    (971, 8, 9),
    (972, 8, 9),
    (973, 8, 8),
    (974, 8, 8),
    (977, 8, 10),
    (992, 9, 9),
    (993, 8, 8),
    (994, 9, 9),
    (995, 9, 9),
    (996, 9, 9),
    (998, 9, 9),
];

/// Digits of codes of three that are assigned, by their first two.
const THREE: [u8; 18] = [21, 22, 23, 24, 25, 26, 29, 35, 37, 38, 42, 50, 59, 67, 68, 69, 80, 85];
const THREE_MORE: [u8; 4] = [88, 96, 97, 99];

/// `digits` begin with a country's code, and as many follow as its numbers have; a trunk zero may stand between.
pub(super) fn international(digits: &[u8]) -> bool {
    let lead = |count: usize| digits.iter().take(count).fold(0_u16, |value, &digit| value * 10 + u16::from(digit));
    (1..=3).any(|length| {
        let Some(rest) = digits.get(length..) else { return false };
        let code = lead(length);
        let Some((fewest, most)) = range(code, length) else { return false };
        let national = match rest.first() {
            Some(0) if code != 39 => rest.len() - 1,
            _ => rest.len(),
        };
        (usize::from(fewest)..=usize::from(most)).contains(&national) && !rest.iter().all(|digit| *digit == 0)
    })
}

fn range(code: u16, length: usize) -> Option<(u8, u8)> {
    let known = CODES.binary_search_by_key(&code, |entry| entry.0).ok().and_then(|index| CODES.get(index));
    let known = known.filter(|_| code.checked_ilog10().is_some_and(|log| log as usize + 1 == length));
    let two = u8::try_from(code / 10).unwrap_or(0);
    let assigned = length == 3 && (THREE.contains(&two) || THREE_MORE.contains(&two));
    known.map(|&(_, fewest, most)| (fewest, most)).or(assigned.then_some((6, 10)))
}
