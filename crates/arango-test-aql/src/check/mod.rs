//! What can be known about a query before it runs.
//!
//! Names become variables or collections, bind parameters get numbers, functions are looked up. What remains open until
//! the values of bind parameters are known is in [`bind`].

mod aggregate;
mod bind;
mod block;
mod call;
mod expression;
mod facts;
mod fold;
mod nesting;
mod scope;
mod traversal;
mod write;

use std::collections::HashMap;

use crate::error::{Position, QueryError, number};
use crate::syntax::tree::{Block, Slot, Target, Tree};

pub(crate) use self::aggregate::Aggregation;
pub(crate) use self::bind::{Binding, bind};
pub(crate) use self::facts::{Access, CollectionName, Facts};
use self::scope::Scopes;

/// Resolves the names in a tree, in place.
///
/// # Errors
/// If a variable is unknown (1512) or its name is taken (1511), or a function is unknown (1540), called with a wrong
/// number of arguments (1541) or not implemented (9), and for some misuses of statements.
pub(crate) fn check(tree: &mut Tree) -> Result<Facts, QueryError> {
    let mut checker = Checker::default();
    for target in &mut tree.with {
        checker.target(target);
    }
    checker.block(&mut tree.block)?;
    Ok(checker.facts)
}

#[derive(Default)]
struct Checker {
    facts: Facts,
    scopes: Scopes,
    /// Slots of `CURRENT`, innermost last.
    current: Vec<Slot>,
    /// Slot of the item of the expansion whose parts after the bracket are checked.
    item: Option<Slot>,
    /// Variables that the statement itself introduces, which its expressions must not use.
    introduced: Vec<std::sync::Arc<str>>,
    /// Whether the condition of a `PRUNE` is checked.
    in_prune: bool,
    /// Whether the condition of a `FILTER` is checked.
    in_filter: bool,
    /// Variables whose values are constants, with the numbers of these.
    constants: HashMap<Slot, usize>,
    /// The most levels that the values of variables may have, if these are not documents.
    nesting: HashMap<Slot, usize>,
    /// Number of calls and aggregations around the place within which no call is folded.
    unfolded: usize,
    /// Slots of the paths of traversals, with the number of the traversal.
    paths: Vec<(Slot, usize)>,
}

impl Checker {
    /// Resolves a subquery. None counts as constant.
    fn subquery(&mut self, block: &mut Block) -> Result<bool, QueryError> {
        if self.in_prune {
            return Err(QueryError::new(number::PARSE, "PRUNE condition must not use a subquery"));
        }
        self.facts.has_subqueries = true;
        self.scopes.begin_subquery();
        let result = self.block(block);
        self.scopes.end_subquery();
        result.map(|()| false)
    }

    fn target(&mut self, target: &mut Target) {
        target.collection = if target.is_bind {
            let bind = self.facts.bind(&target.name);
            self.facts.collection(CollectionName::Bind(bind))
        } else {
            self.facts.collection(CollectionName::Literal(target.name.clone()))
        };
    }

    /// Introduces a variable in the innermost scope.
    fn declare(&mut self, name: &str, position: Position) -> Result<Slot, QueryError> {
        if self.scopes.find(name).is_some() {
            let message = format!("variable '{name}' is assigned multiple times");
            return Err(QueryError::new(number::VARIABLE_REDECLARED, message).at(position));
        }
        Ok(self.introduce(name))
    }

    fn introduce(&mut self, name: &str) -> Slot {
        let slot = self.facts.slot(name);
        self.scopes.add(name, slot);
        slot
    }
}

#[cfg(test)]
mod tests;
