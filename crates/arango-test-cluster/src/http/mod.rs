//! Requests as handlers see them, answers as they write them, and who may ask.

pub(crate) mod auth;
pub(crate) mod encoding;
pub(crate) mod reply;
pub(crate) mod request;
pub(crate) mod token;
