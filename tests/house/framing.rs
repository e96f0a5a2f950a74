//! Headers that frame a request, or speak of its connection, are the transport's own.

use arango::protocol::{
    ApiResponse, BuildError, DecodeError, Metadata, Operation, RequestBuilder, RequestClass,
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

/// An operation whose request has one more header.
struct WithHeader(&'static str, &'static str, RequestClass);

impl Operation for WithHeader {
    type Output = ();
    const METADATA: Metadata = Metadata::post("books.insert", "/_api/document/books");

    fn class(&self) -> RequestClass {
        self.2
    }

    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        let mut request =
            RequestBuilder::new(Self::METADATA).json(&serde_json::json!({ "title": "m" })).build()?;
        add(&mut request, self.0, self.1);
        Ok(request)
    }

    fn output(&self, answer: ApiResponse) -> Result<(), DecodeError> {
        insert("", self.class()).output(answer)
    }
}

fn add<B>(request: &mut Request<B>, name: &str, value: &'static str) {
    let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
    request.headers_mut().insert(name, HeaderValue::from_static(value));
}

fn is_refused(error: &Error, name: &str, place: &str) {
    assert_eq!(
        (error.kind(), error.outcome()),
        (ErrorKind::Request, Outcome::NotExecuted),
        "{place}: {error}"
    );
    let said = std::error::Error::source(error).unwrap().to_string();
    assert!(said.contains(&format!("`{}`", name.to_lowercase())), "{place}: {said}");
}

#[tokio::test(start_paused = true)]
async fn a_framing_header_of_an_operation_or_a_raw_request_is_refused_by_name_and_nothing_is_sent() {
    let cluster = cluster().await;
    let client: Client = builder(&cluster).build().unwrap();
    for (name, value) in FRAMING {
        for class in CLASSES {
            let error = client.db("_system").execute(WithHeader(name, value, class)).await.unwrap_err();
            is_refused(&error, name, "operation");
        }
        let mut request = Request::post("/_api/document/books").body(Full::from("{}")).unwrap();
        add(&mut request, name, value);
        is_refused(&client.transport().clone().oneshot(request).await.unwrap_err(), name, "raw request");
    }
    assert_eq!(cluster.journal().entries().len(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_framing_header_that_a_layer_adds_is_refused_by_name_and_nothing_is_sent() {
    let cluster = cluster().await;
    for (name, value) in FRAMING {
        let adds = MapRequestLayer::new(move |mut request: Request<Full<Bytes>>| {
            add(&mut request, name, value);
            request
        });
        let around_calls = builder(&cluster).layer(adds.clone()).build().unwrap();
        let around_attempts = builder(&cluster).attempt_layer(adds).build().unwrap();
        for (client, place) in [(around_calls, "around calls"), (around_attempts, "around attempts")] {
            for class in CLASSES {
                let error = client.db("_system").execute(insert("m", class)).await.unwrap_err();
                is_refused(&error, name, place);
            }
        }
    }
    assert_eq!(cluster.journal().entries().len(), 0);
}

#[tokio::test(start_paused = true)]
async fn any_other_header_of_a_request_is_sent_as_it_is() {
    let cluster = cluster().await;
    let client = builder(&cluster).build().unwrap();
    for (name, value) in
        [("x-arango-trx-id", "0"), ("user-agent", "shop/1"), ("date", "now"), ("if-match", "1")]
    {
        let mut request = Request::get("/_api/version").body(Full::default()).unwrap();
        add(&mut request, name, value);
        let answer = client.transport().clone().oneshot(request).await;
        assert!(answer.is_ok() || answer.unwrap_err().kind() != ErrorKind::Request, "{name}");
    }
}
