//! Requests, replies and tokens, independent of the server's state.

pub(crate) mod encoding;
mod error_number;
pub(crate) mod json;
pub(crate) mod reply;
pub(crate) mod request;
pub(crate) mod response;
pub(crate) mod token;
