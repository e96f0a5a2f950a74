//! The tree of a query.
//!
//! The parser leaves names as they stand in the text. [`check`](crate::check) then resolves them in place: variables get
//! the number of their slot, bind parameters and collections that of their entry.

mod expression;
mod statement;
mod traversal;

pub(crate) use self::expression::{
    AttributeName, BinaryOperator, Call, Entry, EntryName, Expand, Expansion, Expression, ExpressionKind,
    Quantified, Quantifier, UnaryOperator,
};
pub(crate) use self::statement::{
    Assignment, Collect, Count, Direction, For, Insert, Into, Limit, Modify, Remove, Return, Sort, Statement,
    StatementKind, Target, Upsert, UpsertLookup, Variable,
};
pub(crate) use self::traversal::{EdgeDirection, Prune, Traversal, TraversedEdges};

use crate::error::Warning;

/// Number of a variable: its place in a row.
pub(crate) type Slot = usize;
/// Number of a bind parameter.
pub(crate) type BindIndex = usize;
/// Number of a collection.
pub(crate) type CollectionIndex = usize;

/// A whole query.
#[derive(Debug)]
pub(crate) struct Tree {
    /// The collections of `WITH`.
    pub(crate) with: Vec<Target>,
    pub(crate) block: Block,
    /// Warnings for literals that no number can hold.
    pub(crate) warnings: Vec<Warning>,
}

/// A query or subquery: its statements.
#[derive(Debug)]
pub(crate) struct Block {
    pub(crate) statements: Vec<Statement>,
    /// The depth of its deepest expression.
    pub(crate) depth: usize,
}
