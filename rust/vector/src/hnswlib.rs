//! Rows out of an index that hnswlib 0.8 wrote. Its graph is left behind: ours is made anew, for codes and for other links.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use crate::VectorError;
use crate::shape::Shape;
use crate::stream::{Broke, In};
use crate::vector_index::VectorIndex;

/// Bytes before the first row: ten counts of 8 bytes, two of 4, and a double, as `HierarchicalNSW::saveIndex` writes them.
const HEADER: u64 = 96;
/// The byte of a row that says in its lowest bit whether the row was deleted: after the two of its number of links.
const DELETED: usize = 2;

impl VectorIndex {
    /// Read the rows of an index of hnswlib; its labels become ids. Rows that were marked as deleted stay away.
    pub fn import_hnswlib(path: &Path, shape: Shape) -> Result<Self, VectorError> {
        let name = || path.display().to_string();
        let file = File::open(path).map_err(|error| VectorError::File { path: name(), why: error.to_string() })?;
        let length = file.metadata().map_err(|error| VectorError::File { path: name(), why: error.to_string() })?.len();
        let (ids, vectors) = read(BufReader::new(file), length, shape.dim).map_err(|broke| match broke {
            Broke::Io(error) => VectorError::File { path: name(), why: error.to_string() },
            Broke::Damaged(why) => VectorError::Foreign { path: name(), why: why.to_owned() },
        })?;
        let index = Self::new(shape);
        index.add(&ids, vectors, &[], false)?;
        Ok(index)
    }
}

fn read(from: impl Read, length: u64, dim: usize) -> Result<(Vec<i64>, Vec<f32>), Broke> {
    let mut from = In::new(from, length);
    let [_, _, rows, size, label, data] = *from.all::<u64>(6)? else {
        return Err(Broke::Damaged("it ends too early"));
    };
    from.all::<u8>(2 * 4 + 5 * 8)?; // highest level and entry; links by level, and how the graph was made
    let (size, label, data) = (small(size)?, small(label)?, small(data)?);
    // A row: its links, its numbers, its label.
    if label + 8 != size || data <= DELETED || data + dim * 4 != label {
        return Err(Broke::Damaged("its rows do not have this dimension"));
    }
    if rows > length.saturating_sub(HEADER) / size as u64 {
        return Err(Broke::Damaged("it ends too early"));
    }
    let (mut ids, mut vectors) = (vec![], vec![]);
    for _ in 0..rows {
        let row = from.all::<u8>(size)?;
        if row[DELETED] & 1 == 1 {
            continue;
        }
        let id = row[label..].first_chunk::<8>().map(|bytes| u64::from_le_bytes(*bytes)).and_then(|id| i64::try_from(id).ok());
        ids.push(id.ok_or(Broke::Damaged("a label of it is too large to be an id"))?);
        vectors.extend(row[data..label].as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes)));
    }
    Ok((ids, vectors))
}

fn small(number: u64) -> Result<usize, Broke> {
    u32::try_from(number).map(|number| number as usize).map_err(|_| Broke::Damaged("it is no index of hnswlib"))
}
