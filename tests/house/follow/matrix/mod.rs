//! Every long operation under every disaster.
//!
//! Whatever strikes, an operation ends: as it should, or with what stopped it. Whoever takes it up again then, as the
//! documentation says for each, brings it to its end, and nothing was begun twice.

mod disasters;
mod ends;
mod work;
mod world;

use self::work::{Cancel, Work};
use self::world::World;
