//! Responses that did not come from ArangoDB.

use std::fmt;

use arango_protocol::OutputError;
use http::header::{CONTENT_TYPE, LOCATION, SERVER};
use http::{HeaderMap, HeaderName, StatusCode, Uri};

use crate::types::printable::Printable;

/// The maximum number of characters displayed of a header.
const SHOWN: usize = 100;

/// A response that did not come from ArangoDB: status, media type and `Server` header.
#[derive(Debug)]
pub(crate) struct ForeignResponse {
    status: StatusCode,
    server: Option<String>,
    content_type: Option<String>,
    is_html: bool,
    /// The target of a redirect, without user, query and fragment, which may contain secrets.
    location: Option<String>,
    /// Why the response could not be decoded.
    cause: Option<OutputError>,
}

impl ForeignResponse {
    pub(crate) fn new(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Self {
        let text = |name: HeaderName| {
            let value = headers.get(name)?.to_str().ok()?;
            Some(Printable::new(value, SHOWN).to_string())
        };
        Self {
            status,
            server: text(SERVER),
            content_type: text(CONTENT_TYPE).map(without_parameters),
            is_html: body.trim_ascii_start().starts_with(b"<"),
            location: headers.get(LOCATION).and_then(|value| redacted_location(value.to_str().ok()?)),
            cause: None,
        }
    }

    pub(crate) fn because(self, cause: OutputError) -> Self {
        Self { cause: Some(cause), ..self }
    }
}

/// Removes the parameters from a `Content-Type` value.
fn without_parameters(content_type: String) -> String {
    match content_type.split_once(';') {
        Some((media_type, _)) => media_type.trim_end().to_owned(),
        None => content_type,
    }
}

fn redacted_location(location: &str) -> Option<String> {
    let uri: Uri = location.parse().ok()?;
    let authority = uri.authority().map(http::uri::Authority::as_str);
    // The user information before the host may contain a password.
    let host = authority.map(|authority| authority.rsplit_once('@').map_or(authority, |(_, host)| host));
    let scheme = uri.scheme_str().map(|scheme| format!("{scheme}://")).unwrap_or_default();
    let redacted = format!("{scheme}{}{}", host.unwrap_or_default(), uri.path());
    Some(Printable::new(&redacted, SHOWN).to_string())
}

impl fmt::Display for ForeignResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "status {}", self.status.as_u16())?;
        match &self.content_type {
            Some(content_type) => write!(f, " {content_type}")?,
            None if self.is_html => f.write_str(" with an HTML page")?,
            None => {}
        }
        if let Some(server) = &self.server {
            write!(f, " from {server}")?;
        }
        if let Some(location) = &self.location {
            write!(f, ", to {location}")?;
        }
        Ok(())
    }
}

impl std::error::Error for ForeignResponse {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.cause.as_ref().map(|cause| cause as _)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn text(status: u16, headers: &[(HeaderName, &'static str)], body: &str) -> String {
        let headers: HeaderMap =
            headers.iter().map(|(name, value)| (name.clone(), HeaderValue::from_static(value))).collect();
        ForeignResponse::new(StatusCode::from_u16(status).unwrap(), &headers, body.as_bytes()).to_string()
    }

    #[test]
    fn status_media_type_and_server_are_displayed() {
        let nginx = [(SERVER, "nginx/1.25.3"), (CONTENT_TYPE, "text/html; charset=utf-8")];
        assert_eq!(text(404, &nginx, "<html>"), "status 404 text/html from nginx/1.25.3");
        assert_eq!(text(200, &[], " <html>"), "status 200 with an HTML page");
        assert_eq!(text(500, &[], ""), "status 500");
    }

    #[test]
    fn a_redirect_displays_its_target_without_secrets() {
        let to = |location| text(302, &[(LOCATION, location)], "");
        assert_eq!(to("https://login.example.com/start"), "status 302, to https://login.example.com/start");
        assert_eq!(to("/login?token=s3cret"), "status 302, to /login");
        assert_eq!(
            to("https://ada:s3cret@example.com/?q=s3cret#s3cret"),
            "status 302, to https://example.com/"
        );
    }
}
