//! Literals, names and what stands in brackets.

use super::super::token::{Keyword, Symbol, Token};
use super::super::tree::{Call, Entry, EntryName, Expression, ExpressionKind};
use super::Parser;
use crate::error::{Position, QueryError, Warning, number};
use crate::value::Value;

impl Parser<'_> {
    /// Parses an operand: a literal, or a reference with everything that is accessed in it.
    pub(super) fn primary(&mut self) -> Result<Expression, QueryError> {
        let position = self.position();
        if let Some(value) = self.literal() {
            return self.node(ExpressionKind::Constant(value), position);
        }
        let reference = match self.peek().clone() {
            Token::Name(name) => {
                self.take();
                match self.call_after(&name, position)? {
                    Some(call) => call,
                    None => self.node(ExpressionKind::Name(name), position)?,
                }
            }
            Token::Keyword(Keyword::Like) if *self.peek_at(1) == Token::Symbol(Symbol::Open) => {
                self.take();
                self.call("LIKE", position)?
            }
            Token::Bind(name) | Token::CollectionBind(name) => {
                self.take();
                self.node(ExpressionKind::BindName(name), position)?
            }
            Token::Symbol(Symbol::ArrayOpen) => self.array()?,
            Token::Symbol(Symbol::ObjectOpen) => self.object()?,
            Token::Symbol(Symbol::Open) => self.parenthesis()?,
            _ => return Err(self.unexpected()),
        };
        self.accesses(reference)
    }

    /// Takes a literal that is not made of others.
    fn literal(&mut self) -> Option<Value> {
        let value = match self.peek() {
            Token::Quoted(text) => Value::String(text.clone()),
            Token::Integer(value) => Value::Int(*value),
            Token::Double(value) => Value::Double(*value),
            Token::OutOfRange => {
                self.warnings.push(Warning::new(number::NUMBER_OUT_OF_RANGE, "number out of range"));
                Value::Null
            }
            Token::Keyword(Keyword::Null) => Value::Null,
            Token::Keyword(Keyword::True) => Value::Bool(true),
            Token::Keyword(Keyword::False) => Value::Bool(false),
            _ => return None,
        };
        self.take();
        Some(value)
    }

    /// Parses a literal or bind parameter, if it is there.
    pub(super) fn simple_value(&mut self) -> Result<Option<Expression>, QueryError> {
        let position = self.position();
        let kind = match self.peek().clone() {
            Token::Bind(name) => {
                self.take();
                ExpressionKind::BindName(name)
            }
            _ => match self.literal() {
                Some(value) => ExpressionKind::Constant(value),
                None => return Ok(None),
            },
        };
        self.node(kind, position).map(Some)
    }

    /// Parses the arguments after the name of a function, if they are there.
    pub(super) fn call_after(
        &mut self,
        name: &str,
        position: Position,
    ) -> Result<Option<Expression>, QueryError> {
        if self.is_symbol(Symbol::Scope) {
            return Err(QueryError::not_implemented("user-defined functions").at(position));
        }
        if !self.is_symbol(Symbol::Open) {
            return Ok(None);
        }
        self.call(name, position).map(Some)
    }

    fn call(&mut self, name: &str, position: Position) -> Result<Expression, QueryError> {
        self.take();
        let arguments = self.bracketed(|parser| parser.list(Symbol::Close, false, Self::argument))?;
        let call = Call { name: name.into(), function: None, arguments };
        self.node(ExpressionKind::Call(Box::new(call)), position)
    }

    /// Parses an argument, which may be a query without parentheses.
    fn argument(&mut self) -> Result<Expression, QueryError> {
        if !self.is_statement() {
            return self.expression();
        }
        let position = self.position();
        let block = self.block()?;
        self.node(ExpressionKind::Subquery(Box::new(block)), position)
    }

    fn array(&mut self) -> Result<Expression, QueryError> {
        let position = self.position();
        self.take();
        let items = self.bracketed(|parser| parser.list(Symbol::ArrayClose, true, Self::item))?;
        self.node(ExpressionKind::Array(items), position)
    }

    fn item(&mut self) -> Result<Expression, QueryError> {
        if self.is_symbol(Symbol::Spread) {
            return Err(self.not_implemented("spread in arrays"));
        }
        self.expression()
    }

    pub(super) fn object(&mut self) -> Result<Expression, QueryError> {
        let position = self.position();
        self.take();
        let entries = self.bracketed(|parser| parser.list(Symbol::ObjectClose, true, Self::entry))?;
        self.node(ExpressionKind::Object(entries), position)
    }

    fn entry(&mut self) -> Result<Entry, QueryError> {
        let position = self.position();
        let name = match self.peek().clone() {
            Token::Name(name) => {
                self.take();
                if !self.is_symbol(Symbol::Colon) {
                    let value = self.node(ExpressionKind::Name(name.clone()), position)?;
                    return Ok(Entry { name: EntryName::Shorthand(name), value });
                }
                EntryName::Literal(name)
            }
            Token::Quoted(name) => {
                self.take();
                EntryName::Literal(name)
            }
            Token::Bind(name) => {
                self.take();
                EntryName::BindName(name)
            }
            Token::Symbol(Symbol::ArrayOpen) => {
                self.take();
                let name = self.expression()?;
                self.expect(Symbol::ArrayClose)?;
                EntryName::Computed(name)
            }
            Token::Symbol(Symbol::Spread) => return Err(self.not_implemented("spread in objects")),
            _ => return Err(self.unexpected()),
        };
        self.expect(Symbol::Colon)?;
        Ok(Entry { name, value: self.expression()? })
    }

    fn parenthesis(&mut self) -> Result<Expression, QueryError> {
        let position = self.position();
        self.take();
        if self.is_statement() {
            let block = self.block()?;
            self.expect(Symbol::Close)?;
            return self.node(ExpressionKind::Subquery(Box::new(block)), position);
        }
        let inner = self.bracketed(Self::expression)?;
        self.expect(Symbol::Close)?;
        match inner.kind {
            ExpressionKind::Expand(_) => self.node(ExpressionKind::Enclosed(Box::new(inner)), position),
            _ => Ok(inner),
        }
    }

    /// Parses parts between commas up to the closing bracket.
    fn list<T>(
        &mut self,
        close: Symbol,
        allows_last_comma: bool,
        mut parse: impl FnMut(&mut Self) -> Result<T, QueryError>,
    ) -> Result<Vec<T>, QueryError> {
        let mut parts = Vec::new();
        if self.eat(close) {
            return Ok(parts);
        }
        loop {
            parts.push(parse(self)?);
            if self.eat(close) {
                return Ok(parts);
            }
            self.expect(Symbol::Comma)?;
            if allows_last_comma && self.eat(close) {
                return Ok(parts);
            }
        }
    }
}
