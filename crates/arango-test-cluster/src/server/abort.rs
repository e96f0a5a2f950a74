//! What ends instead of a whole response.

use crate::faults::effect::Close;
use crate::faults::reset_reason::ResetReason;
use crate::faults::response_script::ResponseScript;

/// How a connection ends: the last bytes, and the closing mode.
#[derive(Debug)]
pub(crate) struct ConnectionClose {
    pub(crate) script: ResponseScript,
    pub(crate) mode: Close,
}

impl Default for ConnectionClose {
    fn default() -> Self {
        Self { script: ResponseScript::new([]), mode: Close::Fin }
    }
}

/// What is ended instead of sending a whole response.
#[derive(Debug)]
pub(crate) enum Abort {
    /// The connection, with all requests in progress on it.
    Connection(ConnectionClose),
    /// The stream only. Over HTTP/1.1 this is the connection.
    Stream(ResetReason),
}

impl Abort {
    /// Closes the connection without sending anything.
    pub(crate) fn close_connection(how: Close) -> Self {
        Self::Connection(ConnectionClose { mode: how, ..ConnectionClose::default() })
    }
}
