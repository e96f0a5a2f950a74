//! How many levels of arrays and objects a value has at most, as far as the text of a query tells.
//!
//! A value is compared, written and dropped level by level: too many would exhaust the stack.

use super::Checker;
use crate::error::{Position, QueryError};
use crate::syntax::tree::{
    BinaryOperator, Block, Call, Collect, Expand, Expansion, Expression, ExpressionKind, For, Slot,
    StatementKind, Traversal,
};

/// The most levels of a value. A server has a limit, too, slightly below 200.
const MOST: usize = 256;

/// The most levels of a document, a bind parameter and parsed JSON.
const OF_JSON: usize = 128;

/// Functions that may yield one level more than their arguments have.
const WRAP: &[&str] = &["APPEND", "APPLY", "CALL", "ENTRIES", "PUSH", "REPLACE_NTH", "UNSHIFT"];

/// Functions that yield documents or parsed JSON, perhaps in an array. What `APPLY` and `CALL` call may do so.
const READ: &[&str] = &["APPLY", "CALL", "DOCUMENT", "FULLTEXT", "JSON_PARSE", "NEAR", "WITHIN"];

impl Checker {
    /// Records the levels of the value of an expression whose parts are resolved.
    ///
    /// # Errors
    /// If there are too many.
    pub(super) fn record_nesting(&self, expression: &mut Expression) -> Result<(), QueryError> {
        expression.nesting = self.nesting_of(&expression.kind);
        require_few(expression.nesting, expression.position)
    }

    fn nesting_of(&self, kind: &ExpressionKind) -> usize {
        match kind {
            ExpressionKind::Variable(slot) => self.nesting.get(slot).copied().unwrap_or(OF_JSON),
            ExpressionKind::Bind(_) => OF_JSON,
            ExpressionKind::Folded(number) => self.facts.folded[*number].nesting,
            ExpressionKind::Array(items) => 1 + deepest(items),
            ExpressionKind::Object(entries) => 1 + deepest(entries.iter().map(|entry| &entry.value)),
            ExpressionKind::Binary(BinaryOperator::And | BinaryOperator::Or, parts) => {
                parts.0.nesting.max(parts.1.nesting)
            }
            ExpressionKind::Ternary(parts) => {
                let then = parts.1.as_ref().unwrap_or(&parts.0);
                then.nesting.max(parts.2.nesting)
            }
            ExpressionKind::Range(_) => 1,
            ExpressionKind::Attribute(container, _) => container.nesting.saturating_sub(1),
            ExpressionKind::Index(parts) => parts.0.nesting.saturating_sub(1),
            ExpressionKind::Expand(expand) => match &expand.expansion {
                Expansion::Map { projection, body, .. } => 1 + projection.as_ref().unwrap_or(body).nesting,
                Expansion::Test(_) => 0,
            },
            ExpressionKind::Call(call) => nesting_of_call(call),
            ExpressionKind::Subquery(block) => nesting_of_block(block),
            ExpressionKind::Enclosed(inner) => inner.nesting,
            ExpressionKind::Constant(_)
            | ExpressionKind::Name(_)
            | ExpressionKind::Current
            | ExpressionKind::BindName(_)
            | ExpressionKind::Collection(_)
            | ExpressionKind::Unary(..)
            | ExpressionKind::Binary(..)
            | ExpressionKind::Quantified(_) => 0,
        }
    }

    pub(super) fn record_variable(&mut self, slot: Slot, nesting: usize) {
        self.nesting.insert(slot, nesting);
    }

    /// Records the levels of the item of an expansion.
    pub(super) fn record_item(&mut self, expand: &Expand) {
        self.record_variable(expand.item, expand.source.nesting.saturating_sub(1));
    }

    /// Records the levels of the variable of a loop. Documents need no record.
    pub(super) fn record_loop(&mut self, part: &For) {
        if !matches!(part.source.kind, ExpressionKind::Collection(_)) {
            self.record_variable(part.variable.slot, part.source.nesting.saturating_sub(1));
        }
    }

    /// Records the levels of the path of a traversal: an object with arrays of documents.
    pub(super) fn record_path(&mut self, traversal: &Traversal) {
        if let Some(path) = &traversal.path {
            self.record_variable(path.slot, OF_JSON + 2);
        }
    }

    /// Records the levels of the variables of `COLLECT`.
    ///
    /// # Errors
    /// If there are too many.
    pub(super) fn record_groups(&mut self, collect: &Collect) -> Result<(), QueryError> {
        for group in &collect.groups {
            self.record_variable(group.variable.slot, group.value.nesting);
        }
        for aggregate in &collect.aggregates {
            let ExpressionKind::Call(call) = &aggregate.value.kind else { continue };
            let nesting = 1 + deepest(&call.arguments);
            require_few(nesting, aggregate.value.position)?;
            self.record_variable(aggregate.variable.slot, nesting);
        }
        if let Some(count) = &collect.count {
            self.record_variable(count.variable.slot, 0);
        }
        let Some(into) = &collect.into else { return Ok(()) };
        let nesting = if let Some(projection) = &into.projection {
            1 + projection.nesting
        } else {
            let captured = into.captured.iter().map(|variable| ExpressionKind::Variable(variable.slot));
            2 + captured.map(|variable| self.nesting_of(&variable)).max().unwrap_or(0)
        };
        require_few(nesting, into.variable.position)?;
        self.record_variable(into.variable.slot, nesting);
        Ok(())
    }
}

fn require_few(nesting: usize, position: Position) -> Result<(), QueryError> {
    if nesting <= MOST {
        return Ok(());
    }
    let construct = format_args!("values that may have more than {MOST} levels");
    Err(QueryError::not_implemented(construct).at(position))
}

fn deepest<'a>(values: impl IntoIterator<Item = &'a Expression>) -> usize {
    values.into_iter().map(|value| value.nesting).max().unwrap_or(0)
}

fn nesting_of_call(call: &Call) -> usize {
    let name = call.function.map_or("", |function| function.name);
    // Those that yield texts or numbers yield an array of arrays at most.
    let arguments = deepest(&call.arguments).max(2) + usize::from(WRAP.contains(&name));
    if READ.contains(&name) { arguments.max(OF_JSON + 1) } else { arguments }
}

fn nesting_of_block(block: &Block) -> usize {
    match block.statements.last().map(|statement| &statement.kind) {
        Some(StatementKind::Return(last)) => 1 + last.value.nesting,
        _ => 1,
    }
}
