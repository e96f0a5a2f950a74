//! Advice in error texts.

use std::borrow::Cow;

use arango_protocol::{ErrorKind, ErrorNumber, Outcome, RequestClass, database_of_path, is_too_large};

use super::Error;
use crate::error::other_protocol::OtherProtocol;
use crate::error::stream_limit::StreamLimit;

/// Returns advice for this failure; `None` if its error text is sufficient.
pub(crate) fn advice(error: &Error) -> Option<Cow<'static, str>> {
    let database = || database_of_path(error.path());
    match error.kind() {
        ErrorKind::CollectionNotFound => {
            return Some(
                format!("check the name of the collection; the database is `{}`", database()).into(),
            );
        }
        ErrorKind::DatabaseUnknown if error.error_number() == Some(ErrorNumber::FORBIDDEN) => {
            let advice = "check user, password and rights, and the name of the database";
            return Some(format!("{advice} `{}`: the server does not say which it is", database()).into());
        }
        ErrorKind::DatabaseUnknown => {
            let advice = "a new database takes a moment to reach all coordinators";
            return Some(format!("check the name `{}`; {advice}", database()).into());
        }
        _ => {}
    }
    // A query that has written, and whose further rows are lost.
    let is_lost = is_unreachable(error.kind()) || error.kind() == ErrorKind::OwnerGone;
    let is_query = error.operation() == "query.next_batch" && error.class() == RequestClass::NonIdempotent;
    if is_lost && is_query && error.outcome() == Outcome::Executed {
        return Some("do not send it again: only the rest of its result is lost".into());
    }
    if let Some(owner) = error.0.owner.as_ref().filter(|_| is_unreachable(error.kind())) {
        return Some(format!("its state is held by {owner}: start again if that coordinator is lost").into());
    }
    let constant = of_kind(error);
    if !is_ambiguous(error) {
        return constant.map(Cow::Borrowed);
    }
    // First: what follows leads to sending it again.
    Some(match constant {
        Some(constant) => format!("{CHECK_FIRST}, and {constant}").into(),
        None => CHECK_FIRST.into(),
    })
}

const CHECK_FIRST: &str = "check whether it was executed before you send it again";

/// Returns whether sending the request again may execute it twice.
///
/// What is lost together with its coordinator has to be started again from the beginning.
fn is_ambiguous(error: &Error) -> bool {
    let is_lost = match error.kind() {
        ErrorKind::TransactionGone => true,
        ErrorKind::OwnerGone => error.0.owner.is_some(),
        _ => false,
    };
    error.outcome() == Outcome::Unknown && error.class() == RequestClass::NonIdempotent && !is_lost
}

/// Returns whether no response arrived, which is no wonder if the coordinator that holds the state is down.
fn is_unreachable(kind: ErrorKind) -> bool {
    use ErrorKind as K;
    matches!(
        kind,
        K::Dns
            | K::ConnectRefused
            | K::ConnectTimeout
            | K::TlsHandshake
            | K::ConnectionClosedBeforeSend
            | K::ConnectionLost
            | K::AttemptTimeout
            | K::DeadlineExceeded
            | K::NoCoordinatorAvailable
            | K::BackendUnavailable
    )
}

