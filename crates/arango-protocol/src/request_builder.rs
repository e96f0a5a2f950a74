//! Builds a request from an operation's metadata.

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderValue};
use http::uri::PathAndQuery;
use http::{HeaderName, Method, Request, Uri};
use memchr::{memchr, memchr_iter};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, PercentEncode, utf8_percent_encode};
use serde::Serialize;

use crate::build_error::BuildError;
use crate::created_resource::CreatedResource;
use crate::metadata::Metadata;

/// The characters that need no encoding in a path segment or a query value.
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
/// Whether a byte is one of them.
static IS_UNRESERVED: [bool; 256] = {
    let (mut unreserved, mut byte) = ([false; 256], 0_u8);
    while byte < 128 {
        unreserved[byte as usize] = byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
        byte += 1;
    }
    unreserved
};
const UNRESERVED_OR_SLASH: &AsciiSet = &UNRESERVED.remove(b'/');

/// Builds a request from the path template in the metadata.
///
/// Errors are kept and returned by [`build`](Self::build), so that calls can be chained.
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
#[must_use = "a builder does nothing until `build` is called"]
pub struct RequestBuilder {
    method: Method,
    template: &'static str,
    /// Whether the template has parameters, and was not replaced by a filled path.
    has_params: bool,
    /// The template, or the filled path.
    base: PathAndQuery,
    // `None` as long as the base can be used unchanged: most paths are constants.
    path: Option<String>,
    has_query: bool,
    body: Bytes,
    content_type: Option<HeaderValue>,
    // Not a map: most requests have none, and a map is large.
    headers: Vec<(HeaderName, HeaderValue)>,
    /// Whether a request without a body is refused.
    needs_body: bool,
    creates: Option<CreatedResource>,
    /// Boxed, because it is large and rarely set.
    error: Option<Box<BuildError>>,
}

impl RequestBuilder {
    /// Starts with the method and the path template of `metadata`.
    pub fn new(metadata: Metadata) -> Self {
        let (template, has_params, needs_body) = (metadata.path, metadata.has_params, metadata.has_body);
        let (method, checked) = metadata.into_method_and_path();
        Self {
            method,
            template,
            has_params,
            base: checked,
            path: None,
            has_query: false,
            body: Bytes::new(),
            content_type: None,
            headers: Vec::new(),
            needs_body,
            creates: None,
            error: None,
        }
    }

    /// Takes a path whose parameters are filled already, instead of the template.
    ///
    /// For a path that many requests share: it is neither filled nor validated again. Before any segment and any query.
    pub fn filled_path(mut self, path: PathAndQuery) -> Self {
        self.has_params = false;
        self.base = path;
        self
    }

    /// Builds a request that has nothing but a filled path and a body: without a builder, which costs more to move than
    /// the request to build.
    #[doc(hidden)] // for the crate `arango-data`
    #[must_use]
    pub fn build_filled(
        metadata: &Metadata,
        path: PathAndQuery,
        body: Bytes,
        content_type: HeaderValue,
    ) -> Request<Bytes> {
        let mut request = Request::new(body);
        *request.method_mut() = metadata.method.clone();
        *request.uri_mut() = Uri::from(path);
        request.headers_mut().insert(CONTENT_TYPE, content_type);
        request
    }

    /// Fills the path parameter `{name}` with one percent-encoded segment.
    pub fn path_param(self, name: &'static str, value: &str) -> Self {
        match segment_fault(value) {
            Some(reason) => self.fail(BuildError::PathParam { name, reason }),
            None => self.fill(name, value, UNRESERVED),
        }
    }

    /// Fills the path parameter `{name}` with segments that slashes separate.
    ///
    /// For names with a slash, such as the id of an index, `books/12345`. Each segment is percent-encoded.
    pub fn path_segments(self, name: &'static str, value: &str) -> Self {
        let fault = value.split('/').find_map(segment_fault);
        match fault {
            Some(reason) => self.fail(BuildError::PathParam { name, reason }),
            None => self.fill(name, value, UNRESERVED_OR_SLASH),
        }
    }

