//! What can go wrong with a vault, in one enum. It names the culprit and the way out, and never shows a key or a value.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use interlock_files::Fault;
use rusqlite::ErrorCode;

/// Why the vault could not do what was asked. Cheap to clone, so that every waiter can be given the cause.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum VaultError {
    #[error("{from} holds no key: {what}")]
    NoKey { from: String, what: String },
    #[error("{} is not protected by {key}", path.display())]
    WrongKey { path: PathBuf, key: String },
    #[error("{} is protected by a key from outside, and none was given", path.display())]
    KeyMissing { path: PathBuf },
    #[error("{} is not protected by an outside key, and {key} was given", path.display())]
    NotProtected { path: PathBuf, key: String },
    #[error("the key service failed: {what}")]
    Service { what: String },
    #[error("{} is in use by this or another process", path.display())]
    Locked { path: PathBuf },
    #[error("{} is not a vault", path.display())]
    NotAVault { path: PathBuf },
    #[error("{} does not exist", path.display())]
    Missing { path: PathBuf },
    #[error("{} has format {format}, and this program knows formats up to {known}", path.display())]
    VersionUnsupported { path: PathBuf, format: u32, known: u32 },
    #[error("the vault {} is damaged: {what}", path.display())]
    Corrupt { path: PathBuf, what: String },
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
    #[error("{}: no room is left for the vault", path.display())]
    Full { path: PathBuf },
    #[error("the vault stopped writing: {cause}")]
    Failed {
        #[source]
        cause: Arc<VaultError>,
    },
    #[error("{} was opened to be read only", path.display())]
    ReadOnly { path: PathBuf },
    #[error("what was erased may still lie in the log of {}, which somebody reads", path.display())]
    LogInUse { path: PathBuf },
    #[error("the vault is closed")]
    Closed,
    #[error("the vault was opened by process {opened_by} and used by process {used_by} after a fork")]
    Forked { opened_by: u32, used_by: u32 },
    #[error("the operating system gave no random bytes: {cause}")]
    NoEntropy { cause: String },
    #[error("the vault's writer panicked; this is a mistake in the vault")]
    Panicked,
}

impl VaultError {
    /// The stable name, for programs. A vault that stopped writing is called by what stopped it.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoKey { .. } => "vault.no_key",
            Self::WrongKey { .. } => "vault.wrong_key",
            Self::KeyMissing { .. } => "vault.key_missing",
            Self::NotProtected { .. } => "vault.not_protected",
            Self::Service { .. } => "vault.key_service",
            Self::Locked { .. } => "vault.locked",
            Self::NotAVault { .. } => "vault.not_a_vault",
            Self::Missing { .. } => "vault.missing",
            Self::VersionUnsupported { .. } => "vault.version_unsupported",
            Self::Corrupt { .. } => "vault.corrupt",
            Self::Io { .. } | Self::Sql { .. } => "vault.io",
            Self::Full { .. } => "vault.full",
            Self::Failed { cause } => cause.code(),
            Self::ReadOnly { .. } => "vault.read_only",
            Self::LogInUse { .. } => "vault.log_in_use",
            Self::Closed => "vault.closed",
            Self::Forked { .. } => "vault.forked",
            Self::NoEntropy { .. } => "vault.no_entropy",
            Self::Panicked => "vault.panicked",
        }
    }

    /// The way out, for people.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::NoKey { .. } => "a key is 32 bytes as base64 or hex: `interlock keys new` prints a fresh one",
            Self::WrongKey { .. } => "give the key that the vault was made with, or last rotated to; without it nothing can be read",
            Self::KeyMissing { .. } => "give it: il.open(…, keys=il.Keys(env=…)), `encryption:` in the configuration, or INTERLOCK_KEY",
            Self::NotProtected { .. } => "leave the key out, or protect the vault with it: `interlock keys rotate`",
            Self::Service { .. } => "look at what wrap and unwrap raise; the vault was left as it is",
            Self::Locked { .. } => "share the one runtime that has it open, or close that first",
            Self::NotAVault { .. } => "name another path; this file was left as it is",
            Self::Missing { .. } => "restore it beside the journal: without it what was sealed can't be read",
            Self::VersionUnsupported { .. } => "open it with the version that wrote it, or a newer one",
            Self::Corrupt { .. } => "keep the file as it is, and restore a copy",
            Self::Io { .. } | Self::Sql { .. } => "look at the disk and at the folder's permissions, then open the vault again",
            Self::Full { .. } => "make room on the disk, then open the vault again: what was acknowledged is kept",
            Self::Failed { cause } => cause.hint(),
            Self::ReadOnly { .. } => "open it with the runtime that owns it",
            Self::LogInUse { .. } => "close what reads the vault, then ask for the same again: the rest is done already",
            Self::Closed => "open it again",
            Self::Forked { .. } => "open the vault after the fork, in each worker, with a file of its own",
            Self::NoEntropy { .. } => "check that the sandbox allows the system's random source",
            Self::Panicked => "report this",
        }
    }

    /// What is wrong with a vault's file.
    pub(crate) fn of(path: &Path) -> impl FnOnce(Fault) -> Self {
        move |fault| match fault {
            Fault::Nameless | Fault::Foreign => Self::NotAVault { path: path.into() },
            Fault::Locked => Self::Locked { path: path.into() },
            Fault::LogAlone => Self::Missing { path: path.into() },
            Fault::Cut { .. } => Self::corrupt(path, fault.to_string()),
            Fault::Io { path, cause } => Self::io(&path, cause),
            Fault::Sql(cause) => Self::sql(path, cause),
        }
    }

    pub(crate) fn io(path: &Path, cause: io::Error) -> Self {
        use io::ErrorKind::{NotFound, QuotaExceeded, StorageFull};
        let (path, kind) = (path.to_path_buf(), cause.kind());
        if kind == NotFound {
            Self::Missing { path }
        } else if matches!(kind, StorageFull | QuotaExceeded) {
            Self::Full { path }
        } else {
            Self::Io { path, cause: Arc::new(cause) }
        }
    }

    pub(crate) fn sql(path: &Path, cause: rusqlite::Error) -> Self {
        match cause.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::Full { path: path.into() },
            Some(ErrorCode::NotADatabase) => Self::NotAVault { path: path.into() },
            Some(ErrorCode::DatabaseCorrupt) => Self::Corrupt { path: path.into(), what: cause.to_string() },
            _ => Self::Sql { path: path.into(), cause: Arc::new(cause) }, // SQLite's other causes say what they are
        }
    }

    pub(crate) fn corrupt(path: &Path, what: impl Into<String>) -> Self {
        Self::Corrupt { path: path.into(), what: what.into() }
    }
}
