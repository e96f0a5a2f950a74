//! One target in a process that does nothing else.

use std::fs;
use std::panic::{self, AssertUnwindSafe};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anstream::{eprintln, println};
use owo_colors::OwoColorize as _;

use crate::corpus;
use crate::memory::Allocated;
use crate::mutator::Mutator;
use crate::targets::Target;
use crate::watchdog::Watchdog;

/// Whether anything has panicked: also in a task, where nobody else would notice.
static PANICKED: AtomicBool = AtomicBool::new(false);

/// Reads the corpus, and then inputs like it until time is over.
pub(crate) fn vary(target: &Target, seconds: u64, seed: u64) -> bool {
    let corpus = match corpus::of(target.name) {
        Ok(corpus) if !corpus.is_empty() => corpus,
        Ok(_) => return complain(target, "its corpus is empty"),
        Err(error) => return complain(target, &format!("its corpus cannot be read: {error}")),
    };
    note_panics();
    let own = *target;
    let watchdog = Watchdog::new(move |number, input| {
        broken(&own, seed, number, input, "this is never done with");
    });
    let mut most = 0;
    let mut stands = |number, input: &[u8]| {
        watchdog.watch(number, input);
        match read(target, input) {
            Ok(bytes) => most = most.max(bytes),
            Err(fault) => return broken(target, seed, number, input, &fault),
        }
        true
    };
    // Twice: the first time what is made once for all is made.
    if !corpus.iter().chain(&corpus).all(|input| stands(0, input)) {
        return false;
    }
    let all = Allocated::since_now();
    let until = Instant::now() + Duration::from_secs(seconds);
    let mut mutator = Mutator::new(&corpus, seed);
    let mut number = 0;
    while Instant::now() < until {
        number += 1;
        if !stands(number, &mutator.next()) {
            return false;
        }
    }
    if !all.is_given_back() {
        return complain(target, "what reading has allocated is not given back");
    }
    println!("{:<14} {number:>8} inputs, at most {:>6} KiB each", target.name, most.div_ceil(1024));
    true
}

/// Reads one file.
pub(crate) fn replay(target: &Target, path: &Path) -> bool {
    let input = match fs::read(path) {
        Ok(input) => input,
        Err(error) => return complain(target, &format!("`{}` cannot be read: {error}", path.display())),
    };
    note_panics();
    match read(target, &input) {
        Ok(bytes) => println!("{}: good, {bytes} bytes allocated", target.name),
        Err(fault) => return complain(target, &fault),
    }
    true
}

/// How many bytes reading an input has allocated, or what it has broken.
fn read(target: &Target, input: &[u8]) -> Result<usize, String> {
    let allocated = Allocated::since_now();
    // The message is on stderr already.
    let result = panic::catch_unwind(AssertUnwindSafe(|| (target.read)(input)));
    let bytes = allocated.bytes();
    if result.is_err() || PANICKED.load(Ordering::Relaxed) {
        return Err("a promise is broken, or something panics".to_owned());
    }
    if bytes > target.memory {
        return Err(format!("{bytes} bytes were allocated, more than {}", target.memory));
    }
    Ok(bytes)
}

fn note_panics() {
    let before = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        PANICKED.store(true, Ordering::Relaxed);
        before(info);
    }));
}

fn broken(target: &Target, seed: u64, number: u64, input: &[u8], fault: &str) -> bool {
    complain(target, fault);
    eprintln!("    the input: \"{}\"", input.escape_ascii());
    match corpus::keep(target.name, seed, number, input) {
        Ok(path) => {
            eprintln!("    again: cargo xtask fuzz {} --input {}", target.name, path.display());
        }
        Err(error) => eprintln!("    it cannot be kept: {error}"),
    }
    false
}

fn complain(target: &Target, fault: &str) -> bool {
    eprintln!("{} {}: {fault}", "error:".red().bold(), target.name);
    false
}

#[cfg(test)]
mod tests {
    use std::fs;

    use crate::corpus;
    use crate::targets::TARGETS;

    #[test]
    fn every_input_that_is_kept_is_read_and_breaks_nothing() {
        for target in &TARGETS {
            let corpus = corpus::of(target.name).unwrap();
            assert!(!corpus.is_empty(), "{}", target.name);
            for input in corpus.iter().chain(&corpus) {
                super::read(target, input).unwrap_or_else(|fault| {
                    panic!("{}: {fault}: \"{}\"", target.name, input.escape_ascii());
                });
            }
        }
    }

    #[test]
    fn every_target_is_driven_by_libfuzzer_too_and_each_night() {
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
}
