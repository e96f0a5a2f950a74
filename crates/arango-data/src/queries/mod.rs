//! AQL: queries, their cursors, and what the server says about them.

mod aql;
mod aql_text;
mod batch;
mod close_cursor;
mod compose;
mod create_cursor;
mod explain;
mod extra;
mod ids;
mod kill;
mod large_batch;
mod next_batch;
mod options;
mod options_body;
mod parse;
mod proof;
mod row;
mod running;
mod tag;

pub use aql::Aql;
pub use batch::Batch;
pub use close_cursor::CloseCursor;
pub use create_cursor::CreateCursor;
pub use explain::{ExecutionPlan, ExplainQuery, Explanation, PlanCollection};
pub use extra::{Extra, QueryStats, Warning};
pub use ids::{BatchId, CursorId, QueryId};
pub(crate) use ids::{IdVisitor, id};
pub use kill::{ClearSlowQueries, KillQuery, KillStatus};
pub use next_batch::NextBatch;
pub use options::{Profile, QueryOptions};
pub use parse::{ParseQuery, ParsedQuery};
pub use row::{RawRows, Row};
pub use running::{ListRunningQueries, ListSlowQueries, QueryScope, QueryState, RunningQuery};
pub use tag::QueryTag;
