//! Responses to a request, as bytes on the wire: status line, headers and body.

use std::sync::Arc;
use std::time::Duration;

use arango::balance::SeededRandom;
use arango::cluster::{ExecuteMoves, GetHealth};
use arango::protocol::Operation;
use arango::{Client, Error, Hedging};
use bytes::Bytes;
use tokio::time::timeout;

use super::peer::{HOSTS, Peer, runtime};

/// Maximum number of copies that may be sent of one call.
pub(super) const MAX_COPIES: usize = 6;
/// Longer than any call may take.
const CALL_TIMEOUT: Duration = Duration::from_secs(600);

pub(crate) fn response(input: &[u8]) {
    execute(input);
}

/// Responds to each request with the input. Returns whether all calls succeeded.
fn execute(input: &[u8]) -> bool {
    let bytes = Bytes::copy_from_slice(input);
    let peer = Peer::new(move |_| bytes.clone());
    let client = Client::builder()
        .hosts(HOSTS)
        .basic_auth("root", "s3cret")
        .hedging(Hedging::at_p95())
        .random_source(Arc::new(SeededRandom::new(1)))
        .connect(peer.clone())
        .build()
        .expect("the hosts are valid");
    runtime().block_on(async {
        let mut succeeded = true;
        // The second round starts with what the first has left: a connection, an ejected coordinator.
        for _ in 0..2 {
            succeeded &= execute_and_check(&client, &peer, GetHealth, MAX_COPIES).await;
            succeeded &= execute_and_check(&client, &peer, ExecuteMoves { moves: &[] }, MAX_COPIES).await;
            assert_idle(&client);
        }
        client.close(Duration::ZERO).await;
        succeeded
    })
}

/// Executes an operation, and checks the result; returns whether it succeeded. The peer may receive at most `max_copies`
/// requests.
pub(super) async fn execute_and_check<O: Operation>(
    client: &Client,
    peer: &Peer,
    operation: O,
    max_copies: usize,
) -> bool {
    let before = peer.requests();
    let result = timeout(CALL_TIMEOUT, client.db("_system").execute(operation)).await;
    let copies = peer.requests() - before;
    assert!(copies <= max_copies, "{copies} copies");
    let result = result.expect("every call ends");
    if let Err(error) = &result {
        assert_password_hidden(error);
    }
    result.is_ok()
}

/// Checks that nothing of an ended call is in flight.
pub(super) fn assert_idle(client: &Client) {
    assert!(client.coordinators().iter().all(|state| state.in_flight == 0));
}

fn assert_password_hidden(error: &Error) {
    let displayed = format!("{error} {error:?} {}", error.report());
    assert!(!displayed.contains("s3cret"), "{displayed}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_corpus_has_responses_with_which_every_call_succeeds() {
        assert!(execute(include_bytes!("../corpus/response/health")));
        assert!(execute(include_bytes!("../corpus/response/compressed")));
    }
}
