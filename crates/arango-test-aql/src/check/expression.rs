//! Expressions: names, functions, and what is constant.

use std::collections::HashSet;
use std::sync::Arc;

use super::fold::rewrite_negation;
use super::{Access, Checker, CollectionName};
use crate::error::{Position, QueryError, number};
use crate::syntax::tree::{
    AttributeName, Entry, EntryName, Expand, Expansion, Expression, ExpressionKind, Quantified, Quantifier,
};

impl Checker {
    /// Resolves the names in an expression.
    pub(super) fn expression(&mut self, expression: &mut Expression) -> Result<(), QueryError> {
        self.operand(expression)?;
        if let ExpressionKind::Collection(collection) = expression.kind {
            self.facts.misused.push((collection, expression.position));
            self.facts.accesses.push(Access::Read(collection));
        }
        Ok(())
    }

    /// Resolves the source of a loop, which may be a collection.
    pub(super) fn source(&mut self, source: &mut Expression) -> Result<(), QueryError> {
        self.operand(source)?;
        if let ExpressionKind::Collection(collection) = source.kind {
            self.facts.accesses.push(Access::Read(collection));
        }
        Ok(())
    }

    /// Resolves an expression that may be a collection.
    ///
    /// This only selects a method: what lives here lives once for each level of an expression, on the stack.
    fn operand(&mut self, expression: &mut Expression) -> Result<(), QueryError> {
        let position = expression.position;
        expression.is_constant = match &mut expression.kind {
            ExpressionKind::Name(_) | ExpressionKind::BindName(_) | ExpressionKind::Current => {
                self.resolve(expression)?
            }
            ExpressionKind::Constant(_) | ExpressionKind::Bind(_) => true,
            ExpressionKind::Variable(_) | ExpressionKind::Collection(_) => false,
            ExpressionKind::Folded(_) => true,
            ExpressionKind::Array(items) => self.all(items)?,
            ExpressionKind::Object(entries) => self.entries(entries)?,
            ExpressionKind::Unary(_, operand) | ExpressionKind::Enclosed(operand) => self.one(operand)?,
            ExpressionKind::Binary(_, parts) => self.both(parts)?,
            // A server knows neither of them before the query runs.
            ExpressionKind::Range(parts) | ExpressionKind::Index(parts) => self.both(parts).map(|_| false)?,
            ExpressionKind::Quantified(parts) => self.quantified(parts)?,
            ExpressionKind::Ternary(parts) => self.ternary(parts)?,
            ExpressionKind::Attribute(object, name) => {
                self.attribute_name(name);
                self.one(object)?
            }
            ExpressionKind::Expand(expand) => self.expand(expand)?,
            ExpressionKind::Call(call) => self.call(call, position)?,
            ExpressionKind::Subquery(block) => self.subquery(block)?,
        };
        self.record_nesting(expression)?;
        self.fold(expression);
        rewrite_negation(expression);
        Ok(())
    }

    /// Resolves a name or parameter, and returns whether it is constant.
    fn resolve(&mut self, expression: &mut Expression) -> Result<bool, QueryError> {
        let (kind, is_constant) = match &expression.kind {
            ExpressionKind::Name(name) => self.name(name, expression.position)?,
            ExpressionKind::BindName(name) => {
                let bind = self.facts.bind(name);
                if name.starts_with('@') {
                    let collection = self.facts.collection(CollectionName::Bind(bind));
                    (ExpressionKind::Collection(collection), false)
                } else {
                    (ExpressionKind::Bind(bind), true)
                }
            }
            _ => {
                let item = self.item.expect("the parser puts items into expansions only");
                (ExpressionKind::Variable(item), false)
            }
        };
        expression.kind = kind;
        Ok(is_constant)
    }

    fn one(&mut self, operand: &mut Expression) -> Result<bool, QueryError> {
        self.expression(operand)?;
        Ok(operand.is_constant)
    }

    fn both(&mut self, parts: &mut (Expression, Expression)) -> Result<bool, QueryError> {
        let left = self.one(&mut parts.0)?;
        Ok(self.one(&mut parts.1)? && left)
    }

    fn all(&mut self, expressions: &mut [Expression]) -> Result<bool, QueryError> {
        let mut is_constant = true;
        for expression in expressions {
            is_constant &= self.one(expression)?;
        }
        Ok(is_constant)
    }

    fn entries(&mut self, entries: &mut Vec<Entry>) -> Result<bool, QueryError> {
        let mut is_constant = true;
        for entry in entries.iter_mut() {
            is_constant &= self.entry(entry)?;
        }
        keep_last(entries);
        Ok(is_constant)
    }

    fn quantified(&mut self, parts: &mut Quantified) -> Result<bool, QueryError> {
        self.expression(&mut parts.left)?;
        self.quantifier(&mut parts.quantifier)?;
        self.expression(&mut parts.right)?;
        Ok(false)
    }

