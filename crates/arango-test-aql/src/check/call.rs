//! Calls of functions.

use super::{Access, Checker};
use crate::error::{Position, QueryError};
use crate::functions::{self, Lookup};
use crate::syntax::tree::{Call, Expression, ExpressionKind};

/// Functions that take a collection by its bare name.
const TAKE_COLLECTIONS: &[&str] =
    &["COLLECTION_COUNT", "DOCUMENT", "FULLTEXT", "IS_SAME_COLLECTION", "NEAR", "WITHIN"];

/// Functions that read documents which the query may have written.
const READ_DOCUMENTS: &[&str] = &["COLLECTION_COUNT", "DOCUMENT", "FULLTEXT", "NEAR", "WITHIN"];

impl Checker {
    /// Resolves a call, and returns whether it is constant.
    pub(super) fn call(&mut self, call: &mut Call, position: Position) -> Result<bool, QueryError> {
        let function = match functions::find(&call.name) {
            None => return Err(functions::unknown(&call.name).at(position)),
            Some(Lookup::NotSupported(name)) => {
                return Err(QueryError::not_implemented(format_args!("{name}()")).at(position));
            }
            Some(Lookup::Function(function)) => function,
        };
        function.check_count(&call.name, call.arguments.len()).map_err(|error| error.at(position))?;
        self.require_allowed_in_prune(function.name).map_err(|error| error.at(position))?;
        call.function = Some(function);
        if !self.facts.functions.contains(&function.name) {
            self.facts.functions.push(function.name);
        }
        let mut is_constant = self.folds_calls_of(function.name);
        for argument in &mut call.arguments {
            self.within_call(function.name, |checker| checker.argument(argument, function.name))?;
            is_constant &= argument.is_constant;
        }
        let first = call.arguments.first().map(|argument| &argument.kind);
        if matches!(function.name, "LENGTH" | "COUNT") && matches!(first, Some(ExpressionKind::Collection(_)))
        {
            let Some(Lookup::Function(count)) = functions::find("COLLECTION_COUNT") else {
                return Err(QueryError::not_implemented("COLLECTION_COUNT()").at(position));
            };
            call.function = Some(count);
        }
        if READ_DOCUMENTS.contains(&function.name) {
            self.facts.accesses.push(Access::Function(function.name));
        }
        Ok(is_constant)
    }

    fn argument(&mut self, argument: &mut Expression, function: &str) -> Result<(), QueryError> {
        let takes_collections =
            TAKE_COLLECTIONS.contains(&function) || matches!(function, "LENGTH" | "COUNT");
        if takes_collections { self.source(argument) } else { self.expression(argument) }
    }
}
