//! The state of starting or stopping.

use arango_protocol::open_enum;

open_enum! {
    /// The state of starting or stopping, as reported by the server itself.
    pub enum ServerState {
        /// Not reported.
        Undefined = "UNDEFINED",
        /// The server was never seen; the server writes `UNKNOWN`.
        NeverSeen = "UNKNOWN",
        /// Starting.
        Startup = "STARTUP",
        /// Serving requests.
        Serving = "SERVING",
        /// Stopping.
        Stopping = "STOPPING",
        /// Stopped.
        Stopped = "STOPPED",
        /// Shutting down.
        Shutdown = "SHUTDOWN",
    }
}