    /// Appends one percent-encoded segment to the path, for an optional last one. `name` is that of errors.
    ///
    /// Before any query.
    pub fn append_segment(mut self, name: &'static str, value: &str) -> Self {
        if let Some(reason) = segment_fault(value) {
            return self.fail(BuildError::PathParam { name, reason });
        }
        let path = self.path_to_extend(value.len() + 1);
        path.push('/');
        // Most keys need no encoding, and finding that out is cheaper than encoding them.
        if value.bytes().all(|byte| IS_UNRESERVED[usize::from(byte)]) {
            path.push_str(value);
        } else {
            path.extend(utf8_percent_encode(value, UNRESERVED));
        }
        self
    }

    /// Returns the path, with room for so many bytes more.
    fn path_to_extend(&mut self, more: usize) -> &mut String {
        self.path.get_or_insert_with(|| {
            let base = self.base.as_str();
            let mut path = String::with_capacity(base.len() + more);
            path.push_str(base);
            path
        })
    }

    fn fill(mut self, name: &'static str, value: &str, set: &'static AsciiSet) -> Self {
        let path = self.path.as_deref().unwrap_or(self.template);
        let Some((before, after)) = around_param(path, name) else {
            return self.fail(BuildError::PathParam { name, reason: "is not in the template" });
        };
        // Most values need no encoding, so the path has exactly this length.
        let mut filled = String::with_capacity(before.len() + value.len() + after.len());
        filled.push_str(before);
        filled.extend(utf8_percent_encode(value, set));
        filled.push_str(after);
        self.path = Some(filled);
        self
    }

    /// Adds `name=value` to the query, percent-encoded.
    pub fn query(mut self, name: &str, value: &str) -> Self {
        let separator = if self.has_query { '&' } else { '?' };
        self.has_query = true;
        let path = self.path_to_extend(name.len() + value.len() + 2);
        path.push(separator);
        path.extend(encode(name));
        path.push('=');
        path.extend(encode(value));
        self
    }

    /// Sets a header, such as `If-Match`.
    ///
    /// A header that frames the request or describes its connection is refused when the request is sent.
    pub fn header(mut self, name: HeaderName, value: &str) -> Self {
        match HeaderValue::from_str(value) {
            Ok(value) => {
                self.headers.push((name, value));
                self
            }
            Err(_) => self.fail(BuildError::HeaderValue { name }),
        }
    }

    /// Sets the body to `value` as JSON.
    pub fn json<T: Serialize + ?Sized>(self, value: &T) -> Self {
        // As much as a usual query needs.
        let mut body = Vec::with_capacity(256);
        match serde_json::to_writer(&mut body, value) {
            Ok(()) => self.bytes(body, HeaderValue::from_static("application/json")),
            Err(error) => self.fail(BuildError::Body(error)),
        }
    }

    /// Sets the body to bytes of this content type.
    pub fn bytes(mut self, body: impl Into<Bytes>, content_type: HeaderValue) -> Self {
        self.body = body.into();
        self.headers.retain(|(name, _)| name != CONTENT_TYPE);
        self.content_type = Some(content_type);
        self
    }

    /// Declares what the request creates, for the transport.
    pub fn creates(mut self, creates: CreatedResource) -> Self {
        self.creates = Some(creates);
        self
    }

