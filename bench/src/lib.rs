//! What the measured programs and their server share.

pub mod book;
pub mod task;
