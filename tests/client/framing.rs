//! Headers that frame a request or control its connection are set by the transport only.

use arango::protocol::{
    ApiResponse, BuildError, Metadata, Operation, OutputError, RequestBuilder, RequestClass,
    RequestProperties,
};
use arango::{Client, Error, ErrorKind, Outcome};
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Request};
use http_body_util::Full;
use tower::ServiceExt;
use tower::util::MapRequestLayer;

use crate::support::{CLASSES, builder, cluster, insert};

const FRAMING: [(&str, &str); 13] = [
    ("content-length", "3"),
    ("transfer-encoding", "chunked"),
    ("connection", "close"),
    ("connection", "x-sim-marker"),
    ("host", "elsewhere.example"),
    ("upgrade", "h2c"),
    ("te", "trailers"),
    ("trailer", "x-later"),
    ("keep-alive", "timeout=5"),
    ("expect", "100-continue"),
    ("proxy-connection", "close"),
    ("http2-settings", "AAMAAABkAAQAAP__"),
    ("Content-Length", "47"),
];

/// An insert with an additional header.
struct WithHeader(&'static str, &'static str, RequestClass);

impl Operation for WithHeader {
    type Output = ();
    const METADATA: Metadata = Metadata::post("books.insert", "/_api/document/books");

    fn properties(&self) -> RequestProperties {
        RequestProperties::of(&Self::METADATA).class(self.2)
    }

    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        let mut request =
            RequestBuilder::new(Self::METADATA).json(&serde_json::json!({ "title": "m" })).build()?;
        add_header(&mut request, self.0, self.1);
        Ok(request)
    }

    fn output(&self, response: ApiResponse) -> Result<(), OutputError> {
        insert("", self.properties().class).output(response)
    }
}

fn add_header<B>(request: &mut Request<B>, name: &str, value: &'static str) {
    let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
    request.headers_mut().insert(name, HeaderValue::from_static(value));
}

fn assert_rejected(error: &Error, name: &str, location: &str) {
    assert_eq!(
        (error.kind(), error.outcome()),
        (ErrorKind::Request, Outcome::NotExecuted),
        "{location}: {error}"
    );
    let message = std::error::Error::source(error).unwrap().to_string();
    assert!(message.contains(&format!("`{}`", name.to_lowercase())), "{location}: {message}");
}

#[tokio::test(start_paused = true)]
async fn a_framing_header_of_a_request_is_rejected_by_name() {
    let cluster = cluster().await;
    let client: Client = builder(&cluster).build().unwrap();
    for (name, value) in FRAMING {
        for class in CLASSES {
            let error = client.db("_system").execute(WithHeader(name, value, class)).await.unwrap_err();
            assert_rejected(&error, name, "operation");
        }
        let mut request = Request::post("/_api/document/books").body(Full::from("{}")).unwrap();
        add_header(&mut request, name, value);
        assert_rejected(&client.transport().clone().oneshot(request).await.unwrap_err(), name, "raw request");
    }
    assert_eq!(cluster.journal().entries().len(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_framing_header_added_by_middleware_is_rejected_by_name() {
    let cluster = cluster().await;
    for (name, value) in FRAMING {
        let adds_header = MapRequestLayer::new(move |mut request: Request<Full<Bytes>>| {
            add_header(&mut request, name, value);
            request
        });
        let around_calls = builder(&cluster).layer(adds_header.clone()).build().unwrap();
        let around_attempts = builder(&cluster).attempt_layer(adds_header).build().unwrap();
        for (client, location) in [(around_calls, "around calls"), (around_attempts, "around attempts")] {
            for class in CLASSES {
                let error = client.db("_system").execute(insert("m", class)).await.unwrap_err();
                assert_rejected(&error, name, location);
            }
        }
    }
    assert_eq!(cluster.journal().entries().len(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_host_in_the_uri_of_a_request_is_rejected_before_anything_is_sent() {
    let cluster = cluster().await;
    let client = builder(&cluster).build().unwrap();
    let elsewhere = "http://elsewhere.example:1/_api/version";
    let request = Request::get(elsewhere).body(Full::default()).unwrap();
    assert_rejected(&client.transport().clone().oneshot(request).await.unwrap_err(), "uri", "raw request");

    let adds_host = MapRequestLayer::new(move |mut request: Request<Full<Bytes>>| {
        *request.uri_mut() = elsewhere.parse().unwrap();
        request
    });
    let around_calls = builder(&cluster).layer(adds_host.clone()).build().unwrap();
    let around_attempts = builder(&cluster).attempt_layer(adds_host).build().unwrap();
    for (client, location) in [(around_calls, "around calls"), (around_attempts, "around attempts")] {
        let error = client.db("_system").execute(insert("m", RequestClass::Safe)).await.unwrap_err();
        assert_rejected(&error, "uri", location);
    }
    assert_eq!(cluster.journal().entries().len(), 0);
}

#[tokio::test(start_paused = true)]
async fn other_request_headers_are_sent_unchanged() {
    let cluster = cluster().await;
    let client = builder(&cluster).build().unwrap();
    for (name, value) in
        [("x-arango-trx-id", "0"), ("user-agent", "shop/1"), ("date", "now"), ("if-match", "1")]
    {
        let mut request = Request::get("/_api/version").body(Full::default()).unwrap();
        add_header(&mut request, name, value);
        let response = client.transport().clone().oneshot(request).await;
        assert!(response.is_ok() || response.unwrap_err().kind() != ErrorKind::Request, "{name}");
    }
}
