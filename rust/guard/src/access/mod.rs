//! Who may do what: roles, agents, tools and data compiled to Cedar policies, with hand-written ones beside them; parsed once, denied by
//! default. A request is evaluated only against the policies whose scope can hold, and not at all if it was decided before.
//!
//! The right is that of the agent, of its delegators and of the user together: scopes come in as what agent and delegators share, users'
//! come from their roles, and what is asked for must be in both. No clock, no files, no randomness; the cache changes no answer.

mod arguments;
mod cache;
mod check;
mod entities;
mod evaluate;
mod generate;
mod numbers;
mod reads;
mod request;
mod rows;
mod scan;
mod slice;
mod spec;
mod values;
mod written;

use std::collections::BTreeMap;
use std::sync::Arc;

use sha2::{Digest, Sha256};

pub use request::{Action, Decision, Missing, Request, User, Why};
pub use slice::{Said, Slices};
pub use spec::{Agent, Argument, Data, Effect, Kind, May, OnViolation, Permission, Role, Spec, Tool, Written};

use crate::SpecError;
use arguments::Facts;
use cache::Cache;
use entities::World;
use generate::Draft;
use reads::Reads;
use rows::View;

/// One policy in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// `tool:refund/arguments/amount`, `extra.cedar:12`.
    pub id: Arc<str>,
    /// The dotted place in the file that it was made from; empty for what always holds.
    pub at: String,
    /// As Cedar reads it.
    pub text: String,
    scopes: Vec<String>,
    review: bool,
    reads: Reads,
}

/// The access policy of one revision.
#[derive(Debug)]
pub struct Access {
    spec: Spec,
    rules: Vec<Rule>,
    slices: Slices,
    world: World,
    views: Vec<View>,
    facts: BTreeMap<String, Facts>,
    cache: Cache,
    /// Some policy asks who the user is.
    by_user: bool,
    /// The file says of some agent what it holds at most.
    has_ceilings: bool,
    revision: u32,
    warnings: Vec<(String, String)>,
}

impl Access {
    /// Compile what the file says.
    ///
    /// # Errors
    /// The first thing that can't mean anything: a role that extends itself, limits that exclude every value, a policy that Cedar can't read.
    pub fn compile(spec: &Spec) -> Result<Self, SpecError> {
        let world = World::of(spec)?;
        let warnings = check::names(spec)?;
        let generated = generate::all(spec)?;
        let written = written::drafts(&spec.policies);
        let from_hand = generated.len();
        let (mut rules, mut policies) = (Vec::new(), Vec::new());
        for (number, draft) in generated.into_iter().chain(written).enumerate() {
            let policy = written::parse(&draft)?;
            if number >= from_hand {
                written::check(&draft, &policy)?;
            }
            rules.push(rule(draft, Reads::of(&policy)));
            policies.push(policy);
        }
        let slices = Slices::new(policies).map_err(|cause| internal(&cause))?;
        let views: Result<_, _> = spec.data.iter().enumerate().map(|(place, entry)| View::of(entry, place)).collect();
        let facts = spec.tools.iter().flatten().map(|(name, tool)| Ok((name.clone(), Facts::of(name, tool)?)));
        Ok(Self {
            by_user: rules.iter().any(|rule| rule.reads.user_id),
            has_ceilings: spec.agents.iter().flatten().any(|(_, agent)| agent.scopes.is_some()),
            revision: revision(&rules, spec),
            spec: spec.clone(),
            slices,
            world,
            views: views?,
            facts: facts.collect::<Result<_, SpecError>>()?,
            cache: Cache::default(),
            rules,
            warnings,
        })
    }

    /// The first four bytes of the SHA-256 of the policy's text; 0 is the open policy, and never a compiled one.
    pub fn revision(&self) -> u32 {
        self.revision
    }

    /// Every policy in force, in the order in which decisions name them.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// What is allowed and hardly meant: dotted places in the file, and what to know of them.
    pub fn warnings(&self) -> &[(String, String)] {
        &self.warnings
    }

    /// The scopes that the file lets an agent hold at most; None: it doesn't say.
    pub fn scopes_of(&self, agent: &str) -> Option<&[String]> {
        self.spec.agents.as_ref()?.get(agent)?.scopes.as_deref()
    }

    /// Whether the file says of any agent what it holds at most.
    pub fn has_ceilings(&self) -> bool {
        self.has_ceilings
    }

    /// Whether the file lets an agent hold a scope, and so those to whom it hands on.
    pub fn lets_hold(&self, agent: &str, scope: &str) -> bool {
        self.scopes_of(agent).is_none_or(|most| most.iter().any(|one| one == scope))
    }

    /// How the file says that a tool acts on the world; None: it doesn't say.
    pub fn effect_of(&self, tool: &str) -> Option<Effect> {
        self.spec.tools.as_ref()?.get(tool)?.effect
    }

    /// Whether some role gives a scope at all.
    pub fn is_given(&self, scope: &str) -> bool {
        self.world.is_given(scope)
    }

    /// The roles through which a user holds a scope.
    pub fn roles_with(&self, user: Option<&User<'_>>, scope: &str) -> Vec<String> {
        self.world.roles_with(user, scope)
    }
}

/// No configuration: what the code asks for must be held, and the rest is permitted.
impl Default for Access {
    fn default() -> Self {
        match Self::compile(&Spec::default()) {
            Ok(access) => access,
            Err(error) => unreachable!("the empty configuration compiles: {error}"),
        }
    }
}

fn rule(draft: Draft, reads: Reads) -> Rule {
    Rule { id: draft.id.into(), at: draft.at, text: draft.text, scopes: draft.scopes, review: draft.review, reads }
}

fn internal(message: &str) -> SpecError {
    SpecError { path: "policies".to_owned(), message: message.to_owned(), hint: "give every policy another name".to_owned() }
}

/// Of the policies and of what they are not made of: roles, and what is seen of data.
fn revision(rules: &[Rule], spec: &Spec) -> u32 {
    let mut hash = Sha256::new();
    for rule in rules {
        hash.update(format!("@id({:?})\n{}\n", rule.id, rule.text));
    }
    hash.update(serde_json::to_vec(spec).unwrap_or_default());
    let digest = hash.finalize();
    u32::from_be_bytes([digest[0], digest[1], digest[2], digest[3]]).max(1)
}
