//! A score and its row in one number that sorts as they do: higher scores first, and of equals the lower row.

/// Most rows: one bit of a key is left for the walk's own mark.
pub(crate) const MOST_ROWS: usize = (1 << 31) - 1;
/// Set in the key of a row whose neighbours have been looked at. It never decides between two rows.
pub(crate) const LOOKED_AT: u64 = 1;

pub(crate) fn key(score: f32, row: u32) -> u64 {
    let bits = score.to_bits();
    // Flip what makes floats sort unlike integers: all bits of a negative one, else the sign.
    let sortable = if bits >> 31 == 1 { !bits } else { bits | 1 << 31 };
    u64::from(sortable) << 32 | u64::from(!row & 0x7fff_ffff) << 1
}

#[expect(clippy::cast_possible_truncation, reason = "the lower half")]
pub(crate) fn row(key: u64) -> u32 {
    !(key as u32 >> 1) & 0x7fff_ffff
}

pub(crate) fn score(key: u64) -> f32 {
    let sortable = (key >> 32) as u32;
    f32::from_bits(if sortable >> 31 == 1 { sortable & !(1 << 31) } else { !sortable })
}

#[cfg(test)]
mod tests {
    use super::{key, row, score};

    #[test]
    fn keys_sort_by_score_and_then_by_row() {
        let scores = [f32::MIN, -2.5, -1e-40, 0.0, 1e-40, 0.5, 7.0, f32::MAX];
        for pair in scores.windows(2) {
            assert!(key(pair[0], 0) < key(pair[1], 0x7fff_fffe), "{pair:?}");
        }
        assert!(key(0.5, 3) > key(0.5, 4));
        for value in scores {
            assert_eq!((score(key(value, 77)).to_bits(), row(key(value, 77))), (value.to_bits(), 77));
        }
    }
}
