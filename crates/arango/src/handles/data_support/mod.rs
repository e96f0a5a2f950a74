//! What handles on collections and cursors need of a database.

pub(crate) mod background;
pub(crate) mod generated_keys;
pub(crate) mod query_log;
pub(crate) mod single_leaders;

use std::sync::Arc;
use std::time::Duration;

use arango_transport::protocol::{
    BuildError, DatabaseName, ErrorKind, InvalidName, Operation, Outcome, RequestProperties,
};
use arango_transport::{BoxError, Call, Coordinator, Error, RetryPolicy};

use crate::handles::data_support::background::Background;
use crate::handles::data_support::generated_keys::GeneratedKeys;
use crate::handles::data_support::query_log::QueryLog;
use crate::handles::data_support::single_leaders::SingleLeaders;
use crate::handles::database::Database;

/// What all handles of a client share.
#[derive(Debug, Default)]
pub(crate) struct DataState {
    pub(crate) background: Background,
    pub(crate) generated_keys: GeneratedKeys,
    pub(crate) query_log: QueryLog,
    pub(crate) single_leaders: SingleLeaders,
}

impl Database {
    /// Returns the name of the database, or why it is invalid.
    pub(crate) fn checked_name(&self) -> Result<&DatabaseName, InvalidName> {
        self.name.as_ref().map_err(Clone::clone)
    }

    /// Returns the name of the database, if it is valid.
    pub(crate) fn name(&self) -> Option<&DatabaseName> {
        self.name.as_ref().ok()
    }

    /// Returns the name of the database; that of an invalid one is empty.
    pub(crate) fn display_name(&self) -> &str {
        self.name.as_ref().map_or("", DatabaseName::as_str)
    }

    /// Returns the error of an operation that was executed, with another output than the caller expects.
    pub(crate) fn unexpected_output<O: Operation>(
        &self,
        coordinator: Option<Coordinator>,
        reason: impl Into<BoxError>,
    ) -> Error {
        let path = [self.prefix(), O::METADATA.path].concat();
        Error::unexpected_output(&call::<O>(), O::METADATA.method, &path, coordinator, reason)
    }

    /// Replaces the retry policy of this handle.
    pub(crate) fn with_retry_policy(mut self, policy: RetryPolicy) -> Self {
        let options = Arc::make_mut(self.options.get_or_insert_default());
        *options = std::mem::take(options).retry(policy);
        self
    }

    /// Returns how long a call through this handle waits for one response.
    pub(crate) fn attempt_limit(&self) -> Duration {
        self.transport.attempt_limit(self.options.as_deref())
    }
}

/// Returns the name of a database, or the error of an operation on it.
pub(crate) fn database_name<O: Operation>(name: &str) -> Result<DatabaseName, Error> {
    DatabaseName::new(name).map_err(|invalid| invalid_request::<O>(invalid.into()))
}

/// Returns the error of an operation that could not be built.
pub(crate) fn invalid_request<O: Operation>(error: BuildError) -> Error {
    Error::request(&call::<O>(), O::METADATA.method, O::METADATA.path, error)
}

/// Returns the error of an operation whose runtime was shut down, or that there is no runtime for.
pub(crate) fn without_runtime<O: Operation>(outcome: Outcome) -> Error {
    Error::without_runtime(&call::<O>(), O::METADATA.method, O::METADATA.path, outcome)
}

/// Returns the error of an operation that is not sent, because of what is known about the state that it needs.
pub(crate) fn not_sent<O: Operation>(kind: ErrorKind, reason: &'static str) -> Error {
    Error::not_sent(&call::<O>(), O::METADATA.method, O::METADATA.path, kind, reason)
}

fn call<O: Operation>() -> Call {
    Call::new(&O::METADATA, RequestProperties::of(&O::METADATA))
}
