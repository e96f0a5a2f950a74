//! Invalidation of idle connections after a connection breaks.
//!
//! A write on a connection that the server has closed ends with an unknown outcome. Therefore idle
//! connections that are probably broken too are closed:
//!
//! - a connect is refused: all of them. No address accepts a new connection;
//! - a new connection breaks: those to the same address. A server that stopped closed them too;
//! - a connection that was idle breaks: those to the same address that have been idle for as long or longer.
//!   An intermediary or the server probably affected them in the same way. Connections used since then are
//!   kept: they worked, and one broken connection must not cause a hundred connects.
//!
//! Connections in use are not closed: their requests detect a failure themselves.

use std::net::SocketAddr;

use tokio::time::Instant;

use super::Pool;
use super::connection::Connection;

impl Pool {
    /// Closes all idle connections.
    pub(crate) fn close_idle(&self) {
        let mut state = self.state();
        state.idle.retain(|_| false);
        state.streams.retain_idle(|_, _| false);
    }

    /// Closes idle connections that are probably broken like this one, which broke after it took a request.
    #[cold]
    pub(super) fn invalidate(&self, broken: &Connection) {
        // A stream that ends alone does not affect its connection.
        if !broken.is_broken() {
            return;
        }
        let keep = |address: Option<SocketAddr>, idle_since: Instant| {
            address != broken.info().address || (broken.reused() && idle_since > broken.idle_since())
        };
        let mut state = self.state();
        state.idle.retain(|other| keep(other.info().address, other.idle_since()));
        state.streams.retain_idle(keep);
    }
}