fn of_kind(error: &Error) -> Option<&'static str> {
    use ErrorKind as K;
    if error.cause().is_some_and(<dyn std::error::Error>::is::<StreamLimit>) {
        return Some("raise this limit, or request less data");
    }
    Some(match error.kind() {
        K::NeedsCoordinator => "use client.coordinator(&coordinator)",
        K::ClientClosed => "build a new client",
        K::UnknownCoordinator => "use one of client.coordinators()",
        K::NoCoordinatorAvailable if error.coordinator().is_none() => {
            "the policy must return the index of one of the candidates"
        }
        K::NoCoordinatorAvailable => "check hosts, ports and the network",
        K::Dns => "check the host name and the resolver",
        K::ConnectRefused => "check that a coordinator listens there",
        K::ConnectTimeout => "check host, port and firewalls, or raise Limits::connect",
        K::PoolExhausted => "raise PoolLimits::connections, or send fewer requests at once",
        K::AttemptTimeout if error.status().is_some() => "check the time limits of the proxy",
        K::AttemptTimeout if error.0.own_limits.attempt => {
            "raise CallOptions::attempt if the server may take longer"
        }
        K::AttemptTimeout => "raise Limits::attempt if the server may take longer",
        K::DeadlineExceeded if error.0.own_limits.total => {
            "raise the limit set with timeout() or CallOptions::total if the call may take longer"
        }
        K::DeadlineExceeded => "raise Limits::total if the call may take longer",
        K::ProtocolViolation | K::ConnectionClosedBeforeSend if is_other_protocol(error) => return None,
        K::ProtocolViolation if has_large_head(error) => "raise Limits::head_bytes",
        K::ProtocolViolation | K::ConnectionClosedBeforeSend if is_plain(error) => {
            "check host and port; if the port uses TLS, write https://"
        }
        K::ProtocolViolation | K::ConnectionClosedBeforeSend => {
            "check that host and port belong to a coordinator"
        }
        K::BodyTooLarge => "raise Limits::body_bytes, or request less data",
        K::NotArangoDb if error.status().is_some_and(is_too_large) => {
            "send less, or raise the limit of the proxy"
        }
        K::NotArangoDb => "check that the host is a coordinator, and the proxies in front of it",
        K::UnexpectedRedirect => "use the URLs of the coordinators themselves",
        K::BadCredentials => "check user and password",
        // Without credentials the cause already contains advice.
        K::NotAuthorized if error.cause().is_none() => {
            "check user and password, or the token, and the user's rights"
        }
        K::Forbidden if error.error_number() == Some(ErrorNumber::USE_SYSTEM_DATABASE) => {
            "use the database _system"
        }
        K::Forbidden => "check the user's rights",
        // What a cluster does not support of an index is that it is unique over several shards.
        K::NotSupported
            if error.operation() == "index.ensure"
                && error.error_number() == Some(ErrorNumber::CLUSTER_UNSUPPORTED) =>
        {
            "add the shard keys to the fields of the index, or use a collection with one shard"
        }
        K::ReadOnly => "check the user's rights, and the server's mode, its license and its disk",
        K::StartingUp | K::ShuttingDown => "wait, and check its log if this persists",
        K::QueueFull | K::QueueTimeViolated | K::Throttled => {
            "send fewer requests at once, or try again later"
        }
        K::BackendUnavailable
        | K::BackendConnectionLost
        | K::BackendTimeout
        | K::NotLeader
        | K::WriteConcernNotMet => "check the DB-Servers with cluster().health()",
        K::AgencyUnavailable => "check the agents with cluster().health()",
        K::OwnerGone | K::TransactionGone => "start again: it cannot be recovered",
        K::LockTimeout => "try again later, or raise the lock timeout of the transaction",
        K::ResourceLimit => "raise the limit, or split the request",
        K::Gateway => "check the proxy, and whether the coordinator is running",
        K::NotACluster => "check the hosts: its role is SINGLE, and this call needs a cluster",
        _ => return None,
    })
}

/// Returns whether the server speaks another protocol. The cause then contains the advice.
fn is_other_protocol(error: &Error) -> bool {
    error.cause().is_some_and(<dyn std::error::Error>::is::<OtherProtocol>)
}

/// Returns whether the connection did not use TLS.
fn is_plain(error: &Error) -> bool {
    error.coordinator().is_some_and(|coordinator| coordinator.as_str().starts_with("http://"))
}

/// Returns whether the response head exceeded its size limit.
fn has_large_head(error: &Error) -> bool {
    // hyper's `Error::is_parse_too_large` is only available with its server feature.
    error.cause().is_some_and(|cause| cause.to_string().contains("head is too large"))
}
