//! Errors for requests that are not sent.

use std::collections::BTreeMap;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::Duration;

use arango::cluster::Compact;
use arango::protocol::{ApiResponse, BuildError, Metadata, Operation, OutputError, RequestBuilder};
use arango::transport::{AttemptService, CallService};
use arango::{Client, Coordinator};
use bytes::Bytes;
use http::{HeaderValue, Request};
use http_body_util::Full;
use tower::layer::layer_fn;
use tower::service_fn;
use tower::util::MapRequestLayer;

use super::{Page, read, write};
use crate::support::{builder, cluster_of};

/// An operation whose request cannot be built or must not be sent.
enum InvalidOperation {
    NonStringKeys,
    SetsContentLength,
}

impl Operation for InvalidOperation {
    type Output = ();
    const METADATA: Metadata = Metadata::post("shop.order", "/_api/document/orders");

    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        match self {
            // JSON object keys must be strings.
            Self::NonStringKeys => {
                RequestBuilder::new(Self::METADATA).json(&BTreeMap::from([(vec![1], "first")])).build()
            }
            Self::SetsContentLength => {
                let mut request = RequestBuilder::new(Self::METADATA).json(&serde_json::json!({})).build()?;
                request.headers_mut().insert("content-length", HeaderValue::from_static("3"));
                Ok(request)
            }
        }
    }

    fn output(&self, _: ApiResponse) -> Result<(), OutputError> {
        Ok(())
    }
}

pub(super) async fn situations(page: &mut Page) {
    page.section("Requests that are not sent");
    let cluster = cluster_of(1).await;
    let client = builder(&cluster).build().unwrap();
    let system = client.db("_system");

    page.error("An invalid database name", &read_in(&client, "").await);
    page.error(
        "A body that is not representable as JSON",
        &system.execute(InvalidOperation::NonStringKeys).await.unwrap_err(),
    );
    page.error(
        "An operation sets a framing header",
        &system.execute(InvalidOperation::SetsContentLength).await.unwrap_err(),
    );
    let empty = client.cluster().agency_job(&"".into()).await.unwrap_err();
    page.error("An empty path parameter", &empty);
    let name = client.cluster().server_version("DBServer one").await.unwrap_err();
    page.error("A name instead of a server id", &name);
    let agent = client.cluster().server_version("AGNT-1").await.unwrap_err();
    page.error("A call to an agent through a coordinator", &agent);
    let compact = system.execute(Compact::default()).await.unwrap_err();
    page.error("An operation that changes one coordinator, without a target", &compact);

    let other: Coordinator = "http://other.example:8529".parse().unwrap();
    let unknown = client.coordinator(&other).version().await.unwrap_err();
    page.error("A coordinator unknown to the client", &unknown);

    let drops_extensions =
        MapRequestLayer::new(|request: Request<Full<Bytes>>| Request::new(request.into_body()));
    let client = builder(&cluster).layer(drops_extensions).build().unwrap();
    page.error("A layer drops the extensions of a request", &write(&client).await);
    let fails = layer_fn(|_: CallService| {
        service_fn(|_: Request<Full<Bytes>>| async {
            Err::<http::Response<Full<Bytes>>, _>("the vault is sealed")
        })
    });
    let client = builder(&cluster).layer(fails).build().unwrap();
    page.error("A layer around calls fails", &write(&client).await);
    let fails = layer_fn(|_: AttemptService| {
        service_fn(|_: Request<Full<Bytes>>| async {
            Err::<http::Response<Full<Bytes>>, _>("the vault is sealed")
        })
    });
    let client = builder(&cluster).attempt_layer(fails).build().unwrap();
    page.error("A layer around attempts fails", &write(&client).await);

    let client = builder(&cluster).build().unwrap();
    client.close(Duration::ZERO).await;
    page.error("The client is closed", &read(&client).await);
    let client = builder(&cluster).build().unwrap();
    page.error("There is no tokio runtime", &outside_of_a_runtime(&client));
}

async fn read_in(client: &Client, database: &str) -> arango::Error {
    client.db(database).version().await.unwrap_err()
}

fn outside_of_a_runtime(client: &Client) -> arango::Error {
    let call = client.db("_system");
    let poll = move || {
        let Poll::Ready(result) = pin!(call.version()).poll(&mut Context::from_waker(Waker::noop())) else {
            unreachable!("there is nothing to wait for")
        };
        result.unwrap_err()
    };
    thread::spawn(poll).join().unwrap()
}
