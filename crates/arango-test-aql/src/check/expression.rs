//! Expressions: names, functions, and what is constant.

use std::sync::Arc;

use super::{Access, Checker, CollectionName};
use crate::error::{Position, QueryError, number};
use crate::syntax::tree::{
    AttributeName, Entry, EntryName, Expand, Expansion, Expression, ExpressionKind, Quantifier,
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
    fn operand(&mut self, expression: &mut Expression) -> Result<(), QueryError> {
        let position = expression.position;
        match &mut expression.kind {
            ExpressionKind::Constant(_) => expression.is_constant = true,
            ExpressionKind::Name(name) => expression.kind = self.name(name, position)?,
            ExpressionKind::BindName(name) => {
                let bind = self.facts.bind(name);
                if name.starts_with('@') {
                    let collection = self.facts.collection(CollectionName::Bind(bind));
                    expression.kind = ExpressionKind::Collection(collection);
                } else {
                    expression.kind = ExpressionKind::Bind(bind);
                    expression.is_constant = true;
                }
            }
            ExpressionKind::Current => {
                let item = self.item.expect("the parser puts items into expansions only");
                expression.kind = ExpressionKind::Variable(item);
            }
            ExpressionKind::Variable(_) | ExpressionKind::Bind(_) | ExpressionKind::Collection(_) => {}
            ExpressionKind::Array(items) => {
                expression.is_constant = self.all(items)?;
            }
            ExpressionKind::Object(entries) => {
                let mut is_constant = true;
                for entry in entries.iter_mut() {
                    is_constant &= self.entry(entry)?;
                }
                keep_last(entries);
                expression.is_constant = is_constant;
            }
            ExpressionKind::Unary(_, operand) | ExpressionKind::Enclosed(operand) => {
                self.expression(operand)?;
                expression.is_constant = operand.is_constant;
            }
            ExpressionKind::Binary(_, parts)
            | ExpressionKind::Range(parts)
            | ExpressionKind::Index(parts) => {
                self.expression(&mut parts.0)?;
                self.expression(&mut parts.1)?;
                expression.is_constant = parts.0.is_constant && parts.1.is_constant;
            }
            ExpressionKind::Quantified(parts) => {
                self.expression(&mut parts.left)?;
                self.quantifier(&mut parts.quantifier)?;
                self.expression(&mut parts.right)?;
            }
            ExpressionKind::Ternary(parts) => {
                self.expression(&mut parts.0)?;
                parts.1.iter_mut().try_for_each(|then| self.expression(then))?;
                self.expression(&mut parts.2)?;
                let then = parts.1.as_ref().is_none_or(|then| then.is_constant);
                expression.is_constant = parts.0.is_constant && then && parts.2.is_constant;
            }
            ExpressionKind::Attribute(object, name) => {
                self.expression(object)?;
                self.attribute_name(name);
                expression.is_constant = object.is_constant;
            }
            ExpressionKind::Expand(expand) => self.expand(expand)?,
            ExpressionKind::Call(call) => self.call(call, position)?,
            ExpressionKind::Subquery(block) => self.subquery(block)?,
        }
        Ok(())
    }

    fn all(&mut self, expressions: &mut [Expression]) -> Result<bool, QueryError> {
        let mut is_constant = true;
        for expression in expressions {
            self.expression(expression)?;
            is_constant &= expression.is_constant;
        }
        Ok(is_constant)
    }

    /// Resolves a name: a variable, or else a collection.
    fn name(&mut self, name: &Arc<str>, position: Position) -> Result<ExpressionKind, QueryError> {
        if let Some(slot) = self.variable(name, position)? {
            return Ok(ExpressionKind::Variable(slot));
        }
        let collection = self.facts.collection(CollectionName::Literal(name.clone()));
        Ok(ExpressionKind::Collection(collection))
    }

    fn variable(&self, name: &str, position: Position) -> Result<Option<usize>, QueryError> {
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
                is_constant = name.is_constant;
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

    fn expand(&mut self, expand: &mut Expand) -> Result<(), QueryError> {
        self.expression(&mut expand.source)?;
        expand.item = self.facts.slot("CURRENT");
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
        Ok(())
    }

    /// Resolves what stands within the brackets of an expansion, where `CURRENT` is the item.
    fn expansion(&mut self, expand: &mut Expand) -> Result<(), QueryError> {
        expand.filter.iter_mut().try_for_each(|filter| self.expression(filter))?;
        match &mut expand.expansion {
            Expansion::Map { limit, projection, .. } => {
                if let Some((offset, count)) = limit {
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
    let literal = |entry: &Entry| match &entry.name {
        EntryName::Literal(name) => Some(name.clone()),
        _ => None,
    };
    let mut index = 0;
    while index < entries.len() {
        let name = literal(&entries[index]);
        let is_repeated = name.is_some() && entries[index + 1..].iter().any(|later| literal(later) == name);
        if is_repeated {
            entries.remove(index);
        } else {
            index += 1;
        }
    }
}
