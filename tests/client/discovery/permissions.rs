//! Discovery by users with permissions in another database but not in `_system`.

use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use arango::protocol::DatabaseName;
use arango::transport::Call;
use arango::{Client, ClientBuilder, CoordinatorOrigin, Credentials, Discovery};
use arango_test_cluster::TestCluster;
use http::Request;
use tokio::time::sleep;

use super::{client_with_discovery, verified_count};
use crate::support::{CreateDatabase, client, cluster};

/// Starts a cluster with a database `shop` and a user `anna` with these grants.
async fn with_user(grants: &[&str]) -> TestCluster {
    let cluster = cluster().await;
    let root = client(&cluster);
    let shop = DatabaseName::new("shop").unwrap();
    root.db("_system").execute(CreateDatabase(&shop)).await.unwrap();
    let send = |method: &str, path: String, body: &'static str| {
        let request = Request::builder().method(method).uri(path).header("content-type", "application/json");
        root.transport().send(request.body(body.into()).unwrap(), Call::with_name("user"))
    };
    send("POST", "/_api/user".to_owned(), r#"{"user":"anna","passwd":"x"}"#).await.unwrap();
    for database in grants {
        let path = format!("/_api/user/anna/database/{database}");
        send("PUT", path, r#"{"grant":"ro"}"#).await.unwrap();
    }
    cluster
}

/// Builds the client, sends one call and waits until discovery has finished.
async fn client_after_discovery(builder: ClientBuilder) -> Client {
    let client = builder.build().unwrap();
    client.db("shop").version().await.ok();
    sleep(Duration::from_secs(20)).await;
    client
}

/// Returns the reject reasons of the unverified members.
fn reject_reasons(client: &Client) -> Vec<String> {
    let states = client.coordinators().into_iter();
    let reason = states.filter_map(|state| match state.origin {
        CoordinatorOrigin::Unverified { reject_reason: refused } => refused,
        _ => None,
    });
    reason.collect()
}

/// Captured log entries of level warning and above.
#[derive(Clone, Default)]
struct CapturedLog(Arc<Mutex<Vec<u8>>>);

impl CapturedLog {
    fn subscribe(&self) -> tracing::subscriber::DefaultGuard {
        let log = self.clone();
        let subscriber = tracing_subscriber::fmt().with_max_level(tracing::Level::WARN);
        tracing::subscriber::set_default(subscriber.with_writer(move || log.clone()).finish())
    }

    fn count(&self, text: &str) -> usize {
        String::from_utf8_lossy(&self.0.lock().unwrap()).matches(text).count()
    }
}

impl io::Write for CapturedLog {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn a_user_with_access_to_one_database_can_discover() {
    for credentials in [Credentials::basic("anna", "x"), Credentials::jwt("anna", "x")] {
        let cluster = with_user(&["shop"]).await;
        let client = client_after_discovery(client_with_discovery(&cluster).credentials(credentials)).await;
        assert_eq!(verified_count(&client), 3, "{:?}", reject_reasons(&client));
        // A seed with another address is recognized too.
        assert_eq!(client.coordinators().len(), 3);
    }
}

#[tokio::test(start_paused = true)]
async fn a_token_user_can_configure_the_discovery_database() {
    let cluster = with_user(&["shop"]).await;
    let token = Credentials::token(&cluster.user_token("anna", 24 * 60 * super::MINUTE)).unwrap();
    let shop = Discovery::enabled().database("shop");
    let client =
        client_after_discovery(client_with_discovery(&cluster).credentials(token).discovery(shop)).await;
    assert_eq!(verified_count(&client), 3, "{:?}", reject_reasons(&client));
}

#[tokio::test(start_paused = true)]
async fn a_database_that_does_not_exist_is_replaced_by_one_that_the_user_can_access() {
    // A user who may access any database learns that it does not exist, others that they may not access it.
    for user in ["anna", "root"] {
        let cluster = with_user(&["shop"]).await;
        let password = if user == "root" { cluster.root_password() } else { "x" };
        let builder = client_with_discovery(&cluster).credentials(Credentials::basic(user, password));
        let dropped = Discovery::enabled().database("dropped");
        let client = client_after_discovery(builder.discovery(dropped)).await;
        assert_eq!(verified_count(&client), 3, "{user}: {:?}", reject_reasons(&client));
    }
}

#[tokio::test(start_paused = true)]
async fn missing_permissions_are_logged_and_shown_in_the_state() {
    for (grants, reason) in
        [(&["shop"][..], "the user of the token is unknown"), (&[], "`anna` has none in any other")]
    {
        let cluster = with_user(grants).await;
        let token = Credentials::token(&cluster.user_token("anna", 24 * 60 * super::MINUTE)).unwrap();
        let credentials = if grants.is_empty() { Credentials::basic("anna", "x") } else { token };
        let log = CapturedLog::default();
        let _subscription = log.subscribe();
        let client = client_after_discovery(client_with_discovery(&cluster).credentials(credentials)).await;
        assert_eq!(verified_count(&client), 1);
        let refusals = reject_reasons(&client);
        assert_eq!(refusals.len(), 2);
        for refusal in refusals {
            assert!(
                refusal.contains("discovery needs rights in some database") && refusal.contains(reason),
                "{refusal}"
            );
        }
        sleep(Duration::from_secs(3600)).await;
        assert_eq!(log.count("coordinator discovery failed"), 1);
    }
}
