//! What a back end must be able to do with the servers that it has started.

use std::fmt;
use std::pin::Pin;
use std::time::Duration;

use anyhow::Result;

use crate::cluster::member::{Action, Member, Role};

/// A boxed future, so that back ends can be trait objects.
pub(crate) type Pending<'a, T> = Pin<Box<dyn Future<Output = Result<T>> + Send + 'a>>;

/// Starts, controls and stops real servers: processes, containers, or the children of a starter.
///
/// What is still there when it is dropped is killed, and has ended when the drop returns.
pub(crate) trait Backend: fmt::Debug + Send {
    /// Starts all servers of a role, and does not wait for them.
    fn start(&mut self, role: Role) -> Pending<'_, ()>;

    /// Finds a server that should run and does not, and says how it ended.
    fn find_ended(&mut self) -> Pending<'_, Option<(Member, String)>>;

    /// Kills, restarts, pauses or resumes a server; restarting also starts one that was killed.
    ///
    /// It does not wait until the server is ready.
    fn act(&mut self, member: Member, action: Action) -> Pending<'_, ()>;

    /// Whether each coordinator can be started with an address to advertise.
    fn advertises_proxies(&self) -> bool {
        true
    }

    /// Returns what a server has logged.
    fn log(&self, member: Member) -> Pending<'_, String>;

    /// The command line that started a server, for messages.
    fn command(&self, member: Member) -> String;

    /// Asks the servers of a role to end, and kills those that have not ended after `limit`.
    fn stop(&mut self, role: Role, limit: Duration) -> Pending<'_, ()>;
}
