//! How a message lies in its payload, so that reading one copies nothing.
//!
//! ```text
//! version u8 = 1 | flags u8 (1: data, 2: sender, 4: labels) | text length u32 | data length u32 | sender length u32 | text | data | sender
//! ```
//!
//! With flag 4 the labels follow, to the end, with a line feed between two: no label holds one.

use crate::JournalError;

const VERSION: u8 = 1;
const HAS_DATA: u8 = 1;
const HAS_SENDER: u8 = 2;
const HAS_LABELS: u8 = 4;
const HEAD: usize = 14;

/// A message's substance and who sent it. Borrowed from the caller when written, from the payload when read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MessageBody<'a> {
    pub text: &'a str,
    /// JSON bytes; their form is the caller's affair.
    pub data: Option<&'a [u8]>,
    /// The agent; nobody for what the user wrote.
    pub sender: Option<&'a str>,
    /// Labels, with a line feed between two; empty when there are none.
    pub labels: &'a str,
}

impl<'a> MessageBody<'a> {
    /// The payload's bytes, in one allocation.
    pub fn encode(&self) -> Result<Vec<u8>, JournalError> {
        let parts = [self.text.as_bytes(), self.data.unwrap_or_default(), self.sender.unwrap_or_default().as_bytes()];
        let mut out = Vec::with_capacity(HEAD + parts.iter().map(|part| part.len()).sum::<usize>() + self.labels.len());
        let flags = u8::from(self.data.is_some()) * HAS_DATA
            + u8::from(self.sender.is_some()) * HAS_SENDER
            + u8::from(!self.labels.is_empty()) * HAS_LABELS;
        out.extend([VERSION, flags]);
        for part in parts {
            let (bytes, limit) = (part.len(), u32::MAX as usize);
            let length = u32::try_from(bytes).map_err(|_| JournalError::TooLarge { what: "a message", bytes, limit })?;
            out.extend(length.to_le_bytes());
        }
        for part in parts {
            out.extend_from_slice(part);
        }
        out.extend_from_slice(self.labels.as_bytes());
        Ok(out)
    }

    /// Reads a payload in place.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, JournalError> {
        Self::parse(bytes).ok_or_else(|| JournalError::damaged("a message's payload can't be read"))
    }

    fn parse(bytes: &'a [u8]) -> Option<Self> {
        let (&[version, flags], rest) = bytes.split_first_chunk()?;
        let (text, rest) = length(rest)?;
        let (data, rest) = length(rest)?;
        let (sender, rest) = length(rest)?;
        let (text, rest) = rest.split_at_checked(text)?;
        let (data, rest) = rest.split_at_checked(data)?;
        let (sender, rest) = rest.split_at_checked(sender)?;
        let (has_data, has_sender, has_labels) = (flags & HAS_DATA != 0, flags & HAS_SENDER != 0, flags & HAS_LABELS != 0);
        let absent_has_bytes = (!has_data && !data.is_empty()) || (!has_sender && !sender.is_empty()) || (has_labels == rest.is_empty());
        if version != VERSION || flags & !(HAS_DATA | HAS_SENDER | HAS_LABELS) != 0 || absent_has_bytes {
            return None;
        }
        let (text, sender) = (std::str::from_utf8(text).ok()?, std::str::from_utf8(sender).ok()?);
        let labels = std::str::from_utf8(rest).ok()?;
        Some(Self { text, data: has_data.then_some(data), sender: has_sender.then_some(sender), labels })
    }
}

fn length(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let (length, rest) = bytes.split_first_chunk()?;
    Some((u32::from_le_bytes(*length) as usize, rest))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_message_is_read_as_it_was_written(text: String, data: Option<Vec<u8>>, sender: Option<String>, labels: String) {
            let body = MessageBody { text: &text, data: data.as_deref(), sender: sender.as_deref(), labels: &labels };
            let bytes = body.encode().unwrap();
            prop_assert_eq!(MessageBody::decode(&bytes).unwrap(), body);
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes: Vec<u8>) {
            if let Ok(body) = MessageBody::decode(&bytes) {
                prop_assert_eq!(body.encode().unwrap(), bytes);
            }
        }
    }

    #[test]
    fn a_cut_message_is_refused() {
        let whole = MessageBody { text: "I was charged twice", data: Some(b"{}"), sender: Some("triage"), labels: "" }.encode().unwrap();
        for length in 0..whole.len() {
            assert_eq!(MessageBody::decode(&whole[..length]).unwrap_err().code(), "journal.corrupt");
        }
    }
}
