//! How a vault comes to be: in memory, with a file that it owns, or to look at somebody's file.

use std::path::Path;
use std::sync::{Arc, Mutex};

use interlock_files::{self as files, Lock};

use crate::file::{self, FileReader, Head};
use crate::key::Secret;
use crate::log::{Mode, State};
use crate::seal::Sealer;
use crate::shared::Shared;
use crate::token::Tokens;
use crate::{Vault, VaultError, Wrap, nonces};

/// What seals the root key's uses apart.
pub(crate) const TOKENS_PLACE: &[u8] = b"interlock.vault.tokens.1";

/// The root key's sealer.
pub(crate) fn root_sealer(root: &Secret) -> Sealer {
    Sealer::new(&root.derive(b"interlock.vault.rows.1", b""))
}

impl Vault {
    /// A vault that ends with the process.
    pub fn memory() -> Result<Self, VaultError> {
        let root = root_sealer(&Secret::random()?);
        let mut id = [0; 16];
        nonces::fill(&mut id)?;
        let shared = Shared::new(None, root, Tokens::new(&Secret::random()?), State::new(Mode::Memory, None));
        Ok(Self::over(shared, false, id))
    }

    /// A vault with a file, which this process then owns. The file is made if it is missing.
    ///
    /// Without a wrapping key the root key lies in the file itself: whoever has the file has all, until a subject is erased.
    pub fn open(path: &Path, wrap: Option<&dyn Wrap>) -> Result<Self, VaultError> {
        let path = files::canonical(path).map_err(VaultError::of(path))?;
        if path.exists() {
            drop(file::look(&path)?); // before a lock file is put beside what may be no vault
        }
        let ownership = Lock::take(&path).map_err(VaultError::of(&path))?;
        file::create_if_missing(&path, || Head::new(wrap))?;
        files::rewrite_log(&path).map_err(VaultError::of(&path))?;
        let (shared, is_protected, id) = load(&path, wrap, Mode::Durable)?;
        let mut vault = Self::over(shared, is_protected, id);
        *vault.writer.get_mut().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(file::spawn(Arc::clone(&vault.shared), &path)?);
        *vault.ownership.get_mut().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(ownership);
        Ok(vault)
    }

    /// What a file holds, whoever owns it. Nothing can be minted or erased.
    pub fn open_read_only(path: &Path, wrap: Option<&dyn Wrap>) -> Result<Self, VaultError> {
        let path = files::canonical(path).map_err(VaultError::of(path))?;
        let (shared, is_protected, id) = load(&path, wrap, Mode::ReadOnly(path.clone()))?;
        Ok(Self::over(shared, is_protected, id))
    }

    fn over(shared: Shared, is_protected: bool, id: [u8; 16]) -> Self {
        let (writer, ownership) = (Mutex::default(), Mutex::default());
        Self { shared: Arc::new(shared), opened_by: std::process::id(), is_protected, id, writer, ownership }
    }
}

fn load(path: &Path, wrap: Option<&dyn Wrap>, mode: Mode) -> Result<(Shared, bool, [u8; 16]), VaultError> {
    let reader = FileReader::open(path)?;
    let head = reader.head()?;
    let root = head.root(path, wrap)?;
    let sealer = root_sealer(&root);
    let tokens = sealer.open(TOKENS_PLACE, &head.tokens).and_then(|bytes| Secret::from_slice(&bytes));
    let tokens = tokens.ok_or_else(|| VaultError::corrupt(path, "its secret for tokens was altered"))?;
    let shared = Shared::new(Some(path.into()), sealer, Tokens::new(&tokens), State::new(mode, Some(reader)));
    Ok((shared, head.is_outside, head.id))
}
