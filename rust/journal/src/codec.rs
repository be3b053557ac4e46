//! What a frame's body says: one number and one version for each kind of event, and MessagePack arrays for its fields.
//!
//! A number is never reused and a shape is never edited: a changed shape is a new version, with a step in `upcast`.
//! Nothing here knows where frames are kept.

use interlock_kernel::Event;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::frame::{self, CHECKSUM, Frame, HEADER, Header, Opened, Place, Record, Registered};
use crate::upcast;
use crate::{JournalError, Removed};

/// A frame's kind, by its number, in the version that this program writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Kind {
    number: u16,
    version: u8,
}

const REGISTERED: Kind = Kind { number: 0x7f00, version: 1 };
const OPENED: Kind = Kind { number: 0x7f01, version: 1 };
const REMOVED: Kind = Kind { number: 0x7f02, version: 1 };

/// The one table of kinds: number, version, event, name. Everything that differs between kinds is derived from it.
macro_rules! kinds {
    ($($number:literal v $version:literal $event:ident $name:literal,)*) => {
        /// The event's name in timelines, in the past tense.
        pub fn name(event: &Event) -> &'static str {
            match event { $(Event::$event(_) => $name,)* }
        }

        /// The event's fields, in the human-readable form.
        pub(crate) fn fields(event: &Event) -> Result<serde_json::Value, serde_json::Error> {
            match event { $(Event::$event(body) => serde_json::to_value(body),)* }
        }

        /// Appends the event's frame to `out`; on an error `out` is as it was.
        pub fn encode(event: &Event, place: Place, out: &mut Vec<u8>) -> Result<(), JournalError> {
            match event { $(Event::$event(body) => write(Kind { number: $number, version: $version }, place, body, out),)* }
        }

        fn event(kind: u16, body: &[u8]) -> Result<Option<Event>, JournalError> {
            Ok(Some(match kind {
                $($number => Event::$event(read(body)?),)*
                _ => return Ok(None),
            }))
        }

        /// The version of a kind that this program writes; nothing for a kind that it does not know.
        fn present(kind: u16) -> Option<u8> {
            match kind {
                $($number => Some($version),)*
                number if number == REGISTERED.number => Some(REGISTERED.version),
                number if number == OPENED.number => Some(OPENED.version),
                number if number == REMOVED.number => Some(REMOVED.version),
                _ => None,
            }
        }
    };
}

kinds! {
    1 v 1 RunStarted "run_started",
    2 v 1 RunResumed "run_resumed",
    3 v 2 TurnStarted "turn_started",
    4 v 3 TurnReplied "turn_replied",
    5 v 2 TurnFailed "turn_failed",
    6 v 1 ReplyChecked "reply_checked",
    7 v 2 FactNeeded "fact_needed",
    8 v 2 RouteChosen "route_chosen",
    9 v 1 HandedOff "handed_off",
    10 v 1 HandOffRefused "hand_off_refused",
    11 v 2 EffectIntended "effect_intended",
    12 v 2 EffectCompleted "effect_completed",
    13 v 3 ReviewOpened "review_opened",
    14 v 2 ReviewDecided "review_decided",
    15 v 1 RunDelivered "run_delivered",
    16 v 1 RunFailed "run_failed",
    17 v 1 RunCancelled "run_cancelled",
    18 v 1 Forked "forked",
    19 v 1 BranchEnded "branch_ended",
    20 v 1 CalledOff "called_off",
    21 v 1 Reconciled "reconciled",
    22 v 1 FloorPassed "floor_passed",
    23 v 1 Crossed "crossed",
    24 v 1 TurnDropped "turn_dropped",
    25 v 1 FactFailed "fact_failed",
    26 v 1 RunPaused "run_paused",
    27 v 1 ReviewClaimed "review_claimed",
    28 v 1 ReviewReassigned "review_reassigned",
    29 v 1 RunDerived "run_derived",
    30 v 1 ReviewSigned "review_signed",
    31 v 1 ReviewWithdrawn "review_withdrawn",
    32 v 1 GateRuled "gate_ruled",
}

pub(crate) fn encode_registered(body: &Registered, place: Place, out: &mut Vec<u8>) -> Result<(), JournalError> {
    write(REGISTERED, place, body, out)
}

pub(crate) fn encode_opened(body: &Opened, place: Place, out: &mut Vec<u8>) -> Result<(), JournalError> {
    write(OPENED, place, body, out)
}

pub(crate) fn encode_removed(body: &Removed, place: Place, out: &mut Vec<u8>) -> Result<(), JournalError> {
    write(REMOVED, place, body, out)
}

/// Reads one frame, whatever version it was written in.
pub fn decode(bytes: &[u8]) -> Result<Frame, JournalError> {
    let (header, body) = frame::open(bytes)?;
    let present = check_known(&header)?;
    let body = upcast::lift(header.kind, header.version, present, body, upcast::STEPS)?;
    let Header { kind, version, place: Place { run, seq, at }, .. } = header;
    Ok(Frame { kind, version, run, seq, at, record: record(kind, run, &body)? })
}

/// Whether this program can read such a frame, and the version that it would lift it to.
pub(crate) fn check_known(header: &Header) -> Result<u8, JournalError> {
    let present = present(header.kind);
    present.filter(|known| header.version <= *known).ok_or_else(|| JournalError::VersionUnsupported {
        what: format!("frame kind {}", header.kind),
        written_by: String::new(),
        format: header.version.into(),
        known: present.unwrap_or(0).into(),
    })
}

fn record(kind: u16, run: u64, body: &[u8]) -> Result<Record, JournalError> {
    let record = match event(kind, body)? {
        Some(event) => Record::Run(event),
        None if kind == REGISTERED.number => Record::Registered(read(body)?),
        None if kind == REMOVED.number => Record::Removed(read(body)?),
        None => Record::Opened(read(body)?),
    };
    let own = matches!(record, Record::Registered(_) | Record::Opened(_) | Record::Removed(_));
    if own != (run == 0) {
        return Err(JournalError::damaged(format!("a frame of kind {kind} can't stand in run {run}")));
    }
    Ok(record)
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, JournalError> {
    rmp_serde::from_slice(body).map_err(|cause| JournalError::damaged(format!("the frame's body can't be read: {cause}")))
}

fn write<T: Serialize>(kind: Kind, place: Place, body: &T, out: &mut Vec<u8>) -> Result<(), JournalError> {
    let start = out.len();
    out.extend_from_slice(&[0; HEADER]);
    let written =
        rmp_serde::encode::write(out, body).map_err(|cause| JournalError::Misused { what: format!("an event can't be encoded: {cause}") });
    if let Err(error) = written.and_then(|()| finish(kind, place, start, out)) {
        out.truncate(start);
        return Err(error);
    }
    Ok(())
}

/// Fills in the header, now that the length is known, and adds the checksum.
fn finish(kind: Kind, place: Place, start: usize, out: &mut Vec<u8>) -> Result<(), JournalError> {
    let bytes = out.len() - start + CHECKSUM;
    let limit = u32::MAX as usize;
    let length = u32::try_from(bytes).map_err(|_| JournalError::TooLarge { what: "an event", bytes, limit })?;
    if let Some(head) = out[start..].first_chunk_mut() {
        Header { kind: kind.number, version: kind.version, flags: 0, length, place }.write(head);
    }
    let checksum = crc32fast::hash(&out[start..]);
    out.extend_from_slice(&checksum.to_le_bytes());
    Ok(())
}
