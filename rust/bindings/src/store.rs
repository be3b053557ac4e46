//! The store as Python sees it. What Python has a type for crosses as that; JSON and vectors cross as bytes with a number that says which.

use std::path::PathBuf;

use interlock_store::{Change, Entry, Eviction, Expect, Feed, Hold, Kind, Lives, Options, Put, Store, StoreError, Value};
use pyo3::IntoPyObjectExt;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyInt, PyString, PyTuple};

use crate::error;

/// What Python is given for bytes that it has to read itself.
const JSON: u8 = 0;
const VECTOR: u8 = 1;

#[pyclass(name = "Store", frozen, module = "interlock._core")]
#[derive(Debug)]
pub(crate) struct PyStore {
    store: Store,
}

fn value<'py>(py: Python<'py>, entry: &Entry) -> PyResult<Bound<'py, PyAny>> {
    match entry.kind() {
        Kind::Bytes => Ok(PyBytes::new(py, entry.bytes()).into_any()),
        Kind::Text => Ok(PyString::new(py, entry.text().unwrap_or_default()).into_any()),
        Kind::Int => entry.int().unwrap_or_default().into_bound_py_any(py),
        Kind::Json => Ok(PyTuple::new(py, [JSON.into_bound_py_any(py)?, PyBytes::new(py, entry.bytes()).into_any()])?.into_any()),
        Kind::Vector => Ok(PyTuple::new(py, [VECTOR.into_bound_py_any(py)?, PyBytes::new(py, entry.bytes()).into_any()])?.into_any()),
    }
}

fn expected(expect: Option<u64>) -> Option<Expect> {
    expect.map(|version| if version == 0 { Expect::Absent } else { Expect::Version(version) })
}

