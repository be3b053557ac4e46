//! Short words for plans, so that a test shows only what it is about.

use std::sync::Arc;

use interlock_kernel::plan::{
    Contract, DomainSpec, ForumSpec, MethodSpec, Mode, NodeSpec, OnFailure, OnLimit, OnTie, OverrideSpec, ParallelSpec, Plan, PlanError,
    PlanSpec, PolicySpec, SpeakerRule, StepSpec,
};
use interlock_kernel::{BallotKey, Digest, Name};

use crate::rules::expressions;

/// One agent with no cures around it: `StepSpec { retries: 2, ..agent("writer") }`.
pub fn agent(name: &str) -> StepSpec {
    StepSpec {
        name: None,
        agent: name.into(),
        checks: Vec::new(),
        retries: 0,
        fallback: None,
        timeout_ms: None,
        on_failure: OnFailure::Review,
        hedge_ms: None,
        pure: false,
        fallback_pure: false,
        scopes: Vec::new(),
        fallback_scopes: Vec::new(),
        claims: None,
    }
}

pub fn step(name: &str) -> NodeSpec {
    NodeSpec::Step(agent(name))
}

/// An agent that has a stand-in started beside it after so long.
pub fn hedged(name: &str, fallback: &str, hedge_ms: u64) -> StepSpec {
    StepSpec { fallback: Some(fallback.into()), hedge_ms: Some(hedge_ms), pure: true, fallback_pure: true, ..agent(name) }
}

pub fn sequence(name: &str, nodes: impl IntoIterator<Item = NodeSpec>) -> NodeSpec {
    NodeSpec::Sequence { name: name.into(), nodes: nodes.into_iter().collect() }
}

/// A relay, named field by field: `RelaySpec { revisit: true, ..RelaySpec::opened_by(...) }.node()`.
#[derive(Debug, Clone)]
pub struct RelaySpec {
    pub name: Name,
    pub entry: Option<NodeSpec>,
    pub members: Vec<NodeSpec>,
    pub max_handoffs: Option<u16>,
    pub revisit: bool,
    pub returns: bool,
    pub on_limit: OnFailure,
    pub router: Option<NodeSpec>,
}

impl RelaySpec {
    /// The entry speaks first.
    pub fn opened_by(entry: NodeSpec, name: &str, members: impl IntoIterator<Item = NodeSpec>) -> Self {
        Self { entry: Some(entry), ..Self::routed(name, members) }
    }

    /// The routing engine chooses who speaks first.
    pub fn routed(name: &str, members: impl IntoIterator<Item = NodeSpec>) -> Self {
        let (name, members) = (name.into(), members.into_iter().collect());
        let (revisit, returns, on_limit) = (false, false, OnFailure::Review);
        Self { name, entry: None, members, max_handoffs: None, revisit, returns, on_limit, router: None }
    }

    pub fn node(self) -> NodeSpec {
        NodeSpec::Relay {
            name: self.name,
            entry: self.entry.map(Box::new),
            members: self.members,
            max_handoffs: self.max_handoffs,
            revisit: self.revisit,
            returns: self.returns,
            on_limit: self.on_limit,
            router: self.router.map(Box::new),
        }
    }
}

/// Branches at once, reconciled by these methods: `ParallelSpec { mode, ..panel(...) }`.
pub fn panel(name: &str, branches: impl IntoIterator<Item = NodeSpec>, methods: impl IntoIterator<Item = MethodSpec>) -> ParallelSpec {
    ParallelSpec {
        name: name.into(),
        branches: branches.into_iter().collect(),
        mode: Mode::WaitAll,
        branch_deadline_ms: None,
        reconcile: Some(PolicySpec { methods: methods.into_iter().collect(), on_unresolved: OnFailure::Review }),
        synthesis: None,
        on_failure: OnFailure::Review,
    }
}

/// Branches at once, and an agent that says what comes of them.
pub fn summed_up(name: &str, branches: impl IntoIterator<Item = NodeSpec>, synthesis: NodeSpec) -> ParallelSpec {
    ParallelSpec { reconcile: None, synthesis: Some(synthesis), ..panel(name, branches, []) }
}

