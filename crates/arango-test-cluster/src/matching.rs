//! Which requests a fault is for.

use http::Method;

/// Chooses requests by method and path.
///
/// A pattern is a path such as `/_api/version`; one that ends in `*` stands for all paths with that beginning. The
/// database prefix `/_db/{name}` of a request is ignored, so one pattern holds for all databases.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Match {
    method: Option<Method>,
    pattern: String,
}

impl Match {
    /// Chooses every request.
    pub fn any() -> Self {
        Self::path("*")
    }

    /// Chooses requests of any method by path.
    pub fn path(pattern: impl Into<String>) -> Self {
        Self { method: None, pattern: pattern.into() }
    }

    /// Chooses `GET` requests.
    pub fn get(pattern: impl Into<String>) -> Self {
        Self::method(Method::GET, pattern)
    }

    /// Chooses `POST` requests.
    pub fn post(pattern: impl Into<String>) -> Self {
        Self::method(Method::POST, pattern)
    }

    /// Chooses `PUT` requests.
    pub fn put(pattern: impl Into<String>) -> Self {
        Self::method(Method::PUT, pattern)
    }

    /// Chooses `DELETE` requests.
    pub fn delete(pattern: impl Into<String>) -> Self {
        Self::method(Method::DELETE, pattern)
    }

    /// Chooses requests of one method by path.
    pub fn method(method: Method, pattern: impl Into<String>) -> Self {
        Self { method: Some(method), pattern: pattern.into() }
    }

    /// `path` has no database prefix any more.
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
    fn a_star_stands_for_every_rest() {
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
