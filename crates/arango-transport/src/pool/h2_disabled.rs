//! Stand-in for HTTP/2 without its feature. No such connection exists.

use std::fmt;
use std::future::Pending;
use std::net::SocketAddr;
use std::sync::{Arc, Weak};

use bytes::Bytes;
use http::Request;
use http_body_util::Full;
use tokio::runtime;
use tokio::time::Instant;

use super::connection::{Connection, ConnectionLimits, Sent};
use super::{Pool, Shared};
use crate::connect::connected::{Connected, ConnectionInfo};
use crate::error::attempt_error::AttemptError;
use crate::pool::lazy_timer::LazyTimer;
use crate::pool::registry::Registry;
use crate::types::boxed::BoxError;
use crate::types::coordinator::Coordinator;

/// As with the feature. No connection has streams.
pub(super) const MAX_STREAMS: usize = 1;

/// Uninhabited: there are no HTTP/2 connections.
pub(super) enum Http2 {}

/// Uninhabited: there are no streams.
pub(super) enum Stream {}

/// Uninhabited: no body shares its connection.
#[derive(Debug)]
pub(super) enum ConnectionLostInBody {}

/// The connections that take requests. There are none.
pub(super) struct Streams(());

impl Http2 {
    #[expect(clippy::unused_async, reason = "same signature as with the feature")]
    pub(super) async fn open(
        opened: Connected,
        _: ConnectionLimits,
        _: (usize, Instant),
        _: &Registry,
        _: (&Coordinator, Weak<Shared>),
    ) -> Result<Arc<Self>, AttemptError> {
        unreachable!("{:?} requires the feature http2", opened.protocol)
    }

    pub(super) fn streams(&self) -> usize {
        match *self {}
    }

    pub(super) fn is_open(&self) -> bool {
        match *self {}
    }

    pub(super) fn closed_on_open(&self) -> AttemptError {
        match *self {}
    }
}

impl ConnectionLostInBody {
    pub(super) fn report(&self) -> bool {
        match *self {}
    }
}

impl fmt::Display for ConnectionLostInBody {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {}
    }
}

impl std::error::Error for ConnectionLostInBody {}

impl Stream {
    pub(super) fn complete(&self, _: &mut Request<Full<Bytes>>) {
        match *self {}
    }

    pub(super) fn send(&mut self, _: Request<Full<Bytes>>) -> Pending<Sent> {
        match *self {}
    }

    pub(super) fn timer(&mut self) -> &mut LazyTimer {
        match *self {}
    }

    pub(super) fn restore_request(&self, _: &mut Request<Full<Bytes>>) {
        match *self {}
    }

    pub(super) fn failed(&self, _: hyper::Error) -> AttemptError {
        match *self {}
    }

    pub(super) fn body_error(&self, _: hyper::Error) -> BoxError {
        match *self {}
    }

    pub(super) fn refusal(&self) -> Option<&str> {
        match *self {}
    }

    pub(super) fn has_responded(&self) -> bool {
        match *self {}
    }

    pub(super) fn record_first_response(&self) {
        match *self {}
    }

    pub(super) fn is_open(&self) -> bool {
        match *self {}
    }

    pub(super) fn reused(&self) -> bool {
        match *self {}
    }

    pub(super) fn idle_since(&self) -> Instant {
        match *self {}
    }

    pub(super) fn info(&self) -> ConnectionInfo {
        match *self {}
    }
}

#[expect(clippy::unused_self, reason = "same signature as with the feature")]
impl Streams {
    pub(super) fn new() -> Self {
        Self(())
    }

    pub(super) fn claim(&mut self, _: runtime::Id, _: Instant) -> Option<Stream> {
        None
    }

    pub(super) fn idle(&self, _: Instant) -> usize {
        0
    }

    pub(super) fn expire(&mut self, _: Instant) -> Option<Instant> {
        None
    }

    pub(super) fn retain_idle(&mut self, _: impl FnMut(Option<SocketAddr>, Instant) -> bool) {}

    pub(super) fn shrink(&mut self, _: usize) {}

    pub(super) fn close(&mut self) {}
}

#[expect(clippy::unused_self, reason = "same signature as with the feature")]
impl Pool {
    pub(super) fn share(&self, connection: &Arc<Http2>) {
        match **connection {}
    }

    pub(super) fn remove(&self, _: &Connection) {}
}
