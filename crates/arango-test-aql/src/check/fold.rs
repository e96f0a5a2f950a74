//! Constants, which a server calculates once, before the query runs, whether a row needs them or not.

use super::Checker;
use crate::error::{QueryError, number};
use crate::syntax::tree::{
    Assignment, BinaryOperator, EntryName, Expression, ExpressionKind, For, UnaryOperator,
};

/// Functions that a server calls in each row, even if all arguments are constants.
const CALLED_IN_ROWS: &[&str] = &[
    "APPLY",
    "ASSERT",
    "CALL",
    "CHECK_DOCUMENT",
    "COLLECTION_COUNT",
    "DOCUMENT",
    "FAIL",
    "FULLTEXT",
    "NEAR",
    "NOEVAL",
    "NOOPT",
    "RAND",
    "RANDOM",
    "RANDOM_TOKEN",
    "SLEEP",
    "UUID",
    "WARN",
    "WITHIN",
];

/// Functions within whose arguments a server calls all functions in each row.
const KEEP_CALLS: &[&str] = &["NOEVAL", "NOOPT"];

impl Checker {
    /// Takes a calculation out of an expression, if it is constant.
    pub(super) fn fold(&mut self, expression: &mut Expression) {
        use BinaryOperator::{Add, Divide, Modulo, Multiply, Subtract};

        let is_calculation = matches!(
            expression.kind,
            ExpressionKind::Binary(Add | Subtract | Multiply | Divide | Modulo, _)
                | ExpressionKind::Call(_)
                | ExpressionKind::Array(_)
        );
        if expression.is_constant && is_calculation {
            self.take_constant(expression);
        }
    }

    /// Takes a constant out of its place, and returns its number.
    fn take_constant(&mut self, expression: &mut Expression) -> usize {
        if let ExpressionKind::Folded(number) = expression.kind {
            return number;
        }
        let number = self.facts.folded.len();
        let kind = std::mem::replace(&mut expression.kind, ExpressionKind::Folded(number));
        let mut constant = Expression::new(kind, expression.position);
        constant.is_constant = true;
        constant.nesting = expression.nesting;
        self.facts.folded.push(constant);
        number
    }

    /// Records a variable whose value is constant: it is constant wherever it is used.
    pub(super) fn record_constant(&mut self, assignment: &mut Assignment) {
        if assignment.value.is_constant {
            let number = self.take_constant(&mut assignment.value);
            self.constants.insert(assignment.variable.slot, number);
        }
    }

    /// Records a loop over a constant, which must be an array even if the loop is never reached.
    pub(super) fn record_constant_source(&mut self, part: &mut For) {
        if part.source.is_constant {
            let number = self.take_constant(&mut part.source);
            self.facts.constant_sources.push((number, part.source.position));
        }
    }

    /// Whether a call of a function with constant arguments is constant.
    pub(super) fn folds_calls_of(&self, function: &str) -> bool {
        self.unfolded == 0 && !CALLED_IN_ROWS.contains(&function)
    }

    /// Resolves something within a call, whose arguments may have to be calculated in each row.
    pub(super) fn within_call<T>(
        &mut self,
        function: &str,
        resolve: impl FnOnce(&mut Self) -> Result<T, QueryError>,
    ) -> Result<T, QueryError> {
        let keeps = usize::from(KEEP_CALLS.contains(&function));
        self.unfolded += keeps;
        let result = resolve(self);
        self.unfolded -= keeps;
        result
    }

    /// Resolves an argument of an aggregation, within which no call is folded.
    pub(super) fn aggregated(&mut self, argument: &mut Expression) -> Result<(), QueryError> {
        self.unfolded += 1;
        let result = self.expression(argument);
        self.unfolded -= 1;
        result
    }
}

/// Makes `NOT (a IN b)` the operator `NOT IN`, as a server does: it differs if `b` is not an array.
///
/// A constant `b` that is not an array has made the operator `false` before.
pub(super) fn rewrite_negation(expression: &mut Expression) {
    let ExpressionKind::Unary(UnaryOperator::Not, operand) = &mut expression.kind else { return };
    let ExpressionKind::Binary(operator, parts) = &mut operand.kind else { return };
    let opposite = match operator {
        BinaryOperator::In => BinaryOperator::NotIn,
        BinaryOperator::NotIn => BinaryOperator::In,
        _ => return,
    };
    if !parts.1.is_constant {
        *operator = opposite;
        expression.kind = std::mem::replace(&mut operand.kind, ExpressionKind::Current);
    }
}

/// Checks options, whose values must stand in the text or be bind parameters.
pub(super) fn check_options(options: &Expression) -> Result<(), QueryError> {
    if is_literal(options) {
        return Ok(());
    }
    let message = "'OPTIONS' have to be known at query compile time";
    Err(QueryError::new(number::COMPILE_TIME_OPTIONS, message).at(options.position))
}

fn is_literal(value: &Expression) -> bool {
    match &value.kind {
        ExpressionKind::Constant(_) | ExpressionKind::BindName(_) => true,
        ExpressionKind::Unary(UnaryOperator::Plus | UnaryOperator::Minus, operand) => is_literal(operand),
        ExpressionKind::Attribute(object, _) => is_literal(object),
        ExpressionKind::Array(items) => items.iter().all(is_literal),
        ExpressionKind::Object(entries) => entries
            .iter()
            .all(|entry| !matches!(entry.name, EntryName::Computed(_)) && is_literal(&entry.value)),
        _ => false,
    }
}
