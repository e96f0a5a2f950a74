//! Errors of the server that an operation expects.

use arango_protocol::{ApiResponse, ErrorKind, ErrorNumber, ErrorObject, Failure, Outcome, OutputError};

/// Accepts an error response with this number, and no other.
///
/// For an operation that declares its status as a success: the status alone says neither what is missing nor who says so.
pub(crate) fn accept_error(response: &ApiResponse, number: ErrorNumber) -> Result<(), OutputError> {
    match ErrorObject::parse(response.bytes()) {
        Some(object) if object.number == number => Ok(()),
        Some(object) => Err(OutputError::server(response, object)),
        None => Err(response.invalid("an error status without an error object")),
    }
}

/// Returns the error of an error response.
pub(crate) fn server_error(response: &ApiResponse) -> OutputError {
    match ErrorObject::parse(response.bytes()) {
        Some(object) => OutputError::server(response, object),
        None => response.invalid("an error status without an error object"),
    }
}

/// Returns whether the request may have been executed, and its response was not received.
///
/// What an operation reads from an accepted status is of unknown outcome for the transport. That something does not exist
/// is nevertheless a refusal, unless an earlier copy of the request may have removed it.
pub(crate) fn is_response_lost(failure: &Failure) -> bool {
    let is_missing = matches!(
        failure.kind,
        ErrorKind::DocumentNotFound | ErrorKind::CollectionNotFound | ErrorKind::DatabaseUnknown
    );
    // Its response is there, and proves that it was executed: only a type of the program does not fit.
    let has_arrived = failure.kind == ErrorKind::Decode && failure.outcome == Outcome::Executed;
    failure.is_response_lost() && (!(is_missing || has_arrived) || failure.has_ambiguous_predecessor)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::response;

    #[test]
    fn what_does_not_exist_is_lost_only_after_an_ambiguous_attempt() {
        for kind in [ErrorKind::DocumentNotFound, ErrorKind::CollectionNotFound, ErrorKind::DatabaseUnknown] {
            let failure = Failure::new(kind, Outcome::Unknown, None);
            assert!(!is_response_lost(&failure) && is_response_lost(&failure.after_ambiguous_attempt()));
        }
        assert!(is_response_lost(&Failure::new(ErrorKind::BackendTimeout, Outcome::Unknown, None)));
    }

    #[test]
    fn a_response_that_proves_the_execution_is_lost_only_after_an_ambiguous_attempt() {
        let proved = Failure::new(ErrorKind::Decode, Outcome::Executed, None);
        assert!(!is_response_lost(&proved) && is_response_lost(&proved.after_ambiguous_attempt()));
        assert!(is_response_lost(&Failure::new(ErrorKind::Decode, Outcome::Unknown, None)));
        assert!(is_response_lost(&Failure::new(ErrorKind::BodyInterrupted, Outcome::Executed, None)));
    }

    #[test]
    fn only_the_expected_number_is_accepted() {
        let accept = |body: &str| accept_error(&response(404, body), ErrorNumber::DOCUMENT_NOT_FOUND);
        assert!(accept(r#"{"error":true,"code":404,"errorNum":1202}"#).is_ok());
        let other = accept(r#"{"error":true,"code":404,"errorNum":1203}"#).unwrap_err();
        assert_eq!(other.error_object().unwrap().number, ErrorNumber::DATA_SOURCE_NOT_FOUND);
        assert!(accept("<html>").unwrap_err().error_object().is_none());
    }
}
