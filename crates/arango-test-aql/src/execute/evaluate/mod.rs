//! Expressions.

mod access;
mod expand;
mod operator;

use std::sync::Arc;

use super::run::materialize;
use super::{Results, Row, Run};
use crate::error::QueryError;
use crate::functions::Context;
use crate::syntax::tree::{Call, Entry, EntryName, Expression, ExpressionKind, UnaryOperator};
use crate::value::{Object, Value};

impl Run<'_> {
    /// Computes an expression.
    ///
    /// The row is changed only in slots that belong to the expression itself.
    pub(super) fn evaluate(&mut self, expression: &Expression, row: &mut Row) -> Result<Value, QueryError> {
        match &expression.kind {
            ExpressionKind::Constant(value) => Ok(value.clone()),
            ExpressionKind::Variable(slot) => Ok(row.get(*slot).clone()),
            ExpressionKind::Bind(bind) => Ok(self.binding.values[*bind].clone()),
            ExpressionKind::Collection(collection) => Ok(Value::String(self.collection(*collection))),
            ExpressionKind::Array(items) => Ok(Value::array(self.evaluate_all(items, row)?)),
            ExpressionKind::Object(entries) => self.object(entries, row),
            ExpressionKind::Unary(operator, operand) => {
                let operand = self.evaluate(operand, row)?;
                Ok(match operator {
                    UnaryOperator::Plus => operand.to_number(),
                    UnaryOperator::Minus => operand.negate(),
                    UnaryOperator::Not => Value::Bool(!operand.is_true()),
                })
            }
            ExpressionKind::Binary(operator, parts) => self.binary(*operator, parts, row),
            ExpressionKind::Quantified(parts) => self.quantified(parts, row),
            ExpressionKind::Ternary(parts) => {
                let (condition, then, otherwise) = &**parts;
                let condition = self.evaluate(condition, row)?;
                match then {
                    _ if !condition.is_true() => self.evaluate(otherwise, row),
                    Some(then) => self.evaluate(then, row),
                    None => Ok(condition),
                }
            }
            ExpressionKind::Range(parts) => {
                let (low, high) = self.range(parts, row)?;
                materialize(low, high)
            }
            ExpressionKind::Attribute(object, name) => {
                let object = self.evaluate(object, row)?;
                Ok(self.attribute(&object, name))
            }
            ExpressionKind::Index(parts) => {
                let container = self.evaluate(&parts.0, row)?;
                let index = self.evaluate(&parts.1, row)?;
                Ok(access::indexed(&container, &index))
            }
            ExpressionKind::Expand(expand) => self.expand(expand, row),
            ExpressionKind::Call(call) => self.call(call, row),
            ExpressionKind::Subquery(block) => {
                let mut results = Results::new(self, block, row, false)?;
                let mut values = Vec::new();
                while let Some(value) = results.next(self)? {
                    values.push(value);
                }
                Ok(Value::array(values))
            }
            ExpressionKind::Enclosed(inner) => self.evaluate(inner, row),
            ExpressionKind::Name(_) | ExpressionKind::BindName(_) | ExpressionKind::Current => {
                unreachable!("the check resolves all names")
            }
        }
    }

    fn evaluate_all(&mut self, expressions: &[Expression], row: &mut Row) -> Result<Vec<Value>, QueryError> {
        expressions.iter().map(|expression| self.evaluate(expression, row)).collect()
    }

    /// Computes the ends of a range.
    pub(super) fn range(
        &mut self,
        parts: &(Expression, Expression),
        row: &mut Row,
    ) -> Result<(i64, i64), QueryError> {
        let low = self.evaluate(&parts.0, row)?;
        let high = self.evaluate(&parts.1, row)?;
        Ok((low.to_integer(), high.to_integer()))
    }

    fn object(&mut self, entries: &[Entry], row: &mut Row) -> Result<Value, QueryError> {
        let mut object = Object::with_capacity(entries.len());
        for entry in entries {
            let name: Arc<str> = match &entry.name {
                EntryName::Literal(name) => name.clone(),
                EntryName::Bind(bind) => self.binding.values[*bind].to_text(),
                EntryName::Computed(name) => self.evaluate(name, row)?.to_text(),
                EntryName::Shorthand(_) | EntryName::BindName(_) => {
                    unreachable!("the check resolves all names")
                }
            };
            let value = self.evaluate(&entry.value, row)?;
            // Names that are computed may repeat others: the first counts.
            if !object.contains(&name) {
                object.set(name, value);
            }
        }
        Ok(Value::object(object))
    }

    fn call(&mut self, call: &Call, row: &mut Row) -> Result<Value, QueryError> {
        let arguments = self.evaluate_all(&call.arguments, row)?;
        let function = call.function.expect("the check looks up all functions");
        let mut context = Context::new(self.environment, self.store);
        function.call(&mut context, &arguments)
    }
}
