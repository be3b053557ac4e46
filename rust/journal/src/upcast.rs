//! Old bodies are lifted to the present version when they are read. What is on disk is never rewritten.

use std::borrow::Cow;

use crate::JournalError;

/// Lifts the bodies of one kind from version `from` to `from + 1`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Step {
    pub kind: u16,
    pub from: u8,
    pub lift: fn(&[u8]) -> Result<Vec<u8>, JournalError>,
}

/// Empty so far: no kind has changed its shape yet.
pub(crate) const STEPS: &[Step] = &[];

/// Applies step after step until the body has the version `present`. A body that has it already is not copied.
pub(crate) fn lift<'a>(kind: u16, version: u8, present: u8, body: &'a [u8], steps: &[Step]) -> Result<Cow<'a, [u8]>, JournalError> {
    let mut body = Cow::Borrowed(body);
    for from in version..present {
        let step = steps.iter().find(|step| step.kind == kind && step.from == from);
        let step = step.ok_or_else(|| JournalError::damaged(format!("kind {kind} never had a version {from}")))?;
        body = Cow::Owned((step.lift)(&body)?);
    }
    Ok(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MADE_UP: &[Step] = &[
        Step { kind: 9, from: 1, lift: |body| Ok([body, b"+two"].concat()) },
        Step { kind: 9, from: 2, lift: |body| Ok([body, b"+three"].concat()) },
        Step { kind: 8, from: 1, lift: |_| Ok(b"another kind".to_vec()) },
    ];

    #[test]
    fn a_body_is_lifted_through_every_version_between() {
        assert_eq!(&*lift(9, 1, 3, b"one", MADE_UP).unwrap(), b"one+two+three");
        assert_eq!(&*lift(9, 2, 3, b"one", MADE_UP).unwrap(), b"one+three");
    }

    #[test]
    fn a_present_body_is_not_copied() {
        assert!(matches!(lift(9, 3, 3, b"one", MADE_UP), Ok(Cow::Borrowed(b"one"))));
    }

    #[test]
    fn a_version_that_never_was_is_damage() {
        assert_eq!(lift(9, 0, 3, b"one", MADE_UP).unwrap_err().code(), "journal.corrupt");
    }
}
