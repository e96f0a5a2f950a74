//! Loops for whose documents a server looks in the primary index.
//!
//! All documents are compared here, too. Only the statistics differ: they count what was found.

use crate::syntax::tree::{
    AttributeName, BinaryOperator, Block, Expression, ExpressionKind, For, Slot, StatementKind,
};

/// Returns whether a statement is a loop over a collection whose `FILTER`, the next statement, names the keys.
pub(super) fn is_lookup(block: &Block, index: usize) -> bool {
    let kind = |index: usize| block.statements.get(index).map(|statement| &statement.kind);
    match (kind(index), kind(index + 1)) {
        (Some(StatementKind::For(part)), Some(StatementKind::Filter(condition))) => {
            is_collection(part) && names_keys(condition, part.variable.slot)
        }
        _ => false,
    }
}

fn is_collection(part: &For) -> bool {
    matches!(part.source.kind, ExpressionKind::Collection(_))
}

/// Returns whether a condition holds only for documents with keys that are known before the query runs.
fn names_keys(condition: &Expression, slot: Slot) -> bool {
    match &condition.kind {
        ExpressionKind::Enclosed(inner) => names_keys(inner, slot),
        ExpressionKind::Binary(BinaryOperator::Or, sides) => {
            names_keys(&sides.0, slot) && names_keys(&sides.1, slot)
        }
        ExpressionKind::Binary(BinaryOperator::Equal, sides) => {
            let (left, right) = &**sides;
            (is_key(left, slot) && right.is_constant) || (left.is_constant && is_key(right, slot))
        }
        ExpressionKind::Binary(BinaryOperator::In, sides) => is_key(&sides.0, slot) && sides.1.is_constant,
        _ => false,
    }
}

fn is_key(expression: &Expression, slot: Slot) -> bool {
    match &expression.kind {
        ExpressionKind::Attribute(of, AttributeName::Literal(name)) => {
            matches!(&**name, "_key" | "_id") && matches!(of.kind, ExpressionKind::Variable(of) if of == slot)
        }
        _ => false,
    }
}
