//! Which of the waiting turns goes next.

use interlock_kernel::Micros;

use super::{Agents, Held};
use crate::lane::{Place, Standing};
use crate::ticket::{Admission, Grant, Moves};

impl Agents {
    /// A turn was put into a lane's queue. A timer that has run out stays: only `due` and `done` may name other tickets.
    pub(super) fn join(&mut self, now: Micros, lane: usize) -> Admission {
        match self.lanes[lane].standing {
            Standing::Empty | Standing::Ready(_) => self.restand(now, lane),
            Standing::Busy | Standing::Due(_) => {}
        }
        match self.lanes[lane].standing {
            Standing::Due(at) => Admission::QueuedUntil(at),
            Standing::Empty | Standing::Busy | Standing::Ready(_) => Admission::Queued,
        }
    }

    /// Find anew what the first turn of a lane waits for.
    pub(super) fn restand(&mut self, now: Micros, lane: usize) {
        let stands = self.lanes[lane].stands(now);
        let stood = std::mem::replace(&mut self.lanes[lane].standing, stands);
        if stood == stands {
            return;
        }
        match stood {
            Standing::Empty | Standing::Busy => false,
            Standing::Due(at) => self.timers.remove(&(at, lane)),
            Standing::Ready(place) => self.ready.remove(&(place, lane)),
        };
        match stands {
            Standing::Empty | Standing::Busy => false,
            Standing::Due(at) => self.timers.insert((at, lane)),
            Standing::Ready(place) => self.ready.insert((place, lane)),
        };
    }

    /// Let go whatever may, the most urgent first.
    pub(super) fn advance(&mut self, now: Micros, moves: &mut Moves) {
        while let Some((_, lane)) = self.timers.first().copied().filter(|(at, _)| *at <= now) {
            self.restand(now, lane);
        }
        while self.under_way < self.max_turns
            && let Some((place, lane)) = self.ready.first().copied()
        {
            self.enter(now, lane, place, moves);
            self.restand(now, lane);
        }
    }

    /// Let the first turn of a lane go. If the clock went back, the lane waits again; if the breaker refuses, the turn leaves.
    fn enter(&mut self, now: Micros, lane: usize, place: Place, moves: &mut Moves) {
        let line = &mut self.lanes[lane];
        if !line.is_free(now) {
            return;
        }
        let Some(ticket) = line.queue.remove(&place) else { return };
        self.queued -= 1;
        match line.enter(now) {
            Ok(entered) => {
                self.under_way += 1;
                self.held.insert(ticket, Held::UnderWay { lane, since: now, pass: entered.pass });
                moves.go.push(Grant { ticket, probe: entered.probe });
            }
            Err(why) => {
                self.held.remove(&ticket);
                moves.refused.push((ticket, why));
            }
        }
    }
}
