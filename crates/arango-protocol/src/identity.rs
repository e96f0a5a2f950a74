//! Whether a response was written by ArangoDB.

use http::HeaderMap;
use http::header::SERVER;
use serde::Deserialize;

use crate::api_response::ApiResponse;
use crate::error::object::ErrorObject;

/// Returns whether the headers of a response name ArangoDB.
///
/// That is `Server: ArangoDB`, or any header that begins with `X-Arango-`: a proxy may replace the former, and keeps
/// the latter. The absence of both proves nothing, since both can be switched off.
#[must_use]
pub fn names_arangodb(headers: &HeaderMap) -> bool {
    // A header of ArangoDB's is usually the first one.
    headers.keys().any(|name| name.as_str().starts_with("x-arango-"))
        || headers.get(SERVER).is_some_and(|server| server.as_bytes().eq_ignore_ascii_case(b"ArangoDB"))
}

/// Returns whether ArangoDB wrote the response to an availability or version request.
///
/// Such a request is a `GET` of `/_admin/server/availability` or of `/_api/version`. Every server responds to both,
/// also without a login. ArangoDB is recognised by its headers, or by a body that only ArangoDB sends there.
///
/// ```
/// use arango_protocol::{ApiResponse, is_arangodb};
/// use http::{HeaderMap, StatusCode};
///
/// let response = |body: &'static str| ApiResponse::new(StatusCode::OK, HeaderMap::new(), body.into());
/// assert!(is_arangodb(&response(r#"{"error":false,"code":200,"mode":"default"}"#)));
/// assert!(!is_arangodb(&response(r#"{"status":"ok"}"#)));
/// ```
#[must_use]
pub fn is_arangodb(response: &ApiResponse) -> bool {
    #[derive(Deserialize)]
    struct Available {
        #[serde(rename = "mode")]
        _mode: String,
    }
    #[derive(Deserialize)]
    struct Version {
        server: String,
    }
    names_arangodb(response.headers())
        || ErrorObject::parse(response.bytes()).is_some()
        || (response.acknowledged().is_ok() && response.json::<Available>().is_ok())
        || response.json::<Version>().is_ok_and(|version| version.server == "arango")
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use http::{HeaderName, HeaderValue, StatusCode};

    #[test]
    fn arangodb_is_recognised_by_headers_that_proxies_keep() {
        let named = |name, value| {
            let headers = [(HeaderName::from_static(name), HeaderValue::from_static(value))];
            names_arangodb(&HeaderMap::from_iter(headers))
        };
        assert!(named("server", "ArangoDB") && named("x-arango-queue-time-seconds", "0.000000"));
        assert!(!named("server", "nginx") && !named("content-type", "application/json"));
    }

    #[test]
    fn arangodb_is_recognised_by_its_body_without_headers() {
        let known = |body: &'static str| {
            is_arangodb(&ApiResponse::new(
                StatusCode::OK,
                HeaderMap::new(),
                Bytes::from_static(body.as_bytes()),
            ))
        };
        assert!(known(r#"{"error":false,"code":200,"mode":"default"}"#));
        assert!(known(r#"{"code":401,"error":true,"errorMessage":"not authorized","errorNum":11}"#));
        assert!(known(r#"{"server":"arango","license":"enterprise","version":"3.12.5"}"#));
        for foreign in [
            "<html>",
            "",
            "ok",
            "[]",
            "{}",
            r#"{"status":"ok"}"#,
            r#"{"mode":"dark"}"#,
            r#"{"server":"nginx"}"#,
            r#"{"error":"not found"}"#,
        ] {
            assert!(!known(foreign), "{foreign}");
        }
    }
}
