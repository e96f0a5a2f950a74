//! Compression of request bodies and decompression of response bodies.

#[cfg(feature = "compression")]
pub(crate) mod compressor;
#[cfg(not(feature = "compression"))]
#[path = "disabled.rs"]
pub(crate) mod compressor;
pub(crate) mod decode;
