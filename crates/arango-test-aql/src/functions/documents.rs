//! Documents and their identifiers.

use super::arguments::argument;
use super::context::Context;
use super::date;
use crate::error::{QueryError, number};
use crate::value::{Object, Value};

type Result<T = Value> = std::result::Result<T, QueryError>;

/// Documents that do not exist are `null`, or are left out of an array.
pub(super) fn document(context: &mut Context<'_>, arguments: &[Value]) -> Result {
    let (collection, id) = match arguments {
        [id] => (None, id.resolve()),
        _ => match argument(arguments, 0).as_str() {
            Some(collection) => (Some(collection), argument(arguments, 1)),
            None => return context.invalid(),
        },
    };
    match id {
        Value::String(id) => Ok(read(context, collection, id)?.unwrap_or(Value::Null)),
        Value::Array(ids) => {
            let mut documents = Vec::new();
            for id in ids.iter().filter_map(Value::as_str) {
                documents.extend(read(context, collection, id)?);
            }
            Ok(Value::array(documents))
        }
        _ => Ok(Value::Null),
    }
}

/// Reads a document by its key or identifier.
fn read(context: &Context<'_>, collection: Option<&str>, id: &str) -> Result<Option<Value>> {
    let (collection, key) = match (collection, id.split_once('/')) {
        (None, None) => return Ok(None),
        (Some(collection), None) => (collection, id),
        (None, Some(parts)) => parts,
        (Some(collection), Some((named, key))) if collection == named => (collection, key),
        (Some(_), Some(_)) => return Ok(None),
    };
    match context.documents.get(collection, key) {
        Err(error) if error.number == number::COLLECTION_NOT_FOUND => Ok(None),
        result => result,
    }
}

pub(super) fn collection_count(context: &mut Context<'_>, arguments: &[Value]) -> Result {
    match argument(arguments, 0).as_str() {
        Some(collection) => Ok(context.documents.count(collection)?.into()),
        None => Err(context.argument_error()),
    }
}

pub(super) fn check_document(_: &mut Context<'_>, arguments: &[Value]) -> Result {
    // Objects of this crate have each name once.
    Ok(argument(arguments, 0).as_object().is_some().into())
}

pub(super) fn is_same_collection(context: &mut Context<'_>, arguments: &[Value]) -> Result {
    match (collection_of(argument(arguments, 0)), collection_of(argument(arguments, 1))) {
        (Some(left), Some(right)) => Ok((left == right).into()),
        _ => context.invalid(),
    }
}

/// Returns the collection that a document, an identifier or a name belongs to.
fn collection_of(value: &Value) -> Option<String> {
    let id = identifier(value)?;
    let collection = id.split_once('/').map_or(id.as_str(), |(collection, _)| collection);
    (!id.is_empty()).then(|| collection.to_owned())
}

/// Returns the `_id` of a document, or the string itself.
fn identifier(value: &Value) -> Option<String> {
    let id = if value.as_object().is_some() { value.attribute("_id") } else { value.clone() };
    id.as_str().map(str::to_owned)
}

/// Cuts an identifier in two; `None` unless it has exactly one slash.
fn parts(value: &Value) -> Option<(String, String)> {
    let id = identifier(value)?;
    let (collection, key) = id.split_once('/')?;
    (!key.contains('/')).then(|| (collection.to_owned(), key.to_owned()))
}

pub(super) fn parse_identifier(context: &mut Context<'_>, arguments: &[Value]) -> Result {
    let Some((collection, key)) = parts(argument(arguments, 0)) else { return context.invalid() };
    let mut object = Object::new();
    object.set("collection", collection.into());
    object.set("key", key.into());
    Ok(object.into())
}

pub(super) fn parse_collection(context: &mut Context<'_>, arguments: &[Value]) -> Result {
    match parts(argument(arguments, 0)) {
        Some((collection, _)) => Ok(collection.into()),
        None => context.invalid(),
    }
}

pub(super) fn parse_key(context: &mut Context<'_>, arguments: &[Value]) -> Result {
    match parts(argument(arguments, 0)) {
        Some((_, key)) => Ok(key.into()),
        None => context.invalid(),
    }
}

pub(super) fn is_key(_: &mut Context<'_>, arguments: &[Value]) -> Result {
    let is_valid = |key: &str| {
        let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_-:.@()+,=;$!*'%".contains(&byte);
        (1..=254).contains(&key.len()) && key.bytes().all(is_allowed)
    };
    Ok(argument(arguments, 0).as_str().is_some_and(is_valid).into())
}

/// Reads a revision: a time in milliseconds, and a counter of 20 bits.
pub(super) fn decode_rev(context: &mut Context<'_>, arguments: &[Value]) -> Result {
    const ALPHABET: &str = "-_ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    let digits = |revision: &str| {
        revision.bytes().try_fold(0u64, |bits, byte| {
            let digit = ALPHABET.find(char::from(byte))?;
            Some(bits.checked_mul(64)? | u64::try_from(digit).ok()?)
        })
    };
    let revision = argument(arguments, 0).as_str().filter(|revision| !revision.is_empty());
    let Some(bits) = revision.and_then(digits) else { return context.invalid() };
    let milliseconds = i64::try_from(bits >> 20).unwrap_or(i64::MAX);
    let mut object = Object::new();
    object.set("date", date::iso8601(milliseconds).map_or(Value::Null, Value::from));
    object.set("count", Value::from(bits & 0xf_ffff));
    Ok(object.into())
}
