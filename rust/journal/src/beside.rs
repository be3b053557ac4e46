//! The vault that lies beside a journal.

use std::path::Path;
use std::sync::Arc;

use interlock_vault::{Protection, Vault, VaultError, Wrap, beside, protection};

use crate::{JournalError, Reader};

/// What a vault's file is called, after its journal's.
const SUFFIX: &str = ".vault";

/// Where the vault of a journal lies.
pub fn vault_of(journal: &Path) -> std::path::PathBuf {
    beside(journal, SUFFIX)
}

/// Opens the vault beside a journal, for whoever owns the journal. With a key one is made if there is none; without one there may be
/// none.
pub fn open_vault(journal: &Path, wrap: Option<&dyn Wrap>) -> Result<Option<Arc<Vault>>, JournalError> {
    let path = vault_of(journal);
    if !path.exists() {
        if journal.exists() && Reader::open(journal)?.is_encrypted()? {
            return Err(VaultError::Missing { path }.into()); // a new one could open nothing
        }
        if wrap.is_none() {
            return Ok(None);
        }
    }
    Ok(Some(Arc::new(Vault::open(&path, wrap)?)))
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
