//! A request that can be sent repeatedly.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use arango_protocol::BuildError;
use bytes::Bytes;
use http::uri::PathAndQuery;
use http::{Extensions, HeaderMap, HeaderName, HeaderValue, Method, Request, Uri};
use http_body::Body;
use http_body_util::Full;

use crate::types::framing;

/// How many headers the layers below usually add: authorization, driver and host.
const ADDED_HEADERS: usize = 3;

/// How many headers a response usually has.
///
/// Over HTTP/1.1 hyper reads a response into the header map of its request, which otherwise would be allocated again.
const RESPONSE_HEADERS: usize = 11;

/// The parts of a request, from which each attempt's request is built. Cloning the buffered body is cheap.
pub(crate) struct ReplayableRequest {
    pub(crate) method: Method,
    path_and_query: PathAndQuery,
    /// Headers set by the caller or by middleware, or that of a body. Boxed, because a waiting call without any should be
    /// small.
    headers: Option<Box<HeaderMap>>,
    body: Full<Bytes>,
    /// Extensions set by the caller or by middleware. Usually there are none.
    extensions: Option<Extensions>,
}

/// An extension of a request whose URI had a host. It is not sent, since such a request is refused.
#[derive(Clone)]
struct NamesHost;

impl<B: Into<Full<Bytes>>> From<Request<B>> for ReplayableRequest {
    fn from(request: Request<B>) -> Self {
        let (parts, body) = request.into_parts();
        let body = body.into();
        let mut extensions = (!parts.extensions.is_empty()).then_some(parts.extensions);
        if parts.uri.authority().is_some() {
            extensions.get_or_insert_default().insert(NamesHost);
        }
        let headers = with_memory(parts.headers).map(Box::new);
        let path = parts.uri.into_parts().path_and_query;
        let path_and_query = path.unwrap_or_else(|| PathAndQuery::from_static("/"));
        Self { method: parts.method, path_and_query, headers, body, extensions }
    }
}

impl ReplayableRequest {
    pub(crate) fn extension<T: Send + Sync + 'static>(&self) -> Option<&T> {
        self.extensions.as_ref()?.get()
    }

    pub(crate) fn header(&self, name: &HeaderName) -> Option<&HeaderValue> {
        self.headers.as_ref()?.get(name)
    }

    /// Returns the length of the body, in bytes.
    #[cfg_attr(not(feature = "compression"), expect(dead_code, reason = "only compression needs the length"))]
    pub(crate) fn length(&self) -> u64 {
        self.body.size_hint().lower()
    }

    /// Returns the path, without the query.
    pub(crate) fn path(&self) -> &str {
        self.path_and_query.path()
    }

    /// Returns the query, empty if there is none.
    pub(crate) fn query(&self) -> &str {
        self.path_and_query.query().unwrap_or_default()
    }

    /// Returns the headers; `None` if there are none.
    pub(crate) fn headers(&self) -> Option<&HeaderMap> {
        self.headers.as_deref()
    }

    /// Fails if the request has what only the transport may set.
    #[inline]
    pub(crate) fn reject_framing(&self) -> Result<(), BuildError> {
        framing::reject(self.extension::<NamesHost>().is_some(), self.headers())
    }

    pub(crate) fn body(&self) -> Full<Bytes> {
        self.body.clone()
    }

    /// Returns the bytes of the body.
    pub(crate) fn body_bytes(&self) -> Bytes {
        // All of it is there at once.
        let frame = Pin::new(&mut self.body()).poll_frame(&mut Context::from_waker(Waker::noop()));
        match frame {
            Poll::Ready(Some(Ok(frame))) => frame.into_data().unwrap_or_default(),
            _ => Bytes::new(),
        }
    }

    pub(crate) fn request(&self) -> Request<Full<Bytes>> {
        let mut request = Request::new(self.body());
        self.write_head(&mut request);
        request
    }

    /// Writes everything but the body into a new request. It may have an empty header map, whose memory is used.
    pub(crate) fn write_head(&self, request: &mut Request<Full<Bytes>>) {
        set(request.method_mut(), self.method.clone());
        set(request.uri_mut(), Uri::from(self.path_and_query.clone()));
        let headers = request.headers_mut();
        let own = self.headers().map_or(0, HeaderMap::len);
        headers.reserve(RESPONSE_HEADERS.max(own + ADDED_HEADERS));
        if let Some(own) = self.headers() {
            // Not cloned: a clone has no room for more headers.
            for (name, value) in own {
                headers.append(name, value.clone());
            }
        }
        if let Some(extensions) = &self.extensions {
            *request.extensions_mut() = extensions.clone();
        }
    }
}

/// Sets a part of a new request. What it replaces has no memory, so no destructor needs to find that out.
pub(super) fn set<T>(part: &mut T, value: T) {
    std::mem::forget(std::mem::replace(part, value));
}

/// Returns a map, unless it has no memory.
///
/// There is nothing to free then, but the destructor would need 60 instructions to find that out.
fn with_memory(map: HeaderMap) -> Option<HeaderMap> {
    if map.capacity() == 0 {
        std::mem::forget(map);
        return None;
    }
    Some(map)
}

impl fmt::Debug for ReplayableRequest {
    // Headers and body are left out because they may contain credentials.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.path())
    }
}

#[cfg(test)]
mod tests {
    use http::header::CONTENT_TYPE;

    use super::*;

    #[test]
    fn only_path_and_query_of_a_uri_are_sent() {
        for (uri, expected) in [("http://elsewhere/a?b=c", "/a?b=c"), ("/a?b=c", "/a?b=c"), ("*", "*")] {
            let template = Request::builder().uri(uri).body(Bytes::new()).unwrap();
            assert_eq!(ReplayableRequest::from(template).request().uri(), expected);
        }
    }

    #[test]
    fn the_memory_of_a_spare_map_is_used() {
        let template = ReplayableRequest::from(Request::new(Bytes::new()));
        let mut request = Request::new(template.body());
        *request.headers_mut() = HeaderMap::with_capacity(40);
        let capacity = request.headers().capacity();
        template.write_head(&mut request);
        assert_eq!(request.headers().capacity(), capacity);
    }

    #[test]
    fn each_request_has_room_for_the_headers_of_its_response() {
        let mut template = Request::new(Bytes::new());
        assert!(ReplayableRequest::from(template.clone()).request().headers().capacity() >= 11);
        template.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let request = ReplayableRequest::from(template).request();
        assert!(request.headers().capacity() >= 11);
        assert_eq!(request.headers()[CONTENT_TYPE], "application/json");
    }
}
