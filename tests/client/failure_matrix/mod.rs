//! Tests of the rows of `docs/failure-semantics.md`, each for every request class.
//!
//! The name of a test starts with the id of its row and ends with the request class, as in
//! `failure_matrix::connecting::t03_…::safe`. `cargo xtask failure-matrix` runs the tests, reads the rows from the
//! document, and fails if a row has no test for one of the classes. Where the class makes no difference, the test still
//! uses a request of that class. Tests of behaviour that no row covers have no id in their name.
//!
//! Each test counts executions at the server, not calls at the client; [`Expect`] lists all checks.

/// Generates one test per request class from each of the named functions.
///
/// The functions take the class and are plain functions, so that rustfmt and clippy see them. A function that is not
/// listed is reported as dead code.
macro_rules! for_each_class {
    ($($test:ident),+ $(,)?) => {$(
        mod $test {
            use arango::protocol::RequestClass;

            #[tokio::test(start_paused = true)]
            async fn safe() {
                super::$test(RequestClass::Safe).await;
            }

            #[tokio::test(start_paused = true)]
            async fn fenced() {
                super::$test(RequestClass::Fenced).await;
            }

            #[tokio::test(start_paused = true)]
            async fn idempotent() {
                super::$test(RequestClass::Idempotent).await;
            }

            #[tokio::test(start_paused = true)]
            async fn not_idempotent() {
                super::$test(RequestClass::NonIdempotent).await;
            }
        }
    )+};
}

mod backends;
mod body;
mod cancellation;
mod connecting;
mod content_encoding;
mod coordinators;
mod error_response;
mod final_errors;
mod health_signals;
mod intermediaries;
mod jwt_secrets;
mod leaders;
mod login;
mod no_response;
mod observation;
mod propagation;
mod proxies;
mod recording_connector;
mod resolving;
mod retry_after;
mod retry_opt_ins;
mod single_server;
mod streamed;
mod streams;
mod tls;

use arango_test_cluster::{Fault, Match};

use health_signals::{HealthSignal, health_signal};
use observation::{
    CONFLICT_BACKOFF, CONNECTION_BACKOFF, Expect, FIRST_OVERLOADED, OVERLOAD_BACKOFF, call_and_observe,
    execute_and_observe,
};

/// Restricts a fault to the requests that the tests count.
fn on_writes(fault: Fault) -> Fault {
    fault.on(Match::post("/_api/document/*"))
}
