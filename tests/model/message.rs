//! What clients and the server of the model send to each other.

use std::collections::HashMap;
use std::fmt;

use serde_json::{Value, json};

use crate::document::{Content, Document, Slot, names, revision_of, revision_text, slot_of};
use crate::network::Protocol;

/// What a request does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Verb {
    Read,
    Insert(IfExists),
    Update,
    Replace,
    Remove,
}

/// What an insert does if there is a document with the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum IfExists {
    Refuse,
    Ignore,
    Update,
    Replace,
}

/// A request about a document, as the server understands it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Request {
    pub(crate) verb: Verb,
    /// `None`: the server makes the key.
    pub(crate) slot: Option<Slot>,
    /// The revision without which nothing is written.
    pub(crate) if_revision: Option<u8>,
    /// Whether only a higher edition is written.
    pub(crate) checks_version: bool,
    pub(crate) content: Content,
}

impl Request {
    fn parse(head: &str, body: &[u8]) -> Self {
        let mut lines = head.lines();
        let first: Vec<&str> = lines.next().unwrap_or_default().split(' ').collect();
        let headers: HashMap<String, &str> = lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.trim()))
            .collect();
        let (path, query) = first[1].split_once('?').unwrap_or((first[1], ""));
        let key = path.strip_prefix("/_db/library/_api/document/books").unwrap_or_else(|| panic!("{head}"));
        let query: HashMap<&str, &str> = query.split('&').filter_map(|pair| pair.split_once('=')).collect();
        let document = match serde_json::from_slice(body) {
            Ok(Value::Object(document)) => document,
            _ => serde_json::Map::new(),
        };
        let verb = match first[0] {
            "GET" => Verb::Read,
            "POST" => Verb::Insert(match query.get("overwriteMode").copied() {
                None => IfExists::Refuse,
                Some("ignore") => IfExists::Ignore,
                Some("update") => IfExists::Update,
                Some("replace") => IfExists::Replace,
                Some(other) => panic!("overwriteMode={other}"),
            }),
            "PATCH" => Verb::Update,
            "PUT" => Verb::Replace,
            "DELETE" => Verb::Remove,
            other => panic!("{other} {path}"),
        };
        let named = key.strip_prefix('/').or_else(|| document.get("_key")?.as_str());
        Self {
            verb,
            slot: named.map(slot_of),
            if_revision: headers.get("if-match").map(|revision| revision_of(revision)),
            checks_version: query.contains_key("versionAttribute"),
            content: Content::from_json(&document),
        }
    }
}

/// A response of the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Response {
    Written { slot: Slot, revision: u8, old_revision: Option<u8> },
    Removed { slot: Slot, revision: u8 },
    Found { slot: Slot, document: Document },
    Refused(Refusal),
}

/// An error response.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Refusal {
    UniqueViolation,
    DocumentNotFound,
    PreconditionFailed,
    /// Another write is in the way.
    Conflict,
    /// The queue of the coordinator is full.
    QueueFull,
    /// The connection to the DB-Server broke: the write may be executed.
    DbServerLost,
    /// The DB-Server did not respond in time: the write may be executed.
    DbServerTimeout,
}

impl Refusal {
    /// Returns the status and the error number.
    fn codes(self) -> (u16, u16) {
        match self {
            Self::UniqueViolation => (409, 1210),
            Self::DocumentNotFound => (404, 1202),
            Self::PreconditionFailed => (412, 1200),
            Self::Conflict => (409, 1200),
            Self::QueueFull => (503, 21003),
            Self::DbServerLost => (503, 1465),
            Self::DbServerTimeout => (500, 1457),
        }
    }
}

impl Response {
    /// Returns whether the request was executed.
    pub(crate) fn is_success(self) -> bool {
        !matches!(self, Self::Refused(_))
    }

    fn http(self) -> Vec<u8> {
        let (status, body) = match self {
            Self::Written { slot, revision, old_revision } => {
                let mut body = names(slot, revision);
                body.extend(old_revision.map(|old| ("_oldRev".to_owned(), json!(revision_text(old)))));
                (202, Value::Object(body))
            }
            Self::Removed { slot, revision } => (202, Value::Object(names(slot, revision))),
            Self::Found { slot, document } => (200, document.json(slot)),
            Self::Refused(refusal) => error_body(refusal.codes(), &refusal),
        };
        http_response(status, &body.to_string())
    }
}

/// Requests about documents, and their responses.
pub(crate) struct Documents;

impl Protocol for Documents {
    type Request = Request;
    type Response = Response;

    fn parse(head: &str, body: &[u8]) -> Request {
        Request::parse(head, body)
    }

    fn http(response: Response) -> Vec<u8> {
        response.http()
    }
}

/// Returns the status and the body of an error response.
pub(crate) fn error_body((status, number): (u16, u16), refusal: &impl fmt::Debug) -> (u16, Value) {
    let message = format!("{refusal:?}");
    (status, json!({ "error": true, "code": status, "errorNum": number, "errorMessage": message }))
}

/// Returns a response of ArangoDB.
pub(crate) fn http_response(status: u16, body: &str) -> Vec<u8> {
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status} Status\r\nServer: ArangoDB\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
    );
    [head.as_bytes(), body.as_bytes()].concat()
}

/// What an attempt of a client meets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Reply<R = Response> {
    Response(R),
    /// The response breaks off after its head.
    CutOff(R),
    /// The connection is closed after the request was read.
    ConnectionLost,
    /// No response arrives.
    Silence,
    /// The coordinator has stopped: it refuses connections from now on.
    Stopped(usize),
}
