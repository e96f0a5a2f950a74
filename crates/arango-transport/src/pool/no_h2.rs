//! What stands where HTTP/2 would: without its feature there is no such connection.

use std::future::Pending;
use std::net::SocketAddr;
use std::sync::{Arc, Weak};

use bytes::Bytes;
use http::Request;
use http_body_util::Full;
use tokio::runtime;
use tokio::time::Instant;

use super::alarm::Alarm;
use super::connection::{Connection, Life, Sent};
use super::open::Open;
use super::{Pool, Shared};
use crate::Coordinator;
use crate::attempt_error::AttemptError;
use crate::opened::{Opened, Via};

/// As the one with the feature; no connection has any.
pub(super) const MOST_STREAMS: usize = 1;

/// There are none.
pub(super) enum Http2 {}

/// There are none.
pub(super) enum Stream {}

/// The connections that take requests: none.
pub(super) struct Streams(());

impl Http2 {
    #[expect(clippy::unused_async, reason = "as the one with the feature")]
    pub(super) async fn open(
        opened: Opened,
        _: Life,
        _: (usize, Instant),
        _: &Open,
        _: (&Coordinator, Weak<Shared>),
    ) -> Result<Arc<Self>, AttemptError> {
        unreachable!("{:?} is spoken with nobody", opened.protocol)
    }

    pub(super) fn streams(&self) -> usize {
        match *self {}
    }

    pub(super) fn is_open(&self) -> bool {
        match *self {}
    }

    pub(super) fn ended_at_once(&self) -> AttemptError {
        match *self {}
    }
}

impl Stream {
    pub(super) fn send(&mut self, _: Request<Full<Bytes>>) -> Pending<Sent> {
        match *self {}
    }

    pub(super) fn alarm(&mut self) -> &mut Alarm {
        match *self {}
    }

    pub(super) fn take_back(&self, _: &mut Request<Full<Bytes>>) {
        match *self {}
    }

    pub(super) fn failed(&self, _: hyper::Error) -> AttemptError {
        match *self {}
    }

    pub(super) fn refusal(&self) -> Option<&str> {
        match *self {}
    }

    pub(super) fn answered(&self) -> bool {
        match *self {}
    }

    pub(super) fn learn(&self) {
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

    pub(super) fn via(&self) -> Via {
        match *self {}
    }
}

#[expect(clippy::unused_self, reason = "as the one with the feature")]
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

#[expect(clippy::unused_self, reason = "as the one with the feature")]
impl Pool {
    pub(super) fn share(&self, connection: &Arc<Http2>) {
        match **connection {}
    }

    pub(super) fn unlist(&self, _: &Connection) {}
}
