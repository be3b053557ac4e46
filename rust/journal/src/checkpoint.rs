//! Signed checkpoints: a tree's size and root in the form of <https://c2sp.org/tlog-checkpoint>, signed as
//! <https://c2sp.org/signed-note> says, with Ed25519. It reads no journal; whether a file is the one that was signed is
//! for `audit` to say.

use std::fmt;

use interlock_kernel::Digest;
use thiserror::Error;

use crate::keys::{SignerKey, VerifierKey, base64, from_base64};

/// What a signature line begins with.
const DASH: &str = "\u{2014} ";

/// A tree's head: whose tree it is, how many frames it has, and the Merkle root over them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// One line that names the journal, by custom a URL without its scheme.
    pub origin: String,
    pub size: u64,
    pub root: Digest,
}

/// What is wrong with a key or a note. Names and numbers are in the text, secrets never.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum CheckpointError {
    #[error("{name:?} can't name a key: {why}")]
    BadName { name: String, why: &'static str },
    #[error("this is no {what}: {why}")]
    BadKey { what: &'static str, why: String },
    #[error("line {line} of the checkpoints: {why}")]
    BadNote { line: usize, why: String },
    #[error("the checkpoint of {origin} over {size} frames (line {line}) is signed by {signers}, not by {wanted}")]
    NotSigned { line: usize, origin: String, size: u64, signers: String, wanted: String },
    #[error("the checkpoint of {origin} over {size} frames (line {line}) has a signature that {name} did not make")]
    BadSignature { line: usize, origin: String, size: u64, name: String },
    #[error("the checkpoint in line {line} is of {origin}, and those before it of {first}")]
    OtherOrigin { line: usize, origin: String, first: String },
    #[error("there is no checkpoint")]
    None,
    #[error("run {run} has frames up to number {last} of the file, and the newest checkpoint covers {size}")]
    NotCovered { run: u64, last: u64, size: u64 },
}

impl CheckpointError {
    /// The stable name, for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::BadName { .. } => "checkpoint.name",
            Self::BadKey { .. } => "checkpoint.key",
            Self::BadNote { .. } => "checkpoint.note",
            Self::NotSigned { .. } => "checkpoint.not_signed",
            Self::BadSignature { .. } => "checkpoint.signature",
            Self::OtherOrigin { .. } => "checkpoint.origin",
            Self::None => "checkpoint.none",
            Self::NotCovered { .. } => "checkpoint.not_covered",
        }
    }

    /// The way out, for people.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::BadName { .. } => "name it like a URL without its scheme: example.com/support",
            Self::BadKey { .. } => "`interlock audit keygen` makes a signer key and prints its verifier key; copy the whole line",
            Self::BadNote { .. } => "take the checkpoints from where they were exported to; nothing in them may be edited",
            Self::NotSigned { .. } => "give the verifier key of the signer; a note without a known signature says nothing",
            Self::BadSignature { .. } => "trust nothing in it: it was changed, or signed with another key",
            Self::OtherOrigin { .. } => "keep the checkpoints of each journal in a file of their own",
            Self::None => "give a file with at least one checkpoint",
            Self::NotCovered { .. } => "take a newer checkpoint, or make one with `interlock audit checkpoint`",
        }
    }
}

impl Checkpoint {
    /// The text that is signed: origin, size and root, a line each.
    pub fn text(&self) -> String {
        format!("{}\n{}\n{}\n", self.origin, self.size, base64(&self.root.0))
    }

    /// The signed note.
    ///
    /// ```
    /// use interlock_journal::{Checkpoint, SignerKey, read_note};
    /// use interlock_kernel::Digest;
    ///
    /// let key = SignerKey::generate("example.com/support")?;
    /// let signed = Checkpoint { origin: "example.com/support".into(), size: 7, root: Digest([1; 32]) };
    /// assert_eq!(read_note(&signed.sign(&key)?, &key.verifier())?, signed);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn sign(&self, key: &SignerKey) -> Result<String, CheckpointError> {
        let bad = |why| CheckpointError::BadName { name: self.origin.clone(), why };
        if self.origin.is_empty() {
            return Err(bad("an origin is not empty"));
        }
        if self.origin.chars().any(char::is_control) {
            return Err(bad("an origin is one line without control characters"));
        }
        let text = self.text();
        Ok(format!("{text}\n{DASH}{} {}\n", key.name(), base64(&key.sign(text.as_bytes()))))
    }

    fn parse(text: &str, line: usize) -> Result<Self, CheckpointError> {
        let bad = |below: usize, why: String| CheckpointError::BadNote { line: line + below, why };
        let mut lines = text.lines();
        let (Some(origin), Some(size), Some(root)) = (lines.next(), lines.next(), lines.next()) else {
            return Err(bad(0, "a checkpoint has three lines: origin, size and root".into()));
        };
        if origin.is_empty() {
            return Err(bad(0, "the origin is missing".into()));
        }
        let number: u64 = size.parse().map_err(|_| bad(1, format!("{size:?} is no tree size")))?;
        if number.to_string() != size {
            return Err(bad(1, format!("the tree size {size:?} is not written as it must be")));
        }
        let root = from_base64(root).and_then(|bytes| bytes.try_into().ok()).ok_or_else(|| bad(2, format!("{root:?} is no root")))?;
        if lines.any(str::is_empty) {
            return Err(bad(3, "an extension line is empty".into()));
        }
        Ok(Self { origin: origin.into(), size: number, root: Digest(root) })
    }
}

