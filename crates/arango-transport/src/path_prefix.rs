//! The path that a gateway wants before every path of ArangoDB's.

use http::Uri;
use http::uri::PathAndQuery;

use crate::HostFault;

/// More is no prefix, and leaves too little of what fits into a request line.
const LONGEST: usize = 1024;

/// What paths of ArangoDB begin with: the client makes these itself.
const OWN: [&str; 5] = ["_db", "_api", "_admin", "_open", "_arango"];

/// Reads the path of a host; without slashes at its end, so empty if there is none.
pub(crate) fn read(path: &str) -> Result<&str, HostFault> {
    let prefix = path.trim_end_matches('/');
    if prefix.is_empty() {
        return if path.len() < 2 { Ok("") } else { Err(HostFault::Prefix) };
    }
    let mut segments = prefix.split('/').skip(1);
    if segments.clone().any(|segment| OWN.contains(&segment)) {
        return Err(HostFault::Path);
    }
    let fits = prefix.len() <= LONGEST && path.len() <= prefix.len() + 1;
    if fits && segments.all(is_plain) { Ok(prefix) } else { Err(HostFault::Prefix) }
}

/// Whether a gateway reads a segment as it stands: it is not empty, leads nowhere else, and holds no other character
/// than a path may.
fn is_plain(segment: &str) -> bool {
    let dots = segment.to_ascii_lowercase().replace("%2e", ".");
    let mut bytes = segment.bytes();
    while let Some(byte) = bytes.next() {
        let fits = match byte {
            b'%' => {
                let mut digit = || bytes.next().is_some_and(|byte| byte.is_ascii_hexdigit());
                digit() && digit()
            }
            _ => byte.is_ascii_alphanumeric() || b"-._~!$&'()*+=:".contains(&byte),
        };
        if !fits {
            return false;
        }
    }
    !matches!(&*dots, "" | "." | "..") && !["%2f", "%5c", "%00"].iter().any(|sly| dots.contains(sly))
}

/// Puts a prefix before the path of a request; `None` if that becomes too long.
pub(crate) fn before(prefix: &str, uri: &Uri) -> Option<Uri> {
    let path = uri.path_and_query().map_or("/", PathAndQuery::as_str);
    Some(Uri::from(PathAndQuery::try_from(format!("{prefix}{path}")).ok()?))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_prefix_is_read_without_slashes_at_its_end() {
        for (path, prefix) in
            [("", ""), ("/", ""), ("/arango", "/arango"), ("/arango/", "/arango"), ("/a/b%20c/", "/a/b%20c")]
        {
            assert_eq!(read(path), Ok(prefix), "{path}");
        }
    }

    #[test]
    fn what_a_gateway_may_read_as_another_path_is_refused() {
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
            assert_eq!(read(path), Err(HostFault::Prefix), "{path}");
        }
        assert_eq!(read(&format!("/{}", "a".repeat(LONGEST))), Err(HostFault::Prefix));
    }

    #[test]
    fn paths_that_the_client_makes_itself_are_refused_as_such() {
        for path in ["/_db/x", "/arango/_db/x", "/_api/version", "/_admin"] {
            assert_eq!(read(path), Err(HostFault::Path), "{path}");
        }
    }

    #[test]
    fn a_request_gets_the_prefix_before_path_and_query() {
        let joined = before("/arango", &Uri::from_static("/_api/version?details=true")).unwrap();
        assert_eq!(joined, "/arango/_api/version?details=true");
        let long = Uri::try_from(format!("/{}", "a".repeat(65_000))).unwrap();
        assert_eq!(before(&format!("/{}", "a".repeat(1000)), &long), None);
    }

    proptest! {
        #[test]
        fn every_prefix_that_is_read_can_be_put_before_a_path(path in "/[ -~]{0,20}") {
            if let Ok(prefix) = read(&path) {
                let joined = before(prefix, &Uri::from_static("/_api/version")).unwrap();
                prop_assert_eq!(joined.path(), format!("{prefix}/_api/version"));
                prop_assert_eq!(read(prefix), Ok(prefix));
            }
        }
    }
}
