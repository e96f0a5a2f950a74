//! Analyzers: ensuring, listing and removing them.

mod definition;
mod differences;
mod ensure;
mod info;
mod remove;

pub use definition::Analyzer;
pub use ensure::EnsureAnalyzer;
pub use info::{AnalyzerInfo, GetAnalyzer, ListAnalyzers};
pub use remove::RemoveAnalyzer;

use arango_protocol::ErrorNumber;

/// The error number of an analyzer that does not exist.
const ANALYZER_NOT_FOUND: ErrorNumber = ErrorNumber::DOCUMENT_NOT_FOUND;
