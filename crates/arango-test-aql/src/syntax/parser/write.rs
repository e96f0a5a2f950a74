//! Statements that write.

use std::sync::Arc;

use super::super::token::{Keyword, Symbol, Token};
use super::super::tree::{
    Expression, ExpressionKind, Insert, Modify, Remove, StatementKind, Target, Upsert, UpsertLookup,
};
use super::Parser;
use crate::error::QueryError;

impl Parser<'_> {
    pub(super) fn insert(&mut self) -> Result<StatementKind, QueryError> {
        let document = self.operand()?;
        let (target, options) = self.target()?;
        Ok(StatementKind::Insert(Arc::new(Insert { document, target, options, old: None, new: 0 })))
    }

    pub(super) fn modify(&mut self, replaces: bool) -> Result<StatementKind, QueryError> {
        let first = self.operand()?;
        let (key, document) =
            if self.eat_keyword(Keyword::With) { (Some(first), self.operand()?) } else { (None, first) };
        let (target, options) = self.target()?;
        let modify = Modify { replaces, key, document, target, options, old: 0, new: 0 };
        Ok(StatementKind::Modify(Arc::new(modify)))
    }

    pub(super) fn remove(&mut self) -> Result<StatementKind, QueryError> {
        let key = self.operand()?;
        let (target, options) = self.target()?;
        Ok(StatementKind::Remove(Arc::new(Remove { key, target, options, old: 0 })))
    }

    pub(super) fn upsert(&mut self) -> Result<StatementKind, QueryError> {
        let lookup = if self.eat_keyword(Keyword::Filter) {
            UpsertLookup::Filter(self.expression()?, 0)
        } else {
            UpsertLookup::Example(self.example()?)
        };
        if !self.eat_keyword(Keyword::Insert) {
            return Err(self.unexpected_instead_of("INSERT command"));
        }
        let insert = self.expression()?;
        let replaces = self.is_keyword(Keyword::Replace);
        if !replaces && !self.is_keyword(Keyword::Update) {
            return Err(self.unexpected());
        }
        self.take();
        let document = self.operand()?;
        let (target, options) = self.target()?;
        let upsert = Upsert { lookup, insert, replaces, document, target, options, old: 0, new: 0 };
        Ok(StatementKind::Upsert(Arc::new(upsert)))
    }

    /// Parses the object literal or bind parameter that `UPSERT` looks for.
    fn example(&mut self) -> Result<Expression, QueryError> {
        let position = self.position();
        match self.peek().clone() {
            Token::Symbol(Symbol::ObjectOpen) => self.object(),
            Token::Bind(name) => {
                self.take();
                self.node(ExpressionKind::BindName(name), position)
            }
            _ => Err(self.unexpected()),
        }
    }

    /// Parses an expression that `IN` and the name of a collection follow.
    fn operand(&mut self) -> Result<Expression, QueryError> {
        self.stops_at_target = true;
        let operand = self.expression();
        self.stops_at_target = false;
        operand
    }

    /// Whether `IN` and the name of a collection follow, rather than the operator `IN`.
    pub(super) fn is_target(&self) -> bool {
        let is_name = matches!(self.peek_at(1), Token::Name(_) | Token::Quoted(_) | Token::CollectionBind(_));
        self.stops_at_target && self.is_keyword(Keyword::In) && is_name && !continues(self.peek_at(2))
    }

    fn target(&mut self) -> Result<(Target, Option<Expression>), QueryError> {
        if !self.eat_keyword(Keyword::In) && !self.eat_keyword(Keyword::Into) {
            return Err(self.unexpected());
        }
        let (name, is_bind) = match self.peek().clone() {
            Token::Name(name) | Token::Quoted(name) => (name, false),
            Token::CollectionBind(name) => (name, true),
            _ => return Err(self.unexpected()),
        };
        self.take();
        let target = Target { name, is_bind, collection: 0 };
        Ok((target, self.options()?))
    }
}

/// Whether an expression goes on with this token after a name.
fn continues(token: &Token) -> bool {
    match token {
        Token::Keyword(keyword) => matches!(
            keyword,
            Keyword::All
                | Keyword::And
                | Keyword::Any
                | Keyword::In
                | Keyword::Into
                | Keyword::Like
                | Keyword::None
                | Keyword::Not
                | Keyword::Or
                | Keyword::With
        ),
        Token::Symbol(symbol) => !matches!(
            symbol,
            Symbol::Close | Symbol::ArrayClose | Symbol::ObjectClose | Symbol::Comma | Symbol::Colon
        ),
        _ => false,
    }
}
