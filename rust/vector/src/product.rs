//! Sums over vectors: the dot product and the distance, and the length that normalising needs.

use multiversion::multiversion;

/// Independent sums. Float addition is not associative, so the compiler may only use SIMD where the source already keeps the
/// lanes apart. 16 are four SSE or two AVX registers: fewer leave additions waiting for each other, more cost more to fold.
pub(crate) const LANES: usize = 16;

/// The sum of products, lane by lane, then the lanes pairwise, then the rest in order.
#[multiversion(targets("x86_64+avx2"))]
pub(crate) fn dot(left: &[f32], right: &[f32]) -> f32 {
    let (left, left_rest) = left.as_chunks::<LANES>();
    let (right, right_rest) = right.as_chunks::<LANES>();
    let mut sums = [0.0_f32; LANES];
    for (a, b) in left.iter().zip(right) {
        for lane in 0..LANES {
            sums[lane] += a[lane] * b[lane];
        }
    }
    left_rest.iter().zip(right_rest).fold(fold(sums), |sum, (a, b)| sum + a * b)
}

/// The sum of squared differences, in the same order. Both must fill whole lanes.
#[multiversion(targets("x86_64+avx2"))]
pub(crate) fn squared_distance(left: &[f32], right: &[f32]) -> f32 {
    let (left, _) = left.as_chunks::<LANES>();
    let (right, _) = right.as_chunks::<LANES>();
    let mut sums = [0.0_f32; LANES];
    for (a, b) in left.iter().zip(right) {
        for lane in 0..LANES {
            sums[lane] += (a[lane] - b[lane]) * (a[lane] - b[lane]);
        }
    }
    fold(sums)
}

#[allow(clippy::inline_always, reason = "inlined into each compiled version")]
#[inline(always)]
fn fold(mut sums: [f32; LANES]) -> f32 {
    let mut width = LANES / 2;
    while width > 0 {
        for lane in 0..width {
            sums[lane] += sums[lane + width];
        }
        width /= 2;
    }
    sums[0]
}

/// Why a vector has no direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Directionless {
    NotFinite { column: usize },
    Zero,
}

/// Scale to length 1. The length is summed in `f64`, where the square of the largest `f32` still fits.
pub(crate) fn normalise(vector: &mut [f32]) -> Result<(), Directionless> {
    if let Some(column) = vector.iter().position(|value| !value.is_finite()) {
        return Err(Directionless::NotFinite { column });
    }
    let length = vector.iter().map(|value| f64::from(*value).powi(2)).sum::<f64>().sqrt();
    if length == 0.0 {
        return Err(Directionless::Zero);
    }
    for value in vector {
        *value = narrow(f64::from(*value) / length);
    }
    Ok(())
}

#[allow(clippy::cast_possible_truncation, reason = "a component of a unit vector is at most 1, and 24 bits of it are what is kept")]
fn narrow(value: f64) -> f32 {
    value as f32
}
