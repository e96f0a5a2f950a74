//! Forming a request from an operation's facts.

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderValue};
use http::uri::PathAndQuery;
use http::{HeaderName, Method, Request, Uri};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;

use crate::{CreatedResource, InvalidName, Metadata};

/// What may stand in a path segment or a query value as it is.
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A request in the making: the template of the facts, filled in.
///
/// Mistakes are kept and reported by [`finish`](Self::finish), so that the chain reads straight.
///
/// ```
/// use arango_protocol::{RequestBuilder, Metadata};
///
/// const METADATA: Metadata = Metadata::get("collection.get", "/_api/collection/{name}");
/// let request = RequestBuilder::new(METADATA).path_param("name", "a/b").query("details", "true").build()?;
/// assert_eq!(request.uri(), "/_api/collection/a%2Fb?details=true");
/// # Ok::<(), arango_protocol::BuildError>(())
/// ```
#[derive(Debug)]
#[must_use = "a builder is nothing until it is finished"]
pub struct RequestBuilder {
    method: Method,
    template: &'static str,
    /// Whether the template has something to be filled in.
    has_params: bool,
    constant_path: PathAndQuery,
    // `None` as long as the template can be used as it is: most paths are constants.
    path: Option<String>,
    has_query: bool,
    body: Bytes,
    json: bool,
    creates: Option<CreatedResource>,
    /// In a box, because it is large and hardly ever there.
    error: Option<Box<BuildError>>,
}

impl RequestBuilder {
    /// Begins with the method and the path template of `facts`.
    pub fn new(facts: Metadata) -> Self {
        let (template, has_holes) = (facts.path, facts.has_params);
        let (method, checked) = facts.into_method_and_path();
        Self {
            method,
            template,
            has_params: has_holes,
            constant_path: checked,
            path: None,
            has_query: false,
            body: Bytes::new(),
            json: false,
            creates: None,
            error: None,
        }
    }

    /// Fills `{name}` of the template with one percent-encoded segment.
    pub fn path_param(mut self, name: &'static str, value: &str) -> Self {
        let fault = if value.is_empty() {
            Some("is empty")
        } else if value == "." || value == ".." {
            Some("means another path")
        } else {
            None
        };
        if let Some(reason) = fault {
            return self.fail(BuildError::PathParam { name, reason });
        }
        let path = self.path.get_or_insert_with(|| self.template.to_owned());
        let hole = format!("{{{name}}}");
        match path.find(&hole) {
            Some(at) => path.replace_range(at..at + hole.len(), &encode(value)),
            None => return self.fail(BuildError::PathParam { name, reason: "is not in the template" }),
        }
        self
    }

    /// Adds `name=value` to the query, percent-encoded.
    pub fn query(mut self, name: &str, value: &str) -> Self {
        let path = self.path.get_or_insert_with(|| self.template.to_owned());
        path.push(if self.has_query { '&' } else { '?' });
        self.has_query = true;
        path.push_str(&encode(name));
        path.push('=');
        path.push_str(&encode(value));
        self
    }

    /// Sets the body to `value` as JSON.
    pub fn json<T: Serialize + ?Sized>(mut self, value: &T) -> Self {
        match serde_json::to_vec(value) {
            Ok(bytes) => {
                self.body = bytes.into();
                self.json = true;
                self
            }
            Err(error) => self.fail(BuildError::Body(error)),
        }
    }

    /// Says what the request brings into being, for whoever sends it.
    pub fn creates(mut self, creates: CreatedResource) -> Self {
        self.creates = Some(creates);
        self
    }

