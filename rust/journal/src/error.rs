//! What can go wrong with a journal, in one enum. It names the culprit and the way out; it decides nothing.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use interlock_files::Fault;
use interlock_kernel::RunId;
use interlock_vault::VaultError;
use rusqlite::ErrorCode;

use crate::RunStatus;

/// A run as messages name it: its number in the file, and its id where that is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RunName {
    pub number: u64,
    pub id: Option<RunId>,
}

impl fmt::Display for RunName {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.id {
            Some(id) => write!(out, "run {} ({id})", self.number),
            None if self.number == 0 => out.write_str("the journal's own records"),
            None => write!(out, "run {}", self.number),
        }
    }
}

/// Why the journal could not do what was asked. Cheap to clone, so that every waiter can be given the cause.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum JournalError {
    #[error("the journal is damaged{}: {what}", Place { run: *run, frame: *frame })]
    Corrupt { run: Option<RunName>, frame: Option<u64>, what: String },
    #[error("{what} has version {format}, and this program knows versions up to {known} (written by {written_by})")]
    VersionUnsupported { what: String, written_by: String, format: u32, known: u32 },
    #[error("{} is in use by {}", path.display(), if *by_this_process { "this process" } else { "another process" })]
    Locked { path: PathBuf, by_this_process: bool },
    #[error("{}: {cause}", path.display())]
    Io {
        path: PathBuf,
        #[source]
        cause: Arc<io::Error>,
    },
    #[error("{}: {cause}", path.display())]
    Store {
        path: PathBuf,
        #[source]
        cause: Arc<rusqlite::Error>,
    },
    #[error("{}: no room is left for the journal", path.display())]
    Full { path: PathBuf },
    #[error("{} can't be written", path.display())]
    ReadOnly { path: PathBuf },
    #[error("{} is not a journal", path.display())]
    NotAJournal { path: PathBuf },
    #[error("{} does not exist", path.display())]
    Missing { path: PathBuf },
    #[error("the journal stopped writing: {cause}")]
    Failed {
        #[source]
        cause: Arc<JournalError>,
    },
    #[error("the journal is closed")]
    Closed,
    #[error("the journal was opened by process {opened_by} and used by process {used_by} after a fork")]
    Forked { opened_by: u32, used_by: u32 },
    #[error("key {key:?} belongs to run {run} already")]
    KeyTaken { key: String, run: u64 },
    #[error("run {run} expects frame {expected} next and was given {given}")]
    OutOfOrder { run: u64, expected: u32, given: u32 },
    #[error("run {run} was not started, or is over")]
    UnknownRun { run: u64 },
    #[error("run {run} is {}", if *status == RunStatus::InReview { "in review" } else { "under way" })]
    NotOver { run: RunId, status: RunStatus },
    #[error("runs that are {} can't be pruned: they are not over", status.word())]
    NotPrunable { status: RunStatus },
    #[error("what was removed may still lie in the journal's log, which somebody reads")]
    LogInUse,
    #[error("{what} has {bytes} bytes, and {limit} are the limit")]
    TooLarge { what: &'static str, bytes: usize, limit: usize },
    #[error("{what}")]
    Misused { what: String },
    #[error("the operating system gave no random bytes: {cause}")]
    NoEntropy { cause: String },
    #[error("what was said in {run} is encrypted, and no key was given")]
    Encrypted { run: RunName },
    #[error("what was said in {run} can't be read any more: the key of whom it belonged to was deleted")]
    KeyErased { run: RunName },
    #[error("{} was encrypted with another vault than the one beside it", path.display())]
    WrongVault { path: PathBuf },
    #[error("what the journal refers to could not be made durable: {cause}")]
    Barrier { cause: String },
    #[error(transparent)]
    Vault(VaultError),
}

/// What the disk does to the vault it does to the journal: whoever waits for room waits for both.
impl From<VaultError> for JournalError {
    fn from(cause: VaultError) -> Self {
        if let VaultError::Failed { cause } = &cause {
            return VaultError::clone(cause).into();
        }
        if let VaultError::Full { path } = cause {
            return Self::Full { path };
        }
        if let VaultError::Io { path, cause } = cause {
            return Self::Io { path, cause };
        }
        if let VaultError::Sql { path, cause } = cause {
            return Self::Store { path, cause };
        }
        Self::Vault(cause)
    }
}

