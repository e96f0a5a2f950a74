//! The rows of `docs/failure-semantics.md`, each proved for every class of request.
//!
//! A test whose name begins with the number of a row ties that row, and ties it for the class that ends its name:
//! `rows::connecting::t03_…::safe`. `cargo xtask rows` runs them, reads the rows from the document, and fails if one
//! of them has no test for one of the classes. Also where the class plays no role the request that meets the failure is of
//! one. What a row does not speak of has a test of its own, whose name begins with no number.
//!
//! Each test counts executions at the server, not calls at the client; see [`Expect`] for all that is looked at.

/// Makes one test for each class of request out of each promise of that name.
///
/// The promises themselves are plain functions that take the class, so that they are formatted and checked like any other;
/// one that is not listed here is dead code.
macro_rules! for_each_class {
    ($($promise:ident),+ $(,)?) => {$(
        mod $promise {
            use arango::protocol::RequestClass;

            #[tokio::test(start_paused = true)]
            async fn safe() {
                super::$promise(RequestClass::Safe).await;
            }

            #[tokio::test(start_paused = true)]
            async fn idempotent() {
                super::$promise(RequestClass::Idempotent).await;
            }

            #[tokio::test(start_paused = true)]
            async fn not_idempotent() {
                super::$promise(RequestClass::NonIdempotent).await;
            }
        }
    )+};
}

mod answers;
mod backends;
mod before_the_head;
mod between;
mod body;
mod cancellation;
mod connecting;
mod coordinators;
mod encodings;
mod hearsay;
mod leaders;
mod login;
mod proxies;
mod refusal;
mod retry_after;
mod risks;
mod secrets_of_the_cluster;
mod seen;
mod single_server;
mod streams;
mod tells;
mod tls;
mod watched;

use arango_test_cluster::{Fault, Match};

use seen::{B1, B2, B3, Expect, OVERLOADED, meet, meet_with};
use tells::{Tells, tells};

/// Restricts a fault to the requests that the tests count.
fn on_writes(fault: Fault) -> Fault {
    fault.on(Match::post("/_api/document/*"))
}
