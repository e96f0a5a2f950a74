//! The running cluster: coordinators with their listeners, the control API, and the handles that tests use.

pub(crate) mod abort;
pub(crate) mod agency_jobs;
pub(crate) mod body;
pub(crate) mod builder;
pub(crate) mod cluster;
pub(crate) mod conditions;
pub(crate) mod control;
pub(crate) mod coordinator;
pub(crate) mod cursor_lock;
pub(crate) mod db_servers;
pub(crate) mod early_response;
mod execution;
pub(crate) mod gateway;
pub(crate) mod handler;
pub(crate) mod listener;
pub(crate) mod process_state;
pub(crate) mod response_faults;
pub(crate) mod tokens;
pub(crate) mod transaction_lease;
