//! Errors of the server that an operation expects.

use arango_protocol::{ApiResponse, ErrorNumber, ErrorObject, OutputError};

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::response;

    #[test]
    fn only_the_expected_number_is_accepted() {
        let accept = |body: &str| accept_error(&response(404, body), ErrorNumber::DOCUMENT_NOT_FOUND);
        assert!(accept(r#"{"error":true,"code":404,"errorNum":1202}"#).is_ok());
        let other = accept(r#"{"error":true,"code":404,"errorNum":1203}"#).unwrap_err();
        assert_eq!(other.error_object().unwrap().number, ErrorNumber::DATA_SOURCE_NOT_FOUND);
        assert!(accept("<html>").unwrap_err().error_object().is_none());
    }
}