    /// Ends the builder.
    ///
    /// # Errors
    ///
    /// The first mistake that was made: a segment that cannot stand in a path or was left open, or
    /// a body that cannot be serialised.
    pub fn build(self) -> Result<Request<Bytes>, BuildError> {
        if let Some(mistake) = self.error {
            return Err(*mistake);
        }
        let path = match self.path {
            None if !self.has_params => self.constant_path,
            path => {
                let path = path.unwrap_or_else(|| self.template.to_owned());
                // Encoded values hold no brace, so a brace is a hole of the template.
                if path.contains('{') {
                    return Err(BuildError::MissingParam { path: self.template });
                }
                PathAndQuery::from_maybe_shared(Bytes::from(path)).map_err(BuildError::Path)?
            }
        };
        let mut request = Request::new(self.body);
        *request.method_mut() = self.method;
        *request.uri_mut() = Uri::from(path);
        if self.json {
            request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        if let Some(creates) = self.creates {
            request.extensions_mut().insert(creates);
        }
        Ok(request)
    }

    fn fail(mut self, mistake: BuildError) -> Self {
        self.error.get_or_insert_with(|| Box::new(mistake));
        self
    }
}

pub(crate) fn encode(value: &str) -> String {
    utf8_percent_encode(value, UNRESERVED).to_string()
}

/// A request that could not be formed. Nothing was sent.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// A value cannot stand in its place in the path.
    #[error("the path segment `{name}` {reason}")]
    PathParam {
        /// The name in the template.
        name: &'static str,
        /// What is wrong with the value.
        reason: &'static str,
    },
    /// A place of the template was left open.
    #[error("the path template `{path}` was not filled in")]
    MissingParam {
        /// The template.
        path: &'static str,
    },
    /// The path is none.
    #[error("the path is not valid")]
    Path(#[source] http::uri::InvalidUri),
    /// The body cannot be said in JSON.
    #[error("the body cannot be written as JSON")]
    Body(#[source] serde_json::Error),
    /// A value is outside what the server takes.
    #[error("`{field}` {reason}")]
    Field {
        /// The field of the operation.
        field: &'static str,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A header was set that frames the request or speaks of its connection, which the transport does.
    #[error("the header `{name}` must not be set: the transport frames requests itself")]
    Header {
        /// The header.
        name: HeaderName,
    },
    /// The name of the database cannot be one.
    #[error("invalid database name")]
    Database(#[source] InvalidName),
}

impl From<InvalidName> for BuildError {
    fn from(name: InvalidName) -> Self {
        Self::Database(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use percent_encoding::percent_decode_str;
    use proptest::prelude::*;

    const PLAIN: Metadata = Metadata::get("t.plain", "/_api/version");
    const HOLES: Metadata = Metadata::put("t.holes", "/_api/{a}/x/{b}");

    #[test]
    fn a_constant_path_goes_out_as_it_is() {
        let request = RequestBuilder::new(PLAIN).build().unwrap();
        assert_eq!(request.uri(), "/_api/version");
        assert!(request.headers().is_empty(), "no body, no content type");
    }

    #[test]
    fn segments_and_queries_cannot_break_out_of_their_place() {
        let request = RequestBuilder::new(HOLES)
            .path_param("a", "ü/%?{b}")
            .path_param("b", "c d")
            .query("k&", "v=&")
            .query("z", "")
            .build()
            .unwrap();
        assert_eq!(request.uri(), "/_api/%C3%BC%2F%25%3F%7Bb%7D/x/c%20d?k%26=v%3D%26&z=");
    }

    #[test]
    fn a_segment_that_would_change_the_path_is_refused_by_name() {
        for (value, text) in
            [("", "the path segment `a` is empty"), ("..", "the path segment `a` means another path")]
        {
            let error =
                RequestBuilder::new(HOLES).path_param("a", value).path_param("b", "b").build().unwrap_err();
            assert_eq!(error.to_string(), text);
        }
    }

    #[test]
    fn a_template_with_a_hole_left_is_refused() {
        let error = RequestBuilder::new(HOLES).path_param("a", "1").build().unwrap_err();
        assert!(matches!(error, BuildError::MissingParam { .. }));
    }

    #[test]
    fn a_json_body_says_that_it_is_one() {
        let request = RequestBuilder::new(PLAIN).json("on").build().unwrap();
        assert_eq!(request.body(), "\"on\"");
        assert_eq!(request.headers()[CONTENT_TYPE], "application/json");
    }

    proptest! {
        #[test]
        fn whatever_is_filled_in_stays_in_its_place(a: String, b: String, value: String) {
            let builder = RequestBuilder::new(HOLES).path_param("a", &a).path_param("b", &b).query("q", &value);
            if let Ok(request) = builder.build() {
                let parts: Vec<_> = request.uri().path().split('/').collect();
                let ["", "_api", first, "x", second] = parts[..] else { panic!("{parts:?}") };
                let query = request.uri().query().and_then(|query| query.strip_prefix("q="));
                for (written, meant) in [(first, &a), (second, &b), (query.unwrap(), &value)] {
                    prop_assert_eq!(&percent_decode_str(written).decode_utf8().unwrap(), meant);
                    prop_assert!(!written.contains(['/', '?', '#', '&', '=', '+', ' ']));
                }
            }
        }
    }
}
