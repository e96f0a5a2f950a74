//! What a server says went wrong.

use std::fmt;

use serde::Deserialize;

use crate::ErrorNumber;

/// The body of every refusal that ArangoDB itself wrote.
///
/// Something between the client and the server (a proxy, a load balancer) answers with another
/// body, for which [`parse`](Self::parse) gives `None`: that difference decides what may be
/// concluded from the status.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct ErrorObject {
    /// What happened, by number: the status alone does not tell.
    #[serde(rename = "errorNum")]
    pub number: ErrorNumber,
    /// What happened, for people; not stable between versions.
    #[serde(rename = "errorMessage", default)]
    pub message: String,
    /// The HTTP status once more.
    #[serde(default)]
    pub code: u16,
    /// Whether it says that it is an error; some servers leave that out of a refusal.
    #[serde(rename = "error", default)]
    pub(crate) is_error: bool,
}

impl ErrorObject {
    /// Reads an error object, or finds that `body` is none.
    #[must_use]
    pub fn parse(body: &[u8]) -> Option<Self> {
        // serde would take the items of an array for the fields in turn; ArangoDB writes no such thing.
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
    fn an_error_object_is_told_from_what_a_proxy_says() {
        let body = br#"{"code":404,"error":true,"errorMessage":"database not found","errorNum":1228}"#;
        let object = ErrorObject::parse(body).unwrap();
        assert_eq!(object.number, ErrorNumber::DATABASE_NOT_FOUND);
        assert_eq!(object.to_string(), "database not found (error 1228)");
        for other in [&b"<html>502</html>"[..], b"", b"{}", b"[]", br#"{"error":"upstream"}"#] {
            assert_eq!(ErrorObject::parse(other), None);
        }
    }

    #[test]
    fn a_list_is_nobodys_error_object_whatever_is_in_it() {
        assert_eq!(ErrorObject::parse(br#"[1228,"database not found",404]"#), None);
        assert!(ErrorObject::parse(b" \r\n{\"errorNum\":1228}").is_some());
    }

    proptest! {
        #[test]
        fn what_a_server_says_is_read_as_it_was_said(number: u32, code: u16, message: String) {
            let body = serde_json::json!({ "error": true, "errorNum": number, "code": code, "errorMessage": message });
            let object = ErrorObject::parse(body.to_string().as_bytes()).unwrap();
            prop_assert_eq!((object.number, object.code, object.message), (ErrorNumber(number), code, message));
        }

        #[test]
        fn no_body_makes_the_reader_panic(body: Vec<u8>, text in r#"\{?("(errorNum|code|errorMessage)":?|[0-9,.e{}\[\]-]){0,12}"#) {
            drop(ErrorObject::parse(&body));
            drop(ErrorObject::parse(text.as_bytes()));
        }
    }
}
