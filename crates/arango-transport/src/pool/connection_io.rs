//! The byte stream of a connection, which is read and flushed only when needed.

use super::flush_after_write::FlushAfterWrite;
use super::read_when_woken::ReadWhenWoken;
use crate::types::io::Io;

pub(super) type ConnectionIo = FlushAfterWrite<ReadWhenWoken<Box<dyn Io>>>;

pub(super) fn connection_io(io: Box<dyn Io>) -> ConnectionIo {
    FlushAfterWrite::new(ReadWhenWoken::new(io))
}
