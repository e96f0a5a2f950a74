//! Connections that end, in either way, at each point of a request.

use arango::protocol::RequestClass;
use arango::transport::StoppedBy;
use arango::{Error, ErrorKind, Outcome};
use arango_test_cluster::{Close, Fault, Match, Phase, TestCluster};

use super::{client, cluster, in_time};
use crate::support::{CLASSES, insert};

const PHASES: [Phase; 5] =
    [Phase::BeforeRead, Phase::AfterRead, Phase::AfterExecution, Phase::InHead, Phase::InBody];

/// One way in which a request meets the end of its connection.
#[derive(Debug, Clone, Copy)]
struct End {
    how: Close,
    phase: Phase,
    class: RequestClass,
    /// Whether the connection has carried another request before.
    reused: bool,
}

impl End {
    /// How often the copy that meets it is executed.
    fn executions(self) -> usize {
        usize::from(!matches!(self.phase, Phase::BeforeRead | Phase::AfterRead))
    }

    async fn is_met(self, cluster: &TestCluster) {
        let client = client(cluster);
        let database = client.db("_system");
        if self.reused {
            for _ in 0..3 {
                database.execute(insert("warm", self.class)).await.unwrap();
            }
        }
        cluster.journal().clear();
        let fault = Fault::close(self.phase).how(self.how).on(Match::post("/_api/document/*")).times(1);
        let fault = cluster.coordinator(0).inject(fault);
        let result = in_time(database.execute(insert("m", self.class))).await;
        assert_eq!(fault.hits(), 1, "{self:?}");
        let executions = cluster.journal().executions("m");
        if self.class == RequestClass::NonIdempotent {
            assert_eq!(executions, self.executions(), "{self:?}");
            self.is_told_by(&result.unwrap_err());
        } else {
            assert_eq!((executions, result.is_ok()), (self.executions() + 1, true), "{self:?}");
        }
        // Nothing that is left over is taken for the answer of the next.
        for _ in 0..3 {
            database.execute(insert("next", self.class)).await.unwrap();
        }
    }

    fn is_told_by(self, error: &Error) {
        assert_eq!((error.stopped_by(), error.attempts().len()), (StoppedBy::NotRetryable, 1), "{self:?}");
        let found = (error.kind(), error.outcome());
        let lost = found == (ErrorKind::ConnectionLost, Outcome::Unknown);
        let cut = found == (ErrorKind::BodyInterrupted, Outcome::Executed);
        let expected = match (self.phase, self.how) {
            (Phase::InBody, Close::Fin) => cut,
            // A reset may overtake the head that was sent before it.
            (Phase::InBody, Close::Rst) => cut || lost,
            _ => lost,
        };
        assert!(expected, "{self:?}: {found:?}");
    }
}

#[tokio::test]
async fn however_and_whenever_a_connection_ends_a_write_is_executed_once_at_most_and_nothing_else_is_lost() {
    let cluster = in_time(cluster()).await;
    for how in [Close::Fin, Close::Rst] {
        for phase in PHASES {
            for class in CLASSES {
                for reused in [false, true] {
                    End { how, phase, class, reused }.is_met(&cluster).await;
                }
            }
        }
    }
}
