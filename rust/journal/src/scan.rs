//! One pass over all frames in commit order: checksums, columns, numbering, and the Merkle roots that were committed.
//! Opening and verifying share it. It looks at headers, never at what a body says.

use interlock_kernel::{Digest, Micros};
use rusqlite::{Connection, Rows};
use rustc_hash::FxHashMap;

use crate::JournalError;
use crate::codec;
use crate::merkle::{self, Frontier};
use crate::query::{self, Answer};
use crate::snapshots;

pub(crate) struct Scan {
    pub frontier: Frontier,
    /// The number of the next frame of each run that was met; run 0 is the journal itself.
    pub frames: FxHashMap<u64, u32>,
    /// The latest moment that one of the frames has.
    pub newest: Micros,
    /// Every frame was met, and not only those after a snapshot.
    pub is_whole: bool,
}

/// How much to look at.
#[derive(Clone, Copy)]
pub(crate) enum Extent {
    /// Every frame, commit and snapshot.
    All,
    /// What came after a snapshot, and the last commit.
    Recent,
}

pub(crate) fn scan(connection: &Connection, extent: Extent) -> Answer<Scan> {
    let (roots, frontier, snapshots) = match extent {
        Extent::All => ("SELECT size, root FROM commits ORDER BY size", Frontier::new(), snapshots::all(connection)?),
        Extent::Recent => ("SELECT size, root FROM commits ORDER BY size DESC LIMIT 1", snapshots::start(connection)?, Vec::new()),
    };
    let (first, mut snapshots) = (frontier.size(), snapshots.into_iter().peekable());
    let mut commits = connection.prepare(roots)?;
    let mut commits = Commits::start(commits.query([])?)?;
    let mut statement = connection.prepare("SELECT pos, run, seq, bytes FROM frames WHERE pos >= ?1 ORDER BY pos")?;
    let mut rows = statement.query([first.cast_signed()])?;
    let mut scan = Scan { frontier, frames: FxHashMap::default(), newest: Micros(0), is_whole: first == 0 };
    while let Some(row) = rows.next()? {
        let (position, run, seq): (i64, i64, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let (position, run) = (position.cast_unsigned(), run.cast_unsigned());
        let expected = scan.frontier.size();
        let leaf = (|| {
            if position != expected {
                return Err(JournalError::damaged(format!("frame {expected} of the file is missing")).into());
            }
            let bytes = query::blob(row, 3)?;
            // After a snapshot, a run may have begun before it.
            let count = scan.frames.entry(run).or_insert(if first == 0 { 0 } else { u32::try_from(seq).unwrap_or_default() });
            let header = query::check_frame(bytes, run, seq, *count as usize)?;
            codec::check_known(&header)?;
            scan.newest = scan.newest.max(header.place.at);
            *count += 1;
            Ok(merkle::leaf(bytes))
        })();
        scan.frontier.push(leaf.map_err(|fault| query::place(fault, query::name(connection, run), Some(position)))?);
        commits.compare(&scan.frontier)?;
        if let Some(snapshot) = snapshots.next_if(|snapshot| snapshot.size() == scan.frontier.size())
            && snapshot != scan.frontier
        {
            return Err(snapshots::wrong(&snapshot).into());
        }
    }
    if let Some(snapshot) = snapshots.next() {
        return Err(snapshots::wrong(&snapshot).into());
    }
    commits.finish(&scan.frontier)?;
    Ok(scan)
}

/// Walks the committed roots beside the frames.
struct Commits<'a> {
    rows: Rows<'a>,
    next: Option<(u64, Digest)>,
    /// The tree's size at the last commit that agreed.
    agreed: u64,
}

impl<'a> Commits<'a> {
    fn start(rows: Rows<'a>) -> Answer<Self> {
        let mut commits = Self { rows, next: None, agreed: 0 };
        commits.advance()?;
        Ok(commits)
    }

    fn advance(&mut self) -> Answer<()> {
        self.next = match self.rows.next()? {
            None => None,
            Some(row) => {
                let root = query::blob(row, 1)?.try_into().map_err(|_| JournalError::damaged("a commit's root has the wrong length"))?;
                Some((row.get::<_, i64>(0)?.cast_unsigned(), Digest(root)))
            }
        };
        Ok(())
    }

    fn compare(&mut self, frontier: &Frontier) -> Answer<()> {
        let Some((size, root)) = self.next.filter(|(size, _)| *size == frontier.size()) else { return Ok(()) };
        if frontier.root() != root {
            let (run, frame) = (None, Some(size - 1));
            let what = format!("frames {} to {} are not those that were committed", self.agreed, size - 1);
            return Err(JournalError::Corrupt { run, frame, what }.into());
        }
        self.agreed = size;
        self.advance()
    }

    /// Every frame belongs to a commit, and no commit lacks frames.
    fn finish(&self, frontier: &Frontier) -> Answer<()> {
        let size = frontier.size();
        let what = match self.next {
            Some((committed, _)) => format!("{committed} frames were committed and {size} are there"),
            None if self.agreed != size => format!("{size} frames are there and {} were committed", self.agreed),
            None => return Ok(()),
        };
        Err(JournalError::Corrupt { run: None, frame: Some(size), what }.into())
    }
}
