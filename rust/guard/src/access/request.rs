//! A question to access, and its answer.

use std::sync::Arc;

/// What somebody wants to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    CallModel,
    CallTool,
    HandTo,
    ReadMemory,
    WriteMemory,
    DecideReview,
    Unmask,
}

impl Action {
    pub const ALL: [Self; 7] =
        [Self::CallModel, Self::CallTool, Self::HandTo, Self::ReadMemory, Self::WriteMemory, Self::DecideReview, Self::Unmask];

    /// The name in policies: `Action::"CallTool"`.
    pub fn name(self) -> &'static str {
        match self {
            Self::CallModel => "CallModel",
            Self::CallTool => "CallTool",
            Self::HandTo => "HandTo",
            Self::ReadMemory => "ReadMemory",
            Self::WriteMemory => "WriteMemory",
            Self::DecideReview => "DecideReview",
            Self::Unmask => "Unmask",
        }
    }

    /// The entity type of what it is done to.
    pub fn resource(self) -> &'static str {
        match self {
            Self::CallModel => "Model",
            Self::CallTool => "Tool",
            Self::HandTo => "Agent",
            Self::ReadMemory | Self::WriteMemory => "Namespace",
            Self::DecideReview => "Review",
            Self::Unmask => "Place",
        }
    }
}

/// On whose behalf.
#[derive(Debug, Clone, Copy)]
pub struct User<'a> {
    pub id: &'a str,
    pub tenant: Option<&'a str>,
    pub roles: &'a [&'a str],
}

/// Who wants to do what to what.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// The agent that acts; at a review it is the user, and this is not read.
    pub agent: &'a str,
    /// What the agent and all its delegators hold.
    pub scopes: &'a [&'a str],
    pub user: Option<User<'a>>,
    pub action: Action,
    /// A tool's, an agent's or a model's name, a namespace, a review's role, or where unmasked text would go (`tool:NAME.ARGUMENT`, `egress`).
    pub resource: &'a str,
    /// What the code asks for: all of it must be held.
    pub required: &'a [&'a str],
    /// A tool's arguments, a JSON object.
    pub arguments: Option<&'a [u8]>,
    pub domain: Option<&'a str>,
    /// At a review: the tenant on whose behalf the run is that it is about.
    pub tenant: Option<&'a str>,
}

/// May it be done, and who says so.
#[derive(Debug, Clone)]
pub struct Decision {
    pub allowed: bool,
    /// Denied only because arguments are out of bounds whose tool says `on_violation: review`: a person may let it pass.
    pub review: bool,
    /// The ids of the policies that decided; none if nothing permits it.
    pub policies: Arc<[Arc<str>]>,
    /// It was decided before, and nothing that it depends on has changed.
    pub cached: bool,
    /// Why not.
    pub why: Option<Arc<Why>>,
}

/// Why something is denied.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Why {
    /// Scopes that were needed and not held.
    pub missing: Vec<Missing>,
    /// Policies that could not be evaluated, and the reason; one that forbids then counts as forbidding.
    pub erred: Vec<(Arc<str>, String)>,
    /// The arguments are no JSON object.
    pub unreadable: bool,
    /// No policy permits it.
    pub by_default: bool,
}

/// A scope that somebody lacks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    pub scope: String,
    pub agent_holds: bool,
    /// None: the configuration has no roles, and users are not asked.
    pub user_holds: Option<bool>,
}
