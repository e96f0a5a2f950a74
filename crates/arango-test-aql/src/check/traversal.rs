//! Traversals: what each names, and what may stand in `PRUNE`.

use super::{Access, Checker};
use crate::error::{QueryError, number};
use crate::syntax::tree::{Expression, ExpressionKind, Prune, Slot, Traversal, TraversedEdges};

/// Functions that a server does not call in `PRUNE`.
const NOT_IN_PRUNE: &[&str] = &[
    "CALL",
    "APPLY",
    "DOCUMENT",
    "V8",
    "SCHEMA_GET",
    "SCHEMA_VALIDATE",
    "VERSION",
    "COLLECTIONS",
    "CURRENT_USER",
    "CURRENT_DATABASE",
    "COLLECTION_COUNT",
];

impl Checker {
    pub(super) fn traversal(&mut self, traversal: &mut Traversal) -> Result<(), QueryError> {
        traversal.index = self.facts.traversals.len();
        if let Some(depths) = &mut traversal.depths {
            self.depths(depths)?;
        }
        self.expression(&mut traversal.start)?;
        match &mut traversal.edges {
            TraversedEdges::Graph(name, _) => self.expression(name)?,
            TraversedEdges::Collections(collections) => {
                for (target, _) in collections {
                    self.target(target);
                    self.facts.accesses.push(Access::Read(target.collection));
                }
            }
        }
        self.facts.accesses.push(Access::Traversal);
        self.scopes.begin_loop();
        for variable in traversal.variables() {
            variable.slot = self.declare(&variable.name, variable.position)?;
        }
        self.record_path(traversal);
        self.paths.extend(traversal.path.as_ref().map(|path| (path.slot, traversal.index)));
        if let Some(prune) = &mut traversal.prune {
            self.prune(prune)?;
        }
        self.options(traversal.options.as_mut())
    }

    /// Checks the depths, which must be known before the query runs.
    fn depths(&mut self, depths: &mut Expression) -> Result<(), QueryError> {
        self.expression(depths)?;
        let is_constant = match &depths.kind {
            ExpressionKind::Range(ends) => ends.0.is_constant && ends.1.is_constant,
            _ => depths.is_constant,
        };
        if is_constant {
            return Ok(());
        }
        Err(QueryError::new(number::PARSE, "invalid traversal depth").at(depths.position))
    }

    fn prune(&mut self, prune: &mut Prune) -> Result<(), QueryError> {
        let outer = std::mem::replace(&mut self.in_prune, true);
        let result = self.expression(&mut prune.condition);
        self.in_prune = outer;
        result?;
        if let Some(variable) = &mut prune.variable {
            variable.slot = self.declare(&variable.name, variable.position)?;
            self.record_variable(variable.slot, prune.condition.nesting);
        }
        Ok(())
    }

    /// Resolves the condition of a `FILTER`, and records whose paths it depends on.
    pub(super) fn filter(&mut self, condition: &mut Expression) -> Result<(), QueryError> {
        let outer = std::mem::replace(&mut self.in_filter, true);
        let result = self.expression(condition);
        self.in_filter = outer;
        result
    }

    /// Records that a condition depends on the path of a traversal.
    pub(super) fn record_filtered_path(&mut self, slot: Slot) {
        let of_path = self.paths.iter().find(|(path, _)| *path == slot).filter(|_| self.in_filter);
        self.facts.filtered_paths.extend(of_path.map(|(_, traversal)| *traversal));
    }

    /// Refuses a function in `PRUNE` that a server does not call there.
    pub(super) fn require_allowed_in_prune(&self, function: &str) -> Result<(), QueryError> {
        if self.in_prune && NOT_IN_PRUNE.contains(&function) {
            return Err(QueryError::not_implemented(format_args!("{function}() in PRUNE")));
        }
        Ok(())
    }
}
