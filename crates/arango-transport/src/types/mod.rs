//! Plain values that every other folder uses: coordinators, hosts, header values, tokens.

pub(crate) mod backoff;
pub(crate) mod boxed;
pub(crate) mod coordinator;
pub(crate) mod framing;
pub(crate) mod hosts;
pub(crate) mod http_protocol;
pub(crate) mod invalid_hosts;
pub(crate) mod io;
pub(crate) mod ip_zone;
pub(crate) mod path_prefix;
pub(crate) mod printable;
pub(crate) mod queue_time;
pub(crate) mod retry_after;
pub(crate) mod token;
pub(crate) mod zones;
