//! Somebody at an address that is listed, who is none of the cluster, and would like to know a password.

use arango::{Credentials, ErrorKind, Membership, Outcome};
use tokio::time::sleep;

use super::network::{Stranger, Strangers};
use super::{MINUTE, looking, members};
use crate::support::{ask_at_once, cluster};

#[tokio::test(start_paused = true)]
async fn a_stranger_that_is_listed_is_shown_no_credentials_before_it_says_that_it_takes_requests() {
    for behaviour in [Stranger::Refuses, Stranger::SaysNonsense, Stranger::IsSilent] {
        let cluster = cluster().await;
        for credentials in [
            Credentials::basic("root", cluster.root_password()),
            Credentials::jwt("root", cluster.root_password()),
        ] {
            let strangers = Strangers::beside(&cluster, behaviour);
            cluster.coordinator(2).advertise(Some("tcp://192.0.2.1:8529"));
            let client =
                looking(&cluster).connect(strangers.clone()).credentials(credentials).build().unwrap();
            ask_at_once(&client, 3).await;
            sleep(5 * MINUTE).await;
            ask_at_once(&client, 30).await;
            let heard = strangers.heard();
            assert!(heard.contains("GET /_admin/server/availability"), "it was asked: {heard}");
            assert!(!heard.to_lowercase().contains("authorization"), "{heard}");
            assert!(!heard.contains("/_open/auth"), "{heard}");
            assert_eq!(members(&client), 2);
            // Nor with those who are asked one by one.
            let all = client.on_each_coordinator(|one| async move { one.server_id().await }).await;
            assert_eq!(all.all().unwrap().len(), 2);
            assert!(!strangers.heard().to_lowercase().contains("authorization"));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_meant_for_one_that_is_only_listed_is_not_sent_and_shows_it_no_credentials() {
    let cluster = cluster().await;
    let strangers = Strangers::beside(&cluster, Stranger::Refuses);
    cluster.coordinator(2).advertise(Some("tcp://192.0.2.1:8529"));
    let client = looking(&cluster).connect(strangers.clone()).build().unwrap();
    ask_at_once(&client, 3).await;
    sleep(MINUTE).await;
    let listed = client.coordinators().pop().unwrap();
    assert!(matches!(listed.membership, Membership::Candidate { refused: Some(_) }), "{listed:?}");
    let error = client.coordinator(&listed.address).server_id().await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::UnknownCoordinator, Outcome::NotExecuted));
    let heard = strangers.heard();
    assert!(heard.contains("GET /_admin/server/availability"), "it was asked: {heard}");
    assert!(!heard.to_lowercase().contains("authorization"), "{heard}");
}
