//! An index in a file: everything that it holds, its graph included, so that loading is reading.
//!
//! The file is written beside its place, synced, and put there by a rename: a crash leaves the old one or the new one.

use std::fs::File;
use std::io::{self, BufReader, Write};
use std::path::Path;

use crate::VectorError;
use crate::codes::Note;
use crate::content::{Content, FREE};
use crate::graph::{Graph, NONE};
use crate::kernel::LINE;
use crate::order::MOST_ROWS;
use crate::rows::{Rows, stride};
use crate::shape::{Metric, Shape, Storage};
use crate::stream::{Broke, In, Out};
use crate::tuning::{MOST_WIDTHS, Tuning};
use crate::vector_index::VectorIndex;

const MAGIC: [u8; 8] = *b"ILVECTOR";
/// A change of what is written is another version.
const VERSION: u32 = 1;

impl VectorIndex {
    /// Write the index to a file, in place of one that is there.
    pub fn save(&self, path: &Path) -> Result<(), VectorError> {
        let failed = |error: io::Error| VectorError::File { path: path.display().to_string(), why: error.to_string() };
        let content = self.read()?;
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let file = tempfile::NamedTempFile::new_in(folder).map_err(failed)?;
        let mut out = Out::new(file);
        write(&content, &mut out).map_err(failed)?;
        let mut file = out.end().map_err(failed)?;
        drop(content);
        file.flush().and_then(|()| file.as_file().sync_all()).map_err(failed)?;
        file.persist(path).map_err(|error| failed(error.error))?;
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed)
    }

    /// Read an index that was saved.
    pub fn load(path: &Path) -> Result<Self, VectorError> {
        let name = || path.display().to_string();
        let failed = |error: io::Error| VectorError::File { path: name(), why: error.to_string() };
        let broke = |broke: Broke| match broke {
            Broke::Io(error) => VectorError::File { path: name(), why: error.to_string() },
            Broke::Damaged(why) => VectorError::Damaged { path: name(), why: why.to_owned() },
        };
        let file = File::open(path).map_err(failed)?;
        let length = file.metadata().map_err(failed)?.len();
        let mut from = In::new(BufReader::new(file), length);
        let magic = from.all::<u8>(MAGIC.len()).map_err(|error| match error {
            Broke::Damaged(_) => VectorError::NotAnIndex { path: name() },
            Broke::Io(error) => VectorError::File { path: name(), why: error.to_string() },
        })?;
        if magic != MAGIC {
            return Err(VectorError::NotAnIndex { path: name() });
        }
        let found = from.one::<u32>().map_err(broke)?;
        if found != VERSION {
            return Err(VectorError::FileVersion { path: name(), found, known: VERSION });
        }
        let content = read(&mut from).map_err(broke)?;
        from.end().map_err(broke)?;
        Ok(Self::holding(content))
    }
}

fn write(content: &Content, out: &mut Out<impl Write>) -> io::Result<()> {
    let shape = content.shape;
    out.bytes(&MAGIC)?;
    out.one(VERSION)?;
    out.count(shape.dim)?;
    out.one(place(&Metric::ALL, &shape.metric))?;
    out.one(place(&Storage::ALL, &shape.storage))?;
    out.count(content.ids.len())?;
    // Rows that are being added are not there yet.
    let id = |(row, id): (u32, &i64)| if content.live.has(row) { *id } else { FREE };
    out.all((0..).zip(&content.ids).map(id))?;
    for note in &content.codes.notes {
        out.all([note.scale, note.bias, note.slack, note.reach])?;
    }
    out.all(content.codes.lines.iter().copied())?;
    match &content.rows {
        Rows::F32(all) => out.all(all.iter().copied())?,
        Rows::F16(all) => out.all(all.iter().copied())?,
        Rows::None => {}
    }
    out.count(content.labels.names().len())?;
    for name in content.labels.names() {
        out.count(name.len())?;
        out.bytes(name.as_bytes())?;
    }
    let rows = (0_u32..).take(content.ids.len());
    out.all(rows.map(|row| content.labels.number(row)))?;
    out.count(content.changed)?;
    out.count(content.tuning.rows)?;
    for recalls in &content.tuning.recalls {
        out.count(recalls.len())?;
        out.all(recalls.iter().copied())?;
    }
    out.one(content.revision)?;
    out.one(u8::from(content.graph.is_some()))?;
    content.graph.as_ref().map_or(Ok(()), |graph| graph.write(out))
}

