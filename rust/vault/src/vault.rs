//! The vault, as whoever masks and unmasks holds it.

use std::fmt;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use interlock_files::Lock;

use crate::VaultError;
use crate::shared::Shared;

/// Where a token means something: a run's id, or a name of a part of the memory that was hashed to 16 bytes.
pub type Scope = [u8; 16];

/// Keys for data subjects, and the values that placeholders stand for. Share it between threads by reference.
///
/// ```
/// use interlock_vault::Vault;
///
/// let vault = Vault::memory()?;
/// let (run, other) = ([1; 16], [2; 16]);
/// let token = vault.mint(&run, "user:acme/ada", "EMAIL_ADDRESS", "ada@example.com")?;
/// assert_eq!(vault.mint(&run, "user:acme/ada", "EMAIL_ADDRESS", "ada@example.com")?, token);
/// assert_eq!(vault.reveal(&run, "EMAIL_ADDRESS", &token)?.as_deref(), Some("ada@example.com"));
/// assert_eq!(vault.reveal(&other, "EMAIL_ADDRESS", &token)?, None);
/// vault.erase("user:acme/ada")?;
/// assert_eq!(vault.reveal(&run, "EMAIL_ADDRESS", &token)?, None);
/// # Ok::<(), interlock_vault::VaultError>(())
/// ```
pub struct Vault {
    pub(crate) shared: Arc<Shared>,
    /// The process that opened it. A fork's copy has no writer thread, and must not draw the same nonces.
    pub(crate) opened_by: u32,
    pub(crate) is_protected: bool,
    pub(crate) id: [u8; 16],
    pub(crate) writer: Mutex<Option<JoinHandle<()>>>,
    pub(crate) ownership: Mutex<Option<Lock>>,
}

impl Vault {
    /// Whether its keys can be read only with a key from outside. Otherwise whoever has the file has all.
    pub fn is_protected(&self) -> bool {
        self.is_protected
    }

    /// What this vault is known by, to files that need it.
    pub fn id(&self) -> [u8; 16] {
        self.id
    }

    /// Whether something was minted or erased that the file does not have yet.
    pub fn is_dirty(&self) -> bool {
        self.shared.is_dirty()
    }

    /// How often something was erased since it was opened: what was derived from keys before may be of one that is gone.
    pub fn erasures(&self) -> u64 {
        self.shared.erasures.load(Ordering::Acquire)
    }

    /// Waits until all that was minted and erased is durable.
    pub fn flush(&self) -> Result<(), VaultError> {
        self.check_process()?;
        let revision = {
            let state = self.shared.lock();
            if state.failure.is_some() {
                state.open()?;
            }
            state.revision
        };
        self.shared.wait(revision)
    }

    /// Why it stopped writing, if it did.
    pub fn failure(&self) -> Option<VaultError> {
        self.check_process().err().or_else(|| self.shared.lock().failure.clone())
    }

    /// Writes what waits, and lets the file go. A second call does nothing.
    pub fn close(&self) -> Result<(), VaultError> {
        let take = || self.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
        if self.check_process().is_err() {
            std::mem::forget(take()); // the writer belongs to the parent; only our copy of the file's lock is ours
            drop(self.ownership.lock().unwrap_or_else(PoisonError::into_inner).take());
            return Ok(());
        }
        self.shared.begin_closing();
        let joined = take().map(JoinHandle::join);
        drop(self.ownership.lock().unwrap_or_else(PoisonError::into_inner).take());
        let failure = self.shared.lock().failure.clone();
        match (failure, joined) {
            (Some(cause), _) => Err(VaultError::Failed { cause: Arc::new(cause) }),
            (None, Some(Err(_))) => Err(VaultError::Panicked),
            (None, Some(Ok(())) | None) => Ok(()),
        }
    }

    /// Threads do not survive a fork, and locks that they held stay locked: a child does not touch them.
    pub(crate) fn check_process(&self) -> Result<(), VaultError> {
        let used_by = std::process::id();
        if used_by == self.opened_by { Ok(()) } else { Err(VaultError::Forked { opened_by: self.opened_by, used_by }) }
    }
}

impl fmt::Debug for Vault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Vault").field("is_protected", &self.is_protected).finish_non_exhaustive()
    }
}

impl Drop for Vault {
    fn drop(&mut self) {
        if self.check_process().is_err() {
            std::mem::forget(Arc::clone(&self.shared)); // the connections belong to the process that opened them
        }
        let _ = self.close(); // whoever wants to hear of an error calls `close`
    }
}
