//! What a gate objects to is not passed on: it is recorded with the rule that said so, and the run says what became of it.

use interlock_kernel::{
    Book, Consulted, Event, Failure, Gate, Gates, Input, Micros, Passage, Ruled, Ruling, RunFailCode, RunId, State, Subject,
    UnavailableWhy, Verdict, decide, evolve,
};
use interlock_testkit::{Shelf, plan_of, step};

use crate::nothing;

/// Objects at one gate.
struct Strict {
    at: Gate,
    verdict: Ruled,
}

impl Gates for Strict {
    fn pass(&self, gate: Gate, _: Subject<'_>) -> Consulted<Passage> {
        Consulted::Decided(Passage { gate, policy: 7, verdict: Verdict::Passed })
    }

    fn objection(&self, gate: Gate, subject: Subject<'_>) -> Option<Ruling> {
        let (resource, verdict) = (subject.agent.cloned(), self.verdict);
        (gate == self.at).then(|| Ruling { gate, policy: 7, verdict, resource, rules: vec!["test".into()], about: None })
    }
}

fn told(gates: &Strict, inputs: Vec<Input>) -> Vec<Event> {
    let shelf = Shelf::default();
    let book = Book { rules: &shelf.rules, gates, payloads: &shelf.papers };
    let mut state = State::new(plan_of(step("ann")).unwrap());
    let mut journal = Vec::new();
    for input in inputs {
        for event in decide(&state, input, &book, Micros(0)).unwrap() {
            state = evolve(state, &event).unwrap();
            journal.push(event);
        }
    }
    journal
}

fn request() -> Input {
    Input::Requested { run: RunId(1), rules: None, message: nothing(), request: None, deadline: Micros(9_000_000) }
}

#[test]
fn a_request_that_is_kept_out_starts_a_run_that_says_so_and_ends() {
    let events = told(&Strict { at: Gate::Ingress, verdict: Ruled::Blocked }, vec![request()]);
    let [Event::RunStarted(started), Event::GateRuled(ruled), Event::RunFailed(failed)] = &events[..] else { panic!("{events:?}") };
    assert!(started.passages.is_empty(), "it passed no gate");
    assert_eq!((ruled.ruling.gate, ruled.ruling.verdict), (Gate::Ingress, Ruled::Blocked));
    assert_eq!(failed.code, RunFailCode::Denied);
}

#[test]
fn an_agent_that_may_not_have_the_turn_is_never_called() {
    for gate in [Gate::AgentToAgent, Gate::ModelContext] {
        let events = told(&Strict { at: gate, verdict: Ruled::Denied }, vec![request(), Input::Advanced]);
        let [_, Event::GateRuled(ruled), Event::TurnStarted(turn), Event::TurnFailed(failed)] = &events[..] else { panic!("{events:?}") };
        assert_eq!((ruled.turn, ruled.agent.as_deref()), (Some(turn.turn), Some("ann")));
        assert!(turn.passages.is_empty());
        assert_eq!(failed.failure, Failure::Unavailable(UnavailableWhy::Denied));
    }
}
