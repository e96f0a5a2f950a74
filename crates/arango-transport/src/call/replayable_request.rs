//! A request that can be sent repeatedly.

use std::fmt;

use bytes::Bytes;
use http::{Extensions, HeaderMap, HeaderName, HeaderValue, Method, Request, Uri};
use http_body::Body;
use http_body_util::Full;

/// How many headers the layers below usually add: authorization, driver and host.
const ADDED_HEADERS: usize = 3;

/// How many headers a response usually has.
///
/// Over HTTP/1.1 hyper reads a response into the header map of its request, which otherwise would be allocated again.
const RESPONSE_HEADERS: usize = 11;

/// The parts of a request, from which each attempt's request is built. Cloning the buffered body is cheap.
pub(crate) struct ReplayableRequest {
    pub(crate) method: Method,
    pub(crate) uri: Uri,
    headers: HeaderMap,
    body: Full<Bytes>,
    /// Extensions set by the caller or by middleware. Usually there are none.
    extensions: Option<Extensions>,
}

impl ReplayableRequest {
    pub(crate) fn from_request(request: Request<impl Into<Full<Bytes>>>) -> Self {
        let (parts, body) = request.into_parts();
        let body = body.into();
        let extensions = (!parts.extensions.is_empty()).then_some(parts.extensions);
        Self { method: parts.method, uri: parts.uri, headers: parts.headers, body, extensions }
    }

    pub(crate) fn extension<T: Send + Sync + 'static>(&self) -> Option<&T> {
        self.extensions.as_ref()?.get()
    }

    pub(crate) fn header(&self, name: &HeaderName) -> Option<&HeaderValue> {
        self.headers.get(name)
    }

    /// Returns the length of the body, in bytes.
    #[cfg_attr(not(feature = "compression"), expect(dead_code, reason = "only compression needs the length"))]
    pub(crate) fn length(&self) -> u64 {
        self.body.size_hint().lower()
    }

    pub(crate) fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    pub(crate) fn request(&self) -> Request<Full<Bytes>> {
        let mut request = Request::new(self.body.clone());
        *request.method_mut() = self.method.clone();
        *request.uri_mut() = self.uri.clone();
        // Not cloned: a clone has no room for more headers.
        let headers = request.headers_mut();
        headers.reserve(RESPONSE_HEADERS.max(self.headers.len() + ADDED_HEADERS));
        for (name, value) in &self.headers {
            headers.append(name, value.clone());
        }
        if let Some(extensions) = &self.extensions {
            *request.extensions_mut() = extensions.clone();
        }
        request
    }
}

impl fmt::Debug for ReplayableRequest {
    // Headers and body are left out because they may contain credentials.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.uri.path())
    }
}

#[cfg(test)]
mod tests {
    use http::header::CONTENT_TYPE;

    use super::*;

    #[test]
    fn each_request_has_room_for_the_headers_of_its_response() {
        let mut template = Request::new(Bytes::new());
        assert!(ReplayableRequest::from_request(template.clone()).request().headers().capacity() >= 11);
        template.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let request = ReplayableRequest::from_request(template).request();
        assert!(request.headers().capacity() >= 11);
        assert_eq!(request.headers()[CONTENT_TYPE], "application/json");
    }
}
