//! Statements that read.

use std::sync::Arc;

use super::super::token::{Keyword, Symbol, Token};
use super::super::tree::{
    Assignment, Direction, Expression, ExpressionKind, For, Limit, Return, Sort, Statement, StatementKind,
    Variable,
};
use super::Parser;
use crate::error::QueryError;

impl Parser<'_> {
    pub(super) fn statements(&mut self) -> Result<Vec<Statement>, QueryError> {
        let mut statements: Vec<Statement> = Vec::new();
        loop {
            let position = self.position();
            let Token::Keyword(keyword) = *self.peek() else { break };
            let is_last = keyword == Keyword::Return;
            match keyword {
                Keyword::Let => {
                    self.take();
                    let before = statements.len();
                    self.assignments(Self::expression, |assignment| {
                        statements.push(Statement {
                            kind: StatementKind::Let(Arc::new(assignment)),
                            position,
                            writes: false,
                        });
                    })?;
                    self.record_statements(statements.len() - before)?;
                    continue;
                }
                Keyword::Window => return Err(self.not_implemented("WINDOW")),
                _ => {}
            }
            let Some(kind) = self.statement(keyword)? else { break };
            statements.push(Statement { kind, position, writes: false });
            self.record_statements(1)?;
            if is_last {
                return Ok(statements);
            }
        }
        match statements.last() {
            Some(last) if last.kind.writes() => Ok(statements),
            _ => Err(self.unexpected()),
        }
    }

    /// Whether a statement begins here, which makes a parenthesis or an argument a subquery.
    pub(super) fn is_statement(&self) -> bool {
        use Keyword::{
            Collect, Filter, For, Insert, Let, Limit, Remove, Replace, Return, Sort, Update, Upsert, Window,
        };
        let Token::Keyword(keyword) = self.peek() else { return false };
        matches!(
            keyword,
            Collect
                | Filter
                | For
                | Insert
                | Let
                | Limit
                | Remove
                | Replace
                | Return
                | Sort
                | Update
                | Upsert
                | Window
        )
    }

    fn statement(&mut self, keyword: Keyword) -> Result<Option<StatementKind>, QueryError> {
        let parse = match keyword {
            Keyword::For => Self::for_statement,
            Keyword::Filter => Self::filter,
            Keyword::Sort => Self::sort,
            Keyword::Limit => Self::limit,
            Keyword::Collect => Self::collect,
            Keyword::Return => Self::return_statement,
            Keyword::Insert => Self::insert,
            Keyword::Update => |parser: &mut Self| parser.modify(false),
            Keyword::Replace => |parser: &mut Self| parser.modify(true),
            Keyword::Remove => Self::remove,
            Keyword::Upsert => Self::upsert,
            _ => return Ok(None),
        };
        self.take();
        parse(self).map(Some)
    }

    fn for_statement(&mut self) -> Result<StatementKind, QueryError> {
        let mut variables = vec![self.variable()?];
        while self.eat(Symbol::Comma) {
            variables.push(self.variable()?);
        }
        if !self.eat_keyword(Keyword::In) {
            return Err(self.unexpected_instead_of("IN keyword"));
        }
        if self.is_direction() {
            return self.traversal(variables, None);
        }
        let source = self.expression()?;
        if self.is_direction() {
            return self.traversal(variables, Some(source));
        }
        let mut variables = variables.into_iter();
        let (Some(variable), None) = (variables.next(), variables.next()) else {
            return Err(self.error("Collections and views FOR loops only allow a single return variable"));
        };
        let options = match self.peek() {
            Token::Name(name) if name.eq_ignore_ascii_case("SEARCH") => {
                return Err(self.not_implemented("SEARCH"));
            }
            Token::Name(name) if !name.eq_ignore_ascii_case("OPTIONS") => {
                let problem = format!("unexpected qualifier '{name}', expecting 'SEARCH' or 'OPTIONS'");
                return Err(self.error(&problem));
            }
            Token::Name(_) => {
                self.take();
                Some(self.options_value()?)
            }
            _ => None,
        };
        Ok(StatementKind::For(Arc::new(For { variable, source, options })))
    }

    fn filter(&mut self) -> Result<StatementKind, QueryError> {
        Ok(StatementKind::Filter(Arc::new(self.expression()?)))
    }

    fn sort(&mut self) -> Result<StatementKind, QueryError> {
        let mut keys = Vec::new();
        loop {
            let key = self.expression()?;
            let direction = if self.eat_keyword(Keyword::Desc) {
                Direction::Descending
            } else if self.eat_keyword(Keyword::Asc) {
                Direction::Ascending
            } else {
                self.simple_value()?.map_or(Direction::Ascending, Direction::Value)
            };
            keys.push(Sort { key, direction });
            if !self.eat(Symbol::Comma) {
                return Ok(StatementKind::Sort(Arc::new(keys)));
            }
        }
    }

    fn limit(&mut self) -> Result<StatementKind, QueryError> {
        let first = self.expression()?;
        let limit = if self.eat(Symbol::Comma) {
            Limit { offset: Some(first), count: self.expression()? }
        } else {
            Limit { offset: None, count: first }
        };
        Ok(StatementKind::Limit(Arc::new(limit)))
    }

    fn return_statement(&mut self) -> Result<StatementKind, QueryError> {
        let distinct = self.eat_keyword(Keyword::Distinct);
        let value = self.expression()?;
        Ok(StatementKind::Return(Arc::new(Return { distinct, value })))
    }

    pub(super) fn variable(&mut self) -> Result<Variable, QueryError> {
        let position = self.position();
        if self.is_symbol(Symbol::ArrayOpen) || self.is_symbol(Symbol::ObjectOpen) {
            return Err(self.not_implemented("destructuring"));
        }
        if let Token::Name(name) = self.peek() {
            // Quotes allow spaces and keywords, but not what a bare name could never begin with.
            let rest = name.trim_start_matches('_');
            if rest.is_empty() || rest.starts_with(|char: char| char.is_ascii_digit()) {
                return Err(self.error(&format!("variable name '{name}' has an invalid format")));
            }
        }
        Ok(Variable { name: self.expect_name()?, slot: 0, position })
    }

    /// Parses `name = value, …`.
    pub(super) fn assignments(
        &mut self,
        value: impl Fn(&mut Self) -> Result<Expression, QueryError>,
        mut add: impl FnMut(Assignment),
    ) -> Result<(), QueryError> {
        loop {
            let variable = self.variable()?;
            if !self.eat(Symbol::Assign) {
                return Err(self.unexpected_instead_of("assignment"));
            }
            let value = value(self)?;
            add(Assignment { variable, value });
            if !self.eat(Symbol::Comma) {
                return Ok(());
            }
        }
    }

    /// Parses `OPTIONS {…}`, if it is there.
    pub(super) fn options(&mut self) -> Result<Option<Expression>, QueryError> {
        let Token::Name(name) = self.peek() else { return Ok(None) };
        if !name.eq_ignore_ascii_case("OPTIONS") {
            let problem = format!("unexpected qualifier '{name}', expecting 'OPTIONS'");
            return Err(self.error(&problem));
        }
        self.take();
        if !self.is_symbol(Symbol::ObjectOpen) {
            return Err(self.unexpected_instead_of("{"));
        }
        self.options_value().map(Some)
    }

    pub(super) fn options_value(&mut self) -> Result<Expression, QueryError> {
        let problem = self.error("'OPTIONS' have to be an object");
        let options = self.bracketed(Self::expression)?;
        if matches!(options.kind, ExpressionKind::Object(_)) { Ok(options) } else { Err(problem) }
    }
}
