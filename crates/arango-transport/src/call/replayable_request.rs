//! A request that can be sent repeatedly.

use std::fmt;

use bytes::Bytes;
use http::{Extensions, HeaderMap, HeaderName, HeaderValue, Method, Request, Uri};
use http_body::Body;
use http_body_util::Full;

/// How many headers the layers below usually add: authorization, driver and host.
const ADDED_HEADERS: usize = 3;

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
        if !self.headers.is_empty() {
            // Not cloned: a clone has no room for more headers.
            let mut headers = HeaderMap::with_capacity(self.headers.len() + ADDED_HEADERS);
            for (name, value) in &self.headers {
                headers.append(name, value.clone());
            }
            *request.headers_mut() = headers;
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
