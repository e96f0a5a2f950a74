//! The grammar, by recursive descent; operators by precedence.

mod collect;
mod expression;
mod literal;
mod postfix;
mod statement;
mod traversal;
mod write;

use std::sync::Arc;

use super::lexer::lex;
use super::message::syntax_error;
use super::token::{Keyword, Spanned, Symbol, Token};
use super::tree::{Block, Expression, ExpressionKind, Target, Tree};
use crate::error::{Position, QueryError, Warning, number};

/// The deepest tree of an expression. A server allows more, at the cost of stack.
const MAX_DEPTH: usize = 200;

/// The most expressions and subqueries within each other.
const MAX_OPEN: usize = 120;

/// The most statements of a query and its subqueries. Each takes stack while the query runs. A server allows more, but
/// not more than 1,000 variables.
const MAX_STATEMENTS: usize = 500;

/// Parses the text of a query.
///
/// # Errors
/// If it does not follow the grammar (1501), or is empty (1502), or uses what this crate does not have (9).
pub(crate) fn parse(text: &str) -> Result<Tree, QueryError> {
    if text.is_empty() {
        return Err(QueryError::new(number::QUERY_EMPTY, "query is empty"));
    }
    let tokens = lex(text)?;
    let mut parser = Parser {
        text,
        tokens,
        next: 0,
        open: 0,
        deepest: 0,
        statements: 0,
        stops_at_target: false,
        warnings: Vec::new(),
    };
    let with = parser.with()?;
    let block = parser.block()?;
    match parser.peek() {
        Token::End => Ok(Tree { with, block, warnings: parser.warnings }),
        _ => Err(parser.unexpected_instead_of("end of query string")),
    }
}

struct Parser<'a> {
    text: &'a str,
    tokens: Vec<Spanned>,
    next: usize,
    /// Number of expressions and blocks that are open.
    open: usize,
    /// The depth of the deepest expression so far of the innermost block.
    deepest: usize,
    /// Number of statements so far.
    statements: usize,
    /// Whether `IN` and a name end the expression, because they name the collection that a statement writes to.
    stops_at_target: bool,
    warnings: Vec<Warning>,
}

impl Parser<'_> {
    fn peek(&self) -> &Token {
        self.peek_at(0)
    }

    fn peek_at(&self, distance: usize) -> &Token {
        let index = (self.next + distance).min(self.tokens.len() - 1);
        &self.tokens[index].token
    }

    fn position(&self) -> Position {
        self.tokens[self.next].position
    }

    /// Takes the next token. The end is never passed.
    fn take(&mut self) -> Token {
        let token = self.peek().clone();
        if self.next < self.tokens.len() - 1 {
            self.next += 1;
        }
        token
    }

    fn is_symbol(&self, symbol: Symbol) -> bool {
        *self.peek() == Token::Symbol(symbol)
    }

    fn is_keyword(&self, keyword: Keyword) -> bool {
        *self.peek() == Token::Keyword(keyword)
    }

    fn eat(&mut self, symbol: Symbol) -> bool {
        let found = self.is_symbol(symbol);
        if found {
            self.take();
        }
        found
    }

    fn eat_keyword(&mut self, keyword: Keyword) -> bool {
        let found = self.is_keyword(keyword);
        if found {
            self.take();
        }
        found
    }

    fn expect(&mut self, symbol: Symbol) -> Result<(), QueryError> {
        if self.eat(symbol) { Ok(()) } else { Err(self.unexpected()) }
    }

    fn expect_name(&mut self) -> Result<Arc<str>, QueryError> {
        match self.peek().clone() {
            Token::Name(name) => {
                self.take();
                Ok(name)
            }
            _ => Err(self.unexpected_instead_of("identifier")),
        }
    }

    fn unexpected(&self) -> QueryError {
        self.error(&format!("syntax error, unexpected {}", self.peek().description()))
    }

    fn unexpected_instead_of(&self, expected: &str) -> QueryError {
        self.error(&format!("syntax error, unexpected {}, expecting {expected}", self.peek().description()))
    }

    /// Returns error 1501 at the next token.
    fn error(&self, problem: &str) -> QueryError {
        let next = &self.tokens[self.next];
        syntax_error(self.text, next.start, next.position, problem)
    }

    fn not_implemented(&self, construct: &str) -> QueryError {
        QueryError::not_implemented(construct).at(self.position())
    }

    /// Parses a part with one more part open, so that no text exhausts the stack.
    fn nested<T>(&mut self, parse: impl FnOnce(&mut Self) -> Result<T, QueryError>) -> Result<T, QueryError> {
        if self.open == MAX_OPEN {
            return Err(self.not_implemented("more than 120 expressions within each other"));
        }
        self.open += 1;
        let result = parse(self);
        self.open -= 1;
        result
    }

    /// Parses a part within brackets, where the name of a collection does not end an expression.
    fn bracketed<T>(
        &mut self,
        parse: impl FnOnce(&mut Self) -> Result<T, QueryError>,
    ) -> Result<T, QueryError> {
        let stops = std::mem::replace(&mut self.stops_at_target, false);
        let result = parse(self);
        self.stops_at_target = stops;
        result
    }

    /// Creates an expression, unless it is too deep.
    fn node(&mut self, kind: ExpressionKind, position: Position) -> Result<Expression, QueryError> {
        let expression = Expression::new(kind, position);
        self.record_depth(&expression)?;
        Ok(expression)
    }

    fn record_depth(&mut self, expression: &Expression) -> Result<(), QueryError> {
        if expression.depth > MAX_DEPTH {
            return Err(self.not_implemented("expressions of more than 200 levels"));
        }
        self.deepest = self.deepest.max(expression.depth);
        Ok(())
    }

    /// Counts statements of any block, so that no query exhausts the stack when it runs.
    fn record_statements(&mut self, count: usize) -> Result<(), QueryError> {
        self.statements += count;
        if self.statements > MAX_STATEMENTS {
            return Err(self.not_implemented("more than 500 statements"));
        }
        Ok(())
    }

    /// Parses `WITH a, b` before the first statement; commas are optional.
    fn with(&mut self) -> Result<Vec<Target>, QueryError> {
        let mut collections = Vec::new();
        if !self.eat_keyword(Keyword::With) {
            return Ok(collections);
        }
        loop {
            collections.push(self.collection()?);
            let more = self.eat(Symbol::Comma);
            if !more && !matches!(self.peek(), Token::Name(_) | Token::Bind(_) | Token::CollectionBind(_)) {
                return Ok(collections);
            }
        }
    }

    /// Parses the name of a collection, or a bind parameter for one.
    fn collection(&mut self) -> Result<Target, QueryError> {
        let (name, is_bind) = match self.peek().clone() {
            Token::Name(name) => (name, false),
            Token::Bind(name) | Token::CollectionBind(name) => (name, true),
            _ => return Err(self.unexpected()),
        };
        self.take();
        Ok(Target { name, is_bind, collection: 0 })
    }

    /// Parses statements up to the one that returns, or to the last that writes.
    fn block(&mut self) -> Result<Block, QueryError> {
        let around = std::mem::take(&mut self.deepest);
        let statements = self.nested(|parser| parser.bracketed(Self::statements))?;
        let depth = std::mem::replace(&mut self.deepest, around);
        Ok(Block { statements, depth })
    }
}

#[cfg(test)]
mod tests;
