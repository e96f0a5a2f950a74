//! Requests, replies and tokens, independent of the server's state.

pub(crate) mod encoding;
pub(crate) mod reply;
pub(crate) mod request;
pub(crate) mod response;
pub(crate) mod token;
