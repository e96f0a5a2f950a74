//! A gateway in front of a coordinator that strips a prefix from every path.

use bytes::Bytes;
use http::uri::PathAndQuery;
use http::{Response, Uri};

use crate::http::response;

/// Returns the path without the prefix. `None` if it has another prefix.
pub(crate) fn strip(prefix: &str, uri: &Uri) -> Option<Uri> {
    let path = uri.path_and_query()?.as_str().strip_prefix(prefix)?;
    let path = PathAndQuery::try_from(path).ok().filter(|_| path.starts_with('/'))?;
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(path);
    Uri::from_parts(parts).ok()
}

/// The response to paths without the prefix.
pub(crate) fn not_found() -> Response<Bytes> {
    response::proxy_response(404, "text/html", "<html><h1>404 Not Found</h1><hr>gateway</html>".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_segments_are_taken_from_a_path() {
        let stripped =
            |path: &'static str| strip("/arango", &Uri::from_static(path)).map(|uri| uri.to_string());
        assert_eq!(
            stripped("/arango/_api/version?details=true").as_deref(),
            Some("/_api/version?details=true")
        );
        assert_eq!(stripped("http://a:1/arango/_api").as_deref(), Some("http://a:1/_api"));
        for other in ["/_api/version", "/arangodb/_api", "/arango", "/"] {
            assert_eq!(stripped(other), None, "{other}");
        }
    }
}
