//! The vector index: arrays come in through the buffer protocol, and bytes for arrays go out. Every call lets other threads run.

use std::path::PathBuf;

use interlock_vector::{Filter, Found, Metric, Shape, Storage, Subset, VectorError, VectorIndex};
use pyo3::buffer::{Element, PyBuffer};
use pyo3::prelude::*;
use pyo3::types::{PyByteArray, PyDict};

use crate::error;

type Arrays<'py> = (Bound<'py, PyByteArray>, Bound<'py, PyByteArray>);
type Batch<'py> = (Bound<'py, PyByteArray>, Bound<'py, PyByteArray>, Vec<usize>);

/// Ids that are allowed in many searches; made by `VectorIndex.subset`.
#[pyclass(name = "Subset", frozen, module = "interlock._core")]
pub(crate) struct PySubset(Subset);

#[pymethods]
impl PySubset {
    fn __len__(&self) -> usize {
        self.0.len()
    }
}

#[pyclass(name = "VectorIndex", frozen, module = "interlock._core")]
pub(crate) struct PyVectorIndex(VectorIndex);

/// What a search asks for, as owned numbers, so that other threads may run meanwhile.
struct Asked<'a> {
    k: usize,
    recall: f64,
    ids: Option<Vec<i64>>,
    labels: Option<Vec<&'a str>>,
    subset: Option<&'a Subset>,
}

impl Asked<'_> {
    fn filter(&self) -> Filter<'_> {
        Filter { ids: self.ids.as_deref(), labels: self.labels.as_deref(), subset: self.subset }
    }
}

#[pymethods]
impl PyVectorIndex {
    #[new]
    fn new(dim: usize, metric: &str, storage: &str) -> PyResult<Self> {
        Ok(Self(VectorIndex::new(shape(dim, metric, storage)?)))
    }

    #[staticmethod]
    fn load(py: Python<'_>, path: PathBuf) -> PyResult<Self> {
        py.detach(|| VectorIndex::load(&path)).map(Self).map_err(raise)
    }

    #[staticmethod]
    fn import_hnswlib(py: Python<'_>, path: PathBuf, dim: usize, metric: &str, storage: &str) -> PyResult<Self> {
        let shape = shape(dim, metric, storage)?;
        py.detach(|| VectorIndex::import_hnswlib(&path, shape)).map(Self).map_err(raise)
    }

    fn save(&self, py: Python<'_>, path: PathBuf) -> PyResult<()> {
        py.detach(|| self.0.save(&path)).map_err(raise)
    }

    /// `labels` has one for each id, or is empty.
    fn add(
        &self,
        py: Python<'_>,
        ids: &Bound<'_, PyAny>,
        vectors: &Bound<'_, PyAny>,
        labels: Vec<Option<String>>,
        replace: bool,
    ) -> PyResult<()> {
        let (ids, vectors) = (numbers::<i64>(py, ids)?, numbers::<f32>(py, vectors)?);
        let labels: Vec<Option<&str>> = labels.iter().map(Option::as_deref).collect();
        py.detach(|| self.0.add(&ids, vectors, &labels, replace)).map_err(raise)
    }

    fn update(&self, py: Python<'_>, ids: &Bound<'_, PyAny>, vectors: &Bound<'_, PyAny>) -> PyResult<()> {
        let (ids, vectors) = (numbers::<i64>(py, ids)?, numbers::<f32>(py, vectors)?);
        py.detach(|| self.0.update(&ids, vectors)).map_err(raise)
    }

    fn remove(&self, py: Python<'_>, ids: &Bound<'_, PyAny>) -> PyResult<()> {
        let ids = numbers::<i64>(py, ids)?;
        py.detach(|| self.0.remove(&ids)).map_err(raise)
    }

