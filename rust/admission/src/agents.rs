//! Every turn that is under way or waits for its agent, and which goes next. The slots of the runtime and the agents' own limits are taken together.

mod flow;

use std::collections::BTreeSet;
use std::collections::hash_map::Entry;

use interlock_kernel::{Micros, Name, Priority};
use rustc_hash::FxHashMap;

use crate::breaker::{Outcome, Pass, State};
use crate::lane::{Lane, Place};
use crate::limits::{AgentLimits, Wrong, WrongLimit};
use crate::ticket::{Admission, Moves, Ticket};

/// The lane of the agents without limits.
const OPEN_LANE: usize = 0;

/// Who may be called now.
///
/// A turn goes at once, or waits in its agent's queue; whenever something ends, the most urgent turn goes that its agent's limits allow, the
/// oldest among equals. A turn that comes never overtakes one that waits for the same agent and is as urgent.
///
/// ```
/// use interlock_admission::{Admission, AgentLimits, Agents, Grant, Outcome, Ticket};
/// use interlock_kernel::{Micros, Priority};
///
/// let one = AgentLimits { max_concurrency: Some(1), ..AgentLimits::default() };
/// let mut agents = Agents::new(4_096, [("billing".into(), one)])?;
/// let (first, second) = (Ticket { run: 1, turn: 0 }, Ticket { run: 2, turn: 0 });
/// assert_eq!(agents.ask(Micros(0), "billing", first, Priority::Medium), Admission::Go);
/// assert_eq!(agents.ask(Micros(1), "billing", second, Priority::Medium), Admission::Queued);
/// let moves = agents.done(Micros(9), first, Outcome::Ok { took_us: 9 });
/// assert_eq!(moves.go, [Grant { ticket: second, probe: false }]);
/// # Ok::<(), interlock_admission::WrongLimit>(())
/// ```
#[derive(Debug)]
pub struct Agents {
    max_turns: usize,
    under_way: usize,
    queued: usize,
    arrivals: u64,
    /// The lanes of agents with limits; empty if there are none. Looked up in, never iterated.
    by_name: FxHashMap<Name, usize>,
    lanes: Vec<Lane>,
    /// Every ticket that is under way or queued. Looked up in, never iterated.
    held: FxHashMap<Ticket, Held>,
    /// Lanes whose first turn waits for nothing but a slot. Empty while slots are free.
    ready: BTreeSet<(Place, usize)>,
    /// Lanes whose first turn waits for the agent's rate.
    timers: BTreeSet<(Micros, usize)>,
}

#[derive(Debug, Clone, Copy)]
enum Held {
    Queued { lane: usize, place: Place },
    UnderWay { lane: usize, since: Micros, pass: Option<Pass> },
}

/// How one agent with limits stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    pub under_way: u32,
    pub queued: usize,
    /// The breaker's state and revision.
    pub breaker: Option<(State, u64)>,
}

impl Agents {
    /// At most `max_turns` turns at once, and these agents' own limits.
    pub fn new(max_turns: usize, limits: impl IntoIterator<Item = (Name, AgentLimits)>) -> Result<Self, WrongLimit> {
        if max_turns == 0 {
            return Err(WrongLimit::Runtime(Wrong { field: "max_turns", must: "at least 1", is: 0 }));
        }
        let mut by_name = FxHashMap::default();
        let mut lanes = vec![Lane::default()];
        for (agent, limits) in limits {
            let lane = Lane::new(&limits).map_err(|wrong| WrongLimit::Number { agent: agent.clone(), wrong })?;
            match by_name.entry(agent) {
                Entry::Occupied(twice) => return Err(WrongLimit::Twice { agent: twice.key().clone() }),
                Entry::Vacant(name) => name.insert(lanes.len()),
            };
            lanes.push(lane);
        }
        let (held, ready, timers) = (FxHashMap::default(), BTreeSet::new(), BTreeSet::new());
        Ok(Self { max_turns, under_way: 0, queued: 0, arrivals: 0, by_name, lanes, held, ready, timers })
    }

