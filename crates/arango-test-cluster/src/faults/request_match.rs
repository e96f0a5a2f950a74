//! Selects the requests that a fault applies to.

use http::Method;

/// Selects requests by method and path.
///
/// A pattern is a path such as `/_api/version`. A pattern that ends in `*` matches all paths with that prefix. The
/// database prefix `/_db/{name}` of a request is ignored, so one pattern applies to all databases.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Match {
    method: Option<Method>,
    pattern: String,
}

impl Match {
    /// Matches every request.
    pub fn any() -> Self {
        Self::path("*")
    }

    /// Matches requests of any method by path.
    pub fn path(pattern: impl Into<String>) -> Self {
        Self { method: None, pattern: pattern.into() }
    }

    /// Matches `GET` requests by path.
    pub fn get(pattern: impl Into<String>) -> Self {
        Self::method(Method::GET, pattern)
    }

    /// Matches `POST` requests by path.
    pub fn post(pattern: impl Into<String>) -> Self {
        Self::method(Method::POST, pattern)
    }

    /// Matches `PUT` requests by path.
    pub fn put(pattern: impl Into<String>) -> Self {
        Self::method(Method::PUT, pattern)
    }

    /// Matches `PATCH` requests by path.
    pub fn patch(pattern: impl Into<String>) -> Self {
        Self::method(Method::PATCH, pattern)
    }

    /// Matches `DELETE` requests by path.
    pub fn delete(pattern: impl Into<String>) -> Self {
        Self::method(Method::DELETE, pattern)
    }

    /// Matches requests by method and path.
    pub fn method(method: Method, pattern: impl Into<String>) -> Self {
        Self { method: Some(method), pattern: pattern.into() }
    }

    /// Returns whether a request matches. `path` is without its database prefix.
    pub(crate) fn matches(&self, method: &Method, path: &str) -> bool {
        let method_fits = self.method.as_ref().is_none_or(|wanted| wanted == method);
        let path_fits = match self.pattern.strip_suffix('*') {
            Some(beginning) => path.starts_with(beginning),
            None => path == self.pattern,
        };
        method_fits && path_fits
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_matches_any_suffix() {
        let writes = Match::post("/_api/document/*");

        assert!(writes.matches(&Method::POST, "/_api/document/books"));
        assert!(!writes.matches(&Method::GET, "/_api/document/books"));
        assert!(!writes.matches(&Method::POST, "/_api/collection"));
    }

    #[test]
    fn a_pattern_without_a_star_is_the_whole_path() {
        let version = Match::path("/_api/version");

        assert!(version.matches(&Method::GET, "/_api/version"));
        assert!(!version.matches(&Method::GET, "/_api/version/x"));
    }
}
