//! A gate that asks for a fact is not passed in silence: the input is refused, and the gate is named.

use std::cell::Cell;

use interlock_kernel::{
    Book, Consulted, Digest, Fact, Gate, Gates, Input, Micros, Passage, Refusal, RunId, State, Subject, Verdict, decide,
};
use interlock_testkit::{Shelf, plan_of, step};

use crate::nothing;

/// Passes everything but one gate, which wants to know more.
struct Curious {
    at: Gate,
    asked: Cell<bool>,
}

impl Gates for Curious {
    fn pass(&self, gate: Gate, _: Subject<'_>) -> Consulted<Passage> {
        if gate == self.at {
            self.asked.set(true);
            return Consulted::Needs(Fact::Neighbours);
        }
        Consulted::Decided(Passage { gate, policy: 0, verdict: Verdict::Passed })
    }
}

#[test]
fn a_gate_that_needs_a_fact_refuses_the_input_by_its_name() {
    let shelf = Shelf::default();
    let gates = Curious { at: Gate::Ingress, asked: Cell::new(false) };
    let book = Book { rules: &shelf.rules, gates: &gates, payloads: &shelf.papers };
    let state = State::new(plan_of(step("ann")).unwrap());
    let request =
        Input::Requested { run: RunId(1), rules: Some(Digest::default()), message: nothing(), request: None, deadline: Micros(9) };
    let refusal = decide(&state, request, &book, Micros(0)).unwrap_err();
    assert_eq!(refusal, Refusal::GateNeeds { gate: Gate::Ingress, fact: Fact::Neighbours });
    assert!(refusal.to_string().starts_with("gate G1 needs a fact"));
    assert!(gates.asked.get());
}
