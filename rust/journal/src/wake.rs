//! The pipe through which the writer thread wakes an event loop: one byte a wake-up, and none that nobody asked for.

use std::io::{self, Read, Write};
use std::os::fd::{AsRawFd, RawFd};
use std::os::unix::net::UnixStream;

#[derive(Debug)]
pub(crate) struct Wake {
    reads: UnixStream,
    writes: UnixStream,
}

impl Wake {
    pub(crate) fn new() -> io::Result<Self> {
        let (reads, writes) = UnixStream::pair()?;
        reads.set_nonblocking(true)?;
        writes.set_nonblocking(true)?;
        Ok(Self { reads, writes })
    }

    pub(crate) fn fd(&self) -> RawFd {
        self.reads.as_raw_fd()
    }

    /// A full pipe is as good as a byte: the loop has not read what woke it before.
    pub(crate) fn fire(&self) {
        let _ = (&self.writes).write(&[1]);
    }

    /// Waits for a byte, as an event loop does. Nothing if none comes in a while.
    #[cfg(test)]
    pub(crate) fn wait(&self) -> io::Result<()> {
        self.reads.set_nonblocking(false)?;
        self.reads.set_read_timeout(Some(std::time::Duration::from_secs(20)))?;
        let read = (&self.reads).read_exact(&mut [0]);
        self.reads.set_nonblocking(true)?;
        read
    }

    /// Whether a byte lies in the pipe. Takes it.
    #[cfg(test)]
    pub(crate) fn has_byte(&self) -> bool {
        (&self.reads).read(&mut [0]).is_ok_and(|read| read > 0)
    }

    pub(crate) fn drain(&self) {
        let mut bytes = [0; 64];
        while (&self.reads).read(&mut bytes).is_ok_and(|read| read > 0) {}
    }
}

/// Which tickets somebody waits for: the least, so that it is not missed, and the greatest, so that none after it is.
#[derive(Debug, Default)]
pub(crate) struct Wanted(Option<(u64, u64)>);

impl Wanted {
    pub(crate) fn add(&mut self, ticket: u64) {
        self.0 = Some(self.0.map_or((ticket, ticket), |(least, greatest)| (least.min(ticket), greatest.max(ticket))));
    }

    pub(crate) fn any(&self) -> bool {
        self.0.is_some()
    }

    /// Whether somebody is to be woken now. Tickets between two asked ones are not remembered; they may wake for nothing.
    pub(crate) fn take(&mut self, committed: u64) -> bool {
        let Some((least, greatest)) = self.0.filter(|(least, _)| *least <= committed) else { return false };
        debug_assert!(least <= greatest);
        self.0 = (greatest > committed).then_some((committed + 1, greatest));
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_woken_who_did_not_ask() {
        assert!(!Wanted::default().take(100));
    }

    #[test]
    fn no_ticket_is_forgotten_when_an_earlier_one_is_served() {
        let mut wanted = Wanted::default();
        for ticket in [9, 5, 7] {
            wanted.add(ticket);
        }
        assert!(!wanted.take(4));
        assert!(wanted.take(6), "for 5");
        assert!(wanted.take(8), "for 7");
        assert!(wanted.take(9), "for 9");
        assert!(!wanted.take(20));
    }

    #[test]
    fn a_full_pipe_does_not_block_and_drains() {
        let wake = Wake::new().unwrap();
        (0..1_000_000).for_each(|_| wake.fire());
        wake.drain();
        assert_eq!((&wake.reads).read(&mut [0]).unwrap_err().kind(), io::ErrorKind::WouldBlock);
    }
}
