//! What people's words change: who may decide a review, and for which values a turn's code vouches.

use interlock_guard::access::{Action, Request, User};
use interlock_guard::labels::{Integrity, Label};
use interlock_journal::PayloadKind;
use interlock_kernel::{Follows, Gate, Input, Name, OpenReview, Ruled, Ruling, State, TurnId};

use super::recorded::Vouched;
use crate::EngineError;
use crate::engine::Engine;
use crate::live::{Batch, Live};
use crate::reviews::Word;

/// What a reviewer must hold, where some role gives it.
const DECIDE: &str = "review.decide";

/// The policy that keeps people of one tenant from the reviews of another's runs.
const TENANT: &str = "default:tenant";

impl Live {
    /// Why the configuration does not let somebody speak about a review: what to record, and the words for them.
    pub(crate) fn may_decide(&self, word: &Word, open: Option<&OpenReview>) -> Option<(Ruling, String)> {
        let access = &self.guarding.guard().access;
        if self.guarding.guard().off.access || !self.guarding.is_on(Gate::ReviewDecision) {
            return None;
        }
        let (by, tenant) = (&word.by, word.tenant.as_deref());
        let roles: Vec<&str> = by.roles.iter().map(|role| &**role).collect();
        let resource: Name = open.and_then(|open| open.terms.role.clone()).unwrap_or_else(|| self.plan_name());
        let required: &[&str] = if access.is_given(DECIDE) { &[DECIDE] } else { &[] };
        let decision = access.decide(&Request {
            agent: "",
            scopes: &[],
            user: Some(User { id: &by.name, tenant, roles: &roles }),
            action: Action::DecideReview,
            resource: &resource,
            required,
            arguments: None,
            domain: None,
            tenant: self.guarding.who.as_ref().and_then(|who| who.tenant.as_deref()),
        });
        if decision.allowed {
            return None;
        }
        let mut rules = super::calls::policies_of(&decision);
        let missing = decision.why.as_deref().is_some_and(|why| !why.missing.is_empty());
        if missing {
            rules.push(format!("scope:{DECIDE}").into());
        }
        let is_elsewhere = rules.iter().any(|rule| &**rule == TENANT);
        let said = if let (Some(tenant), true) = (tenant, is_elsewhere) {
            format!("they are of tenant {tenant:?}, and the run is another tenant's")
        } else if missing {
            let held = if roles.is_empty() { "none".into() } else { roles.join(", ") };
            format!("it needs scope {DECIDE:?}, and their roles ({held}) do not give it")
        } else {
            format!("{} forbids it", rules.first().map_or("the configuration", |rule| rule))
        };
        if rules.is_empty() {
            rules.push("default".into());
        }
        Some((self.guarding.ruling(Gate::ReviewDecision, Ruled::Denied, Some(resource), rules), said))
    }

    fn plan_name(&self) -> Name {
        crate::settle::plan_of(&self.state).name.clone()
    }
}

impl Engine {
    /// A turn's code vouches for a value, `by` a form or a validator: from here on it may stand where the user's own would.
    /// Whether the turn has the floor still.
    pub fn endorsed(&self, run: u64, turn: u32, text: String, by: &str) -> Result<bool, EngineError> {
        let mut guard = self.lock()?;
        let core = &mut *guard;
        let Some(live) = core.live.get_mut(&run) else { return Ok(false) };
        if !matches!(live.state, State::Running(_)) || live.turn(turn).is_none() {
            return Ok(false);
        }
        let text = live.guarding.told(text)?;
        // One sign alone is found by chance; in quotation marks it is meant.
        let text = if text.chars().count() == 1 { format!("\"{text}\"") } else { text };
        let label = Label::new(Integrity::User, live.context(turn).confidentiality);
        let vouched = Vouched { label, text };
        let mut batch = Batch::default();
        let kept = batch.bytes(&mut live.held, &mut core.salts, PayloadKind::Result, serde_json::to_vec(&vouched)?)?;
        live.guarding.endorsed.push((label, vouched.text));
        let ruling = Ruling { about: Some(kept), ..live.guarding.ruling(Gate::ToolResult, Ruled::Endorsed, None, vec![by.into()]) };
        let input = Input::Ruled { turn: Some(TurnId(turn)), ruling, key: None, follows: Follows::Nothing };
        core.feed(&self.journal, run, input, batch, self.clock.now())?;
        Ok(true)
    }
}
