//! What comes from outside, read as the client reads it: one function for each kind of input.
//!
//! Each takes any bytes and panics if a promise is broken. They are called from two places: by libFuzzer, which looks
//! for inputs that reach new code (`cargo fuzz run`), and on any compiler by `cargo xtask fuzz`, which changes the
//! inputs of the corpus by chance. All go through the door of the users' own: nothing is public for their sake.

mod answer;
mod endpoints;
mod error_object;
mod frames;
mod health;
mod hosts;
mod login;
mod models;
mod names;
mod peer;
mod pem;
mod secret;
mod token;

/// A kind of input, and what reads it.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// Its name; its corpus is in `fuzz/corpus/` under the same.
    pub name: &'static str,
    /// Reads an input, and panics if a promise is broken.
    pub read: fn(&[u8]),
    /// The most that reading an input may allocate in all, in bytes.
    pub memory: usize,
}

/// A text is read.
const TEXT: usize = 1 << 20;
/// A client is made, and four calls are sent up to six times, each of which believes a head that announces a MiB.
const CALLS: usize = 26 << 20;

/// All kinds of inputs.
pub const TARGETS: [Target; 12] = [
    Target { name: "answer", read: answer::answer, memory: CALLS },
    Target { name: "endpoints", read: endpoints::endpoints, memory: TEXT },
    Target { name: "error_object", read: error_object::error_object, memory: TEXT },
    Target { name: "frames", read: frames::frames, memory: CALLS },
    Target { name: "health", read: health::health, memory: TEXT },
    Target { name: "hosts", read: hosts::hosts, memory: TEXT },
    Target { name: "login", read: login::login, memory: CALLS },
    Target { name: "models", read: models::models, memory: TEXT },
    Target { name: "names", read: names::names, memory: TEXT },
    Target { name: "pem", read: pem::pem, memory: CALLS },
    Target { name: "secret", read: secret::secret, memory: TEXT },
    Target { name: "token", read: token::token, memory: TEXT },
];

/// Lets the target of this name read an input.
///
/// # Panics
///
/// If a promise is broken, or there is no such target.
pub fn read(name: &str, input: &[u8]) {
    let target = TARGETS.iter().find(|target| target.name == name).expect("the target is in the list");
    (target.read)(input);
}
