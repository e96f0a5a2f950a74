//! Every long-running operation under every fault.
//!
//! Under every fault an operation ends, either successfully or with the reason. Resuming it as documented completes it,
//! and no job is started twice.

mod assertions;
mod faults;
mod operations;
mod scenario;

use self::operations::{CancelPoint, LongOperation};
use self::scenario::Scenario;
