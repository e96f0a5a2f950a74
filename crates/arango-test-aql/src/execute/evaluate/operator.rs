//! Operators.

use std::cmp::Ordering;

use super::{Row, Run};
use crate::error::{QueryError, number};
use crate::syntax::tree::{
    BinaryOperator, Expression, ExpressionKind, Quantified, Quantifier, UnaryOperator,
};
use crate::value::{Arithmetic, Value};

impl Run<'_> {
    pub(super) fn unary(
        &mut self,
        operator: UnaryOperator,
        operand: &Expression,
        row: &mut Row,
    ) -> Result<Value, QueryError> {
        let operand = self.evaluate(operand, row)?;
        Ok(match operator {
            UnaryOperator::Plus => operand.to_number(),
            UnaryOperator::Minus => operand.negate(),
            UnaryOperator::Not => Value::Bool(!operand.is_true()),
        })
    }

    pub(super) fn ternary(
        &mut self,
        parts: &(Expression, Option<Expression>, Expression),
        row: &mut Row,
    ) -> Result<Value, QueryError> {
        let (condition, then, otherwise) = parts;
        let condition = self.evaluate(condition, row)?;
        match then {
            _ if !condition.is_true() => self.evaluate(otherwise, row),
            Some(then) => self.evaluate(then, row),
            None => Ok(condition),
        }
    }

    pub(super) fn binary(
        &mut self,
        operator: BinaryOperator,
        parts: &(Expression, Expression),
        row: &mut Row,
    ) -> Result<Value, QueryError> {
        let left = self.evaluate(&parts.0, row)?;
        match operator {
            BinaryOperator::Or if left.is_true() => Ok(left),
            BinaryOperator::And if !left.is_true() => Ok(left),
            BinaryOperator::Or | BinaryOperator::And => self.evaluate(&parts.1, row),
            _ => {
                let right = self.evaluate(&parts.1, row)?;
                let is_constant = parts.0.is_constant && parts.1.is_constant;
                Ok(self.operate(&left, operator, &right, is_constant))
            }
        }
    }

    /// Compares or calculates.
    fn operate(&mut self, left: &Value, operator: BinaryOperator, right: &Value, is_constant: bool) -> Value {
        let Some(arithmetic) = arithmetic(operator) else {
            return Value::Bool(self.compares(left, operator, right));
        };
        if is_constant {
            let result = arithmetic.calculate_constants(left, right);
            match result {
                None => self.warn(number::DIVISION_BY_ZERO, "division by zero"),
                Some(Value::Null) => self.warn(number::NUMBER_OUT_OF_RANGE, "number out of range"),
                Some(_) => {}
            }
            return result.unwrap_or(Value::Null);
        }
        arithmetic.calculate(left, right).unwrap_or_else(|| {
            let sign = if arithmetic == Arithmetic::Modulo { '%' } else { '/' };
            self.warn(number::DIVISION_BY_ZERO, format!("in operator {sign}: division by zero"));
            Value::Null
        })
    }

    /// Whether a comparison holds.
    fn compares(&mut self, left: &Value, operator: BinaryOperator, right: &Value) -> bool {
        match operator {
            BinaryOperator::Equal => left.equals(right),
            BinaryOperator::NotEqual => !left.equals(right),
            // What is not an array neither contains a value nor lacks it.
            BinaryOperator::In => right.as_array().is_some_and(|items| contains(items, left)),
            BinaryOperator::NotIn => right.as_array().is_some_and(|items| !contains(items, left)),
            _ => {
                let ordering = left.compare_in(right, &mut self.environment.collation);
                match operator {
                    BinaryOperator::Less => ordering == Ordering::Less,
                    BinaryOperator::LessOrEqual => ordering != Ordering::Greater,
                    BinaryOperator::Greater => ordering == Ordering::Greater,
                    _ => ordering != Ordering::Less,
                }
            }
        }
    }

    pub(super) fn quantified(&mut self, parts: &Quantified, row: &mut Row) -> Result<Value, QueryError> {
        let left = self.evaluate(&parts.left, row)?;
        let right = self.evaluate(&parts.right, row)?;
        let needs_array = matches!(parts.operator, BinaryOperator::In | BinaryOperator::NotIn);
        let Some(items) = left.as_array().filter(|_| !needs_array || right.as_array().is_some()) else {
            return Ok(Value::Bool(false));
        };
        if items.is_empty() {
            // A server does not count here, not even for `AT LEAST (1)`.
            return Ok(Value::Bool(!matches!(parts.quantifier, Quantifier::Any)));
        }
        let (least, most) = self.required(&parts.quantifier, items.len(), row)?;
        let matches = items.iter().filter(|item| self.compares(item, parts.operator, &right)).count();
        Ok(Value::Bool((least..=most).contains(&matches)))
    }

    /// Returns how many items must match at least and at most.
    pub(super) fn required(
        &mut self,
        quantifier: &Quantifier,
        length: usize,
        row: &mut Row,
    ) -> Result<(usize, usize), QueryError> {
        Ok(match quantifier {
            Quantifier::All => (length, length.max(1)),
            Quantifier::Any => (1, length.max(1)),
            Quantifier::None => (0, 0),
            Quantifier::AtLeast(count) => {
                let count = count_of(&self.evaluate(count, row)?);
                (count, count.max(length))
            }
            Quantifier::Exactly(count) => {
                if let ExpressionKind::Range(parts) = &count.kind {
                    let (low, high) = (self.evaluate(&parts.0, row)?, self.evaluate(&parts.1, row)?);
                    (count_of(&low), count_of(&high))
                } else {
                    let count = count_of(&self.evaluate(count, row)?);
                    (count, count)
                }
            }
        })
    }
}

fn count_of(value: &Value) -> usize {
    usize::try_from(value.to_integer().max(0)).unwrap_or(usize::MAX)
}

fn contains(items: &[Value], value: &Value) -> bool {
    items.iter().any(|item| item.equals(value))
}

fn arithmetic(operator: BinaryOperator) -> Option<Arithmetic> {
    Some(match operator {
        BinaryOperator::Add => Arithmetic::Add,
        BinaryOperator::Subtract => Arithmetic::Subtract,
        BinaryOperator::Multiply => Arithmetic::Multiply,
        BinaryOperator::Divide => Arithmetic::Divide,
        BinaryOperator::Modulo => Arithmetic::Modulo,
        _ => return None,
    })
}
