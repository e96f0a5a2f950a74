//! The header that names the client.

use http::{HeaderMap, HeaderName, HeaderValue};

/// Servers use it only in their logs and for statistics of drivers.
const DRIVER: HeaderName = HeaderName::from_static("x-arango-driver");
static DRIVER_VALUE: HeaderValue = HeaderValue::from_static(concat!("arango-rs/", env!("CARGO_PKG_VERSION")));

/// Adds the name of the client to a request.
pub(super) fn add(headers: &mut HeaderMap) {
    headers.insert(DRIVER, DRIVER_VALUE.clone());
}