impl JournalError {
    /// The stable name, for programs. A journal that stopped writing is called by what stopped it.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Corrupt { .. } => "journal.corrupt",
            Self::VersionUnsupported { .. } => "journal.version_unsupported",
            Self::Locked { .. } => "journal.locked",
            Self::Io { .. } => "journal.io",
            Self::Store { cause, .. } if cause.sqlite_error_code() == Some(ErrorCode::SystemIoFailure) => "journal.io",
            Self::Store { .. } => "journal.store",
            Self::Full { .. } => "journal.full",
            Self::ReadOnly { .. } => "journal.read_only",
            Self::NotAJournal { .. } => "journal.not_a_journal",
            Self::Missing { .. } => "journal.missing",
            Self::Failed { cause } => cause.code(),
            Self::Closed => "journal.closed",
            Self::Forked { .. } => "journal.forked",
            Self::KeyTaken { .. } => "journal.key_taken",
            Self::OutOfOrder { .. } => "journal.out_of_order",
            Self::UnknownRun { .. } => "journal.unknown_run",
            Self::NotOver { .. } => "usage.run_not_over",
            Self::NotPrunable { .. } => "usage.not_prunable",
            Self::LogInUse => "journal.log_in_use",
            Self::TooLarge { .. } => "journal.too_large",
            Self::Misused { .. } => "journal.misused",
            Self::NoEntropy { .. } => "journal.no_entropy",
            Self::Encrypted { .. } => "journal.encrypted",
            Self::KeyErased { .. } => "journal.key_erased",
            Self::WrongVault { .. } => "journal.wrong_vault",
            Self::Barrier { .. } => "journal.barrier",
            Self::Vault(cause) => cause.code(),
        }
    }

    /// The way out, for people.
    pub fn hint(&self) -> String {
        match self {
            Self::Corrupt { .. } => "keep the file as it is, restore a copy, and compare the two with `interlock audit verify`".into(),
            Self::VersionUnsupported { written_by, .. } => format!("open it with the version that wrote it ({written_by}) or a newer one"),
            Self::Locked { by_this_process: true, .. } => "share the one runtime that has it open, or close that first".into(),
            Self::Locked { by_this_process: false, .. } => "give each worker a file of its own, or open this one read-only".into(),
            Self::Io { .. } | Self::Store { .. } => "look at the disk and at the folder's permissions, then open the journal again".into(),
            Self::Full { .. } => "make room on the disk, then open the journal again: what was acknowledged is kept".into(),
            Self::ReadOnly { .. } => "let this user write the file and its folder, or open it read-only".into(),
            Self::NotAJournal { .. } => "name another path; this file was left as it is".into(),
            Self::Missing { .. } => "check the path; a journal is its file together with the `-wal` file beside it".into(),
            Self::Failed { cause } => cause.hint(),
            Self::Closed => "open it again".into(),
            Self::Forked { .. } => "open the journal after the fork, in each worker, with a file of its own".into(),
            Self::KeyTaken { .. } => "ask for that run by its key, or choose another key".into(),
            Self::OutOfOrder { .. } | Self::UnknownRun { .. } | Self::Misused { .. } => {
                "this is a mistake in the program that appends; nothing was written".into()
            }
            Self::NotOver { status, .. } => match status {
                RunStatus::InReview => "decide or cancel it first; nothing was erased".into(),
                RunStatus::Open | RunStatus::Delivered | RunStatus::Failed | RunStatus::Cancelled => {
                    "wait until it has ended, or cancel it first; nothing was erased".into()
                }
            },
            Self::NotPrunable { .. } => "prune runs that are delivered, failed or cancelled".into(),
            Self::LogInUse => "close what reads the journal, then ask for the same again: the rest is done already".into(),
            Self::TooLarge { .. } => "keep large contents outside and pass a reference to them".into(),
            Self::NoEntropy { .. } => "check that the sandbox allows the system's random source".into(),
            Self::Encrypted { .. } => "give the key that protects the vault beside the journal: keys=il.Keys(…), or INTERLOCK_KEY".into(),
            Self::KeyErased { .. } => "nothing brings it back; the run's events can still be read and proved".into(),
            Self::WrongVault { .. } => "restore the journal and its `.vault` file together, from the same copy".into(),
            Self::Barrier { .. } => "remove the cause, then open the journal again: what was acknowledged is kept".into(),
            Self::Vault(cause) => cause.hint().into(),
        }
    }

    /// What is wrong with a journal's file.
    pub(crate) fn of(path: &Path) -> impl FnOnce(Fault) -> Self {
        move |fault| match fault {
            Fault::Nameless | Fault::Foreign => Self::NotAJournal { path: path.into() },
            Fault::Locked => Self::Locked { path: path.into(), by_this_process: false },
            Fault::LogAlone => Self::Missing { path: path.into() },
            Fault::Cut { .. } => Self::damaged(fault.to_string()),
            Fault::Io { path, cause } => Self::io(&path, cause),
            Fault::Sql(cause) => Self::store(path, cause),
        }
    }

    pub(crate) fn io(path: &Path, cause: io::Error) -> Self {
        use io::ErrorKind::{NotFound, QuotaExceeded, ReadOnlyFilesystem, StorageFull};
        let (path, kind) = (path.to_path_buf(), cause.kind());
        if kind == NotFound {
            Self::Missing { path }
        } else if matches!(kind, StorageFull | QuotaExceeded) {
            Self::Full { path }
        } else if kind == ReadOnlyFilesystem {
            Self::ReadOnly { path }
        } else {
            Self::Io { path, cause: Arc::new(cause) }
        }
    }

    /// SQLite's errors under our names, where they have one.
    pub(crate) fn store(path: &Path, cause: rusqlite::Error) -> Self {
        match cause.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::Full { path: path.into() },
            Some(ErrorCode::ReadOnly) => Self::ReadOnly { path: path.into() },
            Some(ErrorCode::NotADatabase) => Self::NotAJournal { path: path.into() },
            Some(ErrorCode::DatabaseCorrupt) => Self::damaged(cause.to_string()),
            _ => Self::Store { path: path.into(), cause: Arc::new(cause) },
        }
    }

    pub(crate) fn damaged(what: impl Into<String>) -> Self {
        Self::Corrupt { run: None, frame: None, what: what.into() }
    }

    /// Adds where the damage is, if this is damage that the codec found without knowing where.
    pub(crate) fn at(self, place: RunName, position: Option<u64>) -> Self {
        if let Self::Corrupt { run, frame, what } = self {
            Self::Corrupt { run: run.or(Some(place)), frame: frame.or(position), what }
        } else {
            self
        }
    }
}

/// Where the damage is, as far as that is known.
struct Place {
    run: Option<RunName>,
    frame: Option<u64>,
}

impl fmt::Display for Place {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.run, self.frame) {
            (Some(run), Some(frame)) => write!(out, " in {run}, frame {frame} of the file"),
            (Some(run), None) => write!(out, " in {run}"),
            (None, Some(frame)) => write!(out, " at frame {frame} of the file"),
            (None, None) => Ok(()),
        }
    }
}
