//! Whether ArangoDB wrote an answer.

use http::HeaderMap;
use http::header::SERVER;
use serde::Deserialize;

use crate::{ApiResponse, ErrorObject};

/// Whether the headers of an answer say that ArangoDB wrote it.
///
/// `Server: ArangoDB`, or any header that begins with `X-Arango-`: a proxy may replace the former, and keeps the
/// latter. That neither is there proves nothing, for both can be switched off.
#[must_use]
pub fn names_arangodb(headers: &HeaderMap) -> bool {
    headers.get(SERVER).is_some_and(|server| server.as_bytes().eq_ignore_ascii_case(b"ArangoDB"))
        || headers.keys().any(|name| name.as_str().starts_with("x-arango-"))
}

/// Whether ArangoDB wrote an answer to a `GET` of `/_admin/server/availability` or of `/_api/version`, which every server
/// answers, to those who are not logged in, too: by its headers, or by what only ArangoDB says there.
///
/// ```
/// use arango_protocol::{ApiResponse, is_arangodb};
/// use http::{HeaderMap, StatusCode};
///
/// let answer = |body: &'static str| ApiResponse::new(StatusCode::OK, HeaderMap::new(), body.into());
/// assert!(is_arangodb(&answer(r#"{"error":false,"code":200,"mode":"default"}"#)));
/// assert!(!is_arangodb(&answer(r#"{"status":"ok"}"#)));
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
    fn arangodb_is_known_by_headers_that_proxies_keep() {
        let named = |name, value| {
            let headers = [(HeaderName::from_static(name), HeaderValue::from_static(value))];
            names_arangodb(&HeaderMap::from_iter(headers))
        };
        assert!(named("server", "ArangoDB") && named("x-arango-queue-time-seconds", "0.000000"));
        assert!(!named("server", "nginx") && !named("content-type", "application/json"));
    }

    #[test]
    fn arangodb_is_known_by_its_words_where_headers_are_switched_off() {
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
