//! The path prefix that a gateway requires before every ArangoDB path.

use http::Uri;
use http::uri::PathAndQuery;

use crate::types::invalid_hosts::InvalidHostReason;

/// The maximum length of a prefix, in bytes, so that enough of the request line remains for the path.
const MAX_LENGTH: usize = 1024;

/// First segments of ArangoDB paths, which the client adds itself.
const ARANGODB_SEGMENTS: [&str; 5] = ["_db", "_api", "_admin", "_open", "_arango"];

/// Parses the path of a host and removes a trailing slash.
///
/// Returns an empty string if there is no path.
pub(crate) fn read(path: &str) -> Result<&str, InvalidHostReason> {
    let prefix = path.trim_end_matches('/');
    if prefix.is_empty() {
        return if path.len() < 2 { Ok("") } else { Err(InvalidHostReason::Prefix) };
    }
    let mut segments = prefix.split('/').skip(1);
    if segments.clone().any(|segment| ARANGODB_SEGMENTS.contains(&segment)) {
        return Err(InvalidHostReason::Path);
    }
    let has_valid_length = prefix.len() <= MAX_LENGTH && path.len() <= prefix.len() + 1;
    if has_valid_length && segments.all(is_plain) { Ok(prefix) } else { Err(InvalidHostReason::Prefix) }
}

/// Returns whether every gateway interprets a segment literally.
///
/// Such a segment is not empty, is no dot segment, and contains only characters allowed in a path.
fn is_plain(segment: &str) -> bool {
    let dots = segment.to_ascii_lowercase().replace("%2e", ".");
    let mut bytes = segment.bytes();
    while let Some(byte) = bytes.next() {
        let is_allowed = match byte {
            b'%' => {
                let mut digit = || bytes.next().is_some_and(|byte| byte.is_ascii_hexdigit());
                digit() && digit()
            }
            _ => byte.is_ascii_alphanumeric() || b"-._~!$&'()*+=:".contains(&byte),
        };
        if !is_allowed {
            return false;
        }
    }
    !matches!(&*dots, "" | "." | "..") && !["%2f", "%5c", "%00"].iter().any(|encoded| dots.contains(encoded))
}

/// Prepends a prefix to a request path; returns `None` if the result is too long.
pub(crate) fn prepend(prefix: &str, uri: &Uri) -> Option<Uri> {
    let path = uri.path_and_query().map_or("/", PathAndQuery::as_str);
    Some(Uri::from(PathAndQuery::try_from(format!("{prefix}{path}")).ok()?))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_prefix_is_parsed_without_a_trailing_slash() {
        for (path, prefix) in
            [("", ""), ("/", ""), ("/arango", "/arango"), ("/arango/", "/arango"), ("/a/b%20c/", "/a/b%20c")]
        {
            assert_eq!(read(path), Ok(prefix), "{path}");
        }
    }

    #[test]
    fn a_path_that_a_gateway_may_interpret_differently_is_rejected() {
        for path in [
            "//",
            "/a//",
            "/a//b",
            "/.",
            "/../a",
            "/a/%2E%2e",
            "/a%2fb",
            "/a%00",
            "/a b",
            "/a%2",
            "/a\\b",
            "/ä",
        ] {
            assert_eq!(read(path), Err(InvalidHostReason::Prefix), "{path}");
        }
        assert_eq!(read(&format!("/{}", "a".repeat(MAX_LENGTH))), Err(InvalidHostReason::Prefix));
    }

    #[test]
    fn arangodb_paths_are_rejected() {
        for path in ["/_db/x", "/arango/_db/x", "/_api/version", "/_admin"] {
            assert_eq!(read(path), Err(InvalidHostReason::Path), "{path}");
        }
    }

    #[test]
    fn the_prefix_is_prepended_to_path_and_query() {
        let joined = prepend("/arango", &Uri::from_static("/_api/version?details=true")).unwrap();
        assert_eq!(joined, "/arango/_api/version?details=true");
        let long = Uri::try_from(format!("/{}", "a".repeat(65_000))).unwrap();
        assert_eq!(prepend(&format!("/{}", "a".repeat(1000)), &long), None);
    }

    proptest! {
        #[test]
        fn every_parsed_prefix_can_be_prepended_to_a_path(path in "/[ -~]{0,20}") {
            if let Ok(prefix) = read(&path) {
                let joined = prepend(prefix, &Uri::from_static("/_api/version")).unwrap();
                prop_assert_eq!(joined.path(), format!("{prefix}/_api/version"));
                prop_assert_eq!(read(prefix), Ok(prefix));
            }
        }
    }
}
