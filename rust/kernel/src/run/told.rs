//! How a state is written down to be looked at and hashed. Nothing reads one back: a state is the fold of its events.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Serialize, Serializer};

use crate::plan::Plan;

/// Which fields a state has and how they are written. Raised whenever that changes, because a state's hash changes with it.
pub const STATE_SHAPE: u32 = 2;

/// A plan is known by its digest; what it says is a document of its own.
pub(super) fn plan<S: Serializer>(plan: &Arc<Plan>, serializer: S) -> Result<S::Ok, S::Error> {
    plan.digest.serialize(serializer)
}

/// A map whose keys are no texts, as a list: JSON knows no other keys.
pub(super) fn pairs<K: Serialize, V: Serialize, S: Serializer>(map: &BTreeMap<K, V>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(map)
}
