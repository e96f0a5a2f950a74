//! Objects: their names and values, and parts of them.

use std::collections::HashSet;

use super::arguments::{argument, flag, signed, size, text};
use super::context::Context;
use crate::error::QueryError;
use crate::value::{Object, Value};

type Result = std::result::Result<Value, QueryError>;

pub(super) fn has(_: &mut Context<'_>, arguments: &[Value]) -> Result {
    let object = argument(arguments, 0).as_object();
    Ok(object.is_some_and(|object| object.contains(&text(arguments, 1))).into())
}

/// Returns the attributes, without those of the database if a flag is set.
fn attributes_of<'a>(object: &'a Object, arguments: &[Value]) -> impl Iterator<Item = (&'a str, &'a Value)> {
    let hides_system = flag(arguments, 1);
    let all = object.iter().map(|(name, value)| (&**name, value));
    all.filter(move |(name, _)| !hides_system || !name.starts_with('_'))
}

pub(super) fn attributes(context: &mut Context<'_>, arguments: &[Value]) -> Result {
    let Some(object) = argument(arguments, 0).as_object() else { return context.invalid() };
    let mut names: Vec<&str> = attributes_of(object, arguments).map(|(name, _)| name).collect();
    if flag(arguments, 2) {
        names.sort_by(|left, right| context.environment.collation.compare(left, right));
    }
    Ok(Value::array(names.into_iter().map(Value::from).collect()))
}

pub(super) fn values(context: &mut Context<'_>, arguments: &[Value]) -> Result {
    let Some(object) = argument(arguments, 0).as_object() else { return context.invalid() };
    Ok(Value::array(attributes_of(object, arguments).map(|(_, value)| value.clone()).collect()))
}

pub(super) fn entries(context: &mut Context<'_>, arguments: &[Value]) -> Result {
    let Some(object) = argument(arguments, 0).as_object() else { return context.invalid() };
    let pairs =
        object.iter().map(|(name, value)| Value::array(vec![Value::String(name.clone()), value.clone()]));
    Ok(Value::array(pairs.collect()))
}

pub(super) fn value(context: &mut Context<'_>, arguments: &[Value]) -> Result {
    let root = argument(arguments, 0);
    let (Some(_), Some(path)) = (root.as_object(), argument(arguments, 1).as_array()) else {
        return context.invalid();
    };
    let step = |value: Value, step: &Value| match step {
        Value::String(name) => value.as_object()?.get(name).cloned(),
        index if index.is_number() => value.as_array()?.get(size(index.to_integer())?).cloned(),
        _ => None,
    };
    let found = path.iter().try_fold(root.clone(), step);
    Ok(found.filter(|_| !path.is_empty()).unwrap_or(Value::Null))
}

pub(super) fn keep(context: &mut Context<'_>, arguments: &[Value]) -> Result {
    select(context, arguments, Selection { keeps: true, is_recursive: false })
}

pub(super) fn keep_recursive(context: &mut Context<'_>, arguments: &[Value]) -> Result {
    select(context, arguments, Selection { keeps: true, is_recursive: true })
}

pub(super) fn unset(context: &mut Context<'_>, arguments: &[Value]) -> Result {
    select(context, arguments, Selection { keeps: false, is_recursive: false })
}

pub(super) fn unset_recursive(context: &mut Context<'_>, arguments: &[Value]) -> Result {
    select(context, arguments, Selection { keeps: false, is_recursive: true })
}

/// Whether named attributes are kept or removed, and whether this goes on in objects that are attributes.
#[derive(Clone, Copy)]
struct Selection {
    keeps: bool,
    is_recursive: bool,
}

fn select(context: &mut Context<'_>, arguments: &[Value], selection: Selection) -> Result {
    let Some(object) = argument(arguments, 0).as_object() else { return context.invalid() };
    let mut names = HashSet::new();
    for argument in &arguments[1..] {
        match argument.resolve() {
            Value::Array(items) => {
                for item in items.iter() {
                    match item.as_str() {
                        Some(name) => drop(names.insert(name.to_owned())),
                        None => context.warn_invalid(),
                    }
                }
            }
            name @ Value::String(_) => drop(names.insert(name.to_text().to_string())),
            name if name.is_number() => drop(names.insert(name.to_text().to_string())),
            _ => {}
        }
    }
    Ok(selected(object, &names, selection).into())
}

fn selected(object: &Object, names: &HashSet<String>, selection: Selection) -> Object {
    let kept = object.iter().filter(|(name, _)| names.contains(&***name) == selection.keeps);
    kept.map(|(name, value)| match value.as_object() {
        Some(inner) if selection.is_recursive => (name.clone(), selected(inner, names, selection).into()),
        _ => (name.clone(), value.clone()),
    })
    .collect()
}

pub(super) fn translate(context: &mut Context<'_>, arguments: &[Value]) -> Result {
    let Some(object) = argument(arguments, 1).as_object() else { return context.invalid() };
    let found = object.get(&text(arguments, 0));
    Ok(found.or_else(|| arguments.get(2)).unwrap_or(&arguments[0]).clone())
}

pub(super) fn zip(context: &mut Context<'_>, arguments: &[Value]) -> Result {
    match (argument(arguments, 0), argument(arguments, 1)) {
        (Value::Array(names), Value::Array(values)) if names.len() == values.len() => {
            let mut object = Object::with_capacity(names.len());
            for (name, value) in names.iter().zip(values.iter()) {
                let name = name.to_text();
                // Of equal names the first counts.
                if !object.contains(&name) {
                    object.set(name, value.clone());
                }
            }
            Ok(object.into())
        }
        _ => context.invalid(),
    }
}

pub(super) fn matches(context: &mut Context<'_>, arguments: &[Value]) -> Result {
    let Some(object) = argument(arguments, 0).as_object() else { return Ok(false.into()) };
    let examples = match argument(arguments, 1) {
        Value::Array(examples) => examples.as_slice(),
        example => std::slice::from_ref(example),
    };
    let mut found = None;
    for (position, example) in examples.iter().enumerate() {
        let Some(example) = example.as_object() else {
            context.warn_invalid();
            continue;
        };
        let is_equal = |(name, value): (_, &Value)| match object.get(name) {
            Some(present) => present.equals(value),
            None => value.is_null(),
        };
        if example.iter().map(|(name, value)| (&**name, value)).all(is_equal) {
            found = Some(position);
            break;
        }
    }
    Ok(if flag(arguments, 2) { Value::Int(found.map_or(-1, signed)) } else { found.is_some().into() })
}
