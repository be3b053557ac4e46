//! Both side by side: the same is asked of them, and the same is expected.

use std::collections::BTreeMap;

use interlock_admission::{Admission, AgentLimits, Agents, Moves, Outcome, Ticket};
use interlock_kernel::Micros;

use crate::naive::Naive;
use crate::script::{AGENTS, Act};

pub(crate) struct Life {
    agents: Agents,
    naive: Naive,
    max_turns: usize,
    limits: Vec<AgentLimits>,
    now: Micros,
    asked: Vec<(Ticket, usize)>,
    /// What is known of every ticket, from the answers alone.
    fates: BTreeMap<Ticket, Fate>,
    /// Every call: when, and of which agent.
    calls: Vec<(Micros, usize)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Waits,
    UnderWay,
    Over,
}

impl Life {
    pub(crate) fn new(max_turns: usize, limits: &[AgentLimits]) -> Self {
        let now = Micros(1_760_000_000_000_000);
        let agents = Agents::new(max_turns, AGENTS.iter().map(|name| (*name).into()).zip(limits.iter().copied())).unwrap();
        let naive = Naive::new(max_turns, limits, now);
        Self { agents, naive, max_turns, limits: limits.to_vec(), now, asked: vec![], fates: BTreeMap::new(), calls: vec![] }
    }

    pub(crate) fn act(&mut self, act: Act) {
        let ago = |ago: usize| self.asked.len().checked_sub(ago + 1).map(|place| self.asked[place]);
        match act {
            Act::Ask { agent, priority } => {
                let number = u32::try_from(self.asked.len()).unwrap();
                let ticket = Ticket { run: u64::from(number / 3), turn: number % 3 };
                self.asked.push((ticket, agent));
                let said = self.agents.ask(self.now, AGENTS[agent], ticket, priority);
                let expected = self.naive.ask(self.now, ticket, agent, priority);
                match said {
                    // A rate wait that is over is still one until `due` is called.
                    Admission::QueuedUntil(due) if due <= self.now => {
                        assert_eq!((expected, Some(due)), (Admission::Queued, self.naive.due(agent)));
                    }
                    Admission::QueuedUntil(_)
                    | Admission::Queued
                    | Admission::Go
                    | Admission::GoAsProbe
                    | Admission::Held
                    | Admission::Refused(_) => assert_eq!(said, expected),
                }
                let fate = match said {
                    Admission::Go | Admission::GoAsProbe => Fate::UnderWay,
                    Admission::Queued | Admission::QueuedUntil(_) => Fate::Waits,
                    Admission::Refused(_) => Fate::Over,
                    Admission::Held => panic!("{ticket:?} is new"),
                };
                if fate == Fate::UnderWay {
                    self.calls.push((self.now, agent));
                }
                assert_eq!(self.fates.insert(ticket, fate), None);
            }
            Act::AskAgain { ago: back } => {
                if let Some((ticket, agent)) = ago(back).filter(|(ticket, _)| self.fates[ticket] != Fate::Over) {
                    let said = self.agents.ask(self.now, AGENTS[agent], ticket, interlock_kernel::Priority::Critical);
                    assert_eq!(said, Admission::Held);
                }
            }
            Act::End { which, outcome } => {
                let under_way = self.fates.iter().filter(|(_, fate)| **fate == Fate::UnderWay).map(|(ticket, _)| *ticket).nth(which);
                if let Some(ticket) = under_way {
                    self.end(ticket, outcome);
                }
            }
            Act::Done { ago: back, outcome } => {
                if let Some((ticket, _)) = ago(back) {
                    self.end(ticket, outcome);
                }
            }
            Act::Abandon { ago: back } => {
                if let Some((ticket, _)) = ago(back) {
                    let moves = self.agents.abandon(self.now, ticket);
                    assert_eq!(moves, self.naive.done(self.now, ticket, Outcome::Abandoned));
                    self.ended(ticket, &moves);
                }
            }
            Act::Wait { us } => self.now.0 += us,
            Act::Due => self.due(),
            Act::WaitForDue => {
                self.now = self.agents.next_due().map_or(self.now, |due| due.max(self.now));
                self.due();
            }
        }
        self.check();
    }

