//! What a domain's contract lets through: the fields that it names, the text if it says so, and nothing with a label that it does not name.

use interlock_journal::SaltSource;
use interlock_kernel::plan::{Contract, Plan};
use interlock_kernel::{Crossing, Fact, Input, Name, NodeId, Ref};

use crate::EngineError;
use crate::live::{Batch, Live, Said};

impl Live {
    /// Answer the question of a message at a wall, as the contract has it.
    pub(crate) fn cross(
        &mut self,
        (ask, way, wall): (u32, Fact, NodeId),
        message: Ref,
        batch: &mut Batch,
        salts: &mut SaltSource,
    ) -> Result<Input, EngineError> {
        let plan = std::sync::Arc::clone(crate::settle::plan_of(&self.state));
        let domain = plan.domain(wall).ok_or(EngineError::Internal("a message stands at a wall that is none"))?;
        let contract = if way == Fact::Import { &domain.imports } else { &domain.exports };
        let given = self.held.message(message.number).ok_or(EngineError::Internal("a message at a wall is not held"))?;
        let (said, dropped) = match pass(contract, given)? {
            Ok(passed) => passed,
            Err(label) => return Ok(Input::CrossingFound { ask, crossing: Crossing::Refused { label } }),
        };
        let said = Said { domain: beyond(&plan, wall, way), ..said };
        let from = message;
        let message = batch.message(&mut self.held, salts, said)?;
        self.guarding.follows(from, message);
        Ok(Input::CrossingFound { ask, crossing: Crossing::Passes { message, dropped } })
    }
}

/// Where a message is once it has crossed.
pub(crate) fn beyond(plan: &Plan, wall: NodeId, way: Fact) -> Option<NodeId> {
    if way == Fact::Import { Some(wall) } else { plan.node(wall).and_then(|node| node.domain) }
}

/// What is left of a message, and how much is not; or the label for which nothing crosses.
pub(crate) fn pass(contract: &Contract, given: &Said) -> Result<Result<(Said, u16), Name>, EngineError> {
    if let Some(label) = given.labels.iter().find(|label| !contract.labels.contains(label)) {
        return Ok(Err(label.clone()));
    }
    let mut dropped = 0;
    let text = if contract.text { given.text.clone() } else { String::new() };
    if !contract.text && !given.text.is_empty() {
        dropped += 1;
    }
    let data = match given.data.as_deref().map(serde_json::from_slice::<serde_json::Value>).transpose()? {
        Some(serde_json::Value::Object(fields)) => {
            let all = fields.len();
            let kept: serde_json::Map<_, _> =
                fields.into_iter().filter(|(name, _)| contract.fields.iter().any(|known| **known == *name)).collect();
            dropped += all - kept.len();
            Some(serde_json::to_vec(&kept)?)
        }
        // What is no object has no fields that a contract could name.
        Some(_) => {
            dropped += 1;
            None
        }
        None => None,
    };
    let said = Said { text, data, sender: given.sender.clone(), labels: given.labels.clone(), domain: None };
    Ok(Ok((said, u16::try_from(dropped).unwrap_or(u16::MAX))))
}
