//! The compressed body of a call.

use std::sync::OnceLock;

use bytes::Bytes;

/// The compressed body of a call, which all its attempts send.
///
/// Boxed, because few calls have one, and all store it.
#[derive(Debug, Clone, Default)]
#[cfg_attr(
    not(feature = "compression"),
    expect(dead_code, reason = "nothing is compressed without the feature")
)]
pub(crate) struct CompressedBody(OnceLock<Box<Cached>>);

#[derive(Debug, Clone)]
#[cfg_attr(
    not(feature = "compression"),
    expect(dead_code, reason = "nothing is compressed without the feature")
)]
struct Cached {
    plain: Bytes,
    /// `None` if compression did not make the body smaller.
    compressed: Option<Bytes>,
}

#[cfg(feature = "compression")]
impl CompressedBody {
    /// Returns the compressed form of `plain`, compressed by `compress` once per call; `None` if that is not smaller.
    ///
    /// A custom layer may replace the body; a replaced body is compressed on every attempt.
    pub(crate) fn get_or_compress(
        &self,
        plain: &Bytes,
        compress: impl Fn(&[u8]) -> Option<Bytes>,
    ) -> Option<Bytes> {
        let cached =
            self.0.get_or_init(|| Box::new(Cached { plain: plain.clone(), compressed: compress(plain) }));
        // The cached body keeps its memory alive, so no other body can have the same address.
        let same = cached.plain.as_ptr() == plain.as_ptr() && cached.plain.len() == plain.len();
        if same { cached.compressed.clone() } else { compress(plain) }
    }

    /// Returns whether a body was compressed.
    pub(crate) fn is_set(&self) -> bool {
        self.0.get().is_some()
    }

    /// Sets the compressed form of `plain`, unless there is one.
    pub(crate) fn set(&self, plain: Bytes, compressed: Option<Bytes>) {
        self.0.set(Box::new(Cached { plain, compressed })).ok();
    }
}
