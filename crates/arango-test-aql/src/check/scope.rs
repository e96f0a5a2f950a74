//! Which variables a place can see.

use std::sync::Arc;

use crate::syntax::tree::Slot;

/// The scopes around a place, innermost last.
#[derive(Debug)]
pub(super) struct Scopes {
    scopes: Vec<Scope>,
}

#[derive(Debug, Default)]
struct Scope {
    /// Whether it ends with the query or subquery, not with `COLLECT`.
    is_base: bool,
    variables: Vec<(Arc<str>, Slot)>,
}

impl Default for Scopes {
    fn default() -> Self {
        Self { scopes: vec![Scope { is_base: true, variables: Vec::new() }] }
    }
}

impl Scopes {
    /// Returns the slot of a variable.
    pub(super) fn find(&self, name: &str) -> Option<Slot> {
        let variables = self.scopes.iter().rev().flat_map(|scope| scope.variables.iter().rev());
        variables.into_iter().find(|(known, _)| **known == *name).map(|(_, slot)| *slot)
    }

    /// Adds a variable to the innermost scope.
    pub(super) fn add(&mut self, name: &str, slot: Slot) {
        self.innermost().variables.push((name.into(), slot));
    }

    /// Whether the place is in no loop of its query or subquery.
    pub(super) fn is_base(&self) -> bool {
        self.scopes.last().is_none_or(|scope| scope.is_base)
    }

    /// Begins the scope of a loop, which lasts to the end of the query or subquery, or to `COLLECT`.
    pub(super) fn begin_loop(&mut self) {
        self.scopes.push(Scope::default());
    }

    pub(super) fn begin_subquery(&mut self) {
        self.scopes.push(Scope { is_base: true, variables: Vec::new() });
    }

    pub(super) fn end_subquery(&mut self) {
        self.end_loops();
        self.scopes.pop();
    }

    /// Ends all loops at `COLLECT`. Variables from before the first loop stay.
    pub(super) fn begin_collect(&mut self) {
        if !self.is_base() {
            self.end_loops();
            self.begin_loop();
        }
    }

    fn end_loops(&mut self) {
        while !self.is_base() {
            self.scopes.pop();
        }
    }

    /// Returns the variables that `INTO` stores: those of the loops, or all of the query if there is no loop.
    ///
    /// `OLD` and `NEW` are not among them.
    pub(super) fn captured(&self) -> Vec<(Arc<str>, Slot)> {
        let base = self.scopes.iter().rposition(|scope| scope.is_base).unwrap_or(0);
        let first = if self.is_base() { base } else { base + 1 };
        let variables = self.scopes[first..].iter().flat_map(|scope| &scope.variables);
        variables.filter(|(name, _)| !matches!(&**name, "OLD" | "NEW")).cloned().collect()
    }

    fn innermost(&mut self) -> &mut Scope {
        self.scopes.last_mut().expect("the scope of the query never ends")
    }
}
