//! `interlock._core`: the only crate that knows Python. Ints, strings, bytes and frozen classes cross, nothing else.

#![expect(clippy::needless_pass_by_value, reason = "PyO3 extracts arguments by value, and errors are mapped by name")]

mod access;
mod audit;
mod ballot;
mod budget;
mod crossing;
mod effect;
mod engine;
mod error;
mod guards;
mod labels;
mod limits;
mod numbers;
mod privacy;
mod reader;
mod reliability;
mod replay;
mod review;
mod routes;
mod safety;
mod step;
mod store;
mod upkeep;
mod vault;
mod vector_index;

use pyo3::prelude::*;

#[pymodule(gil_used = true)]
mod _core {
    use pyo3::prelude::*;

    #[pymodule_export]
    use crate::access::{PyAccess, PyCedarSet};
    #[pymodule_export]
    use crate::audit::{PyLedger, PyProgress, PySigner, prove_run, read_checkpoints, tree_head, verify_checkpoints};
    #[pymodule_export]
    use crate::ballot::ballot;
    #[pymodule_export]
    use crate::budget::PyBudgetLedger;
    #[pymodule_export]
    use crate::effect::PyEffect;
    #[pymodule_export]
    use crate::engine::PyEngine;
    #[pymodule_export]
    use crate::labels::PyLabels;
    #[pymodule_export]
    use crate::privacy::PyPrivacy;
    #[pymodule_export]
    use crate::reader::{PyReader, verify};
    #[pymodule_export]
    use crate::reliability::fit_reliability;
    #[pymodule_export]
    use crate::replay::{PyCounterfactual, replay, state_at};
    #[pymodule_export]
    use crate::routes::PyRouteTable;
    #[pymodule_export]
    use crate::safety::{PyHoldback, PySafety};
    #[pymodule_export]
    use crate::step::{PyStarted, PyStep};
    #[pymodule_export]
    use crate::store::{PyFeed, PyHold, PyStore};
    #[pymodule_export]
    use crate::vault::{PyVaultKey, is_encrypted, new_vault_key, rotate_vault, vault_protection, vault_subjects};
    #[pymodule_export]
    use crate::vector_index::{PySubset, PyVectorIndex};

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}