    /// Ids as int64, and scores as float32.
    #[pyo3(signature = (query, k, recall, ids=None, subset=None, labels=None))]
    #[expect(clippy::too_many_arguments, reason = "one of each thing that a search can be told, and one call")]
    fn search<'py>(
        &self,
        py: Python<'py>,
        query: &Bound<'py, PyAny>,
        k: usize,
        recall: f64,
        ids: Option<&Bound<'py, PyAny>>,
        subset: Option<&Bound<'py, PySubset>>,
        labels: Option<Vec<String>>,
    ) -> PyResult<Arrays<'py>> {
        let query = numbers::<f32>(py, query)?;
        let asked = asked(py, k, recall, ids, subset, labels.as_deref())?;
        let found = py.detach(|| self.0.search(&query, k, asked.filter(), recall)).map_err(raise)?;
        Ok(arrays(py, &found))
    }

    /// The same for `rows` queries one after another: their results one after another, and how many each has.
    #[pyo3(signature = (queries, rows, k, recall, threads, ids=None, subset=None, labels=None))]
    #[expect(clippy::too_many_arguments, reason = "one of each thing that a search can be told, and one call")]
    fn search_many<'py>(
        &self,
        py: Python<'py>,
        queries: &Bound<'py, PyAny>,
        rows: usize,
        k: usize,
        recall: f64,
        threads: Option<usize>,
        ids: Option<&Bound<'py, PyAny>>,
        subset: Option<&Bound<'py, PySubset>>,
        labels: Option<Vec<String>>,
    ) -> PyResult<Batch<'py>> {
        let queries = numbers::<f32>(py, queries)?;
        if queries.len() != rows * self.0.shape().dim {
            return Err(raise(VectorError::QueryLength { given: queries.len() / rows.max(1), dim: self.0.shape().dim }));
        }
        let asked = asked(py, k, recall, ids, subset, labels.as_deref())?;
        let threads = threads.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get));
        let found = py.detach(|| self.0.search_many(&queries, asked.k, asked.filter(), asked.recall, threads)).map_err(raise)?;
        let counts = found.iter().map(Vec::len).collect();
        let (ids, scores) = arrays(py, &found.concat());
        Ok((ids, scores, counts))
    }

    fn subset(&self, py: Python<'_>, ids: &Bound<'_, PyAny>) -> PyResult<PySubset> {
        self.0.subset(&numbers::<i64>(py, ids)?).map(PySubset).map_err(raise)
    }

    /// As float32.
    fn get<'py>(&self, py: Python<'py>, id: i64) -> PyResult<Bound<'py, PyByteArray>> {
        let vector = py.detach(|| self.0.get(id)).map_err(raise)?;
        Ok(PyByteArray::new(py, &vector.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<u8>>()))
    }

    fn label(&self, py: Python<'_>, id: i64) -> PyResult<Option<String>> {
        py.detach(|| self.0.label(id)).map_err(raise)
    }

    /// Ascending, as int64.
    fn ids<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyByteArray>> {
        let ids = py.detach(|| self.0.ids()).map_err(raise)?;
        Ok(PyByteArray::new(py, &ids.iter().flat_map(|id| id.to_le_bytes()).collect::<Vec<u8>>()))
    }

    fn stats<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let stats = py.detach(|| self.0.stats()).map_err(raise)?;
        let named = PyDict::new(py);
        named.set_item("rows", stats.rows)?;
        named.set_item("free_rows", stats.free_rows)?;
        named.set_item("labels", stats.labels)?;
        named.set_item("bytes", stats.bytes)?;
        named.set_item("links", stats.links)?;
        named.set_item("widths", stats.widths)?;
        Ok(named)
    }

    fn __len__(&self) -> PyResult<usize> {
        Python::attach(|py| py.detach(|| self.0.len())).map_err(raise)
    }

    fn __contains__(&self, py: Python<'_>, id: i64) -> PyResult<bool> {
        py.detach(|| self.0.contains(id)).map_err(raise)
    }

    #[getter]
    fn revision(&self, py: Python<'_>) -> PyResult<u64> {
        py.detach(|| self.0.revision()).map_err(raise)
    }

    #[getter]
    fn dim(&self) -> usize {
        self.0.shape().dim
    }

    #[getter]
    fn metric(&self) -> &'static str {
        self.0.shape().metric.name()
    }

    #[getter]
    fn storage(&self) -> &'static str {
        self.0.shape().storage.name()
    }
}

fn shape(dim: usize, metric: &str, storage: &str) -> PyResult<Shape> {
    let shape = || Shape::new(dim, Metric::named(metric)?, Storage::named(storage)?);
    shape().map_err(raise)
}

fn asked<'a>(
    py: Python<'_>,
    k: usize,
    recall: f64,
    ids: Option<&Bound<'_, PyAny>>,
    subset: Option<&'a Bound<'_, PySubset>>,
    labels: Option<&'a [String]>,
) -> PyResult<Asked<'a>> {
    let ids = ids.map(|ids| numbers::<i64>(py, ids)).transpose()?;
    let labels = labels.map(|labels| labels.iter().map(String::as_str).collect());
    Ok(Asked { k, recall, ids, labels, subset: subset.map(|subset| &subset.get().0) })
}

/// A copy: the array is Python's, and may change while other threads run.
fn numbers<T: Element>(py: Python<'_>, array: &Bound<'_, PyAny>) -> PyResult<Vec<T>> {
    PyBuffer::<T>::get(array)?.to_vec(py)
}

fn arrays<'py>(py: Python<'py>, found: &[Found]) -> Arrays<'py> {
    let (mut ids, mut scores) = (Vec::with_capacity(found.len() * 8), Vec::with_capacity(found.len() * 4));
    for found in found {
        ids.extend_from_slice(&found.id.to_le_bytes());
        scores.extend_from_slice(&found.score.to_le_bytes());
    }
    (PyByteArray::new(py, &ids), PyByteArray::new(py, &scores))
}

fn raise(cause: VectorError) -> PyErr {
    error::vector(&cause)
}