    /// Builds the request.
    ///
    /// # Errors
    ///
    /// The first error: a path parameter that is invalid or missing, a body that cannot be serialised, or no body for
    /// an operation that is not declared [`without_body`](Metadata::without_body).
    pub fn build(self) -> Result<Request<Bytes>, BuildError> {
        if let Some(error) = self.error {
            return Err(*error);
        }
        if self.needs_body && self.body.is_empty() {
            return Err(BuildError::MissingBody { path: self.template });
        }
        let path = match self.path {
            None if !self.has_params => self.base,
            path => {
                let path = path.unwrap_or_else(|| self.template.to_owned());
                // Encoded values contain no brace, so a brace is an unfilled parameter.
                if self.has_params && memchr(b'{', path.as_bytes()).is_some() {
                    return Err(BuildError::MissingParam { path: self.template });
                }
                PathAndQuery::from_maybe_shared(Bytes::from(path)).map_err(BuildError::Path)?
            }
        };
        let mut request = Request::new(self.body);
        *request.method_mut() = self.method;
        *request.uri_mut() = Uri::from(path);
        if let Some(content_type) = self.content_type {
            request.headers_mut().insert(CONTENT_TYPE, content_type);
        }
        for (name, value) in self.headers {
            request.headers_mut().insert(name, value);
        }
        if let Some(creates) = self.creates {
            request.extensions_mut().insert(creates);
        }
        Ok(request)
    }

    fn fail(mut self, error: BuildError) -> Self {
        self.error.get_or_insert_with(|| Box::new(error));
        self
    }
}

/// Returns why a path segment is invalid, if it is.
fn segment_fault(value: &str) -> Option<&'static str> {
    match value {
        "" => Some("is empty"),
        "." | ".." => Some("means another path"),
        _ => None,
    }
}

/// Returns what stands before and after the parameter `{name}`, if it is in the path.
fn around_param<'a>(path: &'a str, name: &str) -> Option<(&'a str, &'a str)> {
    memchr_iter(b'{', path.as_bytes()).find_map(|at| {
        let after = path[at + 1..].strip_prefix(name)?.strip_prefix('}')?;
        Some((&path[..at], after))
    })
}

pub(crate) fn encode(value: &str) -> PercentEncode<'_> {
    utf8_percent_encode(value, UNRESERVED)
}

#[cfg(test)]
mod tests {
    use super::*;
    use percent_encoding::percent_decode_str;
    use proptest::prelude::*;

    const PLAIN: Metadata = Metadata::get("t.plain", "/_api/version");
    const TEMPLATE: Metadata = Metadata::put("t.template", "/_api/{a}/x/{b}").without_body();

    #[test]
    fn a_constant_path_is_sent_unchanged() {
        let request = RequestBuilder::new(PLAIN).build().unwrap();
        assert_eq!(request.uri(), "/_api/version");
        assert!(request.headers().is_empty(), "no body, no content type");
    }

    #[test]
    fn a_filled_path_replaces_the_template_and_can_be_extended() {
        let filled = || RequestBuilder::new(TEMPLATE).filled_path(PathAndQuery::from_static("/_api/1/x"));
        assert_eq!(filled().build().unwrap().uri(), "/_api/1/x");
        let request = filled().append_segment("b", "c d").query("k", "v").build().unwrap();
        assert_eq!(request.uri(), "/_api/1/x/c%20d?k=v");
        let error = filled().append_segment("b", "..").build().unwrap_err();
        assert_eq!(error.to_string(), "the path segment `b` means another path");
    }

    #[test]
    fn a_request_that_is_built_at_once_is_that_of_a_builder() {
        let (path, json) =
            (PathAndQuery::from_static("/_api/1/x"), HeaderValue::from_static("application/json"));
        let built = RequestBuilder::new(TEMPLATE).filled_path(path.clone()).bytes("{}", json.clone()).build();
        let at_once = RequestBuilder::build_filled(&TEMPLATE, path, Bytes::from("{}"), json);
        assert_eq!(format!("{at_once:?}"), format!("{:?}", built.unwrap()));
    }

    #[test]
    fn path_params_and_queries_are_escaped() {
        let request = RequestBuilder::new(TEMPLATE)
            .path_param("a", "ü/%?{b}")
            .path_param("b", "c d")
            .query("k&", "v=&")
            .query("z", "")
            .build()
            .unwrap();
        assert_eq!(request.uri(), "/_api/%C3%BC%2F%25%3F%7Bb%7D/x/c%20d?k%26=v%3D%26&z=");
    }

