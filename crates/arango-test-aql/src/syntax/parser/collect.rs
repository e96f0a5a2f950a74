//! `COLLECT`.

use std::sync::Arc;

use super::super::token::{Keyword, Symbol, Token};
use super::super::tree::{Collect, Count, Expression, Into, StatementKind};
use super::Parser;
use crate::error::QueryError;

impl Parser<'_> {
    pub(super) fn collect(&mut self) -> Result<StatementKind, QueryError> {
        let mut collect =
            Collect { groups: Vec::new(), aggregates: Vec::new(), count: None, into: None, options: None };
        let has_groups = matches!(self.peek(), Token::Name(_));
        if has_groups {
            self.assignments(Self::expression, |assignment| collect.groups.push(assignment))?;
        }
        if self.is_keyword(Keyword::With) {
            collect.count = Some(self.count()?);
        } else {
            if self.eat_keyword(Keyword::Aggregate) {
                self.assignments(Self::aggregate, |assignment| collect.aggregates.push(assignment))?;
            } else if !has_groups {
                return Err(self.unexpected());
            }
            collect.into = self.into()?;
            if collect.aggregates.is_empty() {
                self.keep(&mut collect)?;
            }
        }
        collect.options = self.options()?;
        Ok(StatementKind::Collect(Arc::new(collect)))
    }

    /// Parses a call of a function: nothing else is an aggregate.
    fn aggregate(&mut self) -> Result<Expression, QueryError> {
        let position = self.position();
        let Token::Name(name) = self.peek().clone() else {
            return Err(self.unexpected_instead_of("identifier"));
        };
        self.take();
        self.call_after(&name, position)?.ok_or_else(|| self.unexpected_instead_of(":: or ("))
    }

    fn count(&mut self) -> Result<Count, QueryError> {
        self.take();
        match self.peek() {
            Token::Name(name) if !name.eq_ignore_ascii_case("COUNT") => {
                return Err(self.error(&format!("unexpected qualifier '{name}', expecting 'COUNT'")));
            }
            _ => self.expect_name()?,
        };
        if !self.eat_keyword(Keyword::Into) {
            return Err(self.unexpected_instead_of("INTO keyword"));
        }
        Ok(Count { variable: self.variable()? })
    }

    fn into(&mut self) -> Result<Option<Into>, QueryError> {
        if !self.eat_keyword(Keyword::Into) {
            return Ok(None);
        }
        let variable = self.variable()?;
        let projection = if self.eat(Symbol::Assign) { Some(self.expression()?) } else { None };
        Ok(Some(Into { variable, projection, keep: None, captured: Vec::new() }))
    }

    fn keep(&mut self, collect: &mut Collect) -> Result<(), QueryError> {
        let Token::Name(name) = self.peek().clone() else { return Ok(()) };
        if name.eq_ignore_ascii_case("OPTIONS") {
            return Ok(());
        }
        if !name.eq_ignore_ascii_case("KEEP") {
            return Err(self.error(&format!("unexpected qualifier '{name}', expecting 'KEEP'")));
        }
        let Some(into) = &mut collect.into else { return Err(self.error("use of 'KEEP' without 'INTO'")) };
        if into.projection.is_some() {
            return Err(self.not_implemented("KEEP beside an expression for INTO"));
        }
        self.take();
        let mut kept = vec![self.variable()?];
        while self.eat(Symbol::Comma) {
            kept.push(self.variable()?);
        }
        into.keep = Some(kept);
        Ok(())
    }
}
