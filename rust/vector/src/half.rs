//! Half precision: 11 bits of a number in 2 bytes. Branch-free to read, because a search reads whole rows of it.

/// The largest number that it holds.
pub(crate) const LARGEST: f32 = 65_504.0;

/// 2 to the 112th: what lies between the exponents of a half and a single when the bits are moved and nothing else is done.
const REBASE: f32 = f32::from_bits((127 + 112) << 23);

/// Of a finite number up to [`LARGEST`]; to the nearest, and of two as near, the even one.
pub(crate) fn from_single(value: f32) -> u16 {
    let sign = value.to_bits() >> 16 & 0x8000;
    let magnitude = value.abs();
    // Below 2^-14 a half counts in steps of 2^-24: adding a number whose own last bit is worth that rounds by itself.
    let bits = if magnitude < f32::from_bits((127 - 14) << 23) {
        let step = f32::from_bits((127 - 1) << 23); // 0.5, whose last bit is worth 2^-24
        (magnitude + step).to_bits() - step.to_bits()
    } else {
        let moved = magnitude.to_bits() - ((127 - 15) << 23);
        (moved + 0x0fff + (moved >> 13 & 1)) >> 13
    };
    low16(sign | bits)
}

pub(crate) fn to_single(half: u16) -> f32 {
    let bits = u32::from(half);
    let magnitude = f32::from_bits((bits & 0x7fff) << 13) * REBASE;
    f32::from_bits(magnitude.to_bits() | (bits & 0x8000) << 16)
}

#[expect(clippy::cast_possible_truncation, reason = "a sign and 15 bits")]
fn low16(bits: u32) -> u16 {
    bits as u16
}

#[cfg(test)]
mod tests {
    use super::{LARGEST, from_single, to_single};

    #[test]
    fn every_half_is_read_and_written_as_itself() {
        for half in (0..0x7c00).flat_map(|bits| [bits, bits | 0x8000]) {
            assert_eq!(from_single(to_single(half)), half, "{half:#06x}");
        }
        assert_eq!(to_single(0x7bff).to_bits(), LARGEST.to_bits());
        assert_eq!(to_single(1).to_bits(), 2_f32.powi(-24).to_bits());
    }

    #[test]
    fn what_lies_between_two_halves_goes_to_the_nearer_and_else_to_the_even() {
        assert_eq!(to_single(from_single(1.0 + 0.0006)).to_bits(), (1.0 + 2_f32.powi(-10)).to_bits());
        assert_eq!(to_single(from_single(1.0 + 2_f32.powi(-11))).to_bits(), 1_f32.to_bits());
        assert_eq!(to_single(from_single(1.0 + 3.0 * 2_f32.powi(-11))).to_bits(), (1.0 + 2_f32.powi(-9)).to_bits());
        assert_eq!(from_single(2_f32.powi(-26)), 0);
    }
}
