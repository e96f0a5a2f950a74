//! What the client and the server send to each other about transactions.

use std::hash::{DefaultHasher, Hash, Hasher};

use serde_json::{Value, json};

use crate::message::{error_body, http_response};
use crate::network::Protocol;

/// The number of a transaction, in the order in which they began.
pub(crate) type Id = u8;
/// The number of a run of the closure.
pub(crate) type Number = u8;

/// The key of a proof, as a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct ProofKey(u64);

/// A request, as the server understands it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Request {
    Begin,
    InsertProof {
        id: Id,
        proof: ProofKey,
    },
    /// Writes what the closure is about.
    Write {
        id: Id,
        run: Number,
    },
    /// Adds the result of the closure to the proof.
    StoreValue {
        id: Id,
        run: Number,
    },
    Commit(Id),
    GetState(Id),
    Abort(Id),
    /// Reads a proof outside of the transaction.
    ReadProof(ProofKey),
}

impl Request {
    /// Returns its transaction, if it is about one that has begun.
    pub(crate) fn id(self) -> Option<Id> {
        match self {
            Self::InsertProof { id, .. } | Self::Write { id, .. } | Self::StoreValue { id, .. } => Some(id),
            Self::Commit(id) | Self::GetState(id) | Self::Abort(id) => Some(id),
            Self::Begin | Self::ReadProof(_) => None,
        }
    }

    fn parse(head: &str, body: &[u8]) -> Self {
        let mut lines = head.lines();
        let first: Vec<&str> = lines.next().unwrap_or_default().split(' ').collect();
        let transaction = lines.filter_map(|line| line.split_once(':')).find_map(|(name, value)| {
            name.eq_ignore_ascii_case("x-arango-trx-id").then(|| value.trim().parse().expect("an id"))
        });
        let path = first[1].split('?').next().unwrap_or_default();
        let path = path.strip_prefix("/_db/library/_api/").unwrap_or_else(|| panic!("{head}"));
        let parts: Vec<&str> = path.split('/').collect();
        let body: Value = serde_json::from_slice(body).unwrap_or_default();
        let number = |name: &str| {
            let number = body[name].as_u64().unwrap_or_else(|| panic!("{head}"));
            u8::try_from(number).expect("a small number")
        };
        match (first[0], parts.as_slice(), transaction) {
            ("POST", ["transaction", "begin"], None) => Self::Begin,
            ("GET", ["transaction", id], None) => Self::GetState(id.parse().expect("an id")),
            ("PUT", ["transaction", id], None) => Self::Commit(id.parse().expect("an id")),
            ("DELETE", ["transaction", id], None) => Self::Abort(id.parse().expect("an id")),
            ("POST", ["document", "proofs"], Some(id)) => {
                Self::InsertProof { id, proof: proof_key(body["_key"].as_str().unwrap_or_default()) }
            }
            ("PATCH", ["document", "proofs", _], Some(id)) => Self::StoreValue { id, run: number("value") },
            ("PATCH", ["document", "accounts", "ada"], Some(id)) => Self::Write { id, run: number("run") },
            ("GET", ["document", "proofs", key], None) => Self::ReadProof(proof_key(key)),
            _ => panic!("{head}"),
        }
    }
}

/// Returns the number of a key without its time, which is not that of the model.
fn proof_key(key: &str) -> ProofKey {
    let mut hasher = DefaultHasher::new();
    key[key.len() - 12..].hash(&mut hasher);
    ProofKey(hasher.finish())
}

/// What a coordinator says about a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Known {
    Running,
    Committed,
    Aborted,
    /// It was restarted.
    Nothing,
}

/// A response of the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Response {
    Begun(Id),
    Written,
    State(Id, Known),
    Found(Option<Number>),
    Refused(Refusal),
}

/// An error response.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Refusal {
    NoProof,
    UniqueViolation,
    /// Another write is in the way.
    Conflict,
    UnknownTransaction,
    /// A call of a transaction that was aborted.
    Aborted,
    /// A commit after an abort, an abort after a commit, or a call after a commit.
    Disallowed,
    /// Another request of the transaction is executed.
    Busy,
    /// The owner has ended, and the coordinator that was asked cannot reach it.
    OwnerSilent,
    /// The owner is not a server of the cluster any more.
    OwnerRemoved,
    /// The connection to the DB-Server broke: the request may be executed.
    DbServerLost,
    /// The DB-Server could not commit.
    Failed,
}

impl Refusal {
    /// Returns the status and the error number.
    fn codes(self) -> (u16, u16) {
        match self {
            Self::NoProof => (404, 1202),
            Self::UniqueViolation => (409, 1210),
            Self::Conflict => (409, 1200),
            Self::UnknownTransaction => (404, 1655),
            Self::Aborted => (410, 1654),
            Self::Disallowed => (400, 1653),
            Self::Busy => (500, 28),
            Self::OwnerSilent => (503, 1478),
            Self::OwnerRemoved => (404, 1449),
            Self::DbServerLost => (503, 1465),
            Self::Failed => (500, 4),
        }
    }
}

impl Response {
    /// Returns whether the request was executed.
    pub(crate) fn is_success(self) -> bool {
        !matches!(self, Self::Refused(_))
    }

    fn http(self) -> Vec<u8> {
        let of_transaction = |status: u16, id: Id, state: &str| {
            let result = json!({ "id": id.to_string(), "status": state });
            (status, json!({ "error": false, "code": status, "result": result }))
        };
        let document = || json!({ "_id": "any/key", "_key": "key", "_rev": "_r1" });
        let (status, body) = match self {
            Self::Begun(id) => of_transaction(201, id, "running"),
            Self::State(id, Known::Running) => of_transaction(200, id, "running"),
            Self::State(id, Known::Committed) => of_transaction(200, id, "committed"),
            Self::State(id, Known::Aborted | Known::Nothing) => of_transaction(200, id, "aborted"),
            Self::Written => (202, document()),
            Self::Found(value) => {
                let mut found = document();
                found["value"] = json!(value);
                (200, found)
            }
            Self::Refused(refusal) => error_body(refusal.codes(), &refusal),
        };
        http_response(status, &body.to_string())
    }
}

/// Requests about transactions, and their responses.
pub(crate) struct Transactions;

impl Protocol for Transactions {
    type Request = Request;
    type Response = Response;

    fn parse(head: &str, body: &[u8]) -> Request {
        Request::parse(head, body)
    }

    fn http(response: Response) -> Vec<u8> {
        response.http()
    }
}
