//! Sums over rows of bytes: what a search spends its time on. Compiled for AVX2 as well, and chosen when the program runs.
//!
//! Products of integers are exact, so every machine gets the same sums in whatever order.

use std::hint::black_box;

use multiversion::multiversion;

/// Codes in a line: a cache line of 64 bytes.
pub(crate) const LINE: usize = 64;

/// 64 codes that share a cache line, so that a row of 384 costs six lines and never seven.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(align(64))]
pub(crate) struct Line(pub(crate) [i8; LINE]);

/// The same of a query, widened once: 16 bits are what the multiplication takes.
pub(crate) type Wide = [i16; LINE];

/// Sums kept apart. 16 of 32 bits are two AVX2 registers.
const LANES: usize = 16;
/// Rows whose lines are asked for before the first is used: memory answers many requests at a time, and this asks without waiting.
/// 32 rows took 22 ns each at 100,000 x 384, 4 rows 28, and none 32.
const AHEAD: usize = 32;

#[allow(clippy::inline_always, reason = "inlined into each compiled version, or it would be compiled for none")]
#[inline(always)]
fn product(query: &[Wide], row: &[Line]) -> i32 {
    let mut sums = [0_i32; LANES];
    for (wide, line) in query.iter().zip(row) {
        for start in (0..LINE).step_by(LANES) {
            for lane in 0..LANES {
                let term = i32::from(wide[start + lane]) * i32::from(line.0[start + lane]);
                sums[lane] = sums[lane].wrapping_add(term); // can't wrap: see MOST_DIMENSIONS and Probe
            }
        }
    }
    sums.iter().fold(0, |sum, lane| sum.wrapping_add(*lane))
}

/// The products of a query with some rows, in their order.
#[multiversion(targets("x86_64+avx2"))]
pub(crate) fn products(query: &[Wide], lines: &[Line], rows: &[u32], out: &mut [i32]) {
    let per = query.len();
    for (rows, out) in rows.chunks(AHEAD).zip(out.chunks_mut(AHEAD)) {
        let mut asked = 0;
        for row in rows {
            for line in &lines[*row as usize * per..][..per] {
                asked ^= line.0[0];
            }
        }
        black_box(asked);
        for (row, out) in rows.iter().zip(out) {
            *out = product(query, &lines[*row as usize * per..][..per]);
        }
    }
}

/// The products of a query with rows that lie one after another.
#[multiversion(targets("x86_64+avx2"))]
pub(crate) fn products_in_order(query: &[Wide], lines: &[Line], out: &mut [i32]) {
    for (row, out) in lines.chunks_exact(query.len()).zip(out) {
        *out = product(query, row);
    }
}

/// The product of a query with one row.
#[multiversion(targets("x86_64+avx2"))]
pub(crate) fn one_product(query: &[Wide], row: &[Line]) -> i32 {
    product(query, row)
}