fn read(from: &mut In<impl io::Read>) -> Result<Content, Broke> {
    let dim = from.size()?;
    let metric = *Metric::ALL.get(usize::from(from.one::<u8>()?)).ok_or(Broke::Damaged("its metric is unknown"))?;
    let storage = *Storage::ALL.get(usize::from(from.one::<u8>()?)).ok_or(Broke::Damaged("its storage is unknown"))?;
    let shape = Shape::new(dim, metric, storage).map_err(|_| Broke::Damaged("its dimension is none"))?;
    let mut content = Content::new(shape);
    let rows = from.count(LINE)?;
    if rows > MOST_ROWS {
        return Err(Broke::Damaged("it counts more rows than an index holds"));
    }
    let ids = from.all::<i64>(rows)?;
    content.codes.notes = read_notes(from, rows)?;
    content.codes.lines = from.all(rows * content.codes.per)?;
    match &mut content.rows {
        Rows::F32(all) => *all = from.all(rows * stride(dim))?,
        Rows::F16(all) => *all = from.all(rows * stride(dim))?,
        Rows::None => {}
    }
    content.grow(rows);
    for (row, id) in (0_u32..).zip(&ids) {
        if *id < 0 {
            content.free.push(row);
        } else if content.by_id.row(*id).is_some() {
            return Err(Broke::Damaged("an id is in it twice"));
        } else {
            content.by_id.insert(*id, row);
            content.live.insert(row);
        }
    }
    content.ids = ids;
    read_labels(from, &mut content)?;
    content.changed = from.size()?;
    content.tuning = read_tuning(from)?;
    content.revision = from.one()?;
    if from.one::<u8>()? == 1 {
        content.graph = Some(Graph::read(from, rows, |row| content.live.has(row))?);
    }
    Ok(content)
}

fn read_notes(from: &mut In<impl io::Read>, rows: usize) -> Result<Vec<Note>, Broke> {
    let numbers = from.all::<f32>(rows * 4)?;
    let (notes, _) = numbers.as_chunks::<4>();
    Ok(notes.iter().map(|[scale, bias, slack, reach]| Note { scale: *scale, bias: *bias, slack: *slack, reach: *reach }).collect())
}

fn read_tuning(from: &mut In<impl io::Read>) -> Result<Tuning, Broke> {
    let mut tuning = Tuning { rows: from.size()?, ..Tuning::default() };
    for recalls in &mut tuning.recalls {
        let widths = from.count(4)?;
        if widths > MOST_WIDTHS {
            return Err(Broke::Damaged("it has more widths than are measured"));
        }
        *recalls = from.all(widths)?;
    }
    Ok(tuning)
}

fn read_labels(from: &mut In<impl io::Read>, content: &mut Content) -> Result<(), Broke> {
    let count = from.count(8)?;
    let mut names = Vec::with_capacity(count);
    for _ in 0..count {
        let length = from.count(1)?;
        let name = String::from_utf8(from.all(length)?).map_err(|_| Broke::Damaged("a label is no text"))?;
        names.push(name);
    }
    for row in (0_u32..).take(content.ids.len()) {
        let number = from.one::<u32>()?;
        if number == NONE || !content.live.has(row) {
            continue;
        }
        content.labels.put(row, names.get(number as usize).ok_or(Broke::Damaged("a row has a label that is not there"))?);
    }
    Ok(())
}

fn place<T: PartialEq>(all: &[T], one: &T) -> u8 {
    all.iter().zip(0..).find(|(other, _)| *other == one).map_or(0, |(_, place)| place)
}
