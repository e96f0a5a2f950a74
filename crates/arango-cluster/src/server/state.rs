//! How far a server has come with starting or stopping.

use crate::open_enum::open_enum;

open_enum! {
    /// How far a server has come with starting or stopping, as it says itself.
    pub enum ServerState {
        /// Has said nothing about it.
        Undefined = "UNDEFINED",
        /// Has never been heard of; the server's word is `UNKNOWN`.
        Unheard = "UNKNOWN",
        /// Is starting.
        Startup = "STARTUP",
        /// Does its work.
        Serving = "SERVING",
        /// Is stopping.
        Stopping = "STOPPING",
        /// Has stopped.
        Stopped = "STOPPED",
        /// Is being shut down.
        Shutdown = "SHUTDOWN",
    }
}
