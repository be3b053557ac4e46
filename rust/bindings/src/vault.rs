//! Keys of vaults: what a journal's vault is opened with. Keys stay in Rust, except those that a key service gives to Python.

use std::path::PathBuf;
use std::sync::Arc;

use interlock_journal::{JournalError, Reader, read_vault, vault_of};
use interlock_vault::{Handed, Protection, Secret, Vault, Wrap, WrappingKey, protection, rotate};
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::error;

#[pyclass(name = "VaultKey", frozen, module = "interlock._core")]
pub(crate) struct PyVaultKey {
    wrap: Arc<dyn Wrap>,
    id: Option<String>,
}

impl PyVaultKey {
    pub(crate) fn wrap(&self) -> &dyn Wrap {
        &*self.wrap
    }

    fn of(key: WrappingKey) -> Self {
        let id = Some(key.id());
        Self { wrap: Arc::new(key), id }
    }
}

#[pymethods]
impl PyVaultKey {
    /// From an environment variable that holds 32 bytes as base64 or hex.
    #[staticmethod]
    fn from_env(variable: &str) -> PyResult<Self> {
        WrappingKey::from_env(variable).map(Self::of).map_err(|cause| error::vault(&cause))
    }

    /// From a file that holds them so, or as they are.
    #[staticmethod]
    fn from_file(py: Python<'_>, path: PathBuf) -> PyResult<Self> {
        py.detach(|| WrappingKey::from_file(&path)).map(Self::of).map_err(|cause| error::vault(&cause))
    }

    /// A root key, and what a key service made of it.
    #[staticmethod]
    fn handed(root: [u8; 32], wrapped: Vec<u8>) -> PyResult<Self> {
        let Some(root) = Secret::from_slice(&root) else { return Err(error::usage("the root key is none", "give 32 bytes")) };
        Ok(Self { wrap: Arc::new(Handed { root, wrapped }), id: None })
    }

    /// A name of the key that says nothing of it; none for a key service's.
    #[getter]
    fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }
}

/// The vault that a reader needs, if there is one and it can be opened.
pub(crate) fn for_reading(path: &std::path::Path, key: Option<&Py<PyVaultKey>>) -> Result<Option<Arc<Vault>>, JournalError> {
    read_vault(path, key.map(|key| key.get().wrap()))
}

/// A fresh key as hex.
#[pyfunction]
pub(crate) fn new_vault_key() -> PyResult<String> {
    let key = Secret::random().map_err(|cause| error::vault(&cause))?;
    Ok(interlock_vault::hex(key.bytes()))
}

/// How the vault beside a journal protects its keys: nothing where there is none, "inside", or the wrapped root key.
#[pyfunction]
pub(crate) fn vault_protection(py: Python<'_>, path: PathBuf) -> PyResult<Option<Py<PyAny>>> {
    Ok(match py.detach(|| protection(&vault_of(&path))).map_err(|cause| error::vault(&cause))? {
        Protection::Missing => None,
        Protection::Inside => Some("inside".into_pyobject(py)?.into_any().unbind()),
        Protection::Outside(wrapped) => Some(PyBytes::new(py, &wrapped).into_any().unbind()),
    })
}

/// Protect the vault beside a journal by another key. Gives how many subjects' keys were wrapped anew.
#[pyfunction]
#[pyo3(signature = (path, old, new))]
pub(crate) fn rotate_vault(py: Python<'_>, path: PathBuf, old: Option<Py<PyVaultKey>>, new: Py<PyVaultKey>) -> PyResult<usize> {
    let done = py.detach(|| rotate(&vault_of(&path), old.as_ref().map(|key| key.get().wrap()), new.get().wrap()));
    done.map_err(|cause| error::vault(&cause))
}

/// The subjects that have keys in the vault beside a journal.
#[pyfunction]
#[pyo3(signature = (path, key=None))]
pub(crate) fn vault_subjects(py: Python<'_>, path: PathBuf, key: Option<Py<PyVaultKey>>) -> PyResult<Vec<String>> {
    let listed = py.detach(|| {
        let vault = Vault::open_read_only(&vault_of(&path), key.as_ref().map(|key| key.get().wrap()))?;
        vault.subjects()
    });
    listed.map_err(|cause| error::vault(&cause))
}

/// Whether payloads of a journal are encrypted.
#[pyfunction]
pub(crate) fn is_encrypted(py: Python<'_>, path: PathBuf) -> PyResult<bool> {
    py.detach(|| Reader::open(&path)?.is_encrypted()).map_err(|cause| error::journal(&cause))
}
