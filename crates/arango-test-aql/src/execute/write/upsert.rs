//! `UPSERT`.

use std::sync::Arc;

use super::{Options, Row, Run, check_document, key_of};
use crate::error::QueryError;
use crate::store::Written;
use crate::syntax::tree::{EntryName, Expression, ExpressionKind, Upsert, UpsertLookup};
use crate::value::Value;

/// An attribute, given by its path, that must have a value.
type Condition = (Vec<Arc<str>>, Value);

impl Run<'_> {
    /// Writes for one row: looks for a document, and updates it or inserts another.
    pub(super) fn upsert(
        &mut self,
        upsert: &Upsert,
        collection: &str,
        options: &Options,
        row: &mut Row,
    ) -> Result<Written, QueryError> {
        let old = self.look_up(&upsert.lookup, collection, row)?;
        row.set(upsert.old, old.clone().unwrap_or(Value::Null));
        let Some(old) = old else {
            let document = self.evaluate(&upsert.insert, row)?;
            check_document(&document)?;
            return self.store.insert(collection, &document, &options.write);
        };
        let document = self.evaluate(&upsert.document, row)?;
        check_document(&document)?;
        let key = key_of(&old)?;
        let options = options.with_revision(&document);
        if upsert.replaces {
            self.store.replace(collection, &key, &document, &options)
        } else {
            self.store.update(collection, &key, &document, &options)
        }
    }

    /// Returns the first document that matches, among those that earlier rows have written, too.
    fn look_up(
        &mut self,
        lookup: &UpsertLookup,
        collection: &str,
        row: &mut Row,
    ) -> Result<Option<Value>, QueryError> {
        match lookup {
            UpsertLookup::Example(example) => {
                let mut conditions = Vec::new();
                self.conditions(example, &[], row, &mut conditions)?;
                if let Some(key) = key_among(&conditions) {
                    // A server looks in the primary index, in which all keys are strings.
                    let Value::String(key) = key else { return Ok(None) };
                    let found = self.store.get(collection, key)?;
                    self.stats.scanned_index += u64::from(found.is_some());
                    return Ok(found.filter(|document| holds(&conditions, document)));
                }
                let mut documents = self.store.scan(collection)?;
                let found = documents.find(|document| {
                    self.stats.scanned_full += 1;
                    holds(&conditions, document)
                });
                Ok(found)
            }
            UpsertLookup::Filter(condition, slot) => {
                for document in self.store.scan(collection)? {
                    self.stats.scanned_full += 1;
                    row.set(*slot, document.clone());
                    if self.evaluate(condition, row)?.is_true() {
                        return Ok(Some(document));
                    }
                }
                Ok(None)
            }
        }
    }

    /// Adds what an example asks for. Attributes of objects within it count one by one, unless they are computed.
    fn conditions(
        &mut self,
        example: &Expression,
        path: &[Arc<str>],
        row: &mut Row,
        conditions: &mut Vec<Condition>,
    ) -> Result<(), QueryError> {
        let below = |name: &Arc<str>| path.iter().chain([name]).cloned().collect::<Vec<_>>();
        match &example.kind {
            ExpressionKind::Object(entries) if path.is_empty() || !entries.is_empty() => {
                for entry in entries {
                    let EntryName::Literal(name) = &entry.name else {
                        let construct = "UPSERT with computed names";
                        return Err(QueryError::not_implemented(construct).at(entry.value.position));
                    };
                    self.conditions(&entry.value, &below(name), row, conditions)?;
                }
            }
            ExpressionKind::Bind(bind) => {
                let value = self.binding.values[*bind].clone();
                if path.is_empty() && value.as_object().is_none() {
                    let construct = "UPSERT with a parameter that is not an object";
                    return Err(QueryError::not_implemented(construct).at(example.position));
                }
                constant_conditions(&value, path, conditions);
            }
            _ => conditions.push((path.to_vec(), self.evaluate(example, row)?)),
        }
        Ok(())
    }
}

/// Returns the key that the document must have.
fn key_among(conditions: &[Condition]) -> Option<&Value> {
    let is_key = |path: &[Arc<str>]| matches!(path, [name] if **name == *"_key");
    conditions.iter().find(|(path, _)| is_key(path)).map(|(_, value)| value)
}

fn holds(conditions: &[Condition], document: &Value) -> bool {
    conditions.iter().all(|(path, value)| {
        let found = path.iter().fold(document.clone(), |object, name| object.attribute(name));
        found.equals(value)
    })
}

fn constant_conditions(value: &Value, path: &[Arc<str>], conditions: &mut Vec<Condition>) {
    match value.as_object() {
        Some(object) if path.is_empty() || !object.is_empty() => {
            for (name, value) in object.iter() {
                let below: Vec<_> = path.iter().chain([name]).cloned().collect();
                constant_conditions(value, &below, conditions);
            }
        }
        _ => conditions.push((path.to_vec(), value.clone())),
    }
}
