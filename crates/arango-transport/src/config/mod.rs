//! Client settings and their errors.

pub(crate) mod hedging;
#[cfg_attr(not(feature = "http2"), expect(dead_code, unreachable_pub, reason = "it cannot be enabled"))]
pub(crate) mod http2;
pub(crate) mod invalid_settings;
pub(crate) mod limits;
pub(crate) mod retry_policy;
#[cfg(feature = "rustls")]
pub(crate) mod tls_fault;
