//! The commands of `cargo xtask test-cluster`.

mod act;
mod down;
mod logs;
mod run;
mod status;
mod table;
mod token;
mod up;

pub(crate) use self::act::act;
pub(crate) use self::down::down;
pub(crate) use self::logs::logs;
pub(crate) use self::run::{run, run_with_cluster};
pub(crate) use self::status::status;
pub(crate) use self::token::token;
pub(crate) use self::up::up;
