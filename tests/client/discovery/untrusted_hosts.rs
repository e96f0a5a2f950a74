//! Untrusted hosts at a listed address must not receive credentials.

use arango::{CoordinatorOrigin, Credentials, ErrorKind, Outcome};
use tokio::time::sleep;

use super::network::{UntrustedHost, UntrustedNetwork};
use super::{MINUTE, client_with_discovery, verified_count};
use crate::support::{cluster, concurrent_version_calls};

#[tokio::test(start_paused = true)]
async fn an_unverified_host_receives_no_credentials() {
    for behaviour in [UntrustedHost::Refuses, UntrustedHost::RespondsGarbage, UntrustedHost::NeverResponds] {
        let cluster = cluster().await;
        for credentials in [
            Credentials::basic("root", cluster.root_password()),
            Credentials::jwt("root", cluster.root_password()),
        ] {
            let network = UntrustedNetwork::new(&cluster, behaviour);
            cluster.coordinator(2).advertise(Some("tcp://192.0.2.1:8529"));
            let client = client_with_discovery(&cluster)
                .connect(network.clone())
                .credentials(credentials)
                .build()
                .unwrap();
            concurrent_version_calls(&client, 3).await;
            sleep(5 * MINUTE).await;
            concurrent_version_calls(&client, 30).await;
            let received = network.received();
            assert!(received.contains("GET /_admin/server/availability"), "it was probed: {received}");
            assert!(!received.to_lowercase().contains("authorization"), "{received}");
            assert!(!received.contains("/_open/auth"), "{received}");
            assert_eq!(verified_count(&client), 2);
            // Calls to each coordinator exclude it as well.
            let all = client.on_each_coordinator(|one| async move { one.server_id().await }).await;
            assert_eq!(all.all().unwrap().len(), 2);
            assert!(!network.received().to_lowercase().contains("authorization"));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_pinned_to_an_unverified_host_is_not_sent() {
    let cluster = cluster().await;
    let network = UntrustedNetwork::new(&cluster, UntrustedHost::Refuses);
    cluster.coordinator(2).advertise(Some("tcp://192.0.2.1:8529"));
    let client = client_with_discovery(&cluster).connect(network.clone()).build().unwrap();
    concurrent_version_calls(&client, 3).await;
    sleep(MINUTE).await;
    let listed = client.coordinators().pop().unwrap();
    assert!(matches!(listed.origin, CoordinatorOrigin::Unverified { reject_reason: Some(_) }), "{listed:?}");
    let error = client.coordinator(&listed.address).server_id().await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::UnknownCoordinator, Outcome::NotExecuted));
    let received = network.received();
    assert!(received.contains("GET /_admin/server/availability"), "it was probed: {received}");
    assert!(!received.to_lowercase().contains("authorization"), "{received}");
}
