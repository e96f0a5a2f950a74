//! Transactions: a handle that aborts when it is dropped, and a closure that is run again after a conflict.

mod builder;
mod calls;
mod collection;
mod commit;
mod error;
mod graph;
mod handle;
mod proof;
mod run;
mod state;

pub use builder::{NewTransaction, Proved};
pub use collection::TransactionCollection;
pub use error::TransactionError;
pub use graph::{TransactionEdges, TransactionGraph};
pub use handle::Transaction;

pub(super) use calls::TransactionCalls;
