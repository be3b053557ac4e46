//! Plans by the thousand: any pattern in any other, every cure on or off, and always valid.

use std::sync::Arc;

use interlock_kernel::plan::{Contract, DomainSpec, ForumSpec, NodeSpec, OnFailure, OnLimit, ParallelSpec, Plan, PlanSpec, StepSpec};
use interlock_kernel::{ApproveSpec, Check, Confidence, Digest, Expiry, Name, TermsSpec};
use proptest::prelude::*;

use crate::script::terms;
use crate::tape::{Tape, taped};
use crate::{RelaySpec, agent, panels, spec_of};

const DEEPEST: u16 = 4;
/// More nodes would make runs longer, not stranger.
const ROOM: u16 = 20;
const NAMES: [&str; 6] = ["ann", "bob", "cyd", "dan", "eve", "fay"];

/// Valid plans, compiled.
pub fn plans() -> impl Strategy<Value = Arc<Plan>> {
    plan_specs().prop_filter_map("a plan that does not build", |spec| Plan::build(&spec, Digest([7; 32])).ok())
}

/// Valid plans as they are written down, nested up to `DEEPEST` patterns deep.
pub fn plan_specs() -> impl Strategy<Value = PlanSpec> {
    taped(430, |tape| {
        let review = tape.maybe(30, |tape| match terms(tape) {
            // Nothing can be approved in the place of a run that got stuck.
            terms if terms.on_expiry == Expiry::Approve => TermsSpec { on_expiry: Expiry::Reject, ..terms },
            terms => terms,
        });
        let approve = tape.maybe(25, |tape| ApproveSpec { when: tape.maybe(50, panels::expression), terms: terms(tape) });
        let mut maker = Maker { tape, room: ROOM, count: 0 };
        let root = maker.pattern(DEEPEST);
        PlanSpec { review, approve, ..spec_of(root) }
    })
}

/// Makes nodes off a tape, and counts them.
struct Maker<'a, 'b> {
    tape: &'a mut Tape<'b>,
    room: u16,
    count: u16,
}

impl Maker<'_, '_> {
    fn name(&mut self, kind: &str) -> Name {
        self.count += 1;
        format!("{kind}{}", self.count).into()
    }

    /// A node that is a pattern now and then, as long as there is room.
    fn node(&mut self, depth: u16) -> NodeSpec {
        self.room = self.room.saturating_sub(1);
        if depth > 0 && self.room > 0 && self.tape.chance(55) { self.pattern(depth) } else { self.step() }
    }

    fn pattern(&mut self, depth: u16) -> NodeSpec {
        match self.tape.below(24) {
            0 => self.step(),
            1 | 2 => self.sequence(depth - 1),
            3..9 => self.relay(depth - 1),
            9..13 => NodeSpec::Parallel(Box::new(self.parallel(depth - 1))),
            13..17 => NodeSpec::Forum(Box::new(self.chat(depth - 1))),
            17..21 => NodeSpec::Forum(Box::new(self.hierarchy(depth - 1))),
            _ => NodeSpec::Domain(Box::new(self.domain(depth - 1))),
        }
    }

    fn step(&mut self) -> NodeSpec {
        let name = self.tape.one_of(&NAMES);
        let checks = match self.tape.below(8) {
            6 => vec![Check::MinConfidence { ppm: Confidence(u32::from(self.tape.below(5)) * 100_000) }],
            7 => vec![Check::Expression { number: 0 }, Check::MinConfidence { ppm: Confidence(1) }],
            _ => Vec::new(),
        };
        let fallback = self.tape.maybe(25, |tape| Name::from(tape.one_of(&NAMES))).filter(|stand_in| **stand_in != *name);
        let hedge_ms = if fallback.is_some() { self.tape.maybe(50, |tape| 1 + u64::from(tape.below(200))) } else { None };
        let pure = hedge_ms.is_some() || self.tape.chance(20);
        let scopes = |tape: &mut Tape<'_>| tape.some(0, 2, |tape| Name::from(tape.one_of(&["read", "write", "pay"])));
        NodeSpec::Step(StepSpec {
            checks,
            retries: self.tape.below(3),
            fallback,
            timeout_ms: self.tape.maybe(25, |tape| 2 + u64::from(tape.below(5_000))),
            on_failure: self.policy(),
            hedge_ms,
            pure,
            fallback_pure: pure,
            scopes: scopes(self.tape),
            fallback_scopes: scopes(self.tape),
            claims: self.tape.maybe(15, panels::expression),
            ..agent(name)
        })
    }

