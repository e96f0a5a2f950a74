//! Expressions.

use std::sync::Arc;

use super::{BindIndex, Block, CollectionIndex, Slot};
use crate::error::Position;
use crate::functions::Function;
use crate::value::Value;

/// An expression and where it begins.
#[derive(Debug)]
pub(crate) struct Expression {
    pub(crate) kind: ExpressionKind,
    pub(crate) position: Position,
    /// The longest way down to a part that has no parts, in subqueries as well.
    pub(crate) depth: usize,
    /// Whether its value is known before the query runs. Set by the check.
    pub(crate) is_constant: bool,
    /// The most levels of arrays and objects that its value may have. Set by the check.
    pub(crate) nesting: usize,
}

/// What an expression is.
#[derive(Debug)]
pub(crate) enum ExpressionKind {
    Constant(Value),
    /// A name that is not resolved yet: a variable or a collection.
    Name(Arc<str>),
    Variable(Slot),
    /// The item of the innermost expansion around it.
    Current,
    /// A bind parameter by name; a collection parameter's begins with `@`.
    BindName(Arc<str>),
    Bind(BindIndex),
    /// A collection, which may only stand where one is expected.
    Collection(CollectionIndex),
    Array(Vec<Expression>),
    Object(Vec<Entry>),
    Unary(UnaryOperator, Box<Expression>),
    Binary(BinaryOperator, Box<(Expression, Expression)>),
    /// A constant, by its number, which is calculated before the query runs. Set by the check.
    Folded(usize),
    Quantified(Box<Quantified>),
    /// Condition, value if it holds (the condition itself if absent), value if not.
    Ternary(Box<(Expression, Option<Expression>, Expression)>),
    Range(Box<(Expression, Expression)>),
    Attribute(Box<Expression>, AttributeName),
    Index(Box<(Expression, Expression)>),
    Expand(Box<Expand>),
    Call(Box<Call>),
    Subquery(Box<Block>),
    /// An expression in parentheses that ends a chain of expansions.
    Enclosed(Box<Expression>),
}

/// The name after a dot.
#[derive(Debug)]
pub(crate) enum AttributeName {
    Literal(Arc<str>),
    BindName(Arc<str>),
    Bind(BindIndex),
}

/// An attribute of an object literal.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) name: EntryName,
    pub(crate) value: Expression,
}

/// The name of an attribute of an object literal.
#[derive(Debug)]
pub(crate) enum EntryName {
    Literal(Arc<str>),
    /// `{name}`: the value is the variable of this name.
    Shorthand(Arc<str>),
    BindName(Arc<str>),
    Bind(BindIndex),
    Computed(Expression),
}

/// An operator with one operand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum UnaryOperator {
    Plus,
    Minus,
    Not,
}

/// An operator with two operands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BinaryOperator {
    Or,
    And,
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    In,
    NotIn,
    Add,
    Subtract,
    Multiply,
    Divide,
    Modulo,
}

/// `left ANY == right`.
#[derive(Debug)]
pub(crate) struct Quantified {
    pub(crate) left: Expression,
    pub(crate) quantifier: Quantifier,
    pub(crate) operator: BinaryOperator,
    pub(crate) right: Expression,
}

/// How many items must match.
#[derive(Debug)]
pub(crate) enum Quantifier {
    All,
    Any,
    None,
    AtLeast(Expression),
    /// A number or a range of numbers; only within `[? …]`.
    Exactly(Expression),
}

/// `array[* …]` or `array[? …]`.
#[derive(Debug)]
pub(crate) struct Expand {
    pub(crate) source: Expression,
    /// Number of stars or question marks: each beyond the first flattens one level.
    pub(crate) levels: usize,
    /// Slot of the item, set by the check.
    pub(crate) item: Slot,
    pub(crate) filter: Option<Expression>,
    pub(crate) expansion: Expansion,
}

/// What an expansion yields.
#[derive(Debug)]
pub(crate) enum Expansion {
    /// An array of what becomes of each item.
    Map {
        /// Offset and count.
        limit: Option<Box<(Option<Expression>, Expression)>>,
        /// The inline `RETURN`.
        projection: Option<Expression>,
        /// The item with what is accessed after the bracket.
        body: Expression,
    },
    /// Whether enough items match.
    Test(Option<Quantifier>),
}

/// A call of a function.
#[derive(Debug)]
pub(crate) struct Call {
    /// The name as it stands in the text.
    pub(crate) name: Arc<str>,
    /// Set by the check.
    pub(crate) function: Option<&'static Function>,
    pub(crate) arguments: Vec<Expression>,
}

impl Expression {
    pub(crate) fn new(kind: ExpressionKind, position: Position) -> Self {
        let depth = kind.depth_below() + 1;
        Self { kind, position, depth, is_constant: false, nesting: 0 }
    }

    /// Computes the depth again after a part was changed.
    pub(crate) fn update_depth(&mut self) {
        self.depth = self.kind.depth_below() + 1;
    }
}

impl ExpressionKind {
    fn depth_below(&self) -> usize {
        let deepest = |parts: &[Option<&Expression>]| {
            parts.iter().flatten().map(|expression| expression.depth).max().unwrap_or(0)
        };
        match self {
            Self::Constant(_)
            | Self::Name(_)
            | Self::Variable(_)
            | Self::Current
            | Self::BindName(_)
            | Self::Bind(_)
            | Self::Collection(_)
            | Self::Folded(_) => 0,
            // Its statements stand between its expressions and this one.
            Self::Subquery(block) => block.depth + 1,
            Self::Array(items) => items.iter().map(|item| item.depth).max().unwrap_or(0),
            Self::Object(entries) => entries.iter().map(Entry::depth).max().unwrap_or(0),
            Self::Unary(_, operand) | Self::Enclosed(operand) | Self::Attribute(operand, _) => operand.depth,
            Self::Binary(_, parts) | Self::Range(parts) | Self::Index(parts) => {
                deepest(&[Some(&parts.0), Some(&parts.1)])
            }
            Self::Quantified(parts) => {
                deepest(&[Some(&parts.left), parts.quantifier.operand(), Some(&parts.right)])
            }
            Self::Ternary(parts) => deepest(&[Some(&parts.0), parts.1.as_ref(), Some(&parts.2)]),
            Self::Expand(expand) => deepest(&expand.parts()),
            Self::Call(call) => call.arguments.iter().map(|argument| argument.depth).max().unwrap_or(0),
        }
    }
}

impl Entry {
    fn depth(&self) -> usize {
        match &self.name {
            EntryName::Computed(name) => name.depth.max(self.value.depth),
            _ => self.value.depth,
        }
    }
}

impl Quantifier {
    fn operand(&self) -> Option<&Expression> {
        match self {
            Self::All | Self::Any | Self::None => None,
            Self::AtLeast(operand) | Self::Exactly(operand) => Some(operand),
        }
    }
}

impl Expand {
    fn parts(&self) -> [Option<&Expression>; 6] {
        let (offset, count, projection, body) = match &self.expansion {
            Expansion::Map { limit, projection, body } => {
                let (offset, count) =
                    limit.as_ref().map_or((None, None), |limit| (limit.0.as_ref(), Some(&limit.1)));
                (offset, count, projection.as_ref(), Some(body))
            }
            Expansion::Test(quantifier) => {
                (quantifier.as_ref().and_then(Quantifier::operand), None, None, None)
            }
        };
        [Some(&self.source), self.filter.as_ref(), offset, count, projection, body]
    }
}
