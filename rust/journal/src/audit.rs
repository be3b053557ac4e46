//! What a journal proves to somebody who holds checkpoints: that the file is the one that was signed, and that a run is in
//! it. Each question reads one consistent state of the file, also while the owner goes on writing.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use interlock_kernel::Digest;
use interlock_vault::Vault;
use rusqlite::Connection;

use crate::checkpoint::{Checkpoint, CheckpointError};
use crate::frame::Frame;
use crate::merkle::{self, Frontier, Proofs};
use crate::progress::Progress;
use crate::query::{self, Answer, Fault};
use crate::scan::{Extent, scan};
use crate::verify::check;
use crate::{Asked, JournalError, MessageBody, PayloadKind, Reader, Report, codec};

/// Why there is no proof: the file is damaged, or the checkpoints don't reach so far.
#[derive(Debug, thiserror::Error)]
pub enum ProofError {
    #[error(transparent)]
    Journal(#[from] JournalError),
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
}

/// A run's frames, and what proves them to somebody who has a checkpoint only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunProof {
    pub frames: Vec<ProvedFrame>,
    /// From the older checkpoint to the newer one, if there is an older one.
    pub consistency: Option<Vec<Digest>>,
}

/// A frame's bytes, its leaf in the tree, and the path from there to the root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProvedFrame {
    pub leaf: u64,
    pub bytes: Vec<u8>,
    pub path: Vec<Digest>,
}

/// As [`crate::verify`], and holds the file against checkpoints whose signatures were checked: none reaches beyond the file, and
/// the file's beginning has each one's root.
pub fn verify_against(path: impl AsRef<Path>, checkpoints: &[Checkpoint], progress: &Progress) -> Result<Report, JournalError> {
    verify_with(path, checkpoints, progress, None)
}

/// As [`verify_against`], with the vault that has the keys of what is encrypted. Without one it is counted, and not looked into.
pub fn verify_with(
    path: impl AsRef<Path>,
    checkpoints: &[Checkpoint],
    progress: &Progress,
    vault: Option<Arc<Vault>>,
) -> Result<Report, JournalError> {
    let reader = Reader::open_with(path, vault)?;
    reader.ask(|connection| {
        let snapshot = connection.unchecked_transaction()?;
        let report = check(&snapshot, progress, reader.keys());
        if let Err(fault @ Fault::Journal(JournalError::VersionUnsupported { .. })) = report {
            hold(&snapshot, checkpoints)?; // a forged kind or version must not pass for a newer program's
            return Err(fault);
        }
        let report = report?;
        hold(&snapshot, checkpoints)?;
        Ok(report)
    })
}

/// Whether the file is the one that was signed, without a look at what its frames say.
fn hold(connection: &Connection, checkpoints: &[Checkpoint]) -> Answer<()> {
    let Some(newest) = checkpoints.iter().max_by_key(|checkpoint| checkpoint.size) else { return Ok(()) };
    within(newest, size(connection)?)?;
    let sizes = checkpoints.iter().map(|checkpoint| checkpoint.size).collect();
    let roots = roots_at(connection, &sizes)?;
    checkpoints.iter().try_for_each(|checkpoint| agrees(checkpoint, roots.get(&checkpoint.size)))
}

fn size(connection: &Connection) -> Answer<u64> {
    Ok(connection.query_row("SELECT count(*) FROM frames", [], |row| row.get::<_, i64>(0))?.cast_unsigned())
}

/// The size and the root of a file that was found whole as far as its frames and commits go: what a checkpoint says.
pub fn head(path: impl AsRef<Path>) -> Result<(u64, Digest), JournalError> {
    Reader::open(path)?.ask(|connection| {
        let snapshot = connection.unchecked_transaction()?;
        let frontier = scan(&snapshot, Extent::All)?.frontier;
        Ok((frontier.size(), frontier.root()))
    })
}

