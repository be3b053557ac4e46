//! The open policy passes everything, at every gate, and says so.

use interlock_guard::OpenGates;
use interlock_kernel::{Consulted, Gate, Gates, Passage, Subject, Verdict};

#[test]
fn every_gate_passes_and_the_passage_names_gate_policy_and_verdict() {
    let nobody = Subject { agent: None, tool: None, content: None, domain: None, node: None };
    for gate in Gate::ALL {
        let passage = Passage { gate, policy: 0, verdict: Verdict::Passed };
        assert_eq!(OpenGates.pass(gate, nobody), Consulted::Decided(passage), "{}", gate.code());
    }
}

#[test]
fn the_nine_gates_are_numbered_from_one() {
    let codes: Vec<&str> = Gate::ALL.iter().map(|gate| gate.code()).collect();
    assert_eq!(codes, ["G1", "G2", "G3", "G4", "G5", "G6", "G7", "G8", "G9"]);
}
