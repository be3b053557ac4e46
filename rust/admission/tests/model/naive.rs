//! The model: one list of tickets, searched from its beginning each time.

use interlock_admission::{Admission, AgentLimits, Grant, Moves, Outcome, RateSpec, Ticket, Why};
use interlock_kernel::{Micros, Priority};

use crate::naive_breaker::NaiveBreaker;

const CALL: u128 = 1_000_000_000;

pub(crate) struct Naive {
    max_turns: usize,
    agents: Vec<NaiveAgent>,
    pub(crate) tickets: Vec<Entry>,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Entry {
    pub(crate) ticket: Ticket,
    pub(crate) agent: usize,
    pub(crate) priority: Priority,
    /// The breaker's age when it went.
    pub(crate) went: Option<u64>,
}

struct NaiveAgent {
    limits: AgentLimits,
    breaker: Option<NaiveBreaker>,
    bucket: Option<Bucket>,
}

/// A bucket that is filled as time passes, in billionths of a call.
struct Bucket {
    spec: RateSpec,
    level: u128,
    at: Micros,
}

impl Bucket {
    fn due(&self) -> Micros {
        let missing = CALL.saturating_sub(self.level);
        Micros(self.at.0 + u64::try_from(missing.div_ceil(self.spec.per_second_milli.into())).unwrap())
    }

    fn fill(&mut self, now: Micros) {
        let gained = u128::from(now.0 - self.at.0) * u128::from(self.spec.per_second_milli);
        self.level = (self.level + gained).min(CALL * u128::from(self.spec.burst));
        self.at = now;
    }
}

impl Naive {
    pub(crate) fn new(max_turns: usize, limits: &[AgentLimits], now: Micros) -> Self {
        let agent = |limits: AgentLimits| NaiveAgent {
            limits,
            breaker: limits.breaker.map(NaiveBreaker::new),
            bucket: limits.rate.map(|spec| Bucket { spec, level: CALL * u128::from(spec.burst), at: now }),
        };
        let agents = limits.iter().copied().chain([AgentLimits::default()]).map(agent).collect();
        Self { max_turns, agents, tickets: Vec::new() }
    }

    pub(crate) fn under_way(&self) -> usize {
        self.tickets.iter().filter(|entry| entry.went.is_some()).count()
    }

    /// When the agent's next turn is due, if only its rate is in the way.
    pub(crate) fn due(&self, agent: usize) -> Option<Micros> {
        let waits = self.tickets.iter().any(|entry| entry.agent == agent && entry.went.is_none());
        (waits && !self.is_busy(agent)).then(|| self.agents[agent].bucket.as_ref().map_or(Micros(0), Bucket::due))
    }

    pub(crate) fn ask(&mut self, now: Micros, ticket: Ticket, agent: usize, priority: Priority) -> Admission {
        if self.tickets.iter().any(|entry| entry.ticket == ticket) {
            return Admission::Held;
        }
        let waiting = self.tickets.iter().filter(|entry| entry.agent == agent && entry.went.is_none()).count();
        if let Some(breaker) = &self.agents[agent].breaker
            && breaker.room(now).is_some_and(|room| waiting >= room as usize)
        {
            return Admission::Refused(Why::BreakerOpen { until: breaker.until(now), revision: breaker.age });
        }
        let entry = Entry { ticket, agent, priority, went: None };
        if waiting == 0 && self.under_way() < self.max_turns && self.may_go(now, agent) {
            self.tickets.push(entry);
            let probe = self.go(now, self.tickets.len() - 1);
            return if probe { Admission::GoAsProbe } else { Admission::Go };
        }
        if let Some(limit) = self.agents[agent].limits.queue.filter(|limit| waiting >= *limit as usize) {
            return Admission::Refused(Why::QueueFull { limit });
        }
        self.tickets.push(entry);
        let due = self.due(agent).filter(|due| *due > now);
        due.map_or(Admission::Queued, Admission::QueuedUntil)
    }

    pub(crate) fn done(&mut self, now: Micros, ticket: Ticket, outcome: Outcome) -> Moves {
        let mut moves = Moves::default();
        let Some(place) = self.tickets.iter().position(|entry| entry.ticket == ticket) else { return moves };
        let entry = self.tickets.remove(place);
        if let (Some(age), Some(breaker)) = (entry.went, &mut self.agents[entry.agent].breaker)
            && breaker.ended(now, age, outcome)
        {
            let why = Why::BreakerOpen { until: breaker.until(now), revision: breaker.age };
            let mut leaving: Vec<Entry> = self.tickets.clone();
            leaving.retain(|other| other.agent == entry.agent && other.went.is_none());
            leaving.sort_by_key(|entry| entry.priority); // stable: the older first
            self.tickets.retain(|other| other.agent != entry.agent || other.went.is_some());
            moves.refused = leaving.iter().map(|entry| (entry.ticket, why)).collect();
        }
        moves.go = self.advance(now).go;
        moves
    }

    /// The most urgent, and the oldest among equals, goes first of those whose agents may be called.
    pub(crate) fn advance(&mut self, now: Micros) -> Moves {
        let mut moves = Moves::default();
        while self.under_way() < self.max_turns {
            let waiting = (0..self.tickets.len()).filter(|place| self.tickets[*place].went.is_none());
            let able = waiting.filter(|place| self.may_go(now, self.tickets[*place].agent));
            let Some(next) = able.min_by_key(|place| (self.tickets[*place].priority, *place)) else { break };
            let probe = self.go(now, next);
            moves.go.push(Grant { ticket: self.tickets[next].ticket, probe });
        }
        moves
    }

    fn is_busy(&self, agent: usize) -> bool {
        let under_way = self.tickets.iter().filter(|entry| entry.agent == agent && entry.went.is_some()).count();
        self.agents[agent].limits.max_concurrency.is_some_and(|most| under_way >= most as usize)
    }

    fn may_go(&self, now: Micros, agent: usize) -> bool {
        !self.is_busy(agent) && self.agents[agent].bucket.as_ref().is_none_or(|bucket| bucket.due() <= now)
    }

    fn go(&mut self, now: Micros, place: usize) -> bool {
        let agent = &mut self.agents[self.tickets[place].agent];
        if let Some(bucket) = &mut agent.bucket {
            bucket.fill(now);
            bucket.level -= CALL;
        }
        let probe = agent.breaker.as_mut().is_some_and(|breaker| breaker.call(now));
        self.tickets[place].went = Some(agent.breaker.as_ref().map_or(0, |breaker| breaker.age));
        probe
    }
}
