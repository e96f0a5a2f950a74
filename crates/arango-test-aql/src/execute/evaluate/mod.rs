//! Expressions.

mod access;
mod expand;
mod operator;

use std::sync::Arc;

use super::run::materialize;
use super::{Results, Row, Run};
use crate::error::QueryError;
use crate::functions::Context;
use crate::syntax::tree::{Block, Call, Entry, EntryName, Expression, ExpressionKind};
use crate::value::{Object, Value};

impl Run<'_> {
    /// Computes an expression.
    ///
    /// The row is changed only in slots that belong to the expression itself.
    ///
    /// This only selects a method: what lives here lives once for each level of an expression, on the stack.
    pub(crate) fn evaluate(&mut self, expression: &Expression, row: &mut Row) -> Result<Value, QueryError> {
        match &expression.kind {
            ExpressionKind::Constant(value) => Ok(value.clone()),
            ExpressionKind::Variable(slot) => Ok(row.get(*slot).clone()),
            ExpressionKind::Bind(bind) => Ok(self.binding.values[*bind].clone()),
            ExpressionKind::Folded(number) => Ok(self.folded[*number].clone()),
            ExpressionKind::Collection(collection) => Ok(Value::String(self.collection(*collection))),
            ExpressionKind::Array(items) => self.array(items, row),
            ExpressionKind::Object(entries) => self.object(entries, row),
            ExpressionKind::Unary(operator, operand) => self.unary(*operator, operand, row),
            ExpressionKind::Binary(operator, parts) => self.binary(*operator, parts, row),
            ExpressionKind::Quantified(parts) => self.quantified(parts, row),
            ExpressionKind::Ternary(parts) => self.ternary(parts, row),
            ExpressionKind::Range(parts) => self.materialized(parts, row),
            ExpressionKind::Attribute(object, name) => self.attribute(object, name, row),
            ExpressionKind::Index(parts) => self.index(parts, row),
            ExpressionKind::Expand(expand) => self.expand(expand, row),
            ExpressionKind::Call(call) => self.call(call, row),
            ExpressionKind::Subquery(block) => self.subquery(block, row),
            ExpressionKind::Enclosed(inner) => self.evaluate(inner, row),
            ExpressionKind::Name(_) | ExpressionKind::BindName(_) | ExpressionKind::Current => {
                unreachable!("the check resolves all names")
            }
        }
    }

    fn array(&mut self, items: &[Expression], row: &mut Row) -> Result<Value, QueryError> {
        Ok(Value::array(self.evaluate_all(items, row)?))
    }

    fn materialized(&mut self, parts: &(Expression, Expression), row: &mut Row) -> Result<Value, QueryError> {
        let (low, high) = self.range(parts, row)?;
        materialize(low, high)
    }

    fn subquery(&mut self, block: &Block, row: &mut Row) -> Result<Value, QueryError> {
        let mut results = Results::new(self, block, row, false)?;
        let mut values = Vec::new();
        while let Some(value) = results.next(self)? {
            values.push(value);
        }
        Ok(Value::array(values))
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
