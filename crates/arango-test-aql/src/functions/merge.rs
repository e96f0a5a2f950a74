//! Objects: merging.

use super::context::Context;
use crate::error::QueryError;
use crate::value::{Object, Value};

type Result = std::result::Result<Value, QueryError>;

/// What becomes of an object that meets an object of the same name.
#[derive(Clone, Copy)]
enum Nested {
    Replaced,
    Merged,
}

pub(super) fn merge(context: &mut Context<'_>, arguments: &[Value]) -> Result {
    merge_all(context, arguments, Nested::Replaced)
}

pub(super) fn merge_recursive(context: &mut Context<'_>, arguments: &[Value]) -> Result {
    merge_all(context, arguments, Nested::Merged)
}

/// Merges the arguments, or the items of an array that is the only argument.
fn merge_all(context: &mut Context<'_>, arguments: &[Value], nested: Nested) -> Result {
    let values = match arguments {
        [Value::Array(items)] => items,
        arguments => arguments,
    };
    let mut merged = Object::new();
    for value in values {
        let Some(object) = value.as_object() else { return context.invalid() };
        merge_into(&mut merged, object, nested);
    }
    Ok(merged.into())
}

fn merge_into(merged: &mut Object, added: &Object, nested: Nested) {
    for (name, value) in added.iter() {
        let present = merged.get(name).and_then(Value::as_object);
        let value = match (nested, present, value.as_object()) {
            (Nested::Merged, Some(present), Some(added)) => {
                let mut inner = present.clone();
                merge_into(&mut inner, added, nested);
                inner.into()
            }
            _ => value.clone(),
        };
        merged.set(name.clone(), value);
    }
}