/// Seconds to live, or the moment in microseconds since 1970.
fn lives(ttl: Option<f64>, expires: Option<u64>) -> PyResult<Lives> {
    let Some(seconds) = ttl else { return Ok(expires.map_or(Lives::Forever, Lives::Until)) };
    if expires.is_some() {
        return Err(error::usage("both ttl and expires are given", "give one of them"));
    }
    if !(seconds > 0.0 && seconds <= 1e12) {
        return Err(error::usage(&format!("ttl is {seconds}"), "give seconds, more than 0"));
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it lies between 0 and 1e18")]
    Ok(Lives::For((seconds * 1e6).ceil() as u64))
}

fn eviction(name: &str) -> PyResult<Eviction> {
    match name {
        "none" => Ok(Eviction::None),
        "lru" => Ok(Eviction::Lru),
        "ttl_first" => Ok(Eviction::TtlFirst),
        other => Err(error::usage(&format!("eviction is {other:?}"), "give none, lru or ttl_first")),
    }
}

#[pymethods]
impl PyStore {
    #[new]
    #[pyo3(signature = (path, cap, eviction_name, max_value, backlog, namespaces, max_file, read_only))]
    #[expect(clippy::too_many_arguments, reason = "one for each option")]
    fn new(
        py: Python<'_>,
        path: Option<PathBuf>,
        cap: Option<usize>,
        eviction_name: &str,
        max_value: usize,
        backlog: usize,
        namespaces: Option<Vec<String>>,
        max_file: Option<u64>,
        read_only: bool,
    ) -> PyResult<Self> {
        let options = Options { cap, eviction: eviction(eviction_name)?, max_value, backlog, namespaces, max_file, ..Options::default() };
        let opened = py.detach(|| match path {
            None => Ok(Store::in_memory(options)),
            Some(path) if read_only => Store::open_read_only(&path, options),
            Some(path) => Store::open(&path, options),
        });
        Ok(Self { store: opened.map_err(told)? })
    }

    fn get<'py>(&self, py: Python<'py>, namespace: &str, key: &str) -> PyResult<Option<Bound<'py, PyAny>>> {
        self.store.get(namespace, key).map_err(told)?.map(|entry| value(py, &entry)).transpose()
    }

    /// The value, its version, its id, and when it expires (0 for never).
    #[expect(clippy::type_complexity, reason = "a plain tuple is what crosses best")]
    fn get_versioned<'py>(&self, py: Python<'py>, namespace: &str, key: &str) -> PyResult<Option<(Bound<'py, PyAny>, u64, u64, u64)>> {
        let Some(entry) = self.store.get(namespace, key).map_err(told)? else { return Ok(None) };
        Ok(Some((value(py, &entry)?, entry.version(), entry.id(), entry.expires())))
    }

    #[pyo3(signature = (namespace, key, given, expect, ttl, expires))]
    #[expect(clippy::too_many_arguments, reason = "one for each option")]
    fn put(
        &self,
        py: Python<'_>,
        namespace: &str,
        key: &str,
        given: &Bound<'_, PyAny>,
        expect: Option<u64>,
        ttl: Option<f64>,
        expires: Option<u64>,
    ) -> PyResult<u64> {
        let put = Put { expect: expected(expect), lives: lives(ttl, expires)? };
        let store = |value| self.set(py, namespace, key, value, put);
        if let Ok(bytes) = given.cast::<PyBytes>() {
            store(Value::Bytes(bytes.as_bytes()))
        } else if let Ok(text) = given.cast::<PyString>() {
            let whole =
                text.to_cow().map_err(|_| error::usage(&format!("{namespace}/{key} can't hold half a character"), "encode it as bytes"))?;
            store(Value::Text(&whole))
        } else if given.is_exact_instance_of::<PyInt>() {
            let told = |_| error::usage(&format!("{namespace}/{key} can't hold a number of more than 64 bits"), "store it as a string");
            store(Value::Int(given.extract().map_err(told)?))
        } else {
            Err(error::usage(
                &format!("{namespace}/{key} can't hold {}", given.get_type()),
                "give bytes, str, int, JSON or a float32 vector",
            ))
        }
    }

    #[pyo3(signature = (namespace, key, json, expect, ttl, expires))]
    #[expect(clippy::too_many_arguments, reason = "one for each option")]
    fn put_json(
        &self,
        py: Python<'_>,
        namespace: &str,
        key: &str,
        json: &[u8],
        expect: Option<u64>,
        ttl: Option<f64>,
        expires: Option<u64>,
    ) -> PyResult<u64> {
        let put = Put { expect: expected(expect), lives: lives(ttl, expires)? };
        self.set(py, namespace, key, Value::Json(json), put)
    }

    #[pyo3(signature = (namespace, key, floats, expect, ttl, expires))]
    #[expect(clippy::too_many_arguments, reason = "one for each option")]
    fn put_vector(
        &self,
        py: Python<'_>,
        namespace: &str,
        key: &str,
        floats: &[u8],
        expect: Option<u64>,
        ttl: Option<f64>,
        expires: Option<u64>,
    ) -> PyResult<u64> {
        let put = Put { expect: expected(expect), lives: lives(ttl, expires)? };
        self.set(py, namespace, key, Value::Vector(floats), put)
    }

    #[pyo3(signature = (namespace, key, expect=None))]
    fn delete(&self, py: Python<'_>, namespace: &str, key: &str, expect: Option<u64>) -> PyResult<bool> {
        self.change(py, |store| store.delete(namespace, key, expected(expect)))
    }

    fn incr(&self, py: Python<'_>, namespace: &str, key: &str, by: i64) -> PyResult<i64> {
        self.change(py, |store| store.incr(namespace, key, by))
    }

    /// Key, value, version and expiry of each entry whose key begins so, by key.
    #[expect(clippy::type_complexity, reason = "a list of plain tuples is what crosses best")]
    fn scan<'py>(&self, py: Python<'py>, namespace: &str, prefix: &str) -> PyResult<Vec<(String, Bound<'py, PyAny>, u64, u64)>> {
        let found = py.detach(|| self.store.scan(namespace, prefix)).map_err(told)?;
        found.iter().map(|entry| Ok((entry.key().to_owned(), value(py, entry)?, entry.version(), entry.expires()))).collect()
    }

    fn namespaces(&self) -> Vec<(String, usize)> {
        self.store.namespaces().into_iter().collect()
    }

    #[pyo3(signature = (namespace, prefix, room))]
    fn feed(&self, namespace: Option<&str>, prefix: &str, room: usize) -> PyResult<PyFeed> {
        self.store.feed(namespace, prefix, room).map(|feed| PyFeed { feed }).map_err(told)
    }

    #[pyo3(signature = (namespace, key=None))]
    fn hold(&self, namespace: &str, key: Option<&str>) -> PyResult<PyHold> {
        let hold = self.store.hold(namespace, key).map_err(told)?;
        Ok(PyHold { hold: std::sync::Mutex::new(Some(hold)) })
    }

    fn wait(&self, py: Python<'_>, version: u64) -> PyResult<()> {
        py.detach(|| self.store.wait(version)).map_err(told)
    }

    fn flush(&self, py: Python<'_>) -> PyResult<()> {
        py.detach(|| self.store.flush()).map_err(told)
    }

    fn sweep(&self, py: Python<'_>) -> PyResult<()> {
        py.detach(|| self.store.sweep()).map_err(told)
    }

    fn vacuum(&self, py: Python<'_>) -> PyResult<()> {
        py.detach(|| self.store.vacuum()).map_err(told)
    }

    fn snapshot(&self, py: Python<'_>, path: PathBuf) -> PyResult<()> {
        py.detach(|| self.store.snapshot(&path)).map_err(told)
    }

    /// Entries, namespaces, bytes, evicted, revision, committed, bytes that wait for the disk.
    fn stats(&self) -> (usize, usize, usize, u64, u64, u64, usize) {
        let stats = self.store.stats();
        (stats.entries, stats.namespaces, stats.bytes, stats.evicted, stats.revision, stats.committed, stats.backlog)
    }

    fn close(&self, py: Python<'_>) -> PyResult<()> {
        py.detach(|| self.store.close()).map_err(told)
    }
}

