//! Another wrapping key: the root key is made anew, and every subject's key and name is sealed under the new one, in one transaction.

use std::path::Path;

use interlock_files::{self as files, Lock};
use zeroize::Zeroizing;

use crate::file::{self, Head};
use crate::keys::{KeyId, key_place, name_place};
use crate::open::{TOKENS_PLACE, root_sealer};
use crate::seal::Sealer;
use crate::{VaultError, Wrap};

/// Protects a vault that nobody has open by another key, or by one at last. Gives how many subjects' keys were wrapped anew.
///
/// What was sealed under subjects' keys stays as it is. A crash leaves the vault under the one key or the other.
pub fn rotate(path: &Path, from: Option<&dyn Wrap>, to: &dyn Wrap) -> Result<usize, VaultError> {
    let path = files::canonical(path).map_err(VaultError::of(path))?;
    drop(file::look(&path)?);
    let _owned = Lock::take(&path).map_err(VaultError::of(&path))?;
    files::rewrite_log(&path).map_err(VaultError::of(&path))?;
    let told = |cause| VaultError::sql(&path, cause);
    let mut connection = file::connect(&path).map_err(told)?;
    let transaction = connection.transaction().map_err(told)?;
    let head = file::head(&transaction, &path)?;
    let old = root_sealer(&head.root(&path, from)?);
    let (root, wrapped) = to.fresh()?;
    let new = root_sealer(&root);
    let again =
        |place: &[u8], sealed: &[u8]| reseal(&old, &new, place, sealed).ok_or_else(|| VaultError::corrupt(&path, "a key was altered"));
    let tokens = again(TOKENS_PLACE, &head.tokens)??;
    let mut count = 0;
    for (id, name, key) in file::sealed_subjects(&transaction).map_err(told)? {
        let id = KeyId(id);
        let (name, key) = (again(&name_place(id), &name)??, again(&key_place(id), &key)??);
        file::set_subject(&transaction, id, &name, &key).map_err(told)?;
        count += 1;
    }
    file::set_head(&transaction, &Head { id: head.id, is_outside: true, root: wrapped, tokens }).map_err(told)?;
    transaction.commit().map_err(told)?;
    file::write_anew(&connection, &path)?; // the old root, and what it sealed, are nowhere in it
    connection.close().map_err(|(_, cause)| told(cause))?;
    Ok(count)
}

/// Nothing if it can't be opened.
fn reseal(old: &Sealer, new: &Sealer, place: &[u8], sealed: &[u8]) -> Option<Result<Vec<u8>, VaultError>> {
    let opened = Zeroizing::new(old.open(place, sealed)?);
    Some(new.seal(place, &[&opened]))
}
