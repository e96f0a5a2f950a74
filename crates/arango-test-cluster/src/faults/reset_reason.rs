//! Reasons for resetting an HTTP/2 stream.

use h2::Reason;

/// HTTP/2 error code of a stream reset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ResetReason(u32);

impl ResetReason {
    /// No error, but nothing more is sent.
    pub const NO_ERROR: Self = Self(0);
    /// The peer violated the protocol.
    pub const PROTOCOL_ERROR: Self = Self(1);
    /// An internal error of the sender.
    pub const INTERNAL_ERROR: Self = Self(2);
    /// The stream was refused before any processing.
    pub const REFUSED_STREAM: Self = Self(7);
    /// The stream is no longer needed.
    pub const CANCEL: Self = Self(8);
    /// The peer causes excessive load. arangod sends it when it cannot queue a response, after execution.
    pub const ENHANCE_YOUR_CALM: Self = Self(11);

    const NAMES: [(&'static str, Self); 6] = [
        ("no-error", Self::NO_ERROR),
        ("protocol-error", Self::PROTOCOL_ERROR),
        ("internal-error", Self::INTERNAL_ERROR),
        ("refused-stream", Self::REFUSED_STREAM),
        ("cancel", Self::CANCEL),
        ("enhance-your-calm", Self::ENHANCE_YOUR_CALM),
    ];

    /// Returns the reason with any other error code.
    pub fn new(number: u32) -> Self {
        Self(number)
    }

    /// Returns the reason with this name, in lower case with dashes.
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Self::NAMES.into_iter().find(|(known, _)| *known == name).map(|(_, reset)| reset)
    }
}

impl From<ResetReason> for Reason {
    fn from(reset: ResetReason) -> Self {
        Self::from(reset.0)
    }
}
