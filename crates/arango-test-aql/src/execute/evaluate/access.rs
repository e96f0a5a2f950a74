//! Access to attributes and items.

use super::{Row, Run};
use crate::error::QueryError;
use crate::syntax::tree::{AttributeName, Expression};
use crate::value::Value;

impl Run<'_> {
    pub(super) fn attribute(
        &mut self,
        object: &Expression,
        name: &AttributeName,
        row: &mut Row,
    ) -> Result<Value, QueryError> {
        let object = self.evaluate(object, row)?;
        Ok(self.attribute_of(&object, name))
    }

    pub(super) fn index(
        &mut self,
        parts: &(Expression, Expression),
        row: &mut Row,
    ) -> Result<Value, QueryError> {
        let container = self.evaluate(&parts.0, row)?;
        let index = self.evaluate(&parts.1, row)?;
        Ok(indexed(&container, &index))
    }

    /// Returns an attribute, or one within attributes if a bind parameter names several.
    fn attribute_of(&self, object: &Value, name: &AttributeName) -> Value {
        match name {
            AttributeName::Literal(name) => object.attribute(name),
            AttributeName::Bind(bind) => match &self.binding.values[*bind] {
                Value::Array(path) => {
                    let names = path.iter().filter_map(Value::as_str);
                    names.fold(object.clone(), |object, name| object.attribute(name))
                }
                name => object.attribute(name.as_str().unwrap_or_default()),
            },
            AttributeName::BindName(_) => unreachable!("the check resolves all names"),
        }
    }
}

/// Returns an item of an array or an attribute of an object.
///
/// Numbers and strings that contain numbers count for both: `array["0"]`, `object[0]`.
fn indexed(container: &Value, index: &Value) -> Value {
    match (container.resolve(), index) {
        (Value::Array(_), Value::String(index)) => {
            index.parse().map_or(Value::Null, |index| container.element(index))
        }
        (Value::Array(_), index) if index.is_number() => container.element(index.to_integer()),
        (Value::Object(_), Value::String(name)) => container.attribute(name),
        (Value::Object(_), index) if index.is_number() => {
            container.attribute(&index.to_integer().to_string())
        }
        _ => Value::Null,
    }
}
