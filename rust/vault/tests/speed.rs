//! What minting costs, as the median of rounds. Only printed: how fast this machine is, is no property of the code.

use std::time::Instant;

use interlock_vault::Vault;

/// Nanoseconds of one call, the median of nine rounds.
fn median(mut work: impl FnMut(usize), count: usize) -> u128 {
    let mut rounds: Vec<u128> = (0..9)
        .map(|round| {
            let start = Instant::now();
            (0..count).for_each(|at| work(round * count + at));
            start.elapsed().as_nanos() / count as u128
        })
        .collect();
    rounds.sort_unstable();
    rounds[4]
}

#[test]
fn minting_costs_about_a_microsecond() {
    let folder = tempfile::tempdir().unwrap();
    for (name, vault) in [("memory", Vault::memory().unwrap()), ("file", Vault::open(&folder.path().join("v"), None).unwrap())] {
        let values: Vec<String> = (0..90_000).map(|number| format!("user{number}@example.com")).collect();
        let mut tokens = Vec::new();
        let fresh = median(|at| tokens.push(vault.mint(&[1; 16], "user:/ada", "EMAIL_ADDRESS", &values[at]).unwrap()), 10_000);
        let again = median(|_| _ = vault.mint(&[1; 16], "user:/ada", "EMAIL_ADDRESS", &values[89_999]).unwrap(), 10_000);
        let known = &tokens[89_999];
        let reveal = median(|_| _ = vault.reveal(&[1; 16], "EMAIL_ADDRESS", known).unwrap(), 10_000);
        let subjects = median(|at| _ = vault.key_of(&format!("run:{at}")).unwrap(), 1_000);
        println!("{name}: mint {fresh} ns, again {again} ns, reveal {reveal} ns, a new subject {subjects} ns");
    }
}
