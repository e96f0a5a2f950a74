//! Tokens that the program makes by itself.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use arango::protocol::RequestClass;
use arango::transport::secrecy::SecretString;
use arango::transport::{BoxError, BoxFuture, TokenSource};
use arango::{Client, Credentials, ErrorKind, Outcome};
use arango_test_cluster::TestCluster;
use tokio::time::sleep;

use crate::support::{ask_at_once, builder, cluster, insert};

/// Makes a token in a second, signed with the secret that the cluster has then; or none, without a cluster.
#[derive(Clone)]
struct Maker {
    cluster: Option<Arc<TestCluster>>,
    asked: Arc<AtomicUsize>,
}

impl TokenSource for Maker {
    fn token(&self) -> BoxFuture<'_, Result<SecretString, BoxError>> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        Box::pin(async {
            sleep(Duration::from_secs(1)).await;
            let cluster = self.cluster.as_ref().ok_or("the vault is sealed")?;
            Ok(cluster.user_token("root", Duration::from_secs(3600)).into())
        })
    }
}

fn made(cluster: &TestCluster, of: Option<&Arc<TestCluster>>) -> (Client, Arc<AtomicUsize>) {
    let maker = Maker { cluster: of.cloned(), asked: Arc::default() };
    let asked = Arc::clone(&maker.asked);
    (builder(cluster).credentials(Credentials::made_by(maker)).build().unwrap(), asked)
}

#[tokio::test(start_paused = true)]
async fn a_source_is_asked_once_for_all_calls_and_again_when_its_token_is_refused() {
    let cluster = Arc::new(cluster().await);
    let (client, asked) = made(&cluster, Some(&cluster));
    ask_at_once(&client, 30).await;
    assert_eq!(asked.load(Ordering::Relaxed), 1);
    cluster.rotate_secret("another");
    ask_at_once(&client, 30).await;
    assert_eq!(asked.load(Ordering::Relaxed), 2);
    client.db("_system").execute(insert("m", RequestClass::NonIdempotent)).await.unwrap();
    assert_eq!((asked.load(Ordering::Relaxed), cluster.journal().executions("m")), (2, 1));
}

#[tokio::test(start_paused = true)]
async fn a_source_that_has_no_token_fails_the_calls_that_need_one_and_nothing_is_sent_without() {
    let cluster = cluster().await;
    let (client, _) = made(&cluster, None);
    let error = client.db("_system").execute(insert("m", RequestClass::Safe)).await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Login, Outcome::NotExecuted));
    assert!(error.report().to_string().contains("the vault is sealed"), "{}", error.report());
    assert_eq!(cluster.journal().received("m"), 0);
}