impl fmt::Display for Checkpoint {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "the checkpoint of {} over {} frames", self.origin, self.size)
    }
}

/// What a note says, after its signature was found to be the key's.
pub fn read_note(note: &str, key: &VerifierKey) -> Result<Checkpoint, CheckpointError> {
    read(1, note, key)
}

/// The checkpoints in a text that holds one note after another, in their order, each with its note.
pub fn read_notes<'a>(text: &'a str, key: &VerifierKey) -> Result<Vec<(Checkpoint, &'a str)>, CheckpointError> {
    let mut found: Vec<(Checkpoint, &str)> = Vec::new();
    for (line, note) in split(text) {
        let checkpoint = read(line, note, key)?;
        if let Some((first, _)) = found.first().filter(|(first, _)| first.origin != checkpoint.origin) {
            return Err(CheckpointError::OtherOrigin { line, origin: checkpoint.origin, first: first.origin.clone() });
        }
        found.push((checkpoint, note));
    }
    if found.is_empty() { Err(CheckpointError::None) } else { Ok(found) }
}

/// The notes of a text, each with the number of its first line. A note ends with its last signature line.
fn split(text: &str) -> Vec<(usize, &str)> {
    let (mut notes, mut start, mut end, mut first, mut signed) = (Vec::new(), 0, 0, 1, false);
    for (number, line) in (1..).zip(text.split_inclusive('\n')) {
        let is_signature = line.starts_with(DASH);
        if signed && !is_signature {
            notes.push((first, &text[start..end]));
            signed = false;
            start = end;
        }
        if start == end {
            first = number;
            if line == "\n" {
                start += 1; // an empty line between two notes
            }
        }
        signed |= is_signature;
        end += line.len();
    }
    if start < end {
        notes.push((first, &text[start..end]));
    }
    notes
}

fn read(line: usize, note: &str, key: &VerifierKey) -> Result<Checkpoint, CheckpointError> {
    let bad = |why: &str| CheckpointError::BadNote { line, why: why.into() };
    if note.chars().any(|letter| letter.is_control() && letter != '\n') {
        return Err(bad("there are control characters"));
    }
    if !note.ends_with('\n') {
        return Err(bad("the note is cut: its last line has no end"));
    }
    let end = note.rfind("\n\n").ok_or_else(|| bad("the note has no signature"))? + 1;
    let (text, signatures) = (&note[..end], &note[end + 1..]);
    let checkpoint = Checkpoint::parse(text, line)?;
    let mut signers = Vec::new();
    for (below, signature) in signatures.lines().enumerate() {
        let bad = || CheckpointError::BadNote { line: line + text.lines().count() + 1 + below, why: "this is no signature".into() };
        let (name, signature) = signature.strip_prefix(DASH).and_then(|rest| rest.split_once(' ')).ok_or_else(bad)?;
        let bytes = from_base64(signature).filter(|bytes| bytes.len() > 4 && !name.is_empty()).ok_or_else(bad)?;
        let (hash, signature) = bytes.split_first_chunk::<4>().ok_or_else(bad)?;
        if name != key.name() || *hash != key.hash() {
            signers.push(format!("{name}+{:08x}", u32::from_be_bytes(*hash))); // a key that is not known: the specification says to ignore it
            continue;
        }
        if !key.made(text.as_bytes(), signature) {
            let Checkpoint { origin, size, .. } = checkpoint;
            return Err(CheckpointError::BadSignature { line, origin, size, name: name.into() });
        }
        return Ok(checkpoint);
    }
    let (Checkpoint { origin, size, .. }, signers) = (checkpoint, signers.join(", "));
    let signers = if signers.is_empty() { "nobody".into() } else { signers };
    Err(CheckpointError::NotSigned { line, origin, size, signers, wanted: key.to_string() })
}

#[cfg(test)]
mod tests;
