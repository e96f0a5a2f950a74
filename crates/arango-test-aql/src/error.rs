//! What goes wrong with a query: errors that end it, and warnings that do not.

use std::fmt;

/// A place in the text of a query, counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// Number of the line.
    pub line: usize,
    /// Number of the byte in its line, as a server counts.
    pub column: usize,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// Numbers of ArangoDB's errors that this crate reports or tells apart.
pub mod number {
    /// A function got an argument that makes no sense.
    pub const BAD_PARAMETER: u32 = 10;
    /// A function would yield too much.
    pub const RESOURCE_LIMIT: u32 = 32;
    /// A part of AQL that this crate does not have.
    pub const NOT_IMPLEMENTED: u32 = 9;
    /// A document that a query names does not exist.
    pub const DOCUMENT_NOT_FOUND: u32 = 1202;
    /// A collection that a query names does not exist.
    pub const COLLECTION_NOT_FOUND: u32 = 1203;
    /// No collection can have the name.
    pub const ILLEGAL_NAME: u32 = 1208;
    /// A collection is not of the kind that its place needs.
    pub const COLLECTION_TYPE_INVALID: u32 = 1218;
    /// What stores the documents does not respond.
    pub const BACKEND_UNAVAILABLE: u32 = 1478;
    /// The text does not follow the grammar.
    pub const PARSE: u32 = 1501;
    /// The query has no text.
    pub const QUERY_EMPTY: u32 = 1502;
    /// A number is outside the range that its place allows.
    pub const NUMBER_OUT_OF_RANGE: u32 = 1504;
    /// A variable is introduced although its name is taken.
    pub const VARIABLE_REDECLARED: u32 = 1511;
    /// No variable has this name.
    pub const VARIABLE_NAME_UNKNOWN: u32 = 1512;
    /// A traversal comes to a collection that the query does not declare.
    pub const COLLECTION_LOCK_FAILED: u32 = 1521;
    /// No function has this name.
    pub const FUNCTION_NAME_UNKNOWN: u32 = 1540;
    /// A function is called with too few or too many arguments.
    pub const FUNCTION_ARGUMENT_NUMBER: u32 = 1541;
    /// An argument has a type that the function does not take.
    pub const FUNCTION_ARGUMENT_TYPE: u32 = 1542;
    /// A pattern is not a regular expression.
    pub const INVALID_REGEX: u32 = 1543;
    /// A value that is not a number is part of a calculation.
    pub const INVALID_ARITHMETIC_VALUE: u32 = 1561;
    /// A bind parameter of the query has no value.
    pub const BIND_PARAMETER_MISSING: u32 = 1551;
    /// A search of positions has no index.
    pub const GEO_INDEX_MISSING: u32 = 1570;
    /// A search of words has no index.
    pub const FULLTEXT_INDEX_MISSING: u32 = 1571;
    /// A value is given for a bind parameter that the query does not have.
    pub const BIND_PARAMETER_UNDECLARED: u32 = 1552;
    /// The value of a bind parameter has a type that its place does not allow.
    pub const BIND_PARAMETER_TYPE: u32 = 1553;
    /// A division or a remainder by zero.
    pub const DIVISION_BY_ZERO: u32 = 1562;
    /// An operation expected an array.
    pub const ARRAY_EXPECTED: u32 = 1563;
    /// A collection stands where a value is needed.
    pub const COLLECTION_USED_IN_EXPRESSION: u32 = 1568;
    /// The query called `FAIL`.
    pub const FAIL_CALLED: u32 = 1569;
    /// A text is not a date.
    pub const INVALID_DATE: u32 = 1572;
    /// What stands after `AGGREGATE` is not an aggregation.
    pub const INVALID_AGGREGATE: u32 = 1574;
    /// Options depend on what is known only when the query runs.
    pub const COMPILE_TIME_OPTIONS: u32 = 1575;
    /// A collection is read or written after the query has written to it.
    pub const ACCESS_AFTER_MODIFICATION: u32 = 1579;
    /// The query called `ASSERT` with a false condition.
    pub const ASSERTION_FAILED: u32 = 1593;
    /// The query called `WARN` with a false condition.
    pub const WARNING_RAISED: u32 = 1594;
    /// A document does not follow the schema of its collection.
    pub const VALIDATION_FAILED: u32 = 1620;
    /// A graph that a query names does not exist.
    pub const GRAPH_NOT_FOUND: u32 = 1924;
    /// A graph that a query names has no edges or no vertices.
    pub const GRAPH_EMPTY: u32 = 1940;
}

/// The reason why a query cannot be read or cannot go on.
///
/// Number and message are those of the server, so that they can stand in a response as they are.
/// [`number::NOT_IMPLEMENTED`] is the one that a server does not send: the query may be valid, but this crate does
/// not know how to run it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueryError {
    /// ArangoDB's error number.
    pub number: u32,
    /// ArangoDB's message.
    pub message: String,
    /// Where in the text, if the error belongs to a place.
    pub position: Option<Position>,
}

impl QueryError {
    /// Creates an error without a position.
    pub fn new(number: u32, message: impl Into<String>) -> Self {
        Self { number, message: message.into(), position: None }
    }

    /// Creates the error for AQL that this crate does not have.
    ///
    /// The message begins with `sim:`, so that no test takes it for one of a server.
    pub fn not_implemented(construct: impl fmt::Display) -> Self {
        Self::new(number::NOT_IMPLEMENTED, format!("sim: AQL feature not implemented: {construct}"))
    }

    /// Sets the position, unless the error already has one.
    #[must_use]
    pub fn at(mut self, position: Position) -> Self {
        self.position.get_or_insert(position);
        self
    }

    /// Whether the query may be valid, but uses what this crate does not have.
    pub fn is_not_implemented(&self) -> bool {
        self.number == number::NOT_IMPLEMENTED
    }
}

impl fmt::Display for QueryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        match self.position {
            Some(position) if !self.message.contains(" at position ") => write!(f, " at position {position}"),
            _ => Ok(()),
        }
    }
}

impl std::error::Error for QueryError {}

/// A remark on a query that went on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    /// ArangoDB's error number.
    pub number: u32,
    /// ArangoDB's message.
    pub message: String,
}

impl Warning {
    /// Creates a warning.
    pub fn new(number: u32, message: impl Into<String>) -> Self {
        Self { number, message: message.into() }
    }
}

impl From<Warning> for QueryError {
    /// The error that a warning becomes if a query fails on warnings.
    fn from(warning: Warning) -> Self {
        Self::new(warning.number, warning.message)
    }
}
