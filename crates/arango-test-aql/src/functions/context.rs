//! What functions may use beside their arguments.

use std::collections::HashMap;
use std::time::Duration;

use regex::Regex;

use crate::error::{QueryError, Warning, number};
use crate::store::Store;
use crate::value::{Collation, Value};

/// What all calls of one query share.
#[derive(Debug)]
pub(crate) struct Environment {
    /// The time of `DATE_NOW`, in milliseconds since 1970.
    pub(crate) now_ms: i64,
    /// Name of the database.
    pub(crate) database: String,
    /// Name of the user; `None` if the server does not ask for one.
    pub(crate) user: Option<String>,
    /// Time that calls of `SLEEP` would have taken. The caller of this crate waits, or moves its clock.
    pub(crate) slept: Duration,
    /// Whether some order of strings may differ from that of a server.
    pub(crate) collation: Collation,
    /// Warnings so far.
    pub(crate) warnings: Vec<Warning>,
    /// The most warnings that are kept. Default: all.
    pub(crate) max_warnings: usize,
    /// Compiled regular expressions by their text.
    pub(super) regexes: HashMap<String, Regex>,
    /// Compiled patterns of `LIKE` by their text.
    pub(super) likes: HashMap<String, Regex>,
    random: u64,
}

impl Environment {
    /// Creates an environment. Equal seeds yield equal random numbers.
    pub(crate) fn new(now_ms: i64, seed: u64) -> Self {
        Self {
            now_ms,
            database: "_system".to_owned(),
            user: None,
            slept: Duration::ZERO,
            collation: Collation::default(),
            warnings: Vec::new(),
            max_warnings: usize::MAX,
            regexes: HashMap::new(),
            likes: HashMap::new(),
            random: seed,
        }
    }

    /// Adds a warning, unless there are too many.
    pub(crate) fn warn(&mut self, number: u32, message: impl Into<String>) {
        if self.warnings.len() < self.max_warnings {
            self.warnings.push(Warning::new(number, message));
        }
    }

    /// Returns the next random number (`SplitMix64`).
    pub(super) fn random_bits(&mut self) -> u64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.random;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }

    /// Returns a random number from 0 up to, but without, 1.
    #[allow(clippy::cast_precision_loss, reason = "53 bits fit into a double")]
    pub(super) fn random(&mut self) -> f64 {
        (self.random_bits() >> 11) as f64 / (1u64 << 53) as f64
    }
}

/// What one call may use.
pub(crate) struct Context<'a> {
    /// What all calls of the query share.
    pub(crate) environment: &'a mut Environment,
    /// The documents that functions read.
    pub(crate) documents: &'a dyn Store,
    /// The function that is called, as warnings name it.
    pub(super) function: &'static str,
}

impl<'a> Context<'a> {
    /// Creates a context for calls.
    pub(crate) fn new(environment: &'a mut Environment, documents: &'a dyn Store) -> Self {
        Self { environment, documents, function: "" }
    }

    /// Adds a warning.
    pub(crate) fn warn(&mut self, number: u32, message: impl Into<String>) {
        self.environment.warn(number, message);
    }

    /// Warns that an argument has a type that the function does not take.
    pub(super) fn warn_invalid(&mut self) {
        self.warn(number::FUNCTION_ARGUMENT_TYPE, invalid_argument(self.function));
    }

    /// Warns with the text of an error, in the name of the function.
    pub(super) fn warn_of(&mut self, number: u32, text: &str) {
        let message = format!("in function '{}()': {text}", self.function);
        self.warn(number, message);
    }

    /// Warns that an argument has a type that the function does not take; the result is `null`.
    pub(super) fn invalid(&mut self) -> Result<Value, QueryError> {
        self.warn_invalid();
        Ok(Value::Null)
    }

    /// Warns that the function expected an array; the result is `null`.
    pub(super) fn array_expected(&mut self) -> Result<Value, QueryError> {
        self.null(number::ARRAY_EXPECTED, "array expected")
    }

    /// Warns with the text of an error, in the name of the function; the result is `null`.
    pub(super) fn null(&mut self, number: u32, text: &str) -> Result<Value, QueryError> {
        self.warn_of(number, text);
        Ok(Value::Null)
    }

    /// Returns the error of a function that stops the query because of an argument.
    pub(super) fn argument_error(&self) -> QueryError {
        QueryError::new(number::FUNCTION_ARGUMENT_TYPE, invalid_argument(self.function))
    }

    /// Returns the error for a use of the function that this crate does not have.
    pub(super) fn not_implemented(&self, what: &str) -> QueryError {
        QueryError::not_implemented(format_args!("{}() with {what}", self.function))
    }
}

fn invalid_argument(function: &str) -> String {
    format!("invalid argument type in call to function '{function}()'")
}
