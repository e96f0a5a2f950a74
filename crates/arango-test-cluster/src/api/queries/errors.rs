//! Errors of queries, with the texts of a server.

use arango_test_aql::{QueryError, number};

use crate::api::Call;
use crate::http::reply::ApiError;
use crate::state::queries::EndReason;
use crate::store::error::DocumentError;

/// Returns the error of a query that could not begin.
pub(super) fn before(call: &mut Call<'_>, text: &str, error: &QueryError) -> ApiError {
    if error.is_not_implemented() {
        call.state.report_unsupported(format!("{} {}: {text}", call.request.method, call.request.path));
    }
    // Constants are calculated with the syntax tree, after parsing.
    let phase = if error.number == number::DIVISION_BY_ZERO { "optimizing ast" } else { "parsing" };
    with_phase(error, &error.to_string(), phase)
}

/// Returns the error of a query that was running.
pub(crate) fn during(error: &QueryError) -> ApiError {
    with_phase(error, &error.message, "executing")
}

/// Returns the error of a query whose documents could not be written.
pub(crate) fn of_document(error: DocumentError) -> ApiError {
    during(&error.into())
}

/// Returns the error of a query that was asked to end.
pub(super) fn ended(reason: EndReason) -> ApiError {
    match reason {
        EndReason::Killed => during(&QueryError::new(1500, "query killed")),
        EndReason::Cancelled => ApiError::of_number(21, "request canceled"),
    }
}

fn with_phase(error: &QueryError, text: &str, phase: &str) -> ApiError {
    if error.is_not_implemented() {
        return ApiError::of_number(error.number, error.message.clone());
    }
    ApiError::of_number(error.number, format!("AQL: {text} (while {phase})"))
}
