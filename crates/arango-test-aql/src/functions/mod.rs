//! The functions of AQL: their names, how many arguments they take, and what they yield.
//!
//! | module | functions |
//! |---|---|
//! | `types` | checks of types and conversions |
//! | `text`, `text_parts`, `text_search`, `patterns`, `encoding` | strings |
//! | `numeric`, `bits`, `statistics` | numbers |
//! | `arrays`, `array_items`, `sets` | arrays |
//! | `objects`, `merge` | objects |
//! | `date` | dates |
//! | `documents` | documents and their identifiers |
//! | `geometry`, `fulltext` | searches in indexes, distances |
//! | `control`, `random` | control of a query, randomness |
//!
//! An argument of a wrong type makes most functions warn and yield `null`, as those of a server do.

#![allow(clippy::unnecessary_wraps, reason = "all functions of the table have the same signature")]

mod arguments;
mod array_items;
mod arrays;
mod bits;
mod context;
mod control;
mod date;
mod documents;
mod encoding;
mod fulltext;
mod geometry;
mod merge;
mod numeric;
mod objects;
mod patterns;
mod random;
mod refused;
mod sets;
mod statistics;
mod table;
mod text;
mod text_parts;
mod text_search;
mod types;

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::error::{QueryError, number};
use crate::value::Value;

pub(crate) use self::context::{Context, Environment};

/// What a function does with its arguments.
type Implementation = fn(&mut Context<'_>, &[Value]) -> Result<Value, QueryError>;

/// A function that queries can call.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Function {
    /// Name in capital letters.
    pub(crate) name: &'static str,
    /// The name in warnings: that of the function which an alias stands for.
    original: &'static str,
    /// The least number of arguments.
    pub(crate) min: usize,
    /// The largest number of arguments; `None` if there is no limit.
    pub(crate) max: Option<usize>,
    implementation: Implementation,
}

/// What a name stands for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Lookup {
    /// A function that can be called.
    Function(&'static Function),
    /// A function that a server has, but not this crate.
    NotSupported(&'static str),
}

/// Finds a function by its name, in any case; `None` if a server has no such function either.
pub(crate) fn find(name: &str) -> Option<Lookup> {
    static FUNCTIONS: LazyLock<HashMap<&'static str, &'static Function>> =
        LazyLock::new(|| table::FUNCTIONS.iter().map(|function| (function.name, function)).collect());

    let name = name.to_ascii_uppercase();
    let refused =
        || refused::NAMES.iter().copied().find(|refused| *refused == name).map(Lookup::NotSupported);
    FUNCTIONS.get(name.as_str()).copied().map(Lookup::Function).or_else(refused)
}

/// Returns the error for a name that stands for no function.
pub(crate) fn unknown(name: &str) -> QueryError {
    let name = name.to_ascii_uppercase();
    QueryError::new(number::FUNCTION_NAME_UNKNOWN, format!("usage of unknown function '{name}()'"))
}

impl Function {
    /// Checks the number of arguments, which is known before the query runs. `name` is that of the call.
    pub(crate) fn check_count(&self, name: &str, count: usize) -> Result<(), QueryError> {
        // A server has a limit for all functions, and names it.
        let max = self.max.unwrap_or(65_536);
        if (self.min..=max).contains(&count) {
            return Ok(());
        }
        let min = self.min;
        Err(QueryError::new(
            number::FUNCTION_ARGUMENT_NUMBER,
            format!(
                "invalid number of arguments for function '{name}()', \
                 expected number of arguments: minimum: {min}, maximum: {max}"
            ),
        ))
    }

    /// Calls the function.
    ///
    /// # Errors
    /// If the number of arguments is wrong, or the function stops the query.
    pub(crate) fn call(&self, context: &mut Context<'_>, arguments: &[Value]) -> Result<Value, QueryError> {
        self.check_count(self.name, arguments.len())?;
        let caller = std::mem::replace(&mut context.function, self.original);
        let result = (self.implementation)(context, arguments);
        context.function = caller;
        result
    }
}
