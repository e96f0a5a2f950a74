//! R01, R03 and R05: the head of an answer came, and the body was not what it should be.

use arango::balance::Standing;
use arango::protocol::RequestClass;
use arango::{ErrorKind, Limits, Outcome};
use arango_test_cluster::{Close, Fault, Match, Phase};

use super::{Ending, ending};
use crate::support::{CLASSES, builder, client, cluster};

#[tokio::test(start_paused = true)]
async fn r01_a_body_that_is_cut_off_was_executed_and_is_repeated_only_where_that_does_no_harm() {
    for class in CLASSES {
        for how in [Close::Fin, Close::Rst] {
            let cluster = cluster().await;
            let client = client(&cluster);
            let fault = Fault::close(Phase::InBody).how(how).on(Match::post("/_api/document/*")).times(1);
            let _fault = cluster.coordinator(0).inject(fault);
            let (ending, error) = ending(&cluster, &client, class).await;
            if class == RequestClass::NonIdempotent {
                let cut = Some((ErrorKind::BodyInterrupted, Outcome::Executed));
                assert_eq!(ending, Ending { error: cut, executions: 1, received: 1 }, "{how:?}");
                assert!(error.unwrap().status().unwrap().is_success(), "the status is known");
            } else {
                assert_eq!(ending, Ending { error: None, executions: 2, received: 2 }, "{class:?} {how:?}");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn r03_a_body_that_is_too_large_was_executed_and_is_not_asked_for_again() {
    for class in CLASSES {
        let cluster = cluster().await;
        let client = builder(&cluster).limits(Limits::default().body_bytes(16)).build().unwrap();
        let (ending, error) = ending(&cluster, &client, class).await;
        let large = Some((ErrorKind::BodyTooLarge, Outcome::Executed));
        assert_eq!(ending, Ending { error: large, executions: 1, received: 1 }, "{class:?}");
        assert_eq!(error.unwrap().attempts().len(), 1);
        assert!(client.coordinators().iter().all(|state| state.standing == Standing::Well));
    }
}

#[tokio::test(start_paused = true)]
async fn r05_an_error_that_is_not_arangodbs_is_never_a_decode_error() {
    for (status, kind) in [(404, ErrorKind::NotFound), (400, ErrorKind::Http), (500, ErrorKind::Http)] {
        let cluster = cluster().await;
        let client = client(&cluster);
        let fault = Fault::answer_raw(status, "text/html", "<html>no</html>");
        let _fault = cluster.coordinator(0).inject(fault.on(Match::post("/_api/document/*")));
        let (ending, error) = ending(&cluster, &client, RequestClass::NonIdempotent).await;
        assert_eq!(ending.error.unwrap().0, kind);
        assert_eq!(error.unwrap().body(), "<html>no</html>");
    }
}
