//! The error object of ArangoDB.

use std::fmt;

use serde::Deserialize;

use crate::error::number::ErrorNumber;

/// The body of every error response written by ArangoDB itself.
///
/// An intermediary (a proxy, a load balancer) sends another body, for which [`parse`](Self::parse) returns `None`.
/// That difference decides what can be concluded from the status.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct ErrorObject {
    /// The error number, which is more specific than the status.
    #[serde(rename = "errorNum")]
    pub number: ErrorNumber,
    /// The error message for people; not stable between versions.
    #[serde(rename = "errorMessage", default)]
    pub message: String,
    /// The HTTP status, repeated.
    #[serde(default)]
    pub code: u16,
    /// Whether `error` is true; some servers omit it from an error response.
    #[serde(rename = "error", default)]
    pub(crate) is_error: bool,
}

impl ErrorObject {
    /// Parses an error object; `None` if `body` is not one.
    #[must_use]
    pub fn parse(body: &[u8]) -> Option<Self> {
        // serde would read the items of an array as the fields; ArangoDB never writes that.
        body.trim_ascii_start().starts_with(b"{").then(|| serde_json::from_slice(body).ok())?
    }
}

impl fmt::Display for ErrorObject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (error {})", self.message, self.number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_error_object_is_distinguished_from_a_proxy_response() {
        let body = br#"{"code":404,"error":true,"errorMessage":"database not found","errorNum":1228}"#;
        let object = ErrorObject::parse(body).unwrap();
        assert_eq!(object.number, ErrorNumber::DATABASE_NOT_FOUND);
        assert_eq!(object.to_string(), "database not found (error 1228)");
        for other in [&b"<html>502</html>"[..], b"", b"{}", b"[]", br#"{"error":"upstream"}"#] {
            assert_eq!(ErrorObject::parse(other), None);
        }
    }

    #[test]
    fn an_array_is_never_an_error_object() {
        assert_eq!(ErrorObject::parse(br#"[1228,"database not found",404]"#), None);
        assert!(ErrorObject::parse(b" \r\n{\"errorNum\":1228}").is_some());
    }

    proptest! {
        #[test]
        fn every_field_is_read_verbatim(number: u32, code: u16, message: String) {
            let body = serde_json::json!({ "error": true, "errorNum": number, "code": code, "errorMessage": message });
            let object = ErrorObject::parse(body.to_string().as_bytes()).unwrap();
            prop_assert_eq!((object.number, object.code, object.message), (ErrorNumber(number), code, message));
        }

        #[test]
        fn no_body_makes_the_parser_panic(body: Vec<u8>, text in r#"\{?("(errorNum|code|errorMessage)":?|[0-9,.e{}\[\]-]){0,12}"#) {
            drop(ErrorObject::parse(&body));
            drop(ErrorObject::parse(text.as_bytes()));
        }
    }
}
