//! Stream transactions: beginning and ending them, the operations within, and commits whose response was lost.

mod abort;
mod begin;
mod commit;
mod get;
mod id;
mod in_transaction;
mod list;
mod lost_commit;

pub use abort::{AbortTransaction, AbortWriteTransactions};
pub use begin::BeginTransaction;
pub use commit::CommitTransaction;
pub use get::GetTransaction;
pub use id::{TransactionId, TransactionState, TransactionStatus};
pub use in_transaction::{InTransaction, Transactional};
pub use list::{ListTransactions, OpenTransaction};
pub use lost_commit::{CommitAnswer, CommitStep, Leaders, LostCommit, Proof};
