//! What a request is made of, to make it as often as it has to be sent.

use std::fmt;

use bytes::Bytes;
use http::{Extensions, HeaderMap, HeaderName, HeaderValue, Method, Request, Uri};
use http_body::Body;
use http_body_util::Full;

/// A request that can be made again and again. The body is whole, so a copy costs next to nothing.
pub(crate) struct Template {
    pub(crate) method: Method,
    pub(crate) uri: Uri,
    headers: HeaderMap,
    body: Full<Bytes>,
    /// Seldom anything: what the caller or a layer of the user's put there.
    extensions: Option<Extensions>,
}

impl Template {
    pub(crate) fn of(request: Request<impl Into<Full<Bytes>>>) -> Self {
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

    /// The length of the body, in bytes.
    #[cfg_attr(not(feature = "compression"), expect(dead_code, reason = "nobody has to know it"))]
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
            *request.headers_mut() = self.headers.clone();
        }
        if let Some(extensions) = &self.extensions {
            *request.extensions_mut() = extensions.clone();
        }
        request
    }
}

impl fmt::Debug for Template {
    // Headers and body stay out: a login is among what is sent.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.uri.path())
    }
}