/// Each answer's text is its vote.
pub fn vote() -> MethodSpec {
    MethodSpec::Vote { key: BallotKey::Text, quorum: None, weights: Vec::new(), on_tie: OnTie::Next }
}

pub fn surest(margin_ppm: u32) -> MethodSpec {
    MethodSpec::Confidence { margin_ppm }
}

/// Conditions, each with the branch whose answer stands; nothing is a person.
pub fn overrides(rules: &[(u16, Option<&str>)]) -> MethodSpec {
    let rule = |(expression, take): &(u16, Option<&str>)| OverrideSpec { expression: *expression, take: take.map(Name::from) };
    MethodSpec::Overrides { rules: rules.iter().map(rule).collect() }
}

/// Members who speak in turn, ten times at most, with a window that shows everything.
pub fn chat(name: &str, members: impl IntoIterator<Item = NodeSpec>) -> ForumSpec {
    ForumSpec {
        name: name.into(),
        members: members.into_iter().collect(),
        lead: None,
        rules: Vec::new(),
        delegates: false,
        max_turns: 10,
        fan_out: 1,
        max_tokens: None,
        max_depth: None,
        until: None,
        accept: None,
        window: 20,
        summariser: None,
        on_limit: OnLimit::Review,
    }
}

/// A maker and a checker who ends it with `accept`.
pub fn maker_checker(name: &str, maker: &str, checker: &str, max_rounds: u16) -> ForumSpec {
    ForumSpec { accept: Some(crate::rules::ACCEPTS), max_turns: max_rounds * 2, ..chat(name, [step(maker), step(checker)]) }
}

/// A lead that delegates to teams, two at once and four in all.
pub fn hierarchy(name: &str, lead: NodeSpec, teams: impl IntoIterator<Item = NodeSpec>) -> ForumSpec {
    ForumSpec { lead: Some(lead), delegates: true, fan_out: 2, max_turns: 4, ..chat(name, teams) }
}

/// This expression gives the floor, or the task, to these.
pub fn goes_to(expression: u16, to: &[&str]) -> SpeakerRule {
    SpeakerRule { expression, to: to.iter().map(|name| Name::from(*name)).collect() }
}

/// A wall that text without labels crosses, both ways.
pub fn walled(name: &str, node: NodeSpec) -> DomainSpec {
    let open = Contract { fields: Vec::new(), text: true, user: true, labels: Vec::new() };
    let (imports, exports) = (open.clone(), open);
    DomainSpec { name: name.into(), node, imports, exports, table: None, max_turns: None, deadline_ms: None, policy: None }
}

pub fn parallel(spec: ParallelSpec) -> NodeSpec {
    NodeSpec::Parallel(Box::new(spec))
}

pub fn forum(spec: ForumSpec) -> NodeSpec {
    NodeSpec::Forum(Box::new(spec))
}

pub fn domain(spec: DomainSpec) -> NodeSpec {
    NodeSpec::Domain(Box::new(spec))
}

/// A plan around a root node, with one schema, one table, and the expressions that the scripted rules know.
pub fn spec_of(root: NodeSpec) -> PlanSpec {
    PlanSpec {
        name: "plan".into(),
        root,
        schemas: vec!["{}".into()],
        expressions: expressions(),
        tables: vec!["{}".into()],
        review: None,
        approve: None,
    }
}

pub fn plan_of(root: NodeSpec) -> Result<Arc<Plan>, PlanError> {
    Plan::build(&spec_of(root), Digest([7; 32]))
}

/// A step's own name or its agent's, or a pattern's name.
pub fn name_of(node: &NodeSpec) -> &Name {
    match node {
        NodeSpec::Step(step) => step.name.as_ref().unwrap_or(&step.agent),
        NodeSpec::Sequence { name, .. } | NodeSpec::Relay { name, .. } => name,
        NodeSpec::Parallel(spec) => &spec.name,
        NodeSpec::Forum(spec) => &spec.name,
        NodeSpec::Domain(spec) => &spec.name,
    }
}
