//! What appending costs. Run by hand: `cargo test --release -p interlock-journal --test speed -- --ignored --nocapture`.
#![allow(clippy::unwrap_used, clippy::cast_precision_loss, clippy::print_stdout)]

mod common;

use std::hint::black_box;
use std::sync::atomic::{AtomicBool, Ordering};
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

/// Opening a journal of two million frames, with its snapshots and without them.
#[test]
#[ignore = "measures"]
fn opening_a_long_journal() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("a.db");
    let journal = Journal::open(&path, "speed").unwrap();
    for _ in 0..500_000 {
        while journal.queued_bytes() > 16 << 20 {
            std::thread::sleep(Duration::from_millis(1));
        }
        Story::new(&journal).tell(&journal).unwrap();
    }
    journal.close().unwrap();
    let open = |what| {
        let times = (0..3).map(|_| {
            let begun = Instant::now();
            let journal = Journal::open(&path, "speed").unwrap();
            let took = begun.elapsed();
            journal.close().unwrap();
            took
        });
        println!("opening 2,000,000 frames {what}: {:?}", times.min().unwrap());
    };
    open("from a snapshot");
    let file = rusqlite::Connection::open(&path).unwrap();
    let taken: i64 = file.query_row("SELECT count(*) FROM snapshots", [], |row| row.get(0)).unwrap();
    file.execute_batch("DELETE FROM snapshots").unwrap();
    drop(file);
    println!("{taken} snapshots");
    let begun = Instant::now();
    Journal::open(&path, "speed").unwrap().close().unwrap();
    println!("opening 2,000,000 frames without one: {:?}", begun.elapsed());
}

/// Pruning, and how long appends wait for it; large payloads beside small ones.
#[test]
#[ignore = "measures"]
fn upkeep() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("a.db");
    let journal = Journal::open(&path, "speed").unwrap();
    let (runs, says) = (200_000_u32, "I was charged twice for one ticket. ".repeat(20));
    for _ in 0..runs {
        while journal.queued_bytes() > 16 << 20 {
            std::thread::sleep(Duration::from_millis(1));
        }
        Story { says: Some(says.clone()), ..Story::new(&journal) }.tell(&journal).unwrap();
    }
    journal.flush().unwrap();
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let waits = scope.spawn(|| {
            let mut waits = vec![];
            while !done.load(Ordering::Relaxed) {
                let begun = Instant::now();
                Story::new(&journal).tell(&journal).unwrap();
                journal.flush().unwrap();
                waits.push(begun.elapsed());
            }
            waits.sort_unstable();
            waits
        });
        let begun = Instant::now();
        let over = [interlock_journal::RunStatus::Delivered];
        let gone = journal.prune(Micros(301), &over, "speed").unwrap();
        let took = begun.elapsed();
        done.store(true, Ordering::Relaxed);
        let waits = waits.join().unwrap();
        println!("pruning {} runs, {} MB: {took:?}", gone.runs, gone.bytes >> 20);
        println!(
            "  a run meanwhile until it is committed, p50 {:?}, last two {:?}",
            waits[waits.len() / 2],
            &waits[waits.len().saturating_sub(2)..]
        );
    });
    let begun = Instant::now();
    journal.erase_user("nobody", "speed").unwrap();
    println!("emptying the log and overwriting unused parts: {:?}, file of {} MB", begun.elapsed(), path.metadata().unwrap().len() >> 20);
    let begun = Instant::now();
    journal.compact().unwrap();
    println!("compacting: {:?}, then {} MB", begun.elapsed(), path.metadata().unwrap().len() >> 20);
}

/// Payloads below and at the size from which they are kept once. The best of three rounds, each in turn.
#[test]
#[ignore = "measures"]
fn large_payloads() {
    let cases = [(4_095_usize, false), (4_096, false), (4_096, true), (16_384, false), (16_384, true)];
    let mut best = [Duration::MAX; 5];
    for _ in 0..3 {
        for (case, (bytes, same)) in cases.into_iter().enumerate() {
            let folder = tempdir().unwrap();
            let journal = Journal::open(folder.path().join("a.db"), "speed").unwrap();
            let begun = Instant::now();
            for number in 0..8_000 {
                while journal.queued_bytes() > 16 << 20 {
                    std::thread::sleep(Duration::from_millis(1));
                }
                let says = format!("{:bytes$}", if same { 0 } else { number });
                Story { says: Some(says), ..Story::new(&journal) }.start(&journal).unwrap();
            }
            journal.close().unwrap();
            best[case] = best[case].min(begun.elapsed());
        }
    }
    for ((bytes, same), time) in cases.into_iter().zip(best) {
        println!("payloads of {bytes} bytes, {}: {} us each", if same { "equal" } else { "different" }, time.as_micros() / 8_000);
    }
}
