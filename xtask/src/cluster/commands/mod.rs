//! The commands of `cargo xtask test-cluster`.

mod act;
mod agency;
mod control_request;
mod down;
mod fault;
mod journal;
mod logs;
mod output;
mod run;
mod status;
mod table;
mod token;
mod tokens;
mod up;
mod upgrade;

pub(crate) use self::act::act;
pub(crate) use self::agency::agency;
pub(crate) use self::down::down;
pub(crate) use self::fault::{FaultTarget, Pair, fault};
pub(crate) use self::journal::journal;
pub(crate) use self::logs::logs;
pub(crate) use self::run::{run, run_with_cluster};
pub(crate) use self::status::status;
pub(crate) use self::token::token;
pub(crate) use self::tokens::tokens;
pub(crate) use self::up::up;
pub(crate) use self::upgrade::upgrade;