impl PyStore {
    fn set(&self, py: Python<'_>, namespace: &str, key: &str, value: Value<'_>, put: Put) -> PyResult<u64> {
        self.change(py, |store| store.put(namespace, key, value, put))
    }

    /// Lets Python run while a full backlog or a snapshot holds the change up; otherwise giving it up costs more than the change.
    fn change<T: Send>(&self, py: Python<'_>, change: impl Send + FnOnce(&Store) -> Result<T, StoreError>) -> PyResult<T> {
        let changed = if self.store.is_pressed() { py.detach(|| change(&self.store)) } else { change(&self.store) };
        changed.map_err(told)
    }
}

fn told(cause: StoreError) -> PyErr {
    error::store(&cause)
}

/// The changes since it was opened.
#[pyclass(name = "Feed", frozen, module = "interlock._core")]
#[derive(Debug)]
pub(crate) struct PyFeed {
    feed: Feed,
}

#[pymethods]
impl PyFeed {
    /// Version, namespace, key and what happened, oldest first.
    fn poll(&self, limit: usize) -> PyResult<Vec<(u64, String, String, &'static str)>> {
        let changes = self.feed.poll(limit).map_err(told)?;
        Ok(changes.into_iter().map(|Change { version, namespace, key, what }| (version, namespace, key, what.word())).collect())
    }
}

/// Keeps from eviction what it names.
#[pyclass(name = "Hold", frozen, module = "interlock._core")]
#[derive(Debug)]
pub(crate) struct PyHold {
    hold: std::sync::Mutex<Option<Hold>>,
}

#[pymethods]
impl PyHold {
    fn release(&self) {
        drop(self.hold.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take());
    }
}