    /// Children whose names tell them apart.
    fn apart(&mut self, depth: u16) -> Vec<NodeSpec> {
        let count = self.tape.one_of(&[1, 2, 3, 2, 3, 4, 2, 3]);
        let mut taken: Vec<Name> = Vec::new();
        let mut nodes = Vec::new();
        for _ in 0..count {
            let mut node = self.node(depth);
            if let NodeSpec::Step(step) = &mut node {
                if taken.contains(&step.agent) {
                    // Another agent, or the same in another place.
                    let name = self.name(&step.agent.clone());
                    if self.tape.chance(50) { step.name = Some(name) } else { step.agent = name }
                }
                taken.push(step.agent.clone());
            }
            nodes.push(node);
        }
        nodes
    }

    fn sequence(&mut self, depth: u16) -> NodeSpec {
        let name = self.name("sequence");
        NodeSpec::Sequence { name, nodes: (0..=1 + self.tape.below(3)).map(|_| self.node(depth)).collect() }
    }

    fn relay(&mut self, depth: u16) -> NodeSpec {
        let name = self.name("relay");
        let mut members = self.apart(depth);
        let has_entry = self.tape.chance(70) && members.len() > 1;
        let entry = has_entry.then(|| members.remove(0));
        let max_handoffs = self.tape.maybe(60, |tape| u16::from(has_entry) + tape.below(5));
        let (revisit, returns, on_limit) = (self.tape.chance(50), self.tape.chance(50) && has_entry, self.policy());
        let router = if has_entry || self.tape.chance(50) { None } else { Some(self.node(depth)) };
        RelaySpec { entry, max_handoffs, revisit, returns, on_limit, router, ..RelaySpec::routed(&name, members) }.node()
    }

    fn parallel(&mut self, depth: u16) -> ParallelSpec {
        let name = self.name("parallel");
        let branches = self.apart(depth);
        let synthesis = if self.tape.chance(30) { Some(self.node(depth)) } else { None };
        panels::parallel(self.tape, name, branches, synthesis)
    }

    fn chat(&mut self, depth: u16) -> ForumSpec {
        let name = self.name("chat");
        let lead = if self.tape.chance(30) { Some(self.node(depth)) } else { None };
        let members = self.apart(depth);
        let summariser = if self.tape.chance(30) { Some(self.node(depth)) } else { None };
        let on_limit = self.on_limit(depth);
        panels::chat(self.tape, &name, lead, members, summariser, on_limit)
    }

    fn hierarchy(&mut self, depth: u16) -> ForumSpec {
        let name = self.name("hierarchy");
        let lead = if self.tape.chance(70) { Some(self.node(depth)) } else { None };
        let members = self.apart(depth);
        let on_limit = self.on_limit(depth);
        panels::hierarchy(self.tape, &name, lead, members, on_limit)
    }

    fn on_limit(&mut self, depth: u16) -> OnLimit {
        match self.tape.below(5) {
            0 | 1 => OnLimit::Review,
            2 => OnLimit::Fail,
            3 => OnLimit::Confidence,
            _ => OnLimit::Supervisor(Box::new(self.node(depth))),
        }
    }

    fn domain(&mut self, depth: u16) -> DomainSpec {
        let name = self.name("domain");
        let node = if depth > 0 && self.tape.chance(60) { self.pattern(depth) } else { self.node(depth) };
        let contract = |tape: &mut Tape<'_>| Contract {
            fields: Vec::new(),
            text: !tape.chance(20),
            user: !tape.chance(50),
            labels: if tape.chance(60) { vec!["secret".into()] } else { Vec::new() },
        };
        DomainSpec {
            name,
            node,
            imports: contract(self.tape),
            exports: contract(self.tape),
            table: self.tape.maybe(20, |_| 0),
            max_turns: self.tape.maybe(30, |tape| 1 + u32::from(tape.below(9))),
            deadline_ms: self.tape.maybe(20, |tape| 1 + u64::from(tape.below(400))),
            policy: None,
        }
    }

    fn policy(&mut self) -> OnFailure {
        self.tape.one_of(&[OnFailure::Review, OnFailure::Fail])
    }
}
