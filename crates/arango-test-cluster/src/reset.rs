//! Why one side ends a stream of HTTP/2.

use h2::Reason;

/// Why a stream is reset, as HTTP/2 numbers it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reset(u32);

impl Reset {
    /// Nothing is wrong, and yet nothing more comes.
    pub const NO_ERROR: Self = Self(0);
    /// The other side does not keep to the protocol.
    pub const PROTOCOL_ERROR: Self = Self(1);
    /// This side is at fault.
    pub const INTERNAL_ERROR: Self = Self(2);
    /// The stream was refused before anything was done with it.
    pub const REFUSED_STREAM: Self = Self(7);
    /// Nobody wants it any more.
    pub const CANCEL: Self = Self(8);
    /// The other side asks for too much. arangod says so when it cannot queue an answer, after it has executed.
    pub const ENHANCE_YOUR_CALM: Self = Self(11);

    const NAMED: [(&'static str, Self); 6] = [
        ("no-error", Self::NO_ERROR),
        ("protocol-error", Self::PROTOCOL_ERROR),
        ("internal-error", Self::INTERNAL_ERROR),
        ("refused-stream", Self::REFUSED_STREAM),
        ("cancel", Self::CANCEL),
        ("enhance-your-calm", Self::ENHANCE_YOUR_CALM),
    ];

    /// Any other.
    pub fn new(number: u32) -> Self {
        Self(number)
    }

    /// The reason of this name, in small letters with dashes.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::NAMED.into_iter().find(|(known, _)| *known == name).map(|(_, reset)| reset)
    }
}

impl From<Reset> for Reason {
    fn from(reset: Reset) -> Self {
        Self::from(reset.0)
    }
}
