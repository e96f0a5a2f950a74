//! Users who have rights in a database of their own, and none in `_system`.

use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use arango::protocol::DatabaseName;
use arango::transport::Call;
use arango::{Client, ClientBuilder, Credentials, Discovery, Membership};
use arango_test_cluster::TestCluster;
use http::Request;
use tokio::time::sleep;

use super::{looking, members};
use crate::support::{CreateDatabase, client, cluster};

/// A cluster with a database `shop`, and a user `anna` with these grants.
async fn with_user(grants: &[&str]) -> TestCluster {
    let cluster = cluster().await;
    let root = client(&cluster);
    let shop = DatabaseName::new("shop").unwrap();
    root.db("_system").execute(CreateDatabase(&shop)).await.unwrap();
    let send = |method: &str, path: String, body: &'static str| {
        let request = Request::builder().method(method).uri(path).header("content-type", "application/json");
        root.transport().send(request.body(body.into()).unwrap(), Call::named("user"))
    };
    send("POST", "/_api/user".to_owned(), r#"{"user":"anna","passwd":"x"}"#).await.unwrap();
    for database in grants {
        let path = format!("/_api/user/anna/database/{database}");
        send("PUT", path, r#"{"grant":"ro"}"#).await.unwrap();
    }
    cluster
}

/// Calls once, and waits until the others were looked at.
async fn look_around(builder: ClientBuilder) -> Client {
    let client = builder.build().unwrap();
    client.db("shop").version().await.ok();
    sleep(Duration::from_secs(20)).await;
    client
}

/// Why the candidates are none.
fn refusals(client: &Client) -> Vec<String> {
    let states = client.coordinators().into_iter();
    let why = states.filter_map(|state| match state.membership {
        Membership::Candidate { refused } => refused,
        _ => None,
    });
    why.collect()
}

/// The log, from warnings on.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn listen(&self) -> tracing::subscriber::DefaultGuard {
        let log = self.clone();
        let subscriber = tracing_subscriber::fmt().with_max_level(tracing::Level::WARN);
        tracing::subscriber::set_default(subscriber.with_writer(move || log.clone()).finish())
    }

    fn count(&self, text: &str) -> usize {
        String::from_utf8_lossy(&self.0.lock().unwrap()).matches(text).count()
    }
}

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn a_user_with_rights_in_one_database_alone_finds_the_others() {
    for credentials in [Credentials::basic("anna", "x"), Credentials::jwt("anna", "x")] {
        let cluster = with_user(&["shop"]).await;
        let client = look_around(looking(&cluster).credentials(credentials)).await;
        assert_eq!(members(&client), 3, "{:?}", refusals(&client));
        // And knows a seed by another name.
        assert_eq!(client.coordinators().len(), 3);
    }
}

#[tokio::test(start_paused = true)]
async fn whose_token_is_not_known_says_in_which_database_it_has_rights() {
    let cluster = with_user(&["shop"]).await;
    let token = Credentials::token(&cluster.user_token("anna", 24 * 60 * super::MINUTE)).unwrap();
    let shop = Discovery::on().database("shop");
    let client = look_around(looking(&cluster).credentials(token).discovery(shop)).await;
    assert_eq!(members(&client), 3, "{:?}", refusals(&client));
}

#[tokio::test(start_paused = true)]
async fn where_the_user_may_ask_nowhere_that_is_said_at_once_in_the_log_and_in_the_state() {
    for (grants, why) in
        [(&["shop"][..], "whose token it sends is not known"), (&[], "`anna` has none in any other")]
    {
        let cluster = with_user(grants).await;
        let token = Credentials::token(&cluster.user_token("anna", 24 * 60 * super::MINUTE)).unwrap();
        let credentials = if grants.is_empty() { Credentials::basic("anna", "x") } else { token };
        let log = Log::default();
        let _listening = log.listen();
        let client = look_around(looking(&cluster).credentials(credentials)).await;
        assert_eq!(members(&client), 1);
        let refusals = refusals(&client);
        assert_eq!(refusals.len(), 2);
        for refusal in refusals {
            assert!(
                refusal.contains("discovery needs rights in some database") && refusal.contains(why),
                "{refusal}"
            );
        }
        sleep(Duration::from_secs(3600)).await;
        assert_eq!(log.count("no coordinators can be discovered"), 1);
    }
}
