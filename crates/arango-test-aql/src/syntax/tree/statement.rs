//! Statements.

use std::sync::Arc;

use super::{CollectionIndex, Expression, Slot, Traversal};
use crate::error::Position;

/// A statement and where it begins.
#[derive(Debug)]
pub(crate) struct Statement {
    pub(crate) kind: StatementKind,
    pub(crate) position: Position,
    /// Whether it or a subquery in it writes. Set by the check.
    pub(crate) writes: bool,
}

/// What a statement does. Shared with the operator that executes it, once the tree is checked.
#[derive(Debug)]
pub(crate) enum StatementKind {
    For(Arc<For>),
    Traverse(Arc<Traversal>),
    Filter(Arc<Expression>),
    Let(Arc<Assignment>),
    Sort(Arc<Vec<Sort>>),
    Limit(Arc<Limit>),
    Collect(Arc<Collect>),
    Return(Arc<Return>),
    Insert(Arc<Insert>),
    Modify(Arc<Modify>),
    Remove(Arc<Remove>),
    Upsert(Arc<Upsert>),
}

impl StatementKind {
    /// Whether the statement itself writes.
    pub(crate) fn writes(&self) -> bool {
        matches!(self, Self::Insert(_) | Self::Modify(_) | Self::Remove(_) | Self::Upsert(_))
    }
}

/// A variable where it is introduced.
#[derive(Debug, Clone)]
pub(crate) struct Variable {
    pub(crate) name: Arc<str>,
    /// Set by the check.
    pub(crate) slot: Slot,
    pub(crate) position: Position,
}

/// `variable = value`.
#[derive(Debug)]
pub(crate) struct Assignment {
    pub(crate) variable: Variable,
    pub(crate) value: Expression,
}

/// `FOR variable IN source`.
#[derive(Debug)]
pub(crate) struct For {
    pub(crate) variable: Variable,
    pub(crate) source: Expression,
    pub(crate) options: Option<Expression>,
}

/// A key of `SORT`.
#[derive(Debug)]
pub(crate) struct Sort {
    pub(crate) key: Expression,
    pub(crate) direction: Direction,
}

/// The direction of a key of `SORT`.
#[derive(Debug)]
pub(crate) enum Direction {
    Ascending,
    Descending,
    /// A literal or bind parameter.
    Value(Expression),
}

/// `LIMIT offset, count`.
#[derive(Debug)]
pub(crate) struct Limit {
    pub(crate) offset: Option<Expression>,
    pub(crate) count: Expression,
}

/// `RETURN value`.
#[derive(Debug)]
pub(crate) struct Return {
    pub(crate) distinct: bool,
    pub(crate) value: Expression,
}

/// `COLLECT` in all its forms.
#[derive(Debug)]
pub(crate) struct Collect {
    pub(crate) groups: Vec<Assignment>,
    /// The values are calls of aggregate functions.
    pub(crate) aggregates: Vec<Assignment>,
    pub(crate) count: Option<Count>,
    pub(crate) into: Option<Into>,
    pub(crate) options: Option<Expression>,
}

/// `WITH COUNT INTO variable`.
#[derive(Debug)]
pub(crate) struct Count {
    pub(crate) variable: Variable,
}

/// `INTO variable`, with what its items are.
#[derive(Debug)]
pub(crate) struct Into {
    pub(crate) variable: Variable,
    /// `= expression`.
    pub(crate) projection: Option<Expression>,
    /// `KEEP` and its variables.
    pub(crate) keep: Option<Vec<Variable>>,
    /// Without a projection: the variables that an item consists of. Set by the check.
    pub(crate) captured: Vec<Variable>,
}

/// The collection that a statement writes to, or one of `WITH`.
#[derive(Debug)]
pub(crate) struct Target {
    /// The name, or that of a collection parameter with its `@`.
    pub(crate) name: Arc<str>,
    pub(crate) is_bind: bool,
    /// Set by the check.
    pub(crate) collection: CollectionIndex,
}

/// `INSERT document INTO target`.
#[derive(Debug)]
pub(crate) struct Insert {
    pub(crate) document: Expression,
    pub(crate) target: Target,
    pub(crate) options: Option<Expression>,
    /// Slot of `OLD`, if the options let it replace a document. Set by the check.
    pub(crate) old: Option<Slot>,
    /// Slot of `NEW`. Set by the check.
    pub(crate) new: Slot,
}

/// `UPDATE` or `REPLACE`.
#[derive(Debug)]
pub(crate) struct Modify {
    pub(crate) replaces: bool,
    /// What stands before `WITH`.
    pub(crate) key: Option<Expression>,
    pub(crate) document: Expression,
    pub(crate) target: Target,
    pub(crate) options: Option<Expression>,
    pub(crate) old: Slot,
    pub(crate) new: Slot,
}

/// `REMOVE key IN target`.
#[derive(Debug)]
pub(crate) struct Remove {
    pub(crate) key: Expression,
    pub(crate) target: Target,
    pub(crate) options: Option<Expression>,
    pub(crate) old: Slot,
}

/// `UPSERT lookup INSERT document UPDATE document IN target`.
#[derive(Debug)]
pub(crate) struct Upsert {
    pub(crate) lookup: UpsertLookup,
    pub(crate) insert: Expression,
    /// Whether the second document replaces the first.
    pub(crate) replaces: bool,
    pub(crate) document: Expression,
    pub(crate) target: Target,
    pub(crate) options: Option<Expression>,
    pub(crate) old: Slot,
    pub(crate) new: Slot,
}

/// How `UPSERT` finds the document.
#[derive(Debug)]
pub(crate) enum UpsertLookup {
    /// An object literal or bind parameter: all of its attributes must be equal.
    Example(Expression),
    /// `FILTER condition`, where `CURRENT` is the document in this slot.
    Filter(Expression, Slot),
}
