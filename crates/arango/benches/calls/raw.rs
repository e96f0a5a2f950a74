//! What the facade is compared with: one connection of hyper's, driven by hand.
//!
//! It does what cannot be left out: the request is prepared and cloned, the body collected, and read
//! into types that hold what the facade's hold.

use std::collections::HashMap;
use std::net::SocketAddr;

use anyhow::ensure;
use bytes::Bytes;
use http::Request;
use http::header::{AUTHORIZATION, HOST};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use serde_json::Value;
use tokio::net::TcpStream;

use crate::answers::Question;

#[derive(Debug, Deserialize)]
#[expect(
    dead_code,
    clippy::struct_field_names,
    reason = "read because a program would, by the names of the server"
)]
struct Version {
    server: String,
    license: String,
    version: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
#[expect(dead_code, reason = "read because a program would")]
struct Health {
    cluster_id: String,
    health: HashMap<String, Server>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
#[expect(dead_code, reason = "read because a program would")]
struct Server {
    role: String,
    status: String,
    endpoint: String,
    can_be_deleted: bool,
    short_name: Option<String>,
    host: Option<String>,
    sync_status: Option<String>,
    sync_time: Option<String>,
    version: Option<String>,
    engine: Option<String>,
    last_acked_time: Option<Value>,
    timestamp: Option<String>,
    advertised_endpoint: Option<String>,
    leading: Option<bool>,
    leader: Option<String>,
}

/// What `root` with the password `passwd` sends.
const LOGIN: &str = "Basic cm9vdDpwYXNzd2Q=";

pub(crate) struct Raw {
    sender: SendRequest<Full<Bytes>>,
    prepared: Request<Full<Bytes>>,
    question: Question,
}

impl Raw {
    pub(crate) async fn connect(address: SocketAddr, question: Question) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        let prepared = Request::get(question.path())
            .header(HOST, address.to_string())
            .header(AUTHORIZATION, LOGIN)
            .body(Full::default())?;
        Ok(Self { sender, prepared, question })
    }

    /// Calls once; how long the version is, or how many servers there are.
    pub(crate) async fn call(&mut self) -> anyhow::Result<usize> {
        self.sender.ready().await?;
        let response = self.sender.send_request(self.prepared.clone()).await?;
        ensure!(response.status().is_success(), "the server answered {}", response.status());
        let body = response.into_body().collect().await?.to_bytes();
        Ok(match self.question {
            Question::Version => serde_json::from_slice::<Version>(&body)?.version.len(),
            Question::Health => serde_json::from_slice::<Health>(&body)?.health.len(),
        })
    }
}
