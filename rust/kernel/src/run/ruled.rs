//! What follows when a gate does not let something pass as it was.

use crate::run::turn::speaking;
use crate::run::{Decision, Running, one};
use crate::{EffectKey, Event, Failure, Follows, GateRuled, Name, Ruling, RunFailCode, RunFailed, TurnFailed, TurnId, UnavailableWhy};

pub(super) fn event(turn: Option<TurnId>, agent: Option<Name>, ruling: Ruling, key: Option<EffectKey>) -> Event {
    Event::GateRuled(GateRuled { turn, agent, ruling, key })
}

/// The turn was not taken: nobody was called.
pub(super) fn not_taken(turn: TurnId) -> Event {
    Event::TurnFailed(TurnFailed { turn, failure: Failure::Unavailable(UnavailableWhy::Denied), label: None })
}

/// A gate of the shell has ruled. It is recorded whatever became of the turn meanwhile.
pub(super) fn on_ruled(running: &Running, turn: Option<TurnId>, ruling: Ruling, key: Option<EffectKey>, follows: Follows) -> Decision {
    let speaker = turn.map(|turn| speaking(running, turn)).transpose()?.flatten();
    let event = event(turn, speaker.map(|speaker| speaker.agent.clone()), ruling, key);
    match (follows, speaker) {
        (Follows::TurnFails, Some(speaker)) => Ok(vec![event, not_taken(speaker.id)]),
        (Follows::Asks, Some(speaker)) => {
            let failure = Failure::Unavailable(UnavailableWhy::Short);
            Ok(vec![event, Event::TurnFailed(TurnFailed { turn: speaker.id, failure, label: None })])
        }
        (Follows::RunFails, _) => Ok(vec![event, Event::RunFailed(RunFailed { code: RunFailCode::Denied })]),
        (Follows::Nothing | Follows::TurnFails | Follows::Asks, _) => one(event),
    }
}
