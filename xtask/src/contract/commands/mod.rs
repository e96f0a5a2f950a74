//! The commands.

mod check;
mod embedded;
mod questions;
mod record;

pub(crate) use self::check::check;
pub(crate) use self::embedded::embedded;
pub(crate) use self::questions::questions;
pub(crate) use self::record::record;
