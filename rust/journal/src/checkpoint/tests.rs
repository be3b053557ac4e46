//! Notes as the specification writes them, and what is refused.

use proptest::prelude::*;

use super::*;

const NAME: &str = "example.com/support";

fn key(seed: u8) -> SignerKey {
    SignerKey::from_seed(NAME, &[seed; 32]).unwrap()
}

fn checkpoint(size: u64) -> Checkpoint {
    Checkpoint { origin: NAME.into(), size, root: Digest([size.to_le_bytes()[0]; 32]) }
}

/// The note that stands in the specification of signed notes, with the key that Go's package documents for it.
#[test]
fn the_note_of_gos_documentation_has_the_key_hash_and_the_signature_that_are_checked_here() {
    let key = VerifierKey::parse("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW").unwrap();
    assert_eq!((key.name(), key.hash()), ("PeterNeumann", [0xc7, 0x4f, 0x20, 0xa3]));
    let text = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
    let line = "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=";
    let bytes = from_base64(line).unwrap();
    assert_eq!(bytes[..4], key.hash());
    assert!(key.made(text.as_bytes(), &bytes[4..]));
    let signer = SignerKey::parse("PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz").unwrap();
    assert_eq!((signer.verifier(), signer.sign(text.as_bytes())), (key, bytes));
}

#[test]
fn a_note_has_the_lines_of_the_specification() {
    let note = checkpoint(7).sign(&key(1)).unwrap();
    let lines: Vec<_> = note.split('\n').collect();
    assert_eq!(lines[..4], [NAME, "7", "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=", ""]);
    assert!(lines[4].starts_with("— example.com/support "));
    assert_eq!(lines[5..], [""]);
}

#[test]
fn keys_are_read_as_they_are_written() {
    let key = key(9);
    let again = SignerKey::parse(&format!("{}\n", key.secret_text())).unwrap();
    assert_eq!((again.secret_text(), again.verifier()), (key.secret_text(), key.verifier()));
    assert_eq!(VerifierKey::parse(&key.verifier().to_string()).unwrap(), key.verifier());
    assert!(!format!("{key:?}").contains(&key.secret_text()[40..]));
    assert_ne!(SignerKey::generate(NAME).unwrap().secret_text(), SignerKey::generate(NAME).unwrap().secret_text());
}

#[test]
fn keys_that_are_none_are_refused_with_the_reason() {
    let (signer, verifier) = (key(1).secret_text(), key(1).verifier().to_string());
    let reason = |error: Result<(), CheckpointError>| error.unwrap_err().to_string();
    for (text, why) in [
        (verifier.as_str(), "does not begin with PRIVATE+KEY+"),
        ("PRIVATE+KEY+x", "with a plus between them"),
        ("PRIVATE+KEY+x+12+AAAA", "not eight hex digits"),
        ("PRIVATE+KEY+x+00000000+!", "not base64"),
        ("PRIVATE+KEY+x+00000000+AgAA", "not of the type Ed25519"),
        ("PRIVATE+KEY+x+00000000+AQAA", "does not hold 32 bytes"),
        (&signer.replace("support", "suppert"), "its hash is not that of this key"),
    ] {
        let said = reason(SignerKey::parse(text).map(drop));
        assert!(said.contains(why), "{text}: {said}");
    }
    assert!(reason(VerifierKey::parse(&signer).map(drop)).contains("stays with the signer"));
    assert!(reason(VerifierKey::parse(&verifier.replace("support", "suppert")).map(drop)).contains("a part was changed"));
    for name in ["", "two words", "a+b", "tab\tbed", "thin\u{2009}space"] {
        assert_eq!(SignerKey::from_seed(name, &[1; 32]).unwrap_err().code(), "checkpoint.name", "{name:?}");
    }
}