    fn ternary(
        &mut self,
        parts: &mut (Expression, Option<Expression>, Expression),
    ) -> Result<bool, QueryError> {
        let mut is_constant = self.one(&mut parts.0)?;
        if let Some(then) = &mut parts.1 {
            is_constant &= self.one(then)?;
        }
        Ok(self.one(&mut parts.2)? && is_constant)
    }

    /// Resolves a name: a variable, or else a collection. Returns whether it is constant, too.
    fn name(&mut self, name: &Arc<str>, position: Position) -> Result<(ExpressionKind, bool), QueryError> {
        if let Some(slot) = self.variable(name, position)? {
            self.record_filtered_path(slot);
            return Ok(match self.constants.get(&slot) {
                Some(number) => (ExpressionKind::Folded(*number), true),
                None => (ExpressionKind::Variable(slot), false),
            });
        }
        let collection = self.facts.collection(CollectionName::Literal(name.clone()));
        Ok((ExpressionKind::Collection(collection), false))
    }

    pub(super) fn variable(&self, name: &str, position: Position) -> Result<Option<usize>, QueryError> {
        let name = match name {
            "$OLD" => "OLD",
            "$NEW" => "NEW",
            other => other,
        };
        if let Some(slot) = self.scopes.find(name) {
            return Ok(Some(slot));
        }
        if self.introduced.iter().any(|introduced| **introduced == *name) {
            let message = format!("use of COLLECT variable '{name}' inside same COLLECT");
            return Err(QueryError::new(number::VARIABLE_NAME_UNKNOWN, message).at(position));
        }
        Ok(matches!(name, "CURRENT" | "$CURRENT").then(|| self.current.last().copied()).flatten())
    }

    fn entry(&mut self, entry: &mut Entry) -> Result<bool, QueryError> {
        let mut is_constant = true;
        match &mut entry.name {
            EntryName::Literal(_) | EntryName::Bind(_) => {}
            EntryName::Shorthand(name) => {
                if self.variable(name, entry.value.position)?.is_none() {
                    let message = format!("use of unknown variable '{name}' in object literal");
                    return Err(
                        QueryError::new(number::VARIABLE_NAME_UNKNOWN, message).at(entry.value.position)
                    );
                }
                entry.name = EntryName::Literal(name.clone());
            }
            EntryName::BindName(name) => entry.name = EntryName::Bind(self.facts.bind(name)),
            EntryName::Computed(name) => {
                self.expression(name)?;
                is_constant = false;
            }
        }
        self.expression(&mut entry.value)?;
        Ok(is_constant && entry.value.is_constant)
    }

    fn attribute_name(&mut self, name: &mut AttributeName) {
        if let AttributeName::BindName(bind) = name {
            let bind = self.facts.bind(bind);
            self.facts.attribute_binds.push(bind);
            *name = AttributeName::Bind(bind);
        }
    }

    fn quantifier(&mut self, quantifier: &mut Quantifier) -> Result<(), QueryError> {
        match quantifier {
            Quantifier::AtLeast(count) | Quantifier::Exactly(count) => self.expression(count),
            Quantifier::All | Quantifier::Any | Quantifier::None => Ok(()),
        }
    }

    fn expand(&mut self, expand: &mut Expand) -> Result<bool, QueryError> {
        self.expression(&mut expand.source)?;
        expand.item = self.facts.slot("CURRENT");
        self.record_item(expand);
        self.current.push(expand.item);
        let result = self.expansion(expand);
        self.current.pop();
        result?;
        if let Expansion::Map { body, .. } = &mut expand.expansion {
            let outer = self.item.replace(expand.item);
            let result = self.expression(body);
            self.item = outer;
            result?;
        }
        Ok(false)
    }

    /// Resolves what stands within the brackets of an expansion, where `CURRENT` is the item.
    fn expansion(&mut self, expand: &mut Expand) -> Result<(), QueryError> {
        expand.filter.iter_mut().try_for_each(|filter| self.expression(filter))?;
        match &mut expand.expansion {
            Expansion::Map { limit, projection, .. } => {
                if let Some((offset, count)) = limit.as_deref_mut() {
                    offset.iter_mut().try_for_each(|offset| self.expression(offset))?;
                    self.expression(count)?;
                }
                projection.iter_mut().try_for_each(|projection| self.expression(projection))
            }
            Expansion::Test(quantifier) => {
                quantifier.iter_mut().try_for_each(|quantifier| self.quantifier(quantifier))
            }
        }
    }
}

/// Removes attributes whose name stands again further down. For computed names the first counts, when the query runs.
fn keep_last(entries: &mut Vec<Entry>) {
    let mut seen = HashSet::new();
    entries.reverse();
    entries.retain(|entry| match &entry.name {
        EntryName::Literal(name) => seen.insert(name.clone()),
        _ => true,
    });
    entries.reverse();
}
