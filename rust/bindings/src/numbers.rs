//! Numbers as Python gives them: shares of one, and vectors as bytes.

use interlock_kernel::Confidence;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

/// A share from 0 to 1, in parts per million.
pub(crate) fn ppm(confidence: f64) -> PyResult<Confidence> {
    if !(0.0..=1.0).contains(&confidence) {
        return Err(PyValueError::new_err(format!("confidence is {confidence}, and must lie between 0 and 1")));
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it lies between 0 and a million")]
    let ppm = (confidence * f64::from(Confidence::ONE)).round() as u32;
    Ok(Confidence(ppm))
}

/// Little-endian float32.
pub(crate) fn floats(bytes: &[u8]) -> PyResult<Vec<f32>> {
    let (quads, rest) = bytes.as_chunks::<4>();
    if !rest.is_empty() {
        return Err(PyValueError::new_err("a vector must hold 4 bytes for each number"));
    }
    Ok(quads.iter().map(|quad| f32::from_le_bytes(*quad)).collect())
}

/// Little-endian uint32.
pub(crate) fn numbers(bytes: &[u8]) -> PyResult<Vec<u32>> {
    let (quads, rest) = bytes.as_chunks::<4>();
    if !rest.is_empty() {
        return Err(PyValueError::new_err("labels must hold 4 bytes for each row"));
    }
    Ok(quads.iter().map(|quad| u32::from_le_bytes(*quad)).collect())
}
