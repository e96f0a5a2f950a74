//! Runs one target in a process that does nothing else.

use std::fs;
use std::panic::{self, AssertUnwindSafe};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anstream::{eprintln, println};
use owo_colors::OwoColorize as _;

use crate::corpus;
use crate::memory::AllocationTracker;
use crate::mutator::Mutator;
use crate::targets::Target;
use crate::watchdog::Watchdog;

/// Whether any thread or task has panicked. Panics in tasks are not visible otherwise.
static PANICKED: AtomicBool = AtomicBool::new(false);

/// Runs the corpus, and then mutated inputs until the time is over.
pub(crate) fn fuzz(target: &Target, seconds: u64, seed: u64) -> bool {
    let corpus = match corpus::load(target.name) {
        Ok(corpus) if !corpus.is_empty() => corpus,
        Ok(_) => return report_error(target, "its corpus is empty"),
        Err(error) => return report_error(target, &format!("its corpus cannot be read: {error}")),
    };
    install_panic_hook();
    let watched_target = *target;
    let watchdog = Watchdog::new(move |number, input| {
        report_failing_input(&watched_target, seed, number, input, "the input is not processed in time");
    });
    let mut max = 0;
    let mut passes = |number, input: &[u8]| {
        watchdog.watch(number, input);
        match read(target, input) {
            Ok(bytes) => max = max.max(bytes),
            Err(fault) => return report_failing_input(target, seed, number, input, &fault),
        }
        true
    };
    // Twice, because the first run fills caches.
    if !corpus.iter().chain(&corpus).all(|input| passes(0, input)) {
        return false;
    }
    let all = AllocationTracker::start();
    let end = Instant::now() + Duration::from_secs(seconds);
    let mut mutator = Mutator::new(&corpus, seed);
    let mut number = 0;
    while Instant::now() < end {
        number += 1;
        if !passes(number, &mutator.next()) {
            return false;
        }
    }
    if !all.is_freed() {
        return report_error(target, "allocated memory is not freed");
    }
    println!("{:<14} {number:>8} inputs, at most {:>6} KiB each", target.name, max.div_ceil(1024));
    true
}

/// Runs the target on one file.
pub(crate) fn replay(target: &Target, path: &Path) -> bool {
    let input = match fs::read(path) {
        Ok(input) => input,
        Err(error) => return report_error(target, &format!("`{}` cannot be read: {error}", path.display())),
    };
    install_panic_hook();
    let watched_target = *target;
    let watchdog = Watchdog::new(move |_, _| {
        report_error(&watched_target, "the input is not processed in time");
    });
    watchdog.watch(0, &input);
    match read(target, &input) {
        Ok(bytes) => println!("{}: ok, {bytes} bytes allocated", target.name),
        Err(fault) => return report_error(target, &fault),
    }
    true
}

/// Runs the target on an input. Returns the allocated bytes, or a description of the failure.
fn read(target: &Target, input: &[u8]) -> Result<usize, String> {
    let allocated = AllocationTracker::start();
    // The message is on stderr already.
    let result = panic::catch_unwind(AssertUnwindSafe(|| (target.read)(input)));
    let bytes = allocated.bytes_allocated();
    if result.is_err() || PANICKED.load(Ordering::Relaxed) {
        return Err("an invariant is violated, or a panic occurred".to_owned());
    }
    if bytes > target.memory {
        return Err(format!("{bytes} bytes were allocated, more than {}", target.memory));
    }
    Ok(bytes)
}

fn install_panic_hook() {
    let previous_hook = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        PANICKED.store(true, Ordering::Relaxed);
        previous_hook(info);
    }));
}

fn report_failing_input(target: &Target, seed: u64, number: u64, input: &[u8], fault: &str) -> bool {
    report_error(target, fault);
    eprintln!("    the input: \"{}\"", input.escape_ascii());
    match corpus::save_failing_input(target.name, seed, number, input) {
        Ok(path) => {
            eprintln!("    replay with: cargo xtask fuzz {} --input {}", target.name, path.display());
        }
        Err(error) => eprintln!("    the input cannot be saved: {error}"),
    }
    false
}

fn report_error(target: &Target, fault: &str) -> bool {
    eprintln!("{} {}: {fault}", "error:".red().bold(), target.name);
    false
}

#[cfg(test)]
mod tests {
    use std::fs;

    use crate::corpus;
    use crate::targets::TARGETS;

    #[test]
    fn corpus_inputs_are_handled() {
        for target in &TARGETS {
            let corpus = corpus::load(target.name).unwrap();
            assert!(!corpus.is_empty(), "{}", target.name);
            for input in corpus.iter().chain(&corpus) {
                super::read(target, input).unwrap_or_else(|fault| {
                    panic!("{}: {fault}: \"{}\"", target.name, input.escape_ascii());
                });
            }
        }
    }

    #[test]
    fn every_target_has_a_libfuzzer_harness_and_a_nightly_job() {
        let root = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
        let read = |path: &str| fs::read_to_string(format!("{root}/{path}")).unwrap();
        let (manifest, nightly) = (read("fuzz/Cargo.toml"), read(".github/workflows/nightly.yml"));
        for target in TARGETS {
            let name = target.name;
            assert!(manifest.contains(&format!("name = \"{name}\"")), "{name}");
            assert!(nightly.contains(&format!("- {name}\n")), "{name}");
            let harness = read(&format!("fuzz/fuzz_targets/{name}.rs"));
            assert!(harness.contains(&format!("read(\"{name}\", input)")), "{name}");
        }
    }

    #[test]
    fn libfuzzer_reads_compressed_bodies_too() {
        let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/../fuzz/Cargo.toml");
        let manifest = fs::read_to_string(manifest).unwrap();
        let client = manifest.lines().find(|line| line.starts_with("arango = ")).unwrap();
        assert!(client.contains("\"compression\""), "{client}");
    }
}
