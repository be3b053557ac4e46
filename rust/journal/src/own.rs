//! The journal's own records, run 0: which documents runs depend on, and who opened the file. It encodes; others store.

use std::time::{SystemTime, UNIX_EPOCH};

use interlock_kernel::{Digest, Micros, Name};
use rustc_hash::FxHashMap;

use crate::frame::{DocumentKind, Frame, Opened, Place, Record, Registered};
use crate::{JournalError, Payload, PayloadKind, Removed, SaltSource, codec};

/// Where a document's text is, and when it is committed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Kept {
    pub payload: u32,
    pub ticket: u64,
}

#[derive(Debug)]
pub(crate) struct Own {
    frames: u32,
    payloads: u32,
    documents: FxHashMap<Digest, Kept>,
    salts: SaltSource,
}

impl Own {
    pub(crate) fn new() -> Result<Self, JournalError> {
        Ok(Self { frames: 0, payloads: 0, documents: FxHashMap::default(), salts: SaltSource::new()? })
    }

    /// Takes note of a record that is in the file already.
    pub(crate) fn recall(&mut self, frame: &Frame) {
        self.frames = frame.seq + 1;
        match &frame.record {
            Record::Registered(document) => {
                self.payloads = self.payloads.max(document.content.number + 1);
                self.documents.insert(document.digest, Kept { payload: document.content.number, ticket: 0 });
            }
            Record::Run(_) | Record::Opened(_) | Record::Removed(_) => {}
        }
    }

    pub(crate) fn document(&self, digest: &Digest) -> Option<Kept> {
        self.documents.get(digest).copied()
    }

    /// The frame and the payload of a document that is not known yet; `ticket` is the tree's size after it.
    pub(crate) fn register(
        &mut self,
        what: DocumentKind,
        name: Name,
        digest: Digest,
        text: &str,
        ticket: u64,
    ) -> Result<(Vec<u8>, Payload), JournalError> {
        let payload =
            Payload { number: self.payloads, kind: PayloadKind::Document, salt: self.salts.draw(), bytes: text.as_bytes().to_vec() };
        let body = Registered { what, name, digest, content: payload.reference() };
        let mut frame = Vec::new();
        codec::encode_registered(&body, self.place(), &mut frame)?;
        self.frames += 1;
        self.payloads += 1;
        self.documents.insert(digest, Kept { payload: payload.number, ticket });
        Ok((frame, payload))
    }

    /// The frame that says who took the journal. It is not older than the `newest` that the file has.
    pub(crate) fn opened(&mut self, by: &str, newest: Micros) -> Result<Vec<u8>, JournalError> {
        let (mut frame, place) = (Vec::new(), self.place());
        codec::encode_opened(&Opened { by: by.to_owned() }, Place { at: place.at.max(newest), ..place }, &mut frame)?;
        self.frames += 1;
        Ok(frame)
    }

    /// The frame that says what was removed.
    pub(crate) fn removed(&mut self, removed: &Removed) -> Result<Vec<u8>, JournalError> {
        let mut frame = Vec::new();
        codec::encode_removed(removed, self.place(), &mut frame)?;
        self.frames += 1;
        Ok(frame)
    }

    fn place(&self) -> Place {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Place { run: 0, seq: self.frames, at: Micros(u64::try_from(since.as_micros()).unwrap_or(u64::MAX)) }
    }
}
