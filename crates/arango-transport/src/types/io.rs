//! Byte streams.

use tokio::io::{AsyncRead, AsyncWrite};

/// A byte stream to a coordinator.
pub trait Io: AsyncRead + AsyncWrite + Send + Unpin + 'static {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin + 'static> Io for T {}
