//! Connections that are closed, by FIN or RST, in each phase of a request.

use arango::StoppedBy;
use arango::protocol::RequestClass;
use arango::{Error, ErrorKind, Outcome};
use arango_test_cluster::{Close, Fault, Match, Phase, TestCluster};

use super::{client, cluster, with_timeout};
use crate::support::{CLASSES, insert};

const PHASES: [Phase; 5] =
    [Phase::BeforeRead, Phase::AfterRead, Phase::AfterExecution, Phase::InHead, Phase::InBody];

/// A connection closed during a request.
#[derive(Debug, Clone, Copy)]
struct BrokenConnection {
    close_mode: Close,
    phase: Phase,
    class: RequestClass,
    /// Whether the connection has carried another request before.
    reused: bool,
}

impl BrokenConnection {
    /// Returns how often the affected copy is executed.
    fn executions(self) -> usize {
        usize::from(!matches!(self.phase, Phase::BeforeRead | Phase::AfterRead))
    }

    async fn assert_handled(self, cluster: &TestCluster) {
        let client = client(cluster);
        let database = client.db("_system");
        if self.reused {
            for _ in 0..3 {
                database.execute(insert("warm", self.class)).await.unwrap();
            }
        }
        cluster.journal().clear();
        let fault =
            Fault::close(self.phase).close_mode(self.close_mode).on(Match::post("/_api/document/*")).times(1);
        let fault = cluster.coordinator(0).inject(fault);
        let result = with_timeout(database.execute(insert("m", self.class))).await;
        assert_eq!(fault.hits(), 1, "{self:?}");
        let executions = cluster.journal().executions("m");
        if self.class == RequestClass::NonIdempotent {
            assert_eq!(executions, self.executions(), "{self:?}");
            self.assert_error(&result.unwrap_err());
        } else {
            assert_eq!((executions, result.is_ok()), (self.executions() + 1, true), "{self:?}");
        }
        // No leftover data is used as the response to the next request.
        for _ in 0..3 {
            database.execute(insert("next", self.class)).await.unwrap();
        }
    }

    fn assert_error(self, error: &Error) {
        assert_eq!((error.stopped_by(), error.attempts().len()), (StoppedBy::NotRetryable, 1), "{self:?}");
        let actual = (error.kind(), error.outcome());
        let lost = actual == (ErrorKind::ConnectionLost, Outcome::Unknown);
        let cut = actual == (ErrorKind::BodyInterrupted, Outcome::Executed);
        let expected = match (self.phase, self.close_mode) {
            (Phase::InBody, Close::Fin) => cut,
            // A reset may overtake the head that was sent before it.
            (Phase::InBody, Close::Rst) => cut || lost,
            _ => lost,
        };
        assert!(expected, "{self:?}: {actual:?}");
    }
}

#[tokio::test]
async fn a_broken_connection_duplicates_no_write_and_fails_no_repeatable_request() {
    let cluster = with_timeout(cluster()).await;
    for close_mode in [Close::Fin, Close::Rst] {
        for phase in PHASES {
            for class in CLASSES {
                for reused in [false, true] {
                    BrokenConnection { close_mode, phase, class, reused }.assert_handled(&cluster).await;
                }
            }
        }
    }
}
