//! Recent calls, recent queries and crash dumps of a server.

mod api_calls;
mod aql_queries;
mod crashes;

pub use api_calls::{ApiCall, GetApiCalls};
pub use aql_queries::{AqlQuery, GetAqlQueries};
pub use crashes::{CrashDump, DeleteCrash, GetCrash, ListCrashes};
