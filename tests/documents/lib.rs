//! Compiles the examples of the guide and of the README.
#![cfg(doctest)]

#[doc = include_str!("../../README.md")]
mod readme {}
#[doc = include_str!("../../docs/getting-started.md")]
mod getting_started {}
#[doc = include_str!("../../docs/connecting.md")]
mod connecting {}
#[doc = include_str!("../../docs/balancing.md")]
mod balancing {}
#[doc = include_str!("../../docs/discovery.md")]
mod discovery {}
#[doc = include_str!("../../docs/documents.md")]
mod documents {}
#[doc = include_str!("../../docs/queries.md")]
mod queries {}
#[doc = include_str!("../../docs/scan.md")]
mod scan {}
#[doc = include_str!("../../docs/lost-writes.md")]
mod lost_writes {}
#[doc = include_str!("../../docs/users.md")]
mod users {}
#[doc = include_str!("../../docs/failures-and-retries.md")]
mod failures_and_retries {}
#[doc = include_str!("../../docs/administration.md")]
mod administration {}
#[doc = include_str!("../../docs/long-operations.md")]
mod long_operations {}
#[doc = include_str!("../../docs/middleware.md")]
mod middleware {}
#[doc = include_str!("../../docs/metrics.md")]
mod metrics {}
#[doc = include_str!("../../docs/migrating.md")]
mod migrating {}
#[doc = include_str!("../../docs/test-cluster.md")]
mod test_cluster {}