    /// A turn wants its agent called.
    pub fn ask(&mut self, now: Micros, agent: &str, ticket: Ticket, priority: Priority) -> Admission {
        let lane = if self.by_name.is_empty() { OPEN_LANE } else { self.by_name.get(agent).copied().unwrap_or(OPEN_LANE) };
        let Entry::Vacant(entry) = self.held.entry(ticket) else { return Admission::Held };
        let line = &mut self.lanes[lane];
        if let Some(why) = line.refusal(now) {
            return Admission::Refused(why);
        }
        if self.under_way < self.max_turns && line.queue.is_empty() && line.is_free(now) {
            return match line.enter(now) {
                Err(why) => Admission::Refused(why),
                Ok(entered) => {
                    self.under_way += 1;
                    entry.insert(Held::UnderWay { lane, since: now, pass: entered.pass });
                    if entered.probe { Admission::GoAsProbe } else { Admission::Go }
                }
            };
        }
        if let Some(why) = line.is_full() {
            return Admission::Refused(why);
        }
        self.arrivals += 1;
        let place = Place { priority, arrival: self.arrivals };
        entry.insert(Held::Queued { lane, place });
        line.queue.insert(place, ticket);
        self.queued += 1;
        self.join(now, lane)
    }

    /// A turn ended, and what it held is free. A turn that still waits leaves its queue; one that is not held changes nothing.
    pub fn done(&mut self, now: Micros, ticket: Ticket, outcome: Outcome) -> Moves {
        let mut moves = Moves::default();
        match self.held.remove(&ticket) {
            None => return moves, // at-least-once delivery makes repeats normal
            Some(Held::Queued { lane, place }) => {
                self.lanes[lane].queue.remove(&place);
                self.queued -= 1;
                self.restand(now, lane);
            }
            Some(Held::UnderWay { lane, since: _, pass }) => {
                self.under_way -= 1;
                if let Some(why) = self.lanes[lane].leave(now, pass, outcome) {
                    for ticket in std::mem::take(&mut self.lanes[lane].queue).into_values() {
                        self.held.remove(&ticket);
                        self.queued -= 1;
                        moves.refused.push((ticket, why));
                    }
                }
                self.restand(now, lane);
            }
        }
        self.advance(now, &mut moves);
        moves
    }

    /// A turn is no longer wanted, queued or under way. It says nothing about its agent.
    pub fn abandon(&mut self, now: Micros, ticket: Ticket) -> Moves {
        self.done(now, ticket, Outcome::Abandoned)
    }

    /// The turns that waited for a rate, and may go now. Call it at [`next_due`](Self::next_due).
    pub fn due(&mut self, now: Micros) -> Moves {
        let mut moves = Moves::default();
        self.advance(now, &mut moves);
        moves
    }
}

impl Agents {
    /// When `due` will have something to give, at the earliest.
    pub fn next_due(&self) -> Option<Micros> {
        self.timers.first().map(|(at, _)| *at)
    }

    /// Turns that wait.
    pub fn queued(&self) -> usize {
        self.queued
    }

    /// Turns that are under way.
    pub fn under_way(&self) -> usize {
        self.under_way
    }

    /// How long a turn has been under way, in microseconds; 0 if it is not.
    pub fn took_us(&self, now: Micros, ticket: Ticket) -> u64 {
        match self.held.get(&ticket) {
            Some(Held::UnderWay { since, .. }) => now.0.saturating_sub(since.0),
            Some(Held::Queued { .. }) | None => 0,
        }
    }

    /// How an agent stands that has limits.
    pub fn look(&self, agent: &str) -> Option<Look> {
        let lane = &self.lanes[*self.by_name.get(agent)?];
        let breaker = lane.breaker().map(|breaker| (breaker.state(), breaker.revision()));
        Some(Look { under_way: lane.under_way, queued: lane.queue.len(), breaker })
    }
}
