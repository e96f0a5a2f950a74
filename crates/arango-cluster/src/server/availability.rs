//! Availability of the responding server.

use arango_protocol::{
    ApiResponse, ErrorNumber, ErrorObject, Metadata, Operation, OutputError, Permission, Scope,
};
use http::StatusCode;
use serde::{Deserialize, Serialize};

use crate::server::ServerMode;

/// Reads whether the responding server is available. Needs no login.
///
/// A coordinator in a soft shutdown reports itself as available.
///
/// # Errors
///
/// Unavailability is not an error: 503 is decoded as [`Availability::Unavailable`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct GetAvailability;

/// Whether a server is available.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum Availability {
    /// Available, in this mode; a read-only server is available.
    Available(ServerMode),
    /// Unavailable, for this reason.
    ///
    /// The server is starting, stopping or in maintenance, its queue is nearly full
    /// (`--server.unavailability-queue-fill-grade`, 75 % by default), or its storage is unhealthy.
    ///
    /// The number is the server's reason, such as [`ErrorNumber::SHUTTING_DOWN`].
    Unavailable(ErrorNumber),
}

impl Availability {
    /// Returns whether the server is available.
    pub fn is_available(&self) -> bool {
        matches!(self, Self::Available(_))
    }
}

impl Operation for GetAvailability {
    type Output = Availability;

    const METADATA: Metadata = Metadata::get("server.availability", "/_admin/server/availability")
        .scope(Scope::Coordinator)
        .accept_statuses(&[503])
        .permission(Permission::None);

    #[inline]
    fn output(&self, response: ApiResponse) -> Result<Availability, OutputError> {
        #[derive(Deserialize)]
        struct Body {
            mode: ServerMode,
        }
        if response.status() == StatusCode::SERVICE_UNAVAILABLE {
            let reason =
                ErrorObject::parse(response.bytes()).ok_or_else(|| response.invalid("no error object"))?;
            return Ok(Availability::Unavailable(reason.number));
        }
        response.json::<Body>().map(|body| Availability::Available(body.mode))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_request, read, response};

    #[test]
    fn a_server_that_is_read_only_is_available() {
        assert_request(&GetAvailability, "GET", "/_admin/server/availability");
        let available = read(&GetAvailability, r#"{"error":false,"code":200,"mode":"readonly"}"#);
        assert_eq!(available, Availability::Available(ServerMode::ReadOnly));
        assert!(available.is_available());
    }

    #[test]
    fn unavailable_is_a_result_not_an_error() {
        for (body, reason) in [
            (r#"{"error":true,"code":503,"errorNum":503,"errorMessage":"service unavailable"}"#, 503),
            (r#"{"error":true,"code":503,"errorNum":30,"errorMessage":"shutting down"}"#, 30),
        ] {
            let unavailable = GetAvailability.output(response(503, body)).unwrap();
            assert_eq!(unavailable, Availability::Unavailable(ErrorNumber(reason)));
            assert!(!unavailable.is_available());
        }
    }

    #[test]
    fn a_proxy_response_is_no_availability() {
        for body in ["<html>", "", "no healthy upstream", r#"{"error":"unavailable"}"#] {
            assert!(GetAvailability.output(response(503, body)).is_err(), "{body}");
        }
    }
}
