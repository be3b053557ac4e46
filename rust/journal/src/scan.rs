//! One pass over all frames in commit order: checksums, columns, numbering, and the Merkle roots that were committed.
//! Opening and verifying share it. It looks at headers, never at what a body says.

use interlock_kernel::{Digest, Micros};
use rusqlite::{Connection, Rows};
use rustc_hash::FxHashMap;

use crate::JournalError;
use crate::codec;
use crate::merkle::{self, Frontier};
use crate::query::{self, Answer};

pub(crate) struct Scan {
    pub frontier: Frontier,
    /// How many frames each run has; run 0 is the journal itself.
    pub frames: FxHashMap<u64, u32>,
    /// The latest moment that a frame has.
    pub newest: Micros,
}

impl Scan {
    /// How many runs have frames.
    pub(crate) fn runs(&self) -> u64 {
        self.frames.keys().filter(|run| **run != 0).count() as u64
    }
}

/// Which commits to hold the tree against.
#[derive(Clone, Copy)]
pub(crate) enum Roots {
    All,
    Last,
}

pub(crate) fn scan(connection: &Connection, roots: Roots) -> Answer<Scan> {
    let mut commits = connection.prepare(match roots {
        Roots::All => "SELECT size, root FROM commits ORDER BY size",
        Roots::Last => "SELECT size, root FROM commits ORDER BY size DESC LIMIT 1",
    })?;
    let mut commits = Commits::start(commits.query([])?)?;
    let mut statement = connection.prepare("SELECT pos, run, seq, bytes FROM frames ORDER BY pos")?;
    let mut rows = statement.query([])?;
    let mut scan = Scan { frontier: Frontier::new(), frames: FxHashMap::default(), newest: Micros(0) };
    while let Some(row) = rows.next()? {
        let (position, run, seq): (i64, i64, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let (position, run) = (position.cast_unsigned(), run.cast_unsigned());
        let expected = scan.frontier.size();
        let leaf = (|| {
            if position != expected {
                return Err(JournalError::damaged(format!("frame {expected} of the file is missing")).into());
            }
            let bytes = query::blob(row, 3)?;
            let count = scan.frames.entry(run).or_default();
            let header = query::check_frame(bytes, run, seq, *count as usize)?;
            codec::check_known(&header)?;
            scan.newest = scan.newest.max(header.place.at);
            *count += 1;
            Ok(merkle::leaf(bytes))
        })();
        scan.frontier.push(leaf.map_err(|fault| query::place(fault, query::name(connection, run), Some(position)))?);
        commits.compare(&scan.frontier)?;
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
