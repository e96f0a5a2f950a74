//! Statements that write: what each names, and whether it has an old and a new document.

use super::{Access, Checker};
use crate::error::QueryError;
use crate::syntax::tree::{
    EntryName, Expression, ExpressionKind, Insert, Modify, Remove, Upsert, UpsertLookup,
};

impl Checker {
    pub(super) fn insert(&mut self, insert: &mut Insert) -> Result<(), QueryError> {
        self.expression(&mut insert.document)?;
        self.target(&mut insert.target);
        self.options(insert.options.as_mut())?;
        self.facts.write(insert.target.collection);
        if insert.options.as_ref().is_some_and(can_overwrite) {
            insert.old = Some(self.introduce("OLD"));
        }
        insert.new = self.introduce("NEW");
        Ok(())
    }

    pub(super) fn modify(&mut self, modify: &mut Modify) -> Result<(), QueryError> {
        modify.key.iter_mut().try_for_each(|key| self.expression(key))?;
        self.expression(&mut modify.document)?;
        self.target(&mut modify.target);
        self.options(modify.options.as_mut())?;
        self.facts.write(modify.target.collection);
        modify.old = self.introduce("OLD");
        modify.new = self.introduce("NEW");
        Ok(())
    }

    pub(super) fn remove(&mut self, remove: &mut Remove) -> Result<(), QueryError> {
        self.expression(&mut remove.key)?;
        self.target(&mut remove.target);
        self.options(remove.options.as_mut())?;
        self.facts.write(remove.target.collection);
        remove.old = self.introduce("OLD");
        Ok(())
    }

    pub(super) fn upsert(&mut self, upsert: &mut Upsert) -> Result<(), QueryError> {
        self.facts.has_upsert = true;
        self.target(&mut upsert.target);
        match &mut upsert.lookup {
            UpsertLookup::Example(example) => self.expression(example)?,
            UpsertLookup::Filter(condition, slot) => {
                *slot = self.facts.slot("CURRENT");
                self.current.push(*slot);
                let result = self.expression(condition);
                self.current.pop();
                result?;
            }
        }
        self.facts.accesses.push(Access::Read(upsert.target.collection));
        upsert.old = self.introduce("OLD");
        self.expression(&mut upsert.insert)?;
        self.expression(&mut upsert.document)?;
        self.options(upsert.options.as_mut())?;
        self.facts.write(upsert.target.collection);
        upsert.new = self.introduce("NEW");
        Ok(())
    }
}

/// Whether the options let an insert replace a document, so that there is an old one.
fn can_overwrite(options: &Expression) -> bool {
    let ExpressionKind::Object(entries) = &options.kind else { return false };
    let mut overwrites = None;
    for entry in entries {
        let EntryName::Literal(name) = &entry.name else { continue };
        match (&**name, &entry.value.kind) {
            ("overwrite", ExpressionKind::Constant(value)) if !value.is_true() => {}
            ("overwrite", _) => drop(overwrites.get_or_insert(true)),
            ("overwriteMode", ExpressionKind::Constant(mode)) => match mode.as_str() {
                Some("update" | "replace") => overwrites = Some(true),
                Some("ignore" | "conflict") => overwrites = Some(false),
                _ => {}
            },
            ("overwriteMode", _) => overwrites = Some(true),
            _ => {}
        }
    }
    overwrites.unwrap_or(false)
}
