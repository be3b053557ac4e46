//! How fast clean text is screened, and how much of given texts is flagged: `safety_rate FILE [ingress|tool_result|egress]`, a text a line.

use std::io::Write;
use std::time::Instant;

use interlock_guard::safety::{Place, Safety, Verdict};

fn main() -> std::io::Result<()> {
    let mut given = std::env::args().skip(1);
    let text = std::fs::read_to_string(given.next().unwrap_or_default())?;
    let place = match given.next().as_deref() {
        Some("tool_result") => Place::ToolResult,
        Some("egress") => Place::Egress,
        Some(_) | None => Place::Ingress,
    };
    let (safety, mut out) = (Safety::default(), std::io::stdout());
    let lines: Vec<&str> = text.lines().collect();
    let mut flagged = 0;
    for line in &lines {
        let found = safety.screen(place, line);
        if found.verdict != Verdict::Pass {
            flagged += 1;
            writeln!(
                out,
                "{line}\n    {:?}",
                found.findings.iter().map(|one| (one.screen, &*one.why, &line[one.start..one.end])).collect::<Vec<_>>()
            )?;
        }
    }
    let mut rate = |what: &str, texts: &[&str]| {
        let bytes: usize = texts.iter().map(|text| text.len()).sum();
        let best = (0..7)
            .map(|_| {
                let began = Instant::now();
                texts.iter().for_each(|text| drop(std::hint::black_box(safety.screen(place, std::hint::black_box(text)))));
                began.elapsed().as_secs_f64()
            })
            .fold(f64::INFINITY, f64::min);
        writeln!(out, "{what}: {:.0} MB/s, {:.2} µs a text", bytes as f64 / best / 1e6, best * 1e6 / texts.len() as f64)
    };
    rate("a text a line", &lines)?;
    let ascii: String = lines
        .iter()
        .filter(|line| line.is_ascii() && safety.screen(place, line).verdict == Verdict::Pass)
        .map(|line| format!("{line}\n"))
        .collect();
    let blocks: Vec<&str> = (0..ascii.len() / 10_240).map(|at| &ascii[at * 10_240..(at + 1) * 10_240]).collect();
    rate("clean ASCII in texts of 10 KiB", &blocks)?;
    writeln!(out, "{flagged} of {} flagged", lines.len())
}
