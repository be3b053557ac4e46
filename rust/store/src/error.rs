//! What can go wrong with the store, in one enum. It names the culprit and the way out; it decides nothing.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use interlock_files::Fault;
use rusqlite::ErrorCode;

/// Why the store could not do what was asked. Cheap to clone, so that every waiter can be given the cause.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    #[error("{namespace}/{key} has version {found}, and {expected} was expected")]
    Moved { namespace: String, key: String, expected: u64, found: u64 },
    #[error("there is no namespace {namespace:?} (there is: {known})")]
    UnknownNamespace { namespace: String, known: String },
    #[error("{what}")]
    Unusable { what: String, way_out: &'static str },
    #[error("{namespace}/{key} holds {kind}, which can't be counted up")]
    NotACounter { namespace: String, key: String, kind: &'static str },
    #[error("{namespace}/{key} is {value}, and adding {by} leaves the range of 64 bits")]
    Overflow { namespace: String, key: String, value: i64, by: i64 },
    #[error("{namespace}/{key} has {bytes} bytes, and {limit} are the limit of a value")]
    TooLarge { namespace: String, key: String, bytes: usize, limit: usize },
    #[error("no room for {bytes} bytes of {namespace}/{key}: the store holds {used} of {cap}, and {why}")]
    Full { namespace: String, key: String, bytes: usize, used: usize, cap: usize, why: &'static str },
    #[error("no room for {bytes} bytes of {namespace}/{key}: what could make room is held by live runs")]
    Held { namespace: String, key: String, bytes: usize },
    #[error("{missed} changes were not read in time and are gone from the feed")]
    Lagged { missed: u64 },
    #[error("{}: {what}", path.display())]
    Corrupt { path: PathBuf, what: String },
    #[error("{} has format {format}, and this program knows formats up to {known}", path.display())]
    VersionUnsupported { path: PathBuf, format: u32, known: u32 },
    #[error("{} is in use by another store", path.display())]
    Locked { path: PathBuf },
    #[error("{} is not a store's file", path.display())]
    NotAStore { path: PathBuf },
    #[error("{} does not exist", path.display())]
    Missing { path: PathBuf },
    #[error("{}: no room is left on the disk", path.display())]
    DiskFull { path: PathBuf },
    #[error("{} was opened read-only", path.display())]
    ReadOnly { path: PathBuf },
    #[error("{}: {cause}", path.display())]
    Io {
        path: PathBuf,
        #[source]
        cause: Arc<io::Error>,
    },
    #[error("{}: {cause}", path.display())]
    Sql {
        path: PathBuf,
        #[source]
        cause: Arc<rusqlite::Error>,
    },
    #[error("the store's file can't be written: {cause}")]
    Failing {
        #[source]
        cause: Arc<StoreError>,
    },
    #[error("the store is closed")]
    Closed,
    #[error("the store was opened by process {opened_by} and used by process {used_by} after a fork")]
    Forked { opened_by: u32, used_by: u32 },
}

impl StoreError {
    /// The stable name, for programs. A file that can't be written is called by what is wrong with it.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Moved { .. } => "store.moved",
            Self::UnknownNamespace { .. } => "store.unknown_namespace",
            Self::Unusable { .. } => "usage.store",
            Self::NotACounter { .. } => "store.not_a_counter",
            Self::Overflow { .. } => "store.overflow",
            Self::TooLarge { .. } => "store.too_large",
            Self::Full { .. } => "store.full",
            Self::Held { .. } => "store.held",
            Self::Lagged { .. } => "store.lagged",
            Self::Corrupt { .. } => "store.corrupt",
            Self::VersionUnsupported { .. } => "store.version_unsupported",
            Self::Locked { .. } => "store.locked",
            Self::NotAStore { .. } => "store.not_a_store",
            Self::Missing { .. } => "store.missing",
            Self::DiskFull { .. } => "store.disk_full",
            Self::ReadOnly { .. } => "store.read_only",
            Self::Io { .. } | Self::Sql { .. } => "store.io",
            Self::Failing { cause } => cause.code(),
            Self::Closed => "store.closed",
            Self::Forked { .. } => "store.forked",
        }
    }

    /// The way out, for people.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Moved { .. } => "read it again and decide anew: somebody else wrote it in between",
            Self::UnknownNamespace { .. } => "correct the name, or open the store with it",
            Self::Unusable { way_out, .. } => way_out,
            Self::NotACounter { .. } => "count under a key of its own, which incr makes",
            Self::Overflow { .. } => "start a new counter",
            Self::TooLarge { .. } => "keep large contents outside and store a reference, or open the store with a greater max_value",
            Self::Full { .. } => "delete what is not needed, give values a time to live, raise the cap, or declare an eviction",
            Self::Held { .. } => "wait until runs have ended, or raise the cap",
            Self::Lagged { .. } => "read the namespace anew, then go on with the feed; ask it more often or give it more room",
            Self::Corrupt { .. } => "keep the file as it is and open a copy that was made by snapshot",
            Self::VersionUnsupported { .. } => "open it with the version that wrote it or a newer one",
            Self::Locked { .. } => "give each worker a file of its own, or open this one read-only",
            Self::NotAStore { .. } => "name another path; this file was left as it is",
            Self::Missing { .. } => "check the path; a store is its file together with the `-wal` file beside it",
            Self::DiskFull { .. } => {
                "make room on the disk, and writing goes on by itself; where max_file is the limit, take a snapshot and open that with more"
            }
            Self::ReadOnly { .. } => "open it for writing, where it is not in use",
            Self::Io { .. } | Self::Sql { .. } => "look at the disk and at the folder's permissions",
            Self::Failing { cause } => cause.hint(),
            Self::Closed => "open it again",
            Self::Forked { .. } => "open the store after the fork, in each worker, with a file of its own",
        }
    }

    /// What is wrong with a store's file.
    pub(crate) fn of(path: &Path) -> impl FnOnce(Fault) -> Self {
        move |fault| match fault {
            Fault::Nameless | Fault::Foreign => Self::NotAStore { path: path.into() },
            Fault::Locked => Self::Locked { path: path.into() },
            Fault::LogAlone => Self::Missing { path: path.into() },
            Fault::Cut { .. } => Self::Corrupt { path: path.into(), what: fault.to_string() },
            Fault::Io { path, cause } => Self::io(&path, cause),
            Fault::Sql(cause) => Self::sql(path, cause),
        }
    }

    pub(crate) fn io(path: &Path, cause: io::Error) -> Self {
        use io::ErrorKind::{NotFound, QuotaExceeded, StorageFull};
        let path = path.to_path_buf();
        let kind = cause.kind();
        if kind == NotFound {
            Self::Missing { path }
        } else if matches!(kind, StorageFull | QuotaExceeded) {
            Self::DiskFull { path }
        } else {
            Self::Io { path, cause: Arc::new(cause) }
        }
    }

    /// SQLite's errors under our names, where they have one.
    pub(crate) fn sql(path: &Path, cause: rusqlite::Error) -> Self {
        use rusqlite::Error::{FromSqlConversionFailure, IntegralValueOutOfRange, InvalidColumnType, SqlInputError, Utf8Error};
        let path = path.to_path_buf();
        if let FromSqlConversionFailure(..) | IntegralValueOutOfRange(..) | InvalidColumnType(..) | SqlInputError { .. } | Utf8Error(..) =
            cause
        {
            return Self::Corrupt { path, what: cause.to_string() }; // our statements fit our tables, so these are not ours
        }
        match cause.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::DiskFull { path },
            Some(ErrorCode::NotADatabase) => Self::NotAStore { path },
            Some(ErrorCode::DatabaseCorrupt) => Self::Corrupt { path, what: cause.to_string() },
            Some(ErrorCode::DatabaseBusy) => Self::Locked { path },
            _ => Self::Sql { path, cause: Arc::new(cause) },
        }
    }
}
