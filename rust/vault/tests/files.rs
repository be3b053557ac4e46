//! A vault in a file: what comes back, what is refused by name, and what is left after erasing.

#![expect(clippy::unwrap_used, reason = "a helper that unwraps fails the test that called it")]

use std::fs;
use std::path::{Path, PathBuf};

use interlock_vault::{Found, Protection, Scope, Vault, VaultError, Wrap, WrappingKey, protection, rotate};
use rusqlite::Connection;

const RUN: Scope = [1; 16];
const VALUE: &str = "ada.canary@example.com";

fn key(byte: u8) -> WrappingKey {
    WrappingKey::from_bytes(std::array::from_fn(|at| byte.wrapping_add(u8::try_from(at).unwrap())))
}

fn place(folder: &tempfile::TempDir) -> PathBuf {
    folder.path().join("runs.db.vault")
}

fn open(path: &Path, key: &WrappingKey) -> Vault {
    Vault::open(path, Some(key as &dyn Wrap)).unwrap()
}

/// Every byte of the vault's files.
fn bytes(folder: &Path) -> Vec<u8> {
    fs::read_dir(folder).unwrap().flat_map(|entry| fs::read(entry.unwrap().path()).unwrap()).collect()
}

fn holds(folder: &Path, needle: &[u8]) -> bool {
    bytes(folder).windows(needle.len()).any(|window| window == needle)
}

#[test]
fn what_was_minted_comes_back_with_the_key_and_lies_nowhere_in_the_clear() {
    let folder = tempfile::tempdir().unwrap();
    let path = place(&folder);
    let vault = open(&path, &key(1));
    let token = vault.mint(&RUN, "user:acme/ada", "EMAIL_ADDRESS", VALUE).unwrap();
    assert!(vault.is_dirty());
    vault.flush().unwrap();
    assert!(!vault.is_dirty() && vault.is_protected());
    assert!(!holds(folder.path(), VALUE.as_bytes()) && !holds(folder.path(), b"user:acme/ada"));
    vault.close().unwrap();
    assert!(!holds(folder.path(), VALUE.as_bytes()) && !holds(folder.path(), b"user:acme/ada"));

    let again = open(&path, &key(1));
    assert_eq!(again.reveal(&RUN, "EMAIL_ADDRESS", &token).unwrap().as_deref(), Some(VALUE));
    assert_eq!(again.mint(&RUN, "user:acme/ada", "EMAIL_ADDRESS", VALUE).unwrap(), token);
    assert_eq!(again.subjects().unwrap(), ["user:acme/ada"]);
    let reader = Vault::open_read_only(&path, Some(&key(1))).unwrap();
    assert_eq!(reader.reveal(&RUN, "EMAIL_ADDRESS", &token).unwrap().as_deref(), Some(VALUE));
    assert_eq!(reader.mint(&RUN, "s", "X", "new").unwrap_err().code(), "vault.read_only");
    assert_eq!(reader.erase("user:acme/ada").unwrap_err().code(), "vault.read_only");
}

#[test]
fn keys_that_do_not_fit_are_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = place(&folder);
    open(&path, &key(1)).close().unwrap();
    let refused = |wrap: Option<&dyn Wrap>| Vault::open(&path, wrap).unwrap_err();
    assert!(matches!(refused(Some(&key(2))), VaultError::WrongKey { .. }), "{}", refused(Some(&key(2))));
    assert!(matches!(refused(None), VaultError::KeyMissing { .. }));
    assert!(matches!(protection(&path).unwrap(), Protection::Outside(_)));

    let plain = folder.path().join("plain.vault");
    assert_eq!(protection(&plain).unwrap(), Protection::Missing);
    let vault = Vault::open(&plain, None).unwrap();
    assert!(!vault.is_protected());
    vault.close().unwrap();
    assert_eq!(protection(&plain).unwrap(), Protection::Inside);
    assert!(matches!(Vault::open(&plain, Some(&key(1))).unwrap_err(), VaultError::NotProtected { .. }));
    fs::write(folder.path().join("letter"), "hello").unwrap();
    assert_eq!(Vault::open(&folder.path().join("letter"), None).unwrap_err().code(), "vault.not_a_vault");
}

