//! Beginning a transaction.

use std::time::Duration;

use arango_protocol::{
    ApiResponse, BuildError, Metadata, Operation, OutputError, RequestBuilder, RequestProperties,
    Requirement, Scope,
};
use bytes::Bytes;
use http::Request;
use serde::Serialize;

use super::id::{TransactionId, TransactionStatus};
use crate::names::CollectionName;

const SKIP_FAST_LOCK_ROUND: Requirement = Requirement::new("skip_fast_lock_round", "3.12.1");

/// Begins a stream transaction.
///
/// It lives on the coordinator that responds, and ends with an abort if it is not used for 60 s. It is not repeated if
/// its response was lost: what it has locked then is free after these 60 s.
///
/// ```
/// use arango_data::{BeginTransaction, CollectionName};
/// use arango_protocol::Operation;
///
/// let begin = BeginTransaction::new().write(&CollectionName::new("accounts")?);
/// assert_eq!(begin.request()?.body(), r#"{"collections":{"write":["accounts"]}}"#);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// 404 with error 1203 if a collection does not exist; 500 with error 18 if one could not be locked in time.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BeginTransaction {
    read: Vec<CollectionName>,
    write: Vec<CollectionName>,
    exclusive: Vec<CollectionName>,
    lock_timeout: Option<Duration>,
    max_bytes: Option<u64>,
    waits_for_sync: bool,
    forbids_implicit: bool,
    skips_fast_lock_round: bool,
}

impl BeginTransaction {
    /// Begins a transaction without collections.
    ///
    /// It may read every collection, unless [`forbid_implicit`](Self::forbid_implicit) is set.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a collection that it reads.
    ///
    /// Others may be read, too, but a deadlock can then occur.
    #[must_use]
    pub fn read(mut self, collection: &CollectionName) -> Self {
        self.read.push(collection.clone());
        self
    }

    /// Adds a collection that it writes. Others cannot be written.
    #[must_use]
    pub fn write(mut self, collection: &CollectionName) -> Self {
        self.write.push(collection.clone());
        self
    }

    /// Adds a collection that no other transaction writes meanwhile.
    #[must_use]
    pub fn exclusive(mut self, collection: &CollectionName) -> Self {
        self.exclusive.push(collection.clone());
        self
    }

    /// Limits how long the server waits for the locks; by default 900 s.
    ///
    /// Zero is refused: for the server it means that there is no limit.
    #[must_use]
    pub fn lock_timeout(mut self, limit: Duration) -> Self {
        self.lock_timeout = Some(limit);
        self
    }

    /// Limits the size of its writes on each DB-Server, in bytes.
    ///
    /// By default 128 MiB, and 512 MiB since 3.12.4.
    #[must_use]
    pub fn max_bytes(mut self, bytes: u64) -> Self {
        self.max_bytes = Some(bytes);
        self
    }

    /// Waits with the commit until it is on disk.
    #[must_use]
    pub fn wait_for_sync(mut self) -> Self {
        self.waits_for_sync = true;
        self
    }

    /// Refuses to read collections that were not declared.
    #[must_use]
    pub fn forbid_implicit(mut self) -> Self {
        self.forbids_implicit = true;
        self
    }

    /// Locks the collections one after the other at once, instead of trying to lock all of them at the same time first.
    ///
    /// Faster if the locks are contended. Since 3.12.1.
    #[must_use]
    pub fn skip_fast_lock_round(mut self) -> Self {
        self.skips_fast_lock_round = true;
        self
    }

    /// Returns the collections that it writes, with and without an exclusive lock.
    #[inline]
    pub fn written(&self) -> impl Iterator<Item = &CollectionName> {
        self.write.iter().chain(&self.exclusive)
    }
}

impl Operation for BeginTransaction {
    type Output = TransactionId;

    const METADATA: Metadata = Metadata::post("transaction.begin", "/_api/transaction/begin")
        .scope(Scope::Database)
        .collections_in_body();

    #[inline]
    fn properties(&self) -> RequestProperties {
        let mut properties = RequestProperties::of(&Self::METADATA).without_measuring();
        if let Some(limit) = self.lock_timeout {
            properties = properties.server_timeout(limit);
        }
        if self.skips_fast_lock_round { properties.requires(&SKIP_FAST_LOCK_ROUND) } else { properties }
    }

    #[inline]
    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        let body = Body {
            collections: Collections { read: &self.read, write: &self.write, exclusive: &self.exclusive },
            lock_timeout: self.lock_timeout.map(|limit| limit.as_secs_f64()),
            max_transaction_size: self.max_bytes,
            wait_for_sync: self.waits_for_sync,
            allow_implicit: self.forbids_implicit.then_some(false),
            skip_fast_lock_round: self.skips_fast_lock_round,
        };
        if self.lock_timeout.is_some_and(|limit| limit.is_zero()) {
            return Err(BuildError::Field { field: "lock_timeout", reason: "is zero" });
        }
        RequestBuilder::new(Self::METADATA).json(&body).build()
    }

    #[inline]
    fn output(&self, response: ApiResponse) -> Result<TransactionId, OutputError> {
        response.json_result::<TransactionStatus>().map(|status| status.id)
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a> {
    collections: Collections<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    lock_timeout: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_transaction_size: Option<u64>,
    #[serde(skip_serializing_if = "is_false")]
    wait_for_sync: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    allow_implicit: Option<bool>,
    #[serde(skip_serializing_if = "is_false")]
    skip_fast_lock_round: bool,
}

#[derive(Serialize)]
struct Collections<'a> {
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    read: &'a [CollectionName],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    write: &'a [CollectionName],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    exclusive: &'a [CollectionName],
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde calls")]
fn is_false(value: &bool) -> bool {
    !value
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_rejected, assert_request_with_body, name, read};
    use arango_protocol::{Affinity, RequestClass};

    const PATH: &str = "/_api/transaction/begin";

    #[test]
    fn only_what_was_set_is_sent() {
        let empty = r#"{"collections":{}}"#;
        assert_request_with_body(&BeginTransaction::new(), "POST", PATH, empty);
        let all = BeginTransaction::new()
            .read(&name("rates"))
            .write(&name("accounts"))
            .exclusive(&name("log"))
            .lock_timeout(Duration::from_millis(1500))
            .max_bytes(1000)
            .wait_for_sync()
            .forbid_implicit()
            .skip_fast_lock_round();
        let body = r#"{"collections":{"read":["rates"],"write":["accounts"],"exclusive":["log"]},"lockTimeout":1.5,"maxTransactionSize":1000,"waitForSync":true,"allowImplicit":false,"skipFastLockRound":true}"#;
        assert_request_with_body(&all, "POST", PATH, body);
        assert_eq!(all.written().map(CollectionName::as_str).collect::<Vec<_>>(), ["accounts", "log"]);
        assert_eq!(all.properties().requires.unwrap().since, "3.12.1");
        assert_eq!(all.properties().server_timeout, Some(Duration::from_millis(1500)));
        let zero = BeginTransaction::new().lock_timeout(Duration::ZERO);
        assert_rejected(&zero, "`lock_timeout` is zero");
    }

    #[test]
    fn it_is_sent_once_to_any_coordinator_and_returns_the_id() {
        let begin = BeginTransaction::new();
        assert_eq!(begin.properties().class, RequestClass::NonIdempotent);
        assert_eq!(begin.properties().affinity, Affinity::Any);
        let body = r#"{"error":false,"code":201,"result":{"id":"7337","status":"running"}}"#;
        assert_eq!(read(&begin, body).as_str(), "7337");
    }
}
