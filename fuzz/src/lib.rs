//! Parsers of external data as the client uses them: one fuzz target for each kind of input.
//!
//! Each target accepts any bytes, and panics if an invariant is violated. Two drivers call them: libFuzzer, which looks
//! for inputs that reach new code (`cargo fuzz run`), and on any compiler `cargo xtask fuzz`, which randomly changes
//! the inputs of the corpus. All targets use the public API: nothing is public for their sake.

mod endpoints;
mod error_object;
mod frames;
mod health;
mod hosts;
mod http2_frames;
mod login;
mod models;
mod names;
mod peer;
mod pem;
mod response;
mod secret;
mod token;

/// A kind of input, and the function that reads it.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// Its name, which is also the name of its corpus folder in `fuzz/corpus/`.
    pub name: &'static str,
    /// Reads an input, and panics if an invariant is violated.
    pub read: fn(&[u8]),
    /// Upper limit of the bytes that reading an input allocates in total.
    pub memory: usize,
}

/// Limit for targets that only parse text.
const PARSER_MEMORY: usize = 1 << 20;
/// Limit for reading one body as the response of every operation. Most find a field that does not fit, and
/// read the body up to it again to find its path.
const MODELS_MEMORY: usize = 4 << 20;
/// Limit for targets with a client: four calls with up to six copies, each with a head that announces 1 MiB.
const CLIENT_MEMORY: usize = 26 << 20;

/// All targets.
pub const TARGETS: [Target; 12] = [
    Target { name: "endpoints", read: endpoints::endpoints, memory: PARSER_MEMORY },
    Target { name: "error_object", read: error_object::error_object, memory: PARSER_MEMORY },
    Target { name: "frames", read: frames::frames, memory: CLIENT_MEMORY },
    Target { name: "health", read: health::health, memory: PARSER_MEMORY },
    Target { name: "hosts", read: hosts::hosts, memory: PARSER_MEMORY },
    Target { name: "login", read: login::login, memory: CLIENT_MEMORY },
    Target { name: "models", read: models::models, memory: MODELS_MEMORY },
    Target { name: "names", read: names::names, memory: PARSER_MEMORY },
    Target { name: "pem", read: pem::pem, memory: CLIENT_MEMORY },
    Target { name: "response", read: response::response, memory: CLIENT_MEMORY },
    Target { name: "secret", read: secret::secret, memory: PARSER_MEMORY },
    Target { name: "token", read: token::token, memory: PARSER_MEMORY },
];

/// Runs the target of this name on an input.
///
/// # Panics
///
/// If an invariant is violated, or there is no such target.
pub fn read(name: &str, input: &[u8]) {
    let target = TARGETS.iter().find(|target| target.name == name).expect("the target is in the list");
    (target.read)(input);
}
