//! Refuses by name what a handler does not model, so that no part of a request is ignored silently.
//!
//! A handler states which query parameters, headers and body attributes it models. A request with anything else gets
//! 501 with error number 9, and is reported.

use serde_json::{Map, Value};

use super::Call;
use crate::http::reply::ApiError;

/// What a handler models of its requests.
#[derive(Debug, Clone, Copy)]
pub(super) struct Modelled {
    parameters: &'static [&'static str],
    headers: &'static [&'static str],
    /// `None` if the body consists of a user's documents, or is not read.
    attributes: Option<&'static [&'static str]>,
}

/// Headers with a meaning for every request, or without one for a server.
const COMMON_HEADERS: &[&str] = &[
    "x-arango-allow-dirty-read",
    "x-arango-async",
    "x-arango-driver",
    "x-arango-queue-time-seconds",
    "x-arango-version",
];

impl Modelled {
    /// Neither parameters nor headers; the body is not checked.
    pub(super) const NOTHING: Self = Self { parameters: &[], headers: &[], attributes: None };

    /// Models these query parameters.
    pub(super) const fn parameters(names: &'static [&'static str]) -> Self {
        Self { parameters: names, ..Self::NOTHING }
    }

    /// Models these headers, in lower case.
    pub(super) const fn headers(mut self, names: &'static [&'static str]) -> Self {
        self.headers = names;
        self
    }

    /// Models these attributes of a body, if the body is an object.
    pub(super) const fn attributes(mut self, names: &'static [&'static str]) -> Self {
        self.attributes = Some(names);
        self
    }
}

impl Call<'_> {
    /// Refuses a request that has more than what is modelled.
    pub(super) fn require_modelled(&mut self, modelled: &Modelled) -> Result<(), ApiError> {
        let request = self.request;
        let surplus = request.query.names().find(|name| !modelled.parameters.contains(name));
        if let Some(name) = surplus {
            return Err(self.not_modelled("query parameter", name));
        }
        let is_checked =
            |name: &str| name.starts_with("x-arango-") || name == "if-match" || name == "if-none-match";
        let is_known = |name: &str| COMMON_HEADERS.contains(&name) || modelled.headers.contains(&name);
        let mut names = request.headers.keys().map(http::HeaderName::as_str);
        if let Some(name) = names.find(|name| is_checked(name) && !is_known(name)) {
            return Err(self.not_modelled("header", name));
        }
        let Some(names) = modelled.attributes else { return Ok(()) };
        // What is no JSON is refused by the handler.
        match request.json() {
            Ok(Value::Object(body)) => self.require_attributes(&body, "", names),
            _ => Ok(()),
        }
    }

    /// Refuses an object of the body that has more than these attributes. `path` ends with a dot, or is empty.
    pub(super) fn require_attributes(
        &mut self,
        object: &Map<String, Value>,
        path: &str,
        names: &[&str],
    ) -> Result<(), ApiError> {
        match object.keys().find(|name| !names.contains(&name.as_str())) {
            Some(name) => Err(self.not_modelled("attribute", &format!("{path}{name}"))),
            None => Ok(()),
        }
    }

    /// Reports a part of a request that is not modelled, and returns its error.
    pub(super) fn not_modelled(&mut self, kind: &str, name: &str) -> ApiError {
        let area = self.request.segments.iter().take(2).map(String::as_str).collect::<Vec<_>>().join("/");
        let text = format!("the {kind} `{name}` of {} /{area}", self.request.method);
        self.state.report_unsupported(text.clone());
        ApiError::new(501, 9, format!("sim: {text} is not modelled"))
    }
}
