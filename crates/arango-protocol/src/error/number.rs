//! ArangoDB's error numbers.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The `errorNum` of an error response.
///
/// There are constants for the numbers that decide what a client does next. Any other number is kept as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ErrorNumber(pub u32);

macro_rules! numbers {
    ($($(#[$doc:meta])* $name:ident = $number:literal;)*) => {
        impl ErrorNumber {
            $($(#[$doc])* pub const $name: Self = Self($number);)*
        }
    };
}

numbers! {
    /// The server does not implement the call.
    NOT_IMPLEMENTED = 9;
    /// A parameter is missing or wrong.
    BAD_PARAMETER = 10;
    /// Not logged in, not permitted, or a database without access.
    ///
    /// All three have the same number.
    FORBIDDEN = 11;
    /// A lock could not be acquired in time.
    LOCK_TIMEOUT = 18;
    /// The request was cancelled.
    REQUEST_CANCELED = 21;
    /// The transaction is executing another request.
    TRANSACTION_LOCKED = 28;
    /// The server is shutting down.
    SHUTTING_DOWN = 30;
    /// The request would use more resources than it may.
    RESOURCE_LIMIT = 32;
    /// The server is starting.
    STARTING_UP = 38;
    /// The login was rejected.
    HTTP_UNAUTHORIZED = 401;
    /// There is no such path.
    HTTP_NOT_FOUND = 404;
    /// A required server did not respond in time.
    HTTP_GATEWAY_TIMEOUT = 504;
    /// The server is starting or in maintenance mode.
    HTTP_SERVICE_UNAVAILABLE = 503;
    /// The body is not JSON.
    HTTP_CORRUPTED_JSON = 600;
    /// The server is read-only.
    READ_ONLY = 1004;
    /// Write-write conflict, or a revision mismatch.
    CONFLICT = 1200;
    /// There is no such document.
    DOCUMENT_NOT_FOUND = 1202;
    /// There is no such collection or view.
    DATA_SOURCE_NOT_FOUND = 1203;
    /// The name is already in use.
    DUPLICATE_NAME = 1207;
    /// The value of a unique attribute is already in use.
    UNIQUE_CONSTRAINT_VIOLATED = 1210;
    /// A key was given for a collection that makes the keys itself.
    KEY_NOT_ALLOWED = 1222;
    /// There is no such database, as far as this coordinator knows.
    DATABASE_NOT_FOUND = 1228;
    /// Only allowed in the database `_system`.
    USE_SYSTEM_DATABASE = 1230;
    /// Too few replicas are in sync for the write concern.
    WRITE_CONCERN_NOT_FULFILLED = 1429;
    /// The coordinator that holds the state is not in the cluster.
    ///
    /// The state is a cursor, transaction or job.
    CLUSTER_SERVER_UNKNOWN = 1449;
    /// The agency could not be read.
    CLUSTER_READING_PLAN_AGENCY = 1454;
    /// An operation within the cluster timed out, and may still be running.
    CLUSTER_TIMEOUT = 1457;
    /// The connection to a DB-Server was lost during the request.
    CLUSTER_CONNECTION_LOST = 1465;
    /// Not supported in a cluster.
    CLUSTER_UNSUPPORTED = 1470;
    /// Only supported on a coordinator.
    CLUSTER_ONLY_ON_COORDINATOR = 1471;
    /// The agency could not be read.
    CLUSTER_AGENCY_READ_FAILED = 1472;
    /// A DB-Server could not be reached.
    CLUSTER_BACKEND_UNAVAILABLE = 1478;
    /// The leader of the shard has resigned.
    CLUSTER_SHARD_LEADER_RESIGNED = 1491;
    /// The agency did not respond.
    CLUSTER_AGENCY_COMMUNICATION_FAILED = 1492;
    /// A leader election is in progress.
    CLUSTER_LEADERSHIP_CHALLENGE_ONGOING = 1495;
    /// The server is not the leader.
    CLUSTER_NOT_LEADER = 1496;
    /// A key was given for a collection that is sharded by other attributes.
    CLUSTER_KEY_NOT_ALLOWED = 1466;
    /// The query was killed.
    QUERY_KILLED = 1500;
    /// The query has a syntax error.
    QUERY_PARSE = 1501;
    /// There is no such query.
    QUERY_NOT_FOUND = 1591;
    /// There is no such cursor.
    CURSOR_NOT_FOUND = 1600;
    /// The cursor is in use.
    CURSOR_BUSY = 1601;
    /// The document does not match the schema of its collection.
    SCHEMA_VIOLATED = 1620;
    /// The transaction does not allow this: it was committed or aborted before.
    TRANSACTION_DISALLOWED = 1653;
    /// The transaction was aborted.
    TRANSACTION_ABORTED = 1654;
    /// There is no such transaction.
    TRANSACTION_NOT_FOUND = 1655;
    /// The server's queue is full.
    QUEUE_FULL = 21003;
    /// The estimated time in the server's queue exceeds the request's limit.
    QUEUE_TIME_VIOLATED = 21004;
}

impl ErrorNumber {
    /// Returns whether the server finds this error in a query before it executes anything.
    ///
    /// These are errors of the syntax, of names, of the number of arguments, and of bind parameters.
    pub(crate) fn is_found_by_query_parser(self) -> bool {
        matches!(self.0, 1501 | 1502 | 1510..=1513 | 1540 | 1541 | 1550..=1553 | 1568 | 1573 | 1579)
    }
}

impl fmt::Display for ErrorNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