#[test]
fn one_opening_owns_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let owner = open(&place(&folder), &key(1));
    assert_eq!(Vault::open(&place(&folder), Some(&key(1))).unwrap_err().code(), "vault.locked");
    owner.close().unwrap();
    assert_eq!(owner.mint(&RUN, "s", "X", "v").unwrap_err().code(), "vault.closed");
    open(&place(&folder), &key(1)).close().unwrap();
}

#[test]
fn after_erasing_no_byte_of_the_key_or_the_values_is_left_and_the_rest_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = place(&folder);
    let vault = open(&path, &key(1));
    let mint = |who: &str, number: u32| vault.mint(&RUN, who, "X", &format!("{who}'s value {number}")).unwrap();
    let (ada, eve): (Vec<_>, Vec<_>) = (0..400).map(|number| (mint("user:/ada", number), mint("user:/eve", number))).unzip();
    let id = vault.key_of("user:/ada").unwrap();
    vault.flush().unwrap();
    let looks = Connection::open(&path).unwrap();
    let sealed: Vec<u8> = looks.query_row("SELECT key FROM subjects WHERE id = ?1", [id.0.cast_signed()], |row| row.get(0)).unwrap();
    let value: Vec<u8> =
        looks.query_row("SELECT sealed FROM secrets WHERE subject = ?1 LIMIT 1", [id.0.cast_signed()], |row| row.get(0)).unwrap();
    drop(looks);
    assert!(holds(folder.path(), &sealed) && holds(folder.path(), &value));
    assert_eq!(vault.erase("user:/ada").unwrap(), 1);
    assert!(!holds(folder.path(), &sealed) && !holds(folder.path(), &value), "also in the log");
    let check = |vault: &Vault| {
        assert!(ada.iter().all(|token| vault.reveal(&RUN, "X", token).unwrap().is_none()));
        assert_eq!(vault.reveal(&RUN, "X", &eve[7]).unwrap().as_deref(), Some("user:/eve's value 7"));
        assert!(matches!(vault.sealer(id, b"p", b"").unwrap(), Found::Erased));
    };
    check(&vault);
    assert_ne!(vault.key_of("user:/ada").unwrap(), id, "whoever comes back has another key");
    vault.close().unwrap();
    check(&open(&path, &key(1)));
    assert_eq!(open(&path, &key(1)).erase("user:/nobody").unwrap(), 0);
}

#[test]
fn rows_that_are_swapped_or_altered_give_nothing_or_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = place(&folder);
    let vault = open(&path, &key(1));
    let (one, two) = (vault.mint(&RUN, "s", "X", "one").unwrap(), vault.mint(&RUN, "s", "X", "two").unwrap());
    vault.close().unwrap();
    let file = Connection::open(&path).unwrap();
    file.execute_batch(
        "CREATE TEMP TABLE t AS SELECT token, sealed FROM secrets;
         UPDATE secrets SET sealed = (SELECT sealed FROM t WHERE t.token <> secrets.token);",
    )
    .unwrap();
    drop(file);
    let vault = open(&path, &key(1));
    assert_eq!((vault.reveal(&RUN, "X", &one).unwrap(), vault.reveal(&RUN, "X", &two).unwrap()), (None, None));
    vault.close().unwrap();
    Connection::open(&path).unwrap().execute("UPDATE subjects SET key = zeroblob(60)", []).unwrap();
    assert_eq!(open(&path, &key(1)).reveal(&RUN, "X", &one).unwrap_err().code(), "vault.corrupt");
}

