//! Operators, by precedence.

use super::super::token::{Keyword, Symbol, Token};
use super::super::tree::{
    BinaryOperator, Call, Expression, ExpressionKind, Quantified, Quantifier, UnaryOperator,
};
use super::Parser;
use crate::error::{Position, QueryError};

/// How tightly operators bind, from loose to tight.
mod binding {
    pub(super) const TERNARY: u8 = 1;
    pub(super) const OR: u8 = 2;
    pub(super) const AND: u8 = 3;
    pub(super) const QUANTIFIER: u8 = 4;
    pub(super) const AT_LEAST: u8 = 5;
    pub(super) const EQUALITY: u8 = 6;
    pub(super) const CONTAINMENT: u8 = 7;
    pub(super) const ORDER: u8 = 8;
    pub(super) const RANGE: u8 = 9;
    pub(super) const SUM: u8 = 10;
    pub(super) const PRODUCT: u8 = 11;
    pub(super) const UNARY: u8 = 12;
}

/// What can follow an operand.
#[derive(Clone, Copy)]
enum Infix {
    Binary(BinaryOperator),
    /// A call of a function of this name with both operands, negated or not.
    Function(&'static str, bool),
    Quantifier,
    Range,
    Ternary,
}

impl Parser<'_> {
    pub(super) fn expression(&mut self) -> Result<Expression, QueryError> {
        self.operators(0)
    }

    /// Parses an expression of operators that bind at least this tightly.
    fn operators(&mut self, least: u8) -> Result<Expression, QueryError> {
        let mut left = self.nested(Self::prefix)?;
        loop {
            let Some((infix, binding, tokens)) = self.infix() else { return Ok(left) };
            if binding < least {
                return Ok(left);
            }
            for _ in 0..tokens {
                self.take();
            }
            left = self.nested(|parser| parser.after(left, infix))?;
        }
    }

    /// Returns what the next tokens do to the operand before them, and their number.
    fn infix(&self) -> Option<(Infix, u8, usize)> {
        let binary = |operator| Some((Infix::Binary(operator), binding_of(operator), 1));
        match self.peek() {
            Token::Symbol(symbol) => match symbol {
                Symbol::Question => Some((Infix::Ternary, binding::TERNARY, 1)),
                Symbol::Range => Some((Infix::Range, binding::RANGE, 1)),
                Symbol::AtLeast => Some((Infix::Quantifier, binding::AT_LEAST, 0)),
                Symbol::Matches => Some((Infix::Function("REGEX_TEST", false), binding::EQUALITY, 1)),
                Symbol::MatchesNot => Some((Infix::Function("REGEX_TEST", true), binding::EQUALITY, 1)),
                Symbol::Not => self.negated_infix(),
                _ => comparison(self.peek()).or_else(|| arithmetic(*symbol)).and_then(binary),
            },
            Token::Keyword(keyword) => match keyword {
                Keyword::Or => binary(BinaryOperator::Or),
                Keyword::And => binary(BinaryOperator::And),
                Keyword::In if self.is_target() => None,
                Keyword::In => binary(BinaryOperator::In),
                Keyword::Like => Some((Infix::Function("LIKE", false), binding::EQUALITY, 1)),
                Keyword::Not => self.negated_infix(),
                // `ANY` may also be the direction of a traversal.
                Keyword::All | Keyword::Any | Keyword::None => {
                    let is_quantifier = self.comparison_at(1).is_some() || self.is_pattern_at(1);
                    is_quantifier.then_some((Infix::Quantifier, binding::QUANTIFIER, 0))
                }
                _ => None,
            },
            _ => None,
        }
    }

    fn negated_infix(&self) -> Option<(Infix, u8, usize)> {
        match self.peek_at(1) {
            Token::Keyword(Keyword::In) => {
                Some((Infix::Binary(BinaryOperator::NotIn), binding::CONTAINMENT, 2))
            }
            Token::Keyword(Keyword::Like) => Some((Infix::Function("LIKE", true), binding::CONTAINMENT, 2)),
            Token::Symbol(Symbol::Matches) => {
                Some((Infix::Function("REGEX_TEST", true), binding::CONTAINMENT, 2))
            }
            Token::Symbol(Symbol::MatchesNot) => {
                Some((Infix::Function("REGEX_TEST", false), binding::CONTAINMENT, 2))
            }
            _ => None,
        }
    }

    /// Parses the rest of an expression after its first operand and the operator.
    fn after(&mut self, left: Expression, infix: Infix) -> Result<Expression, QueryError> {
        let position = left.position;
        match infix {
            Infix::Binary(operator) => {
                let right = self.operators(binding_of(operator) + 1)?;
                self.node(ExpressionKind::Binary(operator, Box::new((left, right))), position)
            }
            Infix::Function(name, is_negated) => {
                let right = self.operators(binding::EQUALITY + 1)?;
                let call = Call { name: name.into(), function: None, arguments: vec![left, right] };
                let call = self.node(ExpressionKind::Call(Box::new(call)), position)?;
                if !is_negated {
                    return Ok(call);
                }
                self.node(ExpressionKind::Unary(UnaryOperator::Not, Box::new(call)), position)
            }
            Infix::Quantifier => self.quantified(left, position),
            Infix::Range => {
                let right = self.operators(binding::RANGE + 1)?;
                self.node(ExpressionKind::Range(Box::new((left, right))), position)
            }
            Infix::Ternary => {
                let then = if self.is_symbol(Symbol::Colon) { None } else { Some(self.expression()?) };
                self.expect(Symbol::Colon)?;
                let otherwise = self.operators(binding::TERNARY)?;
                self.node(ExpressionKind::Ternary(Box::new((left, then, otherwise))), position)
            }
        }
    }

