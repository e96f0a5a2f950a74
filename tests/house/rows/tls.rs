//! T05 and T06: a handshake that comes to nothing has sent nothing.

use std::time::Duration;

use arango::balance::MemberState;
use arango::protocol::RequestClass;
use arango::transport::StoppedBy;
use arango::{ErrorKind, Limits, Outcome};
use arango_test_cluster::{Handshake, Tls};

use super::connecting::fail_thrice;
use super::{Expect, meet};
use crate::support::{builder, client, cluster_with_tls};

for_each_class![
    t05_a_handshake_that_is_cut_off_or_takes_too_long_sends_any_request_to_the_next,
    t05_when_no_handshake_comes_to_an_end_nobody_could_be_reached,
    t06_a_certificate_that_is_not_accepted_sends_any_request_to_the_next,
    t06_when_no_certificate_is_accepted_each_coordinator_is_asked_once,
    t06_a_certificate_that_is_not_accepted_is_told_though_others_cannot_be_reached,
];

const CERTIFICATES: [(Handshake, &str); 3] = [
    (Handshake::Expired, "expired"),
    (Handshake::Untrusted, "`Tls::ca_file`"),
    (Handshake::WrongName, "elsewhere.example"),
];

async fn t05_a_handshake_that_is_cut_off_or_takes_too_long_sends_any_request_to_the_next(
    class: RequestClass,
) {
    let limit = Duration::from_secs(2);
    for (how, pause) in [(Handshake::Close, Duration::ZERO), (Handshake::Hang, limit)] {
        let cluster = cluster_with_tls(Tls::On).await;
        let client = builder(&cluster).limits(Limits::default().connect(limit)).build().unwrap();
        let spoilt = cluster.coordinator(0).spoil_handshakes(how);
        meet(&cluster, &client, class).await.is(&Expect::elsewhere().after(pause));
        assert_eq!(spoilt.hits(), 1);

        fail_thrice(&cluster, &client, class, ErrorKind::TlsHandshake).await;
        let state = &client.coordinators()[0];
        assert_eq!((state.standing, state.misconfigured), (MemberState::Ejected, false));
    }
}

async fn t05_when_no_handshake_comes_to_an_end_nobody_could_be_reached(class: RequestClass) {
    let cluster = cluster_with_tls(Tls::On).await;
    let client = client(&cluster);
    let _spoilt: Vec<_> =
        cluster.coordinators().iter().map(|one| one.spoil_handshakes(Handshake::Close)).collect();
    let met = meet(&cluster, &client, class).await;
    let nobody =
        Expect::failure(ErrorKind::NoCoordinatorAvailable, Outcome::NotExecuted, StoppedBy::MaxAttempts);
    let nobody = nobody.tried(1, 3).at_servers(0, 0).within(Duration::ZERO..=Duration::from_millis(152));
    let error = met.is(&nobody).error();
    assert!(error.attempts().iter().all(|attempt| attempt.kind == ErrorKind::TlsHandshake));
}

async fn t06_a_certificate_that_is_not_accepted_sends_any_request_to_the_next(class: RequestClass) {
    for (how, told) in CERTIFICATES {
        let cluster = cluster_with_tls(Tls::On).await;
        let client = client(&cluster);
        let spoilt = cluster.coordinator(0).spoil_handshakes(how);
        meet(&cluster, &client, class).await.is(&Expect::elsewhere());
        assert_eq!(spoilt.hits(), 1);
        assert!(client.coordinators()[0].misconfigured && !client.coordinators()[1].misconfigured);

        fail_thrice(&cluster, &client, class, ErrorKind::TlsCertificate).await;
        assert_eq!(client.coordinators()[0].standing, MemberState::Ejected);
        let first = client.coordinator(&client.coordinators()[0].address);
        let report = first.version().await.unwrap_err().report().to_string();
        for part in [&cluster.coordinator(0).url(), "`127.0.0.1`", told] {
            assert!(report.contains(part), "{part} is not in {report}");
        }

        drop(spoilt);
        first.version().await.unwrap();
        assert!(!client.coordinators()[0].misconfigured);
    }
}

async fn t06_when_no_certificate_is_accepted_each_coordinator_is_asked_once(class: RequestClass) {
    for (how, _) in CERTIFICATES {
        let cluster = cluster_with_tls(Tls::On).await;
        let client = client(&cluster);
        let _spoilt: Vec<_> = cluster.coordinators().iter().map(|one| one.spoil_handshakes(how)).collect();
        let met = meet(&cluster, &client, class).await;
        let all = Expect::failure(ErrorKind::TlsCertificate, Outcome::NotExecuted, StoppedBy::NotRetryable);
        // A pause stands before the last of the three.
        let all = all.tried(1, 2).at_servers(0, 0).within(Duration::ZERO..=Duration::from_millis(51));
        met.is(&all);
    }
}

async fn t06_a_certificate_that_is_not_accepted_is_told_though_others_cannot_be_reached(class: RequestClass) {
    let cluster = cluster_with_tls(Tls::On).await;
    let client = client(&cluster);
    let _spoilt = cluster.coordinator(0).spoil_handshakes(Handshake::Expired);
    cluster.coordinator(1).kill();
    cluster.coordinator(2).kill();
    let met = meet(&cluster, &client, class).await;
    let told = Expect::failure(ErrorKind::TlsCertificate, Outcome::NotExecuted, StoppedBy::MaxAttempts);
    met.is(&told.tried(1, 3).at_servers(0, 0).within(Duration::ZERO..=Duration::from_millis(152)));
}
