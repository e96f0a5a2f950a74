//! The byte stream of a connection, which is read and flushed only when needed.

use super::flush_when_needed::FlushWhenNeeded;
use super::read_when_woken::ReadWhenWoken;
use crate::types::io::Io;

pub(super) type ConnectionIo = FlushWhenNeeded<Box<dyn Io>>;

pub(super) fn connection_io(io: Box<dyn Io>) -> ConnectionIo {
    FlushWhenNeeded::new(ReadWhenWoken::new(io))
}
