//! T05 and T06: a failed handshake has sent nothing.

use std::time::Duration;

use arango::StoppedBy;
use arango::balance::MemberState;
use arango::protocol::RequestClass;
use arango::{ErrorKind, Limits, Outcome};
use arango_test_cluster::{HandshakeFault, Tls};

use super::connecting::fail_three_times;
use super::{Expect, call_and_observe};
use crate::support::{builder, client, cluster_with_tls};

for_each_class![
    t05_a_failed_or_slow_handshake_fails_over_any_request,
    t05_when_every_handshake_fails_no_coordinator_is_available,
    t06_a_rejected_certificate_fails_over_any_request,
    t06_when_every_certificate_is_rejected_each_coordinator_is_tried_once,
    t06_a_rejected_certificate_is_reported_although_others_are_unreachable,
];

const CERTIFICATES: [(HandshakeFault, &str); 3] = [
    (HandshakeFault::Expired, "expired"),
    (HandshakeFault::Untrusted, "`Tls::ca_file`"),
    (HandshakeFault::WrongName, "elsewhere.example"),
];

async fn t05_a_failed_or_slow_handshake_fails_over_any_request(class: RequestClass) {
    let limit = Duration::from_secs(2);
    for (fault, pause) in [(HandshakeFault::Close, Duration::ZERO), (HandshakeFault::Hang, limit)] {
        let cluster = cluster_with_tls(Tls::On).await;
        let client = builder(&cluster).limits(Limits::default().connect(limit)).build().unwrap();
        let guard = cluster.coordinator(0).fail_handshakes(fault);
        call_and_observe(&cluster, &client, class).await.assert_matches(&Expect::fails_over().after(pause));
        assert_eq!(guard.hits(), 1);

        fail_three_times(&cluster, &client, class, ErrorKind::TlsHandshake).await;
        let state = &client.coordinators()[0];
        assert_eq!((state.state, state.misconfigured), (MemberState::Ejected, false));
    }
}

async fn t05_when_every_handshake_fails_no_coordinator_is_available(class: RequestClass) {
    let cluster = cluster_with_tls(Tls::On).await;
    let client = client(&cluster);
    let _guards: Vec<_> =
        cluster.coordinators().iter().map(|one| one.fail_handshakes(HandshakeFault::Close)).collect();
    let observed = call_and_observe(&cluster, &client, class).await;
    let unavailable =
        Expect::failure(ErrorKind::NoCoordinatorAvailable, Outcome::NotExecuted, StoppedBy::MaxAttempts);
    let unavailable =
        unavailable.attempts(1, 3).server_counts(0, 0).within(Duration::ZERO..=Duration::from_millis(152));
    let error = observed.assert_matches(&unavailable).error();
    assert!(error.attempts().iter().all(|attempt| attempt.kind == ErrorKind::TlsHandshake));
}

async fn t06_a_rejected_certificate_fails_over_any_request(class: RequestClass) {
    for (fault, expected) in CERTIFICATES {
        let cluster = cluster_with_tls(Tls::On).await;
        let client = client(&cluster);
        let guard = cluster.coordinator(0).fail_handshakes(fault);
        call_and_observe(&cluster, &client, class).await.assert_matches(&Expect::fails_over());
        assert_eq!(guard.hits(), 1);
        assert!(client.coordinators()[0].misconfigured && !client.coordinators()[1].misconfigured);

        fail_three_times(&cluster, &client, class, ErrorKind::TlsCertificate).await;
        assert_eq!(client.coordinators()[0].state, MemberState::Ejected);
        let first = client.coordinator(&client.coordinators()[0].address);
        let report = first.version().await.unwrap_err().report().to_string();
        for part in [&cluster.coordinator(0).url(), "`127.0.0.1`", expected] {
            assert!(report.contains(part), "{part} is not in {report}");
        }

        drop(guard);
        first.version().await.unwrap();
        assert!(!client.coordinators()[0].misconfigured);
    }
}

async fn t06_when_every_certificate_is_rejected_each_coordinator_is_tried_once(class: RequestClass) {
    for (fault, _) in CERTIFICATES {
        let cluster = cluster_with_tls(Tls::On).await;
        let client = client(&cluster);
        let _guards: Vec<_> = cluster.coordinators().iter().map(|one| one.fail_handshakes(fault)).collect();
        let observed = call_and_observe(&cluster, &client, class).await;
        let all = Expect::failure(ErrorKind::TlsCertificate, Outcome::NotExecuted, StoppedBy::NotRetryable);
        // A backoff precedes the last of the three attempts.
        let all = all.attempts(1, 2).server_counts(0, 0).within(Duration::ZERO..=Duration::from_millis(51));
        observed.assert_matches(&all);
    }
}

async fn t06_a_rejected_certificate_is_reported_although_others_are_unreachable(class: RequestClass) {
    let cluster = cluster_with_tls(Tls::On).await;
    let client = client(&cluster);
    let _guards = cluster.coordinator(0).fail_handshakes(HandshakeFault::Expired);
    cluster.coordinator(1).kill();
    cluster.coordinator(2).kill();
    let observed = call_and_observe(&cluster, &client, class).await;
    let expected = Expect::failure(ErrorKind::TlsCertificate, Outcome::NotExecuted, StoppedBy::MaxAttempts);
    observed.assert_matches(
        &expected.attempts(1, 3).server_counts(0, 0).within(Duration::ZERO..=Duration::from_millis(152)),
    );
}
