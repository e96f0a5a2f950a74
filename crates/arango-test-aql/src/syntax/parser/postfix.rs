//! Access to attributes and items, and expansions.

use super::super::token::{Keyword, Symbol, Token};
use super::super::tree::{AttributeName, Expand, Expansion, Expression, ExpressionKind, Quantifier};
use super::Parser;
use crate::error::QueryError;

impl Parser<'_> {
    /// Parses what is accessed in a reference.
    pub(super) fn accesses(&mut self, mut reference: Expression) -> Result<Expression, QueryError> {
        loop {
            reference = if self.eat(Symbol::Dot) {
                let name = self.attribute_name()?;
                self.access(reference, |inner| ExpressionKind::Attribute(Box::new(inner), name))?
            } else if self.eat(Symbol::ArrayOpen) {
                let reference = self.bracketed(|parser| parser.bracket(reference))?;
                self.expect(Symbol::ArrayClose)?;
                reference
            } else {
                return Ok(reference);
            }
        }
    }

    fn attribute_name(&mut self) -> Result<AttributeName, QueryError> {
        let name = match self.peek().clone() {
            Token::Name(name) => AttributeName::Literal(name),
            Token::Bind(name) => AttributeName::BindName(name),
            _ => {
                let expected = "identifier or bind parameter or bind data source parameter";
                return Err(self.unexpected_instead_of(expected));
            }
        };
        self.take();
        Ok(name)
    }

    /// Parses what stands between brackets after a reference.
    fn bracket(&mut self, reference: Expression) -> Result<Expression, QueryError> {
        for (mark, is_map) in [(Symbol::Times, true), (Symbol::Question, false)] {
            let mut levels = 0;
            while self.eat(mark) {
                levels += 1;
            }
            if levels > 0 {
                return self.expand(reference, levels, is_map);
            }
        }
        let index = self.expression()?;
        self.access(reference, |inner| ExpressionKind::Index(Box::new((inner, index))))
    }

    fn expand(
        &mut self,
        reference: Expression,
        levels: usize,
        is_map: bool,
    ) -> Result<Expression, QueryError> {
        let position = self.position();
        let (quantifier, filter) = self.array_filter()?;
        let expansion = if is_map {
            if quantifier.is_some() {
                return Err(self.error("unexpected quantifier value found for array expansion operation."));
            }
            let limit = if self.eat_keyword(Keyword::Limit) {
                let first = self.expression()?;
                let limit =
                    if self.eat(Symbol::Comma) { (Some(first), self.expression()?) } else { (None, first) };
                Some(Box::new(limit))
            } else {
                None
            };
            let projection = if self.eat_keyword(Keyword::Return) { Some(self.expression()?) } else { None };
            Expansion::Map { limit, projection, body: self.node(ExpressionKind::Current, position)? }
        } else {
            Expansion::Test(quantifier)
        };
        let make =
            |source| ExpressionKind::Expand(Box::new(Expand { source, levels, item: 0, filter, expansion }));
        if levels > 1 {
            // More than one mark takes the whole array that the expansions before it yield.
            return self.node(make(reference), position);
        }
        self.expand_items(reference, make)
    }

    /// Parses the quantifier and the condition of an expansion.
    fn array_filter(&mut self) -> Result<(Option<Quantifier>, Option<Expression>), QueryError> {
        let ends = |parser: &Self| {
            parser.is_symbol(Symbol::ArrayClose)
                || parser.is_keyword(Keyword::Limit)
                || parser.is_keyword(Keyword::Return)
        };
        if ends(self) {
            return Ok((None, None));
        }
        let mut quantifier = self.quantifier()?;
        if quantifier.is_none() && !self.is_keyword(Keyword::Filter) {
            quantifier = Some(Quantifier::Exactly(self.expression()?));
        }
        if !self.eat_keyword(Keyword::Filter) {
            return Err(self.unexpected());
        }
        Ok((quantifier, Some(self.expression()?)))
    }

    /// Accesses something in a reference; in an expansion, in each of its innermost items.
    fn access(
        &mut self,
        mut reference: Expression,
        make: impl FnOnce(Expression) -> ExpressionKind,
    ) -> Result<Expression, QueryError> {
        self.access_items(&mut reference, make)?;
        self.record_depth(&reference)?;
        Ok(reference)
    }

    fn access_items(
        &mut self,
        reference: &mut Expression,
        make: impl FnOnce(Expression) -> ExpressionKind,
    ) -> Result<(), QueryError> {
        match self.body(reference)? {
            Some(body) => self.access_items(body, make)?,
            None => self.wrap(reference, make)?,
        }
        reference.update_depth();
        Ok(())
    }

    /// Expands a reference; if it is an expansion, all that it yields for each of its items.
    ///
    /// So in `a[*].b[*].c[*]` the last expansion takes the array of `c`, not each `c`, as in a server.
    fn expand_items(
        &mut self,
        mut reference: Expression,
        make: impl FnOnce(Expression) -> ExpressionKind,
    ) -> Result<Expression, QueryError> {
        match self.body(&mut reference)? {
            Some(body) => self.wrap(body, make)?,
            None => self.wrap(&mut reference, make)?,
        }
        reference.update_depth();
        self.record_depth(&reference)?;
        Ok(reference)
    }

    /// Returns what an expansion yields for each item, if it is one.
    fn body<'e>(&self, reference: &'e mut Expression) -> Result<Option<&'e mut Expression>, QueryError> {
        let ExpressionKind::Expand(expand) = &mut reference.kind else { return Ok(None) };
        match &mut expand.expansion {
            Expansion::Map { projection: Some(_), .. } => {
                Err(self.not_implemented("access after an expansion with RETURN"))
            }
            Expansion::Map { projection: None, body, .. } => Ok(Some(body)),
            Expansion::Test(_) => Err(self.not_implemented("access after the question mark operator")),
        }
    }

    fn wrap(
        &mut self,
        inner: &mut Expression,
        make: impl FnOnce(Expression) -> ExpressionKind,
    ) -> Result<(), QueryError> {
        let position = inner.position;
        let taken = std::mem::replace(inner, Expression::new(ExpressionKind::Current, position));
        *inner = self.node(make(taken), position)?;
        Ok(())
    }
}