    #[test]
    fn parameters_are_filled_in_any_order() {
        let request =
            RequestBuilder::new(TEMPLATE).path_param("b", "2").path_param("a", "1").build().unwrap();
        assert_eq!(request.uri(), "/_api/1/x/2");
        let error = RequestBuilder::new(TEMPLATE).path_param("c", "3").build().unwrap_err();
        assert_eq!(error.to_string(), "the path segment `c` is not in the template");
    }

    #[test]
    fn a_segment_that_would_change_the_path_is_rejected_by_name() {
        for (value, text) in
            [("", "the path segment `a` is empty"), ("..", "the path segment `a` means another path")]
        {
            let error = RequestBuilder::new(TEMPLATE)
                .path_param("a", value)
                .path_param("b", "b")
                .build()
                .unwrap_err();
            assert_eq!(error.to_string(), text);
        }
    }

    #[test]
    fn a_request_without_its_body_is_rejected_by_path() {
        const PUT: Metadata = Metadata::put("t.put", "/_api/put");
        let error = RequestBuilder::new(PUT).build().unwrap_err();
        assert_eq!(
            error.to_string(),
            "the request to `/_api/put` has no body; an operation without one declares `without_body`"
        );
        RequestBuilder::new(PUT).json("x").build().unwrap();
        RequestBuilder::new(PUT.without_body()).build().unwrap();
    }

    #[test]
    fn segments_keep_their_slashes_and_are_checked_one_by_one() {
        let build = |id| RequestBuilder::new(TEMPLATE).path_segments("a", id).path_param("b", "b").build();
        assert_eq!(build("books/1%2/3").unwrap().uri(), "/_api/books/1%252/3/x/b");
        for (id, reason) in [("books/", "is empty"), ("books/../x", "means another path"), ("", "is empty")] {
            assert_eq!(build(id).unwrap_err().to_string(), format!("the path segment `a` {reason}"));
        }
    }

    #[test]
    fn headers_and_raw_bodies_are_sent_unchanged() {
        let if_match = HeaderName::from_static("if-match");
        let text = HeaderValue::from_static("text/plain");
        let request =
            RequestBuilder::new(PLAIN).header(if_match.clone(), "\"_a\"").bytes("1 2", text).build().unwrap();
        assert_eq!(
            (request.headers()["if-match"].as_bytes(), &request.body()[..]),
            (&b"\"_a\""[..], &b"1 2"[..])
        );
        assert_eq!(request.headers()[CONTENT_TYPE], "text/plain");
        let error = RequestBuilder::new(PLAIN).header(if_match, "a\nb").build().unwrap_err();
        assert_eq!(error.to_string(), "the value of the header `if-match` contains an invalid character");
    }

    #[test]
    fn a_template_with_an_unfilled_parameter_is_rejected() {
        let error = RequestBuilder::new(TEMPLATE).path_param("a", "1").build().unwrap_err();
        assert!(matches!(error, BuildError::MissingParam { .. }));
    }

    #[test]
    fn a_json_body_has_the_json_content_type() {
        let request = RequestBuilder::new(PLAIN).json("on").build().unwrap();
        assert_eq!(request.body(), "\"on\"");
        assert_eq!(request.headers()[CONTENT_TYPE], "application/json");
    }

    proptest! {
        #[test]
        fn any_value_stays_within_its_parameter(a: String, b: String, value: String) {
            let builder = RequestBuilder::new(TEMPLATE).path_param("a", &a).path_param("b", &b).query("q", &value);
            if let Ok(request) = builder.build() {
                let parts: Vec<_> = request.uri().path().split('/').collect();
                let ["", "_api", first, "x", second] = parts[..] else { panic!("{parts:?}") };
                let query = request.uri().query().and_then(|query| query.strip_prefix("q="));
                for (written, expected) in [(first, &a), (second, &b), (query.unwrap(), &value)] {
                    prop_assert_eq!(&percent_decode_str(written).decode_utf8().unwrap(), expected);
                    prop_assert!(!written.contains(['/', '?', '#', '&', '=', '+', ' ']));
                }
            }
        }
    }
}