#[test]
fn another_key_protects_it_after_rotating_and_the_old_one_no_more() {
    let folder = tempfile::tempdir().unwrap();
    let path = place(&folder);
    let vault = Vault::open(&path, None).unwrap();
    let token = vault.mint(&RUN, "user:/ada", "X", VALUE).unwrap();
    let id = vault.key_of("user:/ada").unwrap();
    let sealed = match vault.sealer(id, b"payloads", b"7").unwrap() {
        Found::There(sealer) => sealer.seal(b"here", &[b"a ", b"text"]).unwrap(),
        Found::Erased | Found::Unknown => panic!("it was just made"),
    };
    assert_eq!(rotate(&path, None, &key(1)).unwrap_err().code(), "vault.locked");
    vault.close().unwrap();
    let root: Vec<u8> = Connection::open(&path).unwrap().query_row("SELECT root FROM head", [], |row| row.get(0)).unwrap();
    assert_eq!(rotate(&path, None, &key(1)).unwrap(), 1);
    assert!(!holds(folder.path(), &root), "the root that lay open is gone");
    assert_eq!(rotate(&path, Some(&key(9)), &key(2)).unwrap_err().code(), "vault.wrong_key");
    assert_eq!(rotate(&path, Some(&key(1)), &key(2)).unwrap(), 1);
    assert!(matches!(Vault::open(&path, Some(&key(1))).unwrap_err(), VaultError::WrongKey { .. }));
    let vault = open(&path, &key(2));
    assert_eq!(vault.reveal(&RUN, "X", &token).unwrap().as_deref(), Some(VALUE));
    let Found::There(sealer) = vault.sealer(id, b"payloads", b"7").unwrap() else { panic!("it is there") };
    assert_eq!(sealer.open(b"here", &sealed).unwrap(), b"a text");
    assert_eq!(sealer.open(b"there", &sealed), None);
    let Found::There(other) = vault.sealer(id, b"payloads", b"8").unwrap() else { panic!("it is there") };
    assert_eq!(other.open(b"here", &sealed), None);
}

#[test]
fn more_than_is_kept_in_memory_is_read_from_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let vault = open(&place(&folder), &key(1));
    let mint = |number: u32| vault.mint(&RUN, &format!("run:{}", number % 5_000), "X", &number.to_string()).unwrap();
    let tokens: Vec<_> = (0..50_000).map(mint).collect();
    for (number, token) in tokens.iter().enumerate().step_by(997) {
        assert_eq!(vault.reveal(&RUN, "X", token).unwrap(), Some(number.to_string()));
    }
    assert_eq!(vault.subjects().unwrap().len(), 5_000);
}

#[test]
fn a_key_is_read_from_a_file_and_what_is_wrong_with_it_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key");
    let hex = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
    let read = |text: &[u8]| {
        fs::write(&path, text).unwrap();
        WrappingKey::from_file(&path).map(|key| key.id())
    };
    let id = read(hex.as_bytes()).unwrap();
    assert_eq!(read(format!("{hex}\n").to_uppercase().as_bytes()).unwrap(), id);
    let raw: [u8; 32] = std::array::from_fn(|at| u8::try_from(at).unwrap());
    assert_eq!(read(&raw).unwrap(), id);
    for text in ["AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"] {
        assert_eq!(read(text.as_bytes()).unwrap(), id);
    }
    for (wrong, what) in [("", "empty"), ("abc!", "neither"), ("AAEC", "3 bytes"), (&"00".repeat(32), "all the same")] {
        let error = read(wrong.as_bytes()).unwrap_err();
        assert!(error.to_string().contains(what) && error.to_string().contains("key"), "{error}");
    }
    let unset = WrappingKey::from_env("INTERLOCK_NO_SUCH_VARIABLE").unwrap_err();
    assert!(unset.to_string().contains("INTERLOCK_NO_SUCH_VARIABLE holds no key: it is not set"), "{unset}");
}
