//! What a connection that breaks says of those that are idle.
//!
//! A write that is sent on a connection which the other end has given up ends with an unknown outcome.
//! So those that are idle when one breaks, and are most likely broken too, are closed:
//!
//! - no address takes a new connection, and one refuses: all of them;
//! - a new connection breaks: those to the same address. A server that went down took them along;
//! - one that had rested breaks: those to the same address that have rested for as long or longer. What
//!   the other end, or something in between, did to it in that time it did to them. Those that were used
//!   since have been heard of since, and one connection that ends is no reason to open a hundred.
//!
//! What is in use is left alone: its answer tells.

use std::net::SocketAddr;

use tokio::time::Instant;

use super::Pool;
use super::connection::Connection;

impl Pool {
    /// Closes the connections that nobody uses at the moment.
    pub(crate) fn close_idle(&self) {
        let mut state = self.state();
        state.idle.retain(|_| false);
        state.streams.retain_idle(|_, _| false);
    }

    /// Closes what is idle and most likely broken like this one, which broke after a request was handed
    /// to it.
    #[cold]
    pub(super) fn suspect(&self, broken: &Connection) {
        // A stream that ends alone says nothing of its connection.
        if !broken.is_broken() {
            return;
        }
        let keep = |address: Option<SocketAddr>, idle_since: Instant| {
            address != broken.via().address || (broken.reused() && idle_since > broken.idle_since())
        };
        let mut state = self.state();
        state.idle.retain(|other| keep(other.via().address, other.idle_since()));
        state.streams.retain_idle(keep);
    }
}