    fn quantified(&mut self, left: Expression, position: Position) -> Result<Expression, QueryError> {
        let quantifier = self.quantifier()?.expect("a quantifier stands here");
        if self.is_pattern_at(0) {
            return Err(self.not_implemented("array operators with patterns"));
        }
        let Some((operator, tokens)) = self.comparison_at(0) else { return Err(self.unexpected()) };
        for _ in 0..tokens {
            self.take();
        }
        let right = self.operators(binding_of(operator) + 1)?;
        let parts = Quantified { left, quantifier, operator, right };
        self.node(ExpressionKind::Quantified(Box::new(parts)), position)
    }

    /// Parses `ALL`, `ANY`, `NONE` or `AT LEAST (n)`, if it is there.
    pub(super) fn quantifier(&mut self) -> Result<Option<Quantifier>, QueryError> {
        let quantifier = match self.peek() {
            Token::Keyword(Keyword::All) => Quantifier::All,
            Token::Keyword(Keyword::Any) => Quantifier::Any,
            Token::Keyword(Keyword::None) => Quantifier::None,
            Token::Symbol(Symbol::AtLeast) => {
                self.take();
                self.expect(Symbol::Open)?;
                let count = self.bracketed(Self::expression)?;
                self.expect(Symbol::Close)?;
                return Ok(Some(Quantifier::AtLeast(count)));
            }
            _ => return Ok(None),
        };
        self.take();
        Ok(Some(quantifier))
    }

    /// Returns the comparison that can follow a quantifier, and its number of tokens.
    fn comparison_at(&self, distance: usize) -> Option<(BinaryOperator, usize)> {
        let token = self.peek_at(distance);
        match token {
            Token::Keyword(Keyword::In) => Some((BinaryOperator::In, 1)),
            Token::Keyword(Keyword::Not) | Token::Symbol(Symbol::Not)
                if *self.peek_at(distance + 1) == Token::Keyword(Keyword::In) =>
            {
                Some((BinaryOperator::NotIn, 2))
            }
            _ => comparison(token).filter(|operator| is_comparison(*operator)).map(|operator| (operator, 1)),
        }
    }

    /// Whether a comparison with a pattern stands here, negated or not.
    fn is_pattern_at(&self, distance: usize) -> bool {
        let is_not =
            matches!(self.peek_at(distance), Token::Keyword(Keyword::Not) | Token::Symbol(Symbol::Not));
        matches!(
            self.peek_at(distance + usize::from(is_not)),
            Token::Keyword(Keyword::Like) | Token::Symbol(Symbol::Matches | Symbol::MatchesNot)
        )
    }

    fn prefix(&mut self) -> Result<Expression, QueryError> {
        let position = self.position();
        let operator = match self.peek() {
            Token::Symbol(Symbol::Plus) => UnaryOperator::Plus,
            Token::Symbol(Symbol::Minus) => UnaryOperator::Minus,
            Token::Symbol(Symbol::Not) | Token::Keyword(Keyword::Not) => UnaryOperator::Not,
            _ => return self.primary(),
        };
        self.take();
        let operand = self.operators(binding::UNARY)?;
        self.node(ExpressionKind::Unary(operator, Box::new(operand)), position)
    }
}

fn binding_of(operator: BinaryOperator) -> u8 {
    match operator {
        BinaryOperator::Or => binding::OR,
        BinaryOperator::And => binding::AND,
        BinaryOperator::Equal | BinaryOperator::NotEqual => binding::EQUALITY,
        BinaryOperator::In | BinaryOperator::NotIn => binding::CONTAINMENT,
        BinaryOperator::Less
        | BinaryOperator::LessOrEqual
        | BinaryOperator::Greater
        | BinaryOperator::GreaterOrEqual => binding::ORDER,
        BinaryOperator::Add | BinaryOperator::Subtract => binding::SUM,
        BinaryOperator::Multiply | BinaryOperator::Divide | BinaryOperator::Modulo => binding::PRODUCT,
    }
}

fn is_comparison(operator: BinaryOperator) -> bool {
    matches!(binding_of(operator), binding::EQUALITY | binding::ORDER)
}

/// Returns the operator of a symbol that compares or combines conditions.
fn comparison(token: &Token) -> Option<BinaryOperator> {
    let Token::Symbol(symbol) = token else { return None };
    Some(match symbol {
        Symbol::Or => BinaryOperator::Or,
        Symbol::And => BinaryOperator::And,
        Symbol::Equal => BinaryOperator::Equal,
        Symbol::NotEqual => BinaryOperator::NotEqual,
        Symbol::Less => BinaryOperator::Less,
        Symbol::LessOrEqual => BinaryOperator::LessOrEqual,
        Symbol::Greater => BinaryOperator::Greater,
        Symbol::GreaterOrEqual => BinaryOperator::GreaterOrEqual,
        _ => return None,
    })
}

fn arithmetic(symbol: Symbol) -> Option<BinaryOperator> {
    Some(match symbol {
        Symbol::Plus => BinaryOperator::Add,
        Symbol::Minus => BinaryOperator::Subtract,
        Symbol::Times => BinaryOperator::Multiply,
        Symbol::Divide => BinaryOperator::Divide,
        Symbol::Modulo => BinaryOperator::Modulo,
        _ => return None,
    })
}