#[test]
fn notes_are_read_one_after_another_with_or_without_an_empty_line_between() {
    let key = key(1);
    for between in ["", "\n"] {
        let text: String = (1..4).map(|size| checkpoint(size).sign(&key).unwrap() + between).collect();
        let read = read_notes(&text, &key.verifier()).unwrap();
        assert_eq!(read.iter().map(|(one, _)| one.clone()).collect::<Vec<_>>(), (1..4).map(checkpoint).collect::<Vec<_>>());
        assert!(read.iter().all(|(one, note)| *note == one.sign(&key).unwrap()));
    }
    assert_eq!(read_notes("", &key.verifier()), Err(CheckpointError::None));
}

#[test]
fn a_note_that_says_nothing_is_refused_and_the_line_is_named() {
    let (key, note) = (key(1), checkpoint(7).sign(&key(1)).unwrap());
    let signature = note.split('\n').nth(4).unwrap();
    let whole = format!("{note}{note}");
    for (text, why) in [
        (note.trim_end(), "line 1 of the checkpoints: the note is cut"),
        (&whole[..whole.len() - 3], "line 6 of the checkpoints: the note is cut"),
        ("x\n1\n", "no signature"),
        (&format!("x\n1\n\n{signature}\n"), "three lines"),
        (&format!("x\n07\nAAAA\n\n{signature}\n"), "line 2 of the checkpoints: the tree size \"07\" is not written as it must be"),
        (&format!("x\n-7\nAAAA\n\n{signature}\n"), "no tree size"),
        (&format!("x\n7\nAAAA\n\n{signature}\n"), "line 3 of the checkpoints: \"AAAA\" is no root"),
        (&note.replace(signature, "— x"), "line 5 of the checkpoints: this is no signature"),
        (&note.replace(signature, "— x AAAA"), "this is no signature"),
        (&note.replace('7', "7\r"), "control characters"),
    ] {
        let said = read_notes(text, &key.verifier()).unwrap_err();
        assert_eq!(said.code(), "checkpoint.note", "{said}");
        assert!(said.to_string().contains(why), "{text}: {said}");
    }
}

#[test]
fn only_the_known_keys_signature_counts() {
    let (ours, theirs) = (key(1), key(2));
    let (note, other) = (checkpoint(7).sign(&ours).unwrap(), checkpoint(7).sign(&theirs).unwrap());
    let found = read_note(&note, &theirs.verifier()).unwrap_err();
    assert!(found.to_string().contains("is signed by example.com/support+"), "{found}");
    assert!(found.to_string().contains(&format!(", not by {}", theirs.verifier())), "{found}");
    let both = format!("{other}{}\n", note.split('\n').nth(4).unwrap());
    assert_eq!(read_note(&both, &ours.verifier()), Ok(checkpoint(7)), "a witness's line stands before ours");
    let larger = note.replace("\n7\n", "\n8\n");
    assert_eq!(read_note(&larger, &ours.verifier()).unwrap_err().code(), "checkpoint.signature");
    let strange = Checkpoint { origin: "example.com/other".into(), ..checkpoint(8) }.sign(&ours).unwrap();
    let mixed = read_notes(&(note + &strange), &ours.verifier()).unwrap_err();
    assert_eq!(mixed.code(), "checkpoint.origin");
    let unnamed = Checkpoint { origin: "two\nlines".into(), ..checkpoint(1) };
    assert_eq!(unnamed.sign(&ours).unwrap_err().code(), "checkpoint.name");
}

proptest! {
    #[test]
    fn a_note_with_any_bit_changed_is_refused(size in 0_u64..5_000_000, at in 0_usize..10_000, bit in 0_u32..8) {
        let (key, expected) = (key(3), checkpoint(size));
        let mut bytes = expected.sign(&key).unwrap().into_bytes();
        let at = at % bytes.len();
        bytes[at] ^= 1 << bit;
        if let Ok(text) = String::from_utf8(bytes) {
            prop_assert!(read_note(&text, &key.verifier()).is_err(), "{text}");
        }
    }
}
