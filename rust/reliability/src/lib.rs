//! Who is how reliable, learnt from labels without gold. It decides weights and which method to trust, never what a vote means.
//!
//! Dawid–Skene: A. P. Dawid and A. M. Skene, "Maximum Likelihood Estimation of Observer Error-Rates Using the EM Algorithm",
//! Applied Statistics 28 (1), 1979, pages 20 to 28. Beside it stands the plain majority, and [`cross_validate`] says which of
//! the two explains labels better that it has not seen.
//!
//! Rows are sorted by name first and every sum has a fixed order, so the order in which rows are given changes no bit.
//!
//! ```
//! use interlock_reliability::{Labels, fit};
//!
//! let labels = Labels::build(
//!     &["ada", "bob", "eve", "ada", "bob", "eve", "ada", "bob", "eve"],
//!     &["one", "one", "one", "two", "two", "two", "six", "six", "six"],
//!     &["no", "no", "yes", "yes", "yes", "yes", "no", "no", "no"],
//! )?;
//! let fit = fit(&labels);
//! assert_eq!(labels.classes()[fit.label(0)], "no");
//! assert!(fit.weight(0) > fit.weight(2));
//! # Ok::<(), interlock_reliability::ReliabilityError>(())
//! ```

mod em;
mod error;
mod fit;
mod folds;
mod labels;
mod weight;

pub use em::{MOST_ITERATIONS, SMOOTHING, TOLERANCE};
pub use error::ReliabilityError;
pub use fit::{Fit, TIED, fit};
pub use folds::{Method, Scores, cross_validate};
pub use labels::{Label, Labels};
pub use weight::{EQUAL_WEIGHT, MOST_WEIGHT, majority, weighted};
