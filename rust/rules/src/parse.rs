//! Parses CEL so that no text can end the process: the parser recurses with large frames (200 kB a bracket in a debug build), and an
//! overflowed stack can't be caught.

use std::thread;

use cel::{Env, ParseErrors, Program};

/// Bytes. Longer conditions belong in an agent.
const MAX_LENGTH: usize = 2_000;

/// Enough for any text of `MAX_LENGTH`, by test; only the pages that are touched cost memory.
const STACK: usize = 64 << 20;

pub(crate) fn parse(text: &str, env: &Env) -> Result<Program, String> {
    if text.is_empty() {
        return Err("the condition is empty".to_owned());
    }
    if text.len() > MAX_LENGTH {
        return Err(format!("the condition has {} bytes, and {MAX_LENGTH} is the limit", text.len()));
    }
    thread::scope(|scope| {
        let parser = thread::Builder::new().stack_size(STACK).spawn_scoped(scope, || env.compile(text).map_err(|errors| first(&errors)));
        match parser.map(thread::ScopedJoinHandle::join) {
            Ok(Ok(program)) => program,
            Ok(Err(_)) => Err("the parser failed".to_owned()),
            Err(error) => Err(format!("no thread could be started to parse it: {error}")),
        }
    })
}

fn first(errors: &ParseErrors) -> String {
    match errors.errors.first() {
        Some(error) if error.pos.0 <= 1 => format!("column {}: {}", error.pos.1, error.msg),
        Some(error) => format!("line {} of the expression, column {}: {}", error.pos.0, error.pos.1, error.msg),
        None => "the expression can't be parsed".to_owned(),
    }
}