/// Proves a run's frames against a checkpoint, and that checkpoint against an older one.
pub fn prove(path: impl AsRef<Path>, run: u64, newest: &Checkpoint, older: Option<&Checkpoint>) -> Result<RunProof, ProofError> {
    let (last, proof) = Reader::open(path)?.ask(|connection| {
        let snapshot = connection.unchecked_transaction()?;
        let own = frames_of(&snapshot, run)?;
        let last = own.last().map_or(0, |(leaf, _)| *leaf);
        if last >= newest.size {
            return Ok((last, None));
        }
        within(newest, size(&snapshot)?)?;
        let mut proofs = Proofs::new(newest.size);
        for (leaf, _) in &own {
            proofs.want_inclusion(*leaf);
        }
        if let Some(older) = older {
            proofs.want_consistency(older.size);
        }
        let roots = leaves(&snapshot, newest.size, older.map(|older| older.size), |leaf| proofs.push(leaf))?;
        agrees(newest, Some(&proofs.root()))?;
        if let Some(older) = older {
            agrees(older, roots.as_ref())?;
        }
        Ok((last, Some(collect(&proofs, own, older)?)))
    })?;
    proof.ok_or_else(|| CheckpointError::NotCovered { run, last, size: newest.size }.into())
}

fn collect(proofs: &Proofs, own: Vec<(u64, Vec<u8>)>, older: Option<&Checkpoint>) -> Answer<RunProof> {
    let missing = || JournalError::damaged("the file has fewer frames than the checkpoint");
    let proved = own.into_iter().map(|(leaf, bytes)| Ok(ProvedFrame { leaf, bytes, path: proofs.inclusion(leaf).ok_or_else(missing)? }));
    let consistency = older.map(|older| proofs.consistency(older.size).ok_or_else(missing)).transpose()?;
    Ok(RunProof { frames: proved.collect::<Result<_, JournalError>>()?, consistency })
}

/// A run's frames as they are written, each with its leaf.
fn frames_of(connection: &Connection, run: u64) -> Answer<Vec<(u64, Vec<u8>)>> {
    let mut statement = connection.prepare("SELECT pos, seq, bytes FROM frames WHERE run = ?1 ORDER BY seq")?;
    let mut rows = statement.query([run.cast_signed()])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let position = row.get::<_, i64>(0)?.cast_unsigned();
        let bytes = query::blob(row, 2)?;
        let checked = query::check_frame(bytes, run, row.get(1)?, found.len());
        checked.map_err(|fault| query::place(fault, query::name(connection, run), Some(position)))?;
        found.push((position, bytes.to_vec()));
    }
    Ok(found)
}

/// Shows the leaves of the first `size` frames, and gives the root over the first `marked`, if that is asked for.
fn leaves(connection: &Connection, size: u64, marked: Option<u64>, mut show: impl FnMut(Digest)) -> Answer<Option<Digest>> {
    let mut frontier = Frontier::new();
    let mut root = None;
    each_leaf(connection, size, |leaf| {
        show(leaf);
        if marked.is_some_and(|marked| frontier.size() < marked) {
            frontier.push(leaf);
            root = (Some(frontier.size()) == marked).then(|| frontier.root());
        }
    })?;
    Ok(root)
}

/// The roots over the file's beginnings of these sizes.
fn roots_at(connection: &Connection, sizes: &BTreeSet<u64>) -> Answer<BTreeMap<u64, Digest>> {
    let mut frontier = Frontier::new();
    let mut roots = BTreeMap::from([(0, frontier.root())]);
    each_leaf(connection, sizes.last().copied().unwrap_or(0), |leaf| {
        frontier.push(leaf);
        if sizes.contains(&frontier.size()) {
            roots.insert(frontier.size(), frontier.root());
        }
    })?;
    Ok(roots)
}

fn each_leaf(connection: &Connection, size: u64, mut show: impl FnMut(Digest)) -> Answer<()> {
    let mut statement = connection.prepare("SELECT pos, bytes FROM frames WHERE pos < ?1 ORDER BY pos")?;
    let mut rows = statement.query([size.cast_signed()])?;
    let mut expected = 0;
    while let Some(row) = rows.next()? {
        if row.get::<_, i64>(0)? != expected {
            return Err(JournalError::damaged(format!("frame {expected} of the file is missing")).into());
        }
        show(merkle::leaf(query::blob(row, 1)?));
        expected += 1;
    }
    Ok(())
}

