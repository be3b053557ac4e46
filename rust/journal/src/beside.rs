//! The vault that lies beside a journal.

use std::path::Path;
use std::sync::Arc;

use interlock_files::beside;
use interlock_vault::{Protection, Vault, VaultError, Wrap, protection, rotate};

use crate::{JournalError, Reader};

/// What a vault's file is called, after its journal's.
const SUFFIX: &str = ".vault";

/// Where the vault of a journal lies.
pub fn vault_of(journal: &Path) -> std::path::PathBuf {
    beside(journal, SUFFIX)
}

/// The vault that a journal is opened with.
#[derive(Clone, Copy)]
pub(crate) enum Beside<'a> {
    /// None: nothing is minted, and nothing is sealed.
    Nothing,
    Given(&'a Arc<Vault>),
    /// The one that lies beside it, made if it is missing; protected by a key from outside, if there is one.
    Own(Option<&'a dyn Wrap>),
}

impl Beside<'_> {
    /// The vault, for whoever has the journal's file to himself by now.
    pub(crate) fn open(self, journal: &Path, is_shared: bool) -> Result<Option<Arc<Vault>>, JournalError> {
        match self {
            Self::Nothing => Ok(None),
            Self::Given(vault) => Ok(Some(Arc::clone(vault))),
            Self::Own(_) if is_shared => Ok(Some(Arc::new(Vault::memory()?))), // for tests only: see `Broken`
            Self::Own(wrap) => own(journal, wrap).map(Some),
        }
    }
}

fn own(journal: &Path, wrap: Option<&dyn Wrap>) -> Result<Arc<Vault>, JournalError> {
    let path = vault_of(journal);
    match (protection(&path)?, wrap) {
        (Protection::Missing, _) if Reader::open(journal)?.is_encrypted()? => {
            return Err(VaultError::Missing { path }.into()); // a new one could open nothing
        }
        // From now on a key from outside protects what was minted before there was one.
        (Protection::Inside, Some(wrap)) => {
            rotate(&path, None, wrap)?;
        }
        (Protection::Missing | Protection::Inside | Protection::Outside(_), _) => {}
    }
    Ok(Arc::new(Vault::open(&path, wrap)?))
}

/// Opens the vault beside a journal to read what is encrypted; nothing where there is no vault, or no key that it needs.
pub fn read_vault(journal: &Path, wrap: Option<&dyn Wrap>) -> Result<Option<Arc<Vault>>, JournalError> {
    let path = vault_of(journal);
    match (protection(&path)?, wrap) {
        (Protection::Missing, _) | (Protection::Outside(_), None) => Ok(None),
        (Protection::Inside, _) => Ok(Some(Arc::new(Vault::open_read_only(&path, None)?))),
        (Protection::Outside(_), Some(wrap)) => Ok(Some(Arc::new(Vault::open_read_only(&path, Some(wrap))?))),
    }
}