    /// Let everything end that was begun, and time pass: nothing may be left.
    pub(crate) fn finish(&mut self) {
        for _ in 0..=2 * self.asked.len() {
            let under_way: Vec<Ticket> =
                self.fates.iter().filter(|(_, fate)| **fate == Fate::UnderWay).map(|(ticket, _)| *ticket).collect();
            for ticket in under_way {
                self.end(ticket, Outcome::Ok { took_us: 0 });
                self.check();
            }
            self.act(Act::WaitForDue);
        }
        assert!(self.fates.values().all(|fate| *fate == Fate::Over), "{:?}", self.fates);
        assert_eq!((self.agents.queued(), self.agents.under_way(), self.agents.next_due()), (0, 0, None));
    }

    /// Between any two calls of an agent, both counted, there are no more than its burst and what its rate gives in that time.
    pub(crate) fn check_rates(&self, limits: &[AgentLimits]) {
        for (agent, rate) in limits.iter().enumerate().filter_map(|(agent, limits)| Some((agent, limits.rate?))) {
            let calls: Vec<u64> = self.calls.iter().filter(|(_, called)| *called == agent).map(|(at, _)| at.0).collect();
            for (first, from) in calls.iter().enumerate() {
                for (last, to) in calls.iter().enumerate().skip(first) {
                    let beyond_burst = (last - first + 1).saturating_sub(rate.burst as usize) as u64;
                    assert!(beyond_burst * 1_000_000_000 <= (to - from) * u64::from(rate.per_second_milli), "{calls:?}");
                }
            }
        }
    }

    fn end(&mut self, ticket: Ticket, outcome: Outcome) {
        let moves = self.agents.done(self.now, ticket, outcome);
        assert_eq!(moves, self.naive.done(self.now, ticket, outcome));
        self.ended(ticket, &moves);
    }

    fn ended(&mut self, ticket: Ticket, moves: &Moves) {
        self.fates.insert(ticket, Fate::Over);
        self.moved(moves);
    }

    fn due(&mut self) {
        let moves = self.agents.due(self.now);
        assert_eq!(moves, self.naive.advance(self.now));
        self.moved(&moves);
    }

    fn moved(&mut self, moves: &Moves) {
        for grant in &moves.go {
            assert_eq!(self.fates.insert(grant.ticket, Fate::UnderWay), Some(Fate::Waits));
            self.calls.push((self.now, self.agent_of(grant.ticket)));
        }
        for (ticket, _) in &moves.refused {
            assert_eq!(self.fates.insert(*ticket, Fate::Over), Some(Fate::Waits));
        }
    }

    fn check(&self) {
        let count = |wanted: Fate| self.fates.values().filter(|fate| **fate == wanted).count();
        assert_eq!((self.agents.under_way(), self.agents.queued()), (count(Fate::UnderWay), count(Fate::Waits)));
        assert!(count(Fate::UnderWay) <= self.max_turns);
        let slots_free = count(Fate::UnderWay) < self.max_turns;
        for (agent, limits) in self.limits.iter().enumerate() {
            let look = self.agents.look(AGENTS[agent]).unwrap();
            let under_way = self.fates.iter().filter(|(ticket, fate)| **fate == Fate::UnderWay && self.agent_of(**ticket) == agent).count();
            assert_eq!(look.under_way as usize, under_way);
            assert!(limits.max_concurrency.is_none_or(|most| look.under_way <= most));
            if let Some(due) = self.naive.due(agent).filter(|_| slots_free) {
                assert!(self.agents.next_due().is_some_and(|told| told <= due), "{} would wait for ever", AGENTS[agent]);
            }
        }
    }

    fn agent_of(&self, ticket: Ticket) -> usize {
        self.asked[usize::try_from(ticket.run).unwrap() * 3 + ticket.turn as usize].1
    }
}
