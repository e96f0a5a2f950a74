//! A small HTTP door for other processes.

use std::fmt;
use std::io;
use std::sync::Arc;

use crate::cluster::Shared;
use crate::coordinator::Coordinator;

/// Controls the cluster over HTTP on a loopback port; ends when it is dropped.
///
/// The first segment of every path is a random token, so that nobody else on the machine meddles.
pub struct Control {
    url: String,
}

impl Control {
    #[expect(clippy::unused_async, reason = "to be filled in")]
    pub(crate) async fn open(_: Arc<Shared>, _: Vec<Coordinator>) -> io::Result<Self> {
        Ok(Self { url: String::new() })
    }

    /// Where it listens: `http://127.0.0.1:PORT/TOKEN`.
    pub fn url(&self) -> &str {
        &self.url
    }
}

impl fmt::Debug for Control {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Control").finish_non_exhaustive()
    }
}