/// Whether the file is as long as when the checkpoint was signed.
fn within(checkpoint: &Checkpoint, frames: u64) -> Answer<()> {
    if checkpoint.size <= frames {
        return Ok(());
    }
    let what = format!("the file has {frames} frames, and {checkpoint} was signed: at least {} were cut off", checkpoint.size - frames);
    Err(JournalError::Corrupt { run: None, frame: Some(frames), what }.into())
}

fn agrees(checkpoint: &Checkpoint, root: Option<&Digest>) -> Answer<()> {
    if root == Some(&checkpoint.root) {
        return Ok(());
    }
    let found = root.map_or_else(|| "none".into(), ToString::to_string);
    let what =
        format!("the first {} frames are not those of {checkpoint}: it has root {}, they have {found}", checkpoint.size, checkpoint.root);
    Err(JournalError::Corrupt { run: None, frame: checkpoint.size.checked_sub(1), what }.into())
}

/// What an audit lists. Each answer is of its own moment: frames are only ever added.
impl Reader {
    /// How many frames there are.
    pub fn size(&self) -> Result<u64, JournalError> {
        self.ask(size)
    }

    /// Frames in commit order, from this position on, at most so many, each with its position.
    pub fn ledger(&self, first: u64, count: usize) -> Result<Vec<(u64, Frame)>, JournalError> {
        self.ask(|connection| {
            let mut statement = connection.prepare_cached("SELECT pos, run, bytes FROM frames WHERE pos >= ?1 ORDER BY pos LIMIT ?2")?;
            let mut rows = statement.query((first.cast_signed(), i64::try_from(count).unwrap_or(i64::MAX)))?;
            let mut found = Vec::new();
            while let Some(row) = rows.next()? {
                let (position, run) = (row.get::<_, i64>(0)?.cast_unsigned(), row.get::<_, i64>(1)?.cast_unsigned());
                let frame = query::blob(row, 2).and_then(|bytes| Ok(codec::decode(bytes)?));
                found.push((position, frame.map_err(|fault| query::place(fault, query::name(connection, run), Some(position)))?));
            }
            Ok(found)
        })
    }

    /// A run's frames, each with its position.
    pub fn ledger_of(&self, run: u64) -> Result<Vec<(u64, Frame)>, JournalError> {
        self.ask(|connection| query::frames(connection, run))
    }

    /// What kind each payload of a run is, by number. Payloads that are gone are not among them.
    pub fn kinds_of(&self, run: u64) -> Result<Vec<(u32, PayloadKind)>, JournalError> {
        self.ask(|connection| {
            let mut statement = connection.prepare_cached("SELECT number, kind FROM payloads WHERE run = ?1 ORDER BY number")?;
            let rows = statement.query_map([run.cast_signed()], |row| Ok((row.get(0)?, row.get::<_, u8>(1)?)))?;
            rows.map(|row| {
                let (number, kind) = row?;
                let unknown = || JournalError::damaged(format!("payload {number} is of no known kind"));
                Ok((number, PayloadKind::from_number(kind).ok_or_else(unknown)?))
            })
            .collect()
        })
    }

    /// For whom a run was started. Nothing if nobody was named, or what was said is gone.
    pub fn user_of(&self, run: u64) -> Result<Option<String>, JournalError> {
        if let Some(user) = self.ask(|connection| query::run(connection, run))?.and_then(|row| row.user) {
            return Ok(Some(user.to_string()));
        }
        if self.ask(query::format)? > 1 {
            return Ok(None);
        }
        let payloads = self.payloads(run)?; // the list of runs of a file of format 1 does not say it
        let request = payloads.iter().find(|payload| payload.kind == PayloadKind::Request);
        Ok(request.map(|payload| Asked::of(&payload.bytes)).transpose()?.and_then(|asked| asked.user).map(|user| user.to_string()))
    }

    /// Who wrote a message of a run, by its payload's number. Nothing if nobody is named, or the payload is gone or can't be read.
    pub fn sender_of(&self, run: u64, number: u32) -> Result<Option<String>, JournalError> {
        let payloads = self.ask(|connection| query::readable(connection, run, self.keys()))?;
        let message = payloads.iter().find(|payload| payload.number == number && payload.kind == PayloadKind::Message);
        Ok(message.and_then(|payload| MessageBody::decode(&payload.bytes).ok()?.sender.map(ToString::to_string)))
    }
}
