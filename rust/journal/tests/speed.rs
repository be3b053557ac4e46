//! What appending costs. Run by hand: `cargo test --release -p interlock-journal --test speed -- --ignored --nocapture`.
#![allow(clippy::unwrap_used, clippy::cast_precision_loss, clippy::print_stdout)]

mod common;

use std::hint::black_box;
use std::time::{Duration, Instant};

use common::{Story, one_of_each};
use interlock_journal::{Append, Journal, MessageBody, PayloadKind, Place, SaltSource, commit, decode, encode, verify};
use interlock_kernel::Micros;
use tempfile::tempdir;

fn each(what: &str, count: usize, mut work: impl FnMut(usize)) {
    let best = (0..5).map(|_| {
        let start = Instant::now();
        (0..count).for_each(&mut work);
        start.elapsed()
    });
    println!("{what:<46} {:>8.0} ns", best.min().unwrap_or(Duration::MAX).as_nanos() as f64 / count as f64);
}

#[test]
#[ignore = "measures"]
fn parts() {
    let (events, mut out) = (one_of_each(), Vec::with_capacity(1 << 12));
    let place = Place { run: 1, seq: 0, at: Micros(1) };
    for event in [2, 3, 7, 14] {
        each(&format!("encode {}", interlock_journal::name(&events[event])), 100_000, |_| {
            out.clear();
            encode(black_box(&events[event]), place, &mut out).unwrap();
        });
        each("  decode", 100_000, |_| _ = black_box(decode(&out).unwrap()));
        each("  leaf hash", 100_000, |_| _ = black_box(interlock_journal::merkle::leaf(&out)));
    }
    let mut salts = SaltSource::new().unwrap();
    each("salt", 100_000, |_| _ = black_box(salts.draw()));
    let body = MessageBody {
        text: &"I was charged twice for one ticket. ".repeat(8),
        data: Some(b"{\"amount\":12}"),
        sender: Some("triage"),
        labels: "",
    };
    let bytes = body.encode().unwrap();
    each("message encode (300 bytes)", 100_000, |_| _ = black_box(body.encode().unwrap()));
    each("message decode", 100_000, |_| _ = black_box(MessageBody::decode(&bytes).unwrap()));
    each("commitment (330 bytes)", 100_000, |_| _ = black_box(commit(PayloadKind::Message, &[1; 16], &bytes)));
}

/// Runs of four frames and two payloads in three appends. The commitments are part of the story, and of the time.
#[test]
#[ignore = "measures"]
fn appends() {
    let journal = Journal::memory(1000).unwrap();
    each("memory: a run of 4 frames, 3 appends", 20_000, |_| _ = Story::new(&journal).tell(&journal).unwrap());
    let (long, turn) = (Story::new(&journal), [one_of_each().remove(2), one_of_each().remove(3)]);
    long.start(&journal).unwrap();
    let mut first_seq = 1;
    each("memory: an append of 2 frames", 50_000, |_| {
        let append = Append { run: long.run, first_seq, at: Micros(5), events: &turn, payloads: vec![], start: None };
        journal.append(append).unwrap();
        first_seq += 2;
    });
    let folder = tempdir().unwrap();
    let path = folder.path().join("a.db");
    let journal = Journal::open(&path, "speed").unwrap();
    let (start, runs) = (Instant::now(), 100_000_u32);
    let mut appending = Duration::ZERO;
    for _ in 0..runs {
        while journal.queued_bytes() > 16 << 20 {
            std::thread::sleep(Duration::from_millis(1));
        }
        let begun = Instant::now();
        Story::new(&journal).tell(&journal).unwrap();
        appending += begun.elapsed();
    }
    journal.flush().unwrap();
    let seconds = start.elapsed().as_secs_f64();
    println!(
        "durable: {:.0} frames/s; a run of 4 frames, 3 appends costs its caller {} ns",
        4.0 * f64::from(runs) / seconds,
        appending.as_nanos() / u128::from(runs)
    );
    let mut waits: Vec<_> = (0..500)
        .map(|_| {
            let begun = Instant::now();
            Story::new(&journal).tell(&journal).unwrap();
            journal.flush().unwrap();
            begun.elapsed()
        })
        .collect();
    waits.sort_unstable();
    println!("durable: a lone run until it is committed, p50 {:?}, p99 {:?}", waits[250], waits[495]);
    journal.close().unwrap();
    let begun = Instant::now();
    let frames = verify(&path).unwrap().frames;
    println!("verify: {} ns a frame", begun.elapsed().as_nanos() / u128::from(frames));
    let begun = Instant::now();
    Journal::open(&path, "speed").unwrap();
    println!("open: {} ns a frame", begun.elapsed().as_nanos() / u128::from(frames));
}
