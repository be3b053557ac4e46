//! Letting a run in: the same key gives the same run, a full runtime says so, and a new run gets its first step.

use interlock_journal::{PayloadKind, SaltSource};
use interlock_kernel::limits::{MAX_TEXT, RUN_DEADLINE_MS};
use interlock_kernel::{Gate, Input, Micros, Ruled, Ruling, RunId, State};
use interlock_rules::RuleBook;

use crate::EngineError;
use crate::engine::{Core, Engine};
use crate::guarding::{Guarding, Place};
use crate::live::{Batch, Held, Live, Said, Underway};
use crate::step::{Request, Started};

/// How long to wait before trying a full runtime again, when nothing better is known.
const RETRY_AFTER_MS: u64 = 100;

impl Engine {
    /// Start a run of a plan, or find the one that the same key started.
    ///
    /// # Errors
    /// `Overloaded` when the runtime is full: nothing was written, and `retry_after_ms` says when to come back.
    pub fn start(&self, plan: usize, request: Request) -> Result<Started, EngineError> {
        if request.text.len() > MAX_TEXT {
            return Err(EngineError::TextTooLong { bytes: request.text.len(), limit: MAX_TEXT });
        }
        crate::feed::checked(&request.labels)?;
        let mut core = self.lock()?;
        if let Some(key) = &request.key
            && let Some(known) = self.known(&core, key)?
        {
            return Ok(known);
        }
        core.has_room(self.journal.queued_bytes())?;
        let now = self.clock.now();
        let run = core.next_run;
        core.next_run += 1;
        let (live, input, batch) = core.prepare(run, plan, request, now)?;
        if let Some(key) = live.key.clone() {
            core.keys.insert(key, run);
        }
        let id = live.id;
        core.live.insert(run, live);
        core.stats.started += 1;
        core.feed(&self.journal, run, input, batch, now)?.ok_or(EngineError::Internal("a run did not start"))?;
        let step = core.owed(&self.journal, run, now)?;
        Ok(Started::New { run, id, step, plan: None })
    }

    /// The run that a key started, if it started one.
    pub fn keyed(&self, key: &str) -> Result<Option<Started>, EngineError> {
        let core = self.lock()?;
        self.known(&core, key)
    }

    fn known(&self, core: &Core, key: &str) -> Result<Option<Started>, EngineError> {
        if let Some(run) = core.keys.get(key) {
            return Ok(Some(Started::Live { run: *run, id: core.live.get(run).map_or(RunId(0), |live| live.id) }));
        }
        let Some(row) = self.journal.find_key(key)? else { return Ok(None) };
        let settled = core.look_up(&self.journal, row.number)?;
        Ok(Some(Started::Past { run: row.number, id: row.id, settled }))
    }
}

impl Core {
    pub(crate) fn has_room(&self, queued: usize) -> Result<(), EngineError> {
        let full = |what, limit| Err(EngineError::Overloaded { what, limit, retry_after_ms: RETRY_AFTER_MS });
        if self.live.len() >= self.limits.max_runs {
            return full("too many runs are under way", self.limits.max_runs);
        }
        if queued > self.limits.max_queued_bytes {
            return full("the journal has too many bytes to write", self.limits.max_queued_bytes);
        }
        Ok(())
    }
}

impl Core {
    /// A run that has not started yet, and the input that starts it.
    fn prepare(&mut self, number: u64, plan: usize, request: Request, now: Micros) -> Result<(Live, Input, Batch), EngineError> {
        let entry = self.plans.get(plan).ok_or(EngineError::Internal("a run was asked of a plan that was not added"))?;
        let rules =
            RuleBook::new(self.table.clone(), entry.checks.clone()).with_domains(entry.tables.clone()).with_terms(self.terms.clone());
        let mut held = Held::of(request.user.clone());
        let mut batch = Batch::default();
        let id = new_id(&mut self.salts, now);
        let mut guarding = Guarding::of(&self.guards, &self.kills, request.user.as_deref(), id)?;
        let entered = guarding.enter(Place::Ingress, &request.text, request.data.as_deref(), request.outside.as_ref())?;
        let (text, data) = (entered.text.clone().unwrap_or(request.text), entered.data.clone().or(request.data));
        let blocked = entered.verdict == Some(Ruled::Blocked);
        let body = if blocked {
            Said { labels: request.labels, ..Said::default() }
        } else {
            Said { text: text.clone(), data: data.clone(), labels: request.labels, ..Said::default() }
        };
        let message = batch.message(&mut held, &mut self.salts, body)?;
        let circumstances = circumstances(request.user.as_deref(), request.key.as_deref(), request.thread.as_deref())?;
        let about = match circumstances {
            Some(bytes) => Some(batch.bytes(&mut held, &mut self.salts, PayloadKind::Request, bytes)?),
            None => None,
        };
        if blocked {
            let kept = serde_json::to_vec(
                &serde_json::json!({ "text": text, "data": data.map(|data| String::from_utf8_lossy(&data).into_owned()) }),
            )?;
            let kept = batch.bytes(&mut held, &mut self.salts, PayloadKind::Quarantine, kept)?;
            let ruling = guarding.ruling(Gate::Ingress, Ruled::Blocked, None, entered.rules);
            guarding.objection = Some(Ruling { about: Some(kept), ..ruling });
        } else {
            guarding.note_entry(&entered, (Place::Ingress, None, None), Some(message));
        }
        let table = self.table.as_ref().map(|table| table.revision());
        let deadline = now.after_ms(request.deadline_ms.unwrap_or(RUN_DEADLINE_MS));
        let live = Live {
            number,
            id,
            state: State::new(entry.plan.clone()),
            rules,
            held,
            salt: batch.payloads.first().map_or([0; 16], |payload| payload.salt),
            seq: 0,
            offered: Vec::new(),
            asked: Vec::new(),
            ticket: 0,
            armed: None,
            key: request.key.map(Into::into),
            thread: request.thread.map(Into::into),
            effects: Underway::default(),
            watched: request.watch,
            guarding,
            removed: None,
        };
        Ok((live, Input::Requested { run: id, rules: table, message, request: about, deadline }, batch))
    }
}

/// An id for a run that starts now: the milliseconds, then drawn bits.
pub(crate) fn new_id(salts: &mut SaltSource, now: Micros) -> RunId {
    RunId(u128::from(now.0 / 1_000) << 80 | u128::from_be_bytes(salts.draw()) >> 48)
}

/// Who asks and under which key and thread, as one JSON object; nothing when nobody said.
fn circumstances(user: Option<&[u8]>, key: Option<&str>, thread: Option<&str>) -> Result<Option<Vec<u8>>, EngineError> {
    if user.is_none() && key.is_none() && thread.is_none() {
        return Ok(None);
    }
    let user: Option<serde_json::Value> = user.map(serde_json::from_slice).transpose()?;
    Ok(Some(serde_json::to_vec(&serde_json::json!({ "user": user, "key": key, "thread": thread }))?))
}
