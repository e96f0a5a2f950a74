//! What failed, whether it was executed, and how a response of the server says so.

pub(crate) mod category;
pub(crate) mod classification;
pub(crate) mod kind;
pub(crate) mod number;
pub(crate) mod object;
pub(crate) mod outcome;
