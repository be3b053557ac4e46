//! The same work for many items, shared between threads; results come in the items' order, whoever did them.

use std::num::NonZeroUsize;

/// Fewer items than this for a thread are not worth starting one: a start costs some tens of µs.
const FEWEST: usize = 8;

/// As many as the machine has to give.
pub(crate) fn available() -> usize {
    std::thread::available_parallelism().map_or(1, NonZeroUsize::get)
}

/// `room` makes what each thread works in.
pub(crate) fn in_parallel<T: Sync, R, O: Send>(
    items: &[T],
    threads: usize,
    room: impl Fn() -> R + Sync,
    work: impl Fn(&mut R, &T) -> O + Sync,
) -> Vec<O> {
    let do_all = |items: &[T]| {
        let mut room = room();
        items.iter().map(|item| work(&mut room, item)).collect::<Vec<O>>()
    };
    let threads = threads.min(items.len() / FEWEST).max(1);
    if threads == 1 {
        return do_all(items);
    }
    let (mine, others) = items.split_at(items.len().div_ceil(threads));
    std::thread::scope(|scope| {
        let do_all = &do_all;
        let started: Vec<_> = others.chunks(mine.len()).map(|part| scope.spawn(move || do_all(part))).collect();
        let mut done = do_all(mine);
        for thread in started {
            match thread.join() {
                Ok(part) => done.extend(part),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        done
    })
}
