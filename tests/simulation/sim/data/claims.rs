//! What the result of a call says about the documents.

use arango::data::{Document, Evidence, Removed, Silent, Written};
use serde_json::Value;

/// The result of a call that succeeded.
pub(super) trait Claim {
    /// Whether it says that this call has changed a document.
    fn is_changed(&self) -> bool;

    /// How it was found out that the write was executed.
    fn evidence(&self) -> Option<Evidence>;
}

impl Claim for Written {
    fn is_changed(&self) -> bool {
        // No two calls write the same content, so any evidence proves this write.
        self.evidence.is_some() || !self.is_unchanged()
    }

    fn evidence(&self) -> Option<Evidence> {
        self.evidence
    }
}

impl Claim for Silent {
    fn is_changed(&self) -> bool {
        true
    }

    fn evidence(&self) -> Option<Evidence> {
        self.evidence
    }
}

impl Claim for Removed {
    fn is_changed(&self) -> bool {
        self.revision.is_some()
    }

    fn evidence(&self) -> Option<Evidence> {
        self.evidence
    }
}

impl Claim for Option<Document<Value>> {
    fn is_changed(&self) -> bool {
        false
    }

    fn evidence(&self) -> Option<Evidence> {
        None
    }
}

impl Claim for bool {
    fn is_changed(&self) -> bool {
        false
    }

    fn evidence(&self) -> Option<Evidence> {
        None
    }
}
