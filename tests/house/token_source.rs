//! Tokens that the program makes by itself.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use arango::protocol::{
    ApiResponse, BuildError, DecodeError, Metadata, Operation, RequestBuilder, RequestClass,
};
use arango::transport::secrecy::SecretString;
use arango::transport::{BoxError, BoxFuture, TokenFile, TokenSource};
use arango::{Client, Credentials, ErrorKind, Outcome};
use arango_test_cluster::TestCluster;
use bytes::Bytes;
use http::Request;
use tempfile::NamedTempFile;
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

/// Asks for what no user is shown, and the superuser is.
struct AskForSecrets;

impl Operation for AskForSecrets {
    type Output = ();
    const METADATA: Metadata = Metadata::get("server.jwt", "/_admin/server/jwt");

    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        RequestBuilder::new(Self::METADATA).build()
    }

    fn output(&self, answer: ApiResponse) -> Result<(), DecodeError> {
        arango::cluster::GetJwtSecrets.output(answer).map(drop)
    }
}

/// A client with the token in a file, which is of `root` at first.
fn with_token_file(cluster: &TestCluster) -> (Client, NamedTempFile) {
    let file = NamedTempFile::new().unwrap();
    std::fs::write(file.path(), cluster.user_token("root", Duration::from_secs(3600)) + "\n").unwrap();
    let credentials = Credentials::made_by(TokenFile::new(file.path()));
    (builder(cluster).credentials(credentials).build().unwrap(), file)
}

/// Whether the next call is the superuser's; a user is refused without a doubt about the token.
async fn is_superuser(client: &Client) -> bool {
    match client.db("_system").execute(AskForSecrets).await {
        Ok(()) => true,
        Err(error) => {
            assert_eq!((error.kind(), error.attempts().len()), (ErrorKind::Forbidden, 1), "{error}");
            false
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_token_that_is_exchanged_in_its_file_is_taken_up_though_the_old_one_holds() {
    let cluster = cluster().await;
    let (client, file) = with_token_file(&cluster);
    assert!(!is_superuser(&client).await);
    std::fs::write(file.path(), cluster.superuser_token()).unwrap();
    sleep(Duration::from_secs(9)).await;
    assert!(!is_superuser(&client).await, "it was looked at before its time");
    sleep(Duration::from_secs(2)).await;
    // This one has the file looked at, and does not wait for it.
    assert!(!is_superuser(&client).await);
    tokio::task::spawn_blocking(|| ()).await.unwrap();
    sleep(Duration::from_millis(1)).await;
    assert!(is_superuser(&client).await);
}

#[tokio::test(start_paused = true)]
async fn a_token_that_is_refused_is_looked_up_in_its_file_at_once() {
    let cluster = cluster().await;
    let (client, file) = with_token_file(&cluster);
    client.db("_system").version().await.unwrap();
    cluster.rotate_secret("another");
    std::fs::write(file.path(), cluster.user_token("root", Duration::from_secs(3600))).unwrap();
    client.db("_system").execute(insert("m", RequestClass::NonIdempotent)).await.unwrap();
    assert_eq!(cluster.journal().executions("m"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_file_that_has_gone_fails_no_call_while_its_last_token_holds() {
    let cluster = cluster().await;
    let (client, file) = with_token_file(&cluster);
    client.db("_system").version().await.unwrap();
    let path = file.path().to_owned();
    drop(file);
    for _ in 0..5 {
        sleep(Duration::from_secs(11)).await;
        client.db("_system").version().await.unwrap();
    }
    cluster.rotate_secret("another");
    let error = client.db("_system").version().await.unwrap_err();
    let report = error.report().to_string();
    assert!(report.contains(&*path.to_string_lossy()), "{report}");
}

/// Never comes to an end.
struct Hangs(Arc<AtomicUsize>);

impl TokenSource for Hangs {
    fn token(&self) -> BoxFuture<'_, Result<SecretString, BoxError>> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Box::pin(std::future::pending())
    }
}

#[tokio::test(start_paused = true)]
async fn a_source_that_hangs_is_given_up_and_asked_again() {
    let cluster = cluster().await;
    let asked = Arc::new(AtomicUsize::new(0));
    let client =
        builder(&cluster).credentials(Credentials::made_by(Hangs(Arc::clone(&asked)))).build().unwrap();
    for times in 1..=3 {
        client.db("_system").version().await.unwrap_err();
        sleep(Duration::from_secs(61)).await;
        assert_eq!(asked.load(Ordering::Relaxed), times);
    }
}

/// Panics at once, or once it has begun.
struct Panics {
    asked: Arc<AtomicUsize>,
    at_once: bool,
}

impl TokenSource for Panics {
    fn token(&self) -> BoxFuture<'_, Result<SecretString, BoxError>> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        assert!(!self.at_once, "s3cret");
        Box::pin(async {
            sleep(Duration::from_millis(1)).await;
            unreachable!("s3cret")
        })
    }
}

#[tokio::test(start_paused = true)]
async fn a_source_that_panics_is_an_error_and_not_asked_again_for_a_second() {
    for at_once in [true, false] {
        let cluster = cluster().await;
        let asked = Arc::new(AtomicUsize::new(0));
        let source = Panics { asked: Arc::clone(&asked), at_once };
        let client = builder(&cluster).credentials(Credentials::made_by(source)).build().unwrap();
        for times in 1..=3 {
            for _ in 0..10 {
                let error = client.db("_system").execute(insert("m", RequestClass::Safe)).await.unwrap_err();
                assert_eq!((error.kind(), error.outcome()), (ErrorKind::Login, Outcome::NotExecuted));
                let report = error.report().to_string();
                assert!(report.contains("the login task panicked") && !report.contains("s3cret"), "{report}");
            }
            assert_eq!(asked.load(Ordering::Relaxed), times);
            sleep(Duration::from_secs(1)).await;
        }
        assert_eq!(cluster.journal().received("m"), 0);
    }
}

/// Makes a token that ends with a line break, as many files do.
struct WithLineBreak;

impl TokenSource for WithLineBreak {
    fn token(&self) -> BoxFuture<'_, Result<SecretString, BoxError>> {
        Box::pin(async { Ok("s3cret\n".into()) })
    }
}

#[tokio::test(start_paused = true)]
async fn a_token_that_no_header_can_hold_fails_the_call_before_it_is_sent() {
    let cluster = cluster().await;
    let client = builder(&cluster).credentials(Credentials::made_by(WithLineBreak)).build().unwrap();
    let error = client.db("_system").execute(insert("m", RequestClass::Safe)).await.unwrap_err();
    let report = error.report().to_string();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Login, Outcome::NotExecuted));
    assert!(report.contains("that an HTTP header cannot hold") && !report.contains("s3cret"), "{report}");
    assert_eq!(cluster.journal().received("m"), 0);
}

#[tokio::test(start_paused = true)]
async fn what_no_header_can_hold_is_no_token_and_the_file_is_named() {
    let cluster = cluster().await;
    let (client, file) = with_token_file(&cluster);
    std::fs::write(file.path(), "two\nlines").unwrap();
    let error = client.db("_system").version().await.unwrap_err();
    let report = error.report().to_string();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Login, Outcome::NotExecuted));
    assert!(report.contains(&*file.path().to_string_lossy()) && !report.contains("lines"), "{report}");
}
