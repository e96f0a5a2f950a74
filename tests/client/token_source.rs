//! Tokens provided by a token source of the application.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use arango::protocol::{ApiResponse, Metadata, Operation, OutputError, RequestClass};
use arango::transport::secrecy::SecretString;
use arango::transport::{BoxError, BoxFuture};
use arango::{Client, Credentials, ErrorKind, Outcome};
use arango::{TokenFile, TokenSource};
use arango_test_cluster::TestCluster;
use tempfile::NamedTempFile;
use tokio::time::sleep;

use crate::support::{builder, cluster, concurrent_version_calls, insert};

/// Returns a token after one second. It is signed with the current secret of the cluster; without a cluster the source
/// fails.
#[derive(Clone)]
struct SlowTokenSource {
    cluster: Option<Arc<TestCluster>>,
    requests: Arc<AtomicUsize>,
}

impl TokenSource for SlowTokenSource {
    fn token(&self) -> BoxFuture<'_, Result<SecretString, BoxError>> {
        self.requests.fetch_add(1, Ordering::Relaxed);
        Box::pin(async {
            sleep(Duration::from_secs(1)).await;
            let cluster = self.cluster.as_ref().ok_or("the vault is sealed")?;
            Ok(cluster.user_token("root", Duration::from_secs(3600)).into())
        })
    }
}

fn client_with_source(
    cluster: &TestCluster,
    token_cluster: Option<&Arc<TestCluster>>,
) -> (Client, Arc<AtomicUsize>) {
    let source = SlowTokenSource { cluster: token_cluster.cloned(), requests: Arc::default() };
    let requests = Arc::clone(&source.requests);
    (builder(cluster).credentials(Credentials::from_source(source)).build().unwrap(), requests)
}

#[tokio::test(start_paused = true)]
async fn a_token_source_is_called_once_and_again_after_a_refusal() {
    let cluster = Arc::new(cluster().await);
    let (client, requests) = client_with_source(&cluster, Some(&cluster));
    concurrent_version_calls(&client, 30).await;
    assert_eq!(requests.load(Ordering::Relaxed), 1);
    cluster.rotate_secret("another");
    concurrent_version_calls(&client, 30).await;
    assert_eq!(requests.load(Ordering::Relaxed), 2);
    client.db("_system").execute(insert("m", RequestClass::NonIdempotent)).await.unwrap();
    assert_eq!((requests.load(Ordering::Relaxed), cluster.journal().executions("m")), (2, 1));
}

#[tokio::test(start_paused = true)]
async fn a_failing_token_source_fails_the_call_before_sending() {
    let cluster = cluster().await;
    let (client, _) = client_with_source(&cluster, None);
    let error = client.db("_system").execute(insert("m", RequestClass::Safe)).await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Login, Outcome::NotExecuted));
    assert!(error.report().to_string().contains("the vault is sealed"), "{}", error.report());
    assert_eq!(cluster.journal().received("m"), 0);
}

/// Requests data that only the superuser may read.
struct GetServerSecrets;

impl Operation for GetServerSecrets {
    type Output = ();
    const METADATA: Metadata = Metadata::get("server.jwt", "/_admin/server/jwt");

    fn output(&self, response: ApiResponse) -> Result<(), OutputError> {
        arango::cluster::GetJwtSecrets.output(response).map(drop)
    }
}

/// Returns a client with a token file that initially contains a token of `root`.
fn with_token_file(cluster: &TestCluster) -> (Client, NamedTempFile) {
    let file = NamedTempFile::new().unwrap();
    std::fs::write(file.path(), cluster.user_token("root", Duration::from_secs(3600)) + "\n").unwrap();
    let credentials = Credentials::from_source(TokenFile::new(file.path()));
    (builder(cluster).credentials(credentials).build().unwrap(), file)
}

/// Returns whether the next call is made as superuser. For a user it fails with 403, which does not renew the token.
async fn is_superuser(client: &Client) -> bool {
    match client.db("_system").execute(GetServerSecrets).await {
        Ok(()) => true,
        Err(error) => {
            assert_eq!((error.kind(), error.attempts().len()), (ErrorKind::Forbidden, 1), "{error}");
            false
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_replaced_token_file_is_detected_while_the_old_token_is_valid() {
    let cluster = cluster().await;
    let (client, file) = with_token_file(&cluster);
    assert!(!is_superuser(&client).await);
    std::fs::write(file.path(), cluster.superuser_token()).unwrap();
    sleep(Duration::from_secs(9)).await;
    assert!(!is_superuser(&client).await, "the file was read before the check interval");
    sleep(Duration::from_secs(2)).await;
    // This call triggers reading the file and does not wait for it.
    assert!(!is_superuser(&client).await);
    tokio::task::spawn_blocking(|| ()).await.unwrap();
    sleep(Duration::from_millis(1)).await;
    assert!(is_superuser(&client).await);
}

#[tokio::test(start_paused = true)]
async fn a_refused_token_is_reread_from_its_file_at_once() {
    let cluster = cluster().await;
    let (client, file) = with_token_file(&cluster);
    client.db("_system").version().await.unwrap();
    cluster.rotate_secret("another");
    std::fs::write(file.path(), cluster.user_token("root", Duration::from_secs(3600))).unwrap();
    client.db("_system").execute(insert("m", RequestClass::NonIdempotent)).await.unwrap();
    assert_eq!(cluster.journal().executions("m"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_deleted_token_file_fails_no_call_while_the_token_is_valid() {
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

/// Never returns a token.
struct HangingTokenSource(Arc<AtomicUsize>);

impl TokenSource for HangingTokenSource {
    fn token(&self) -> BoxFuture<'_, Result<SecretString, BoxError>> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Box::pin(std::future::pending())
    }
}

#[tokio::test(start_paused = true)]
async fn a_hanging_token_source_times_out_and_is_called_again() {
    let cluster = cluster().await;
    let requests = Arc::new(AtomicUsize::new(0));
    let client = builder(&cluster)
        .credentials(Credentials::from_source(HangingTokenSource(Arc::clone(&requests))))
        .build()
        .unwrap();
    for times in 1..=3 {
        client.db("_system").version().await.unwrap_err();
        sleep(Duration::from_secs(61)).await;
        assert_eq!(requests.load(Ordering::Relaxed), times);
    }
}

/// Panics immediately, or in its future.
struct PanickingTokenSource {
    requests: Arc<AtomicUsize>,
    at_once: bool,
}

impl TokenSource for PanickingTokenSource {
    fn token(&self) -> BoxFuture<'_, Result<SecretString, BoxError>> {
        self.requests.fetch_add(1, Ordering::Relaxed);
        assert!(!self.at_once, "s3cret");
        Box::pin(async {
            sleep(Duration::from_millis(1)).await;
            unreachable!("s3cret")
        })
    }
}

#[tokio::test(start_paused = true)]
async fn a_panicking_token_source_is_an_error_with_a_one_second_backoff() {
    for at_once in [true, false] {
        let cluster = cluster().await;
        let requests = Arc::new(AtomicUsize::new(0));
        let source = PanickingTokenSource { requests: Arc::clone(&requests), at_once };
        let client = builder(&cluster).credentials(Credentials::from_source(source)).build().unwrap();
        for times in 1..=3 {
            for _ in 0..10 {
                let error = client.db("_system").execute(insert("m", RequestClass::Safe)).await.unwrap_err();
                assert_eq!((error.kind(), error.outcome()), (ErrorKind::Login, Outcome::NotExecuted));
                let report = error.report().to_string();
                assert!(report.contains("the login task panicked") && !report.contains("s3cret"), "{report}");
            }
            assert_eq!(requests.load(Ordering::Relaxed), times);
            sleep(Duration::from_secs(1)).await;
        }
        assert_eq!(cluster.journal().received("m"), 0);
    }
}

/// Returns a token that ends with a line break, as many files do.
struct TokenWithLineBreak;

impl TokenSource for TokenWithLineBreak {
    fn token(&self) -> BoxFuture<'_, Result<SecretString, BoxError>> {
        Box::pin(async { Ok("s3cret\n".into()) })
    }
}

#[tokio::test(start_paused = true)]
async fn a_token_invalid_in_a_header_fails_the_call_before_sending() {
    let cluster = cluster().await;
    let client = builder(&cluster).credentials(Credentials::from_source(TokenWithLineBreak)).build().unwrap();
    let error = client.db("_system").execute(insert("m", RequestClass::Safe)).await.unwrap_err();
    let report = error.report().to_string();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Login, Outcome::NotExecuted));
    assert!(report.contains("that an HTTP header cannot hold") && !report.contains("s3cret"), "{report}");
    assert_eq!(cluster.journal().received("m"), 0);
}

#[tokio::test(start_paused = true)]
async fn a_token_file_with_invalid_characters_is_named() {
    let cluster = cluster().await;
    let (client, file) = with_token_file(&cluster);
    std::fs::write(file.path(), "two\nlines").unwrap();
    let error = client.db("_system").version().await.unwrap_err();
    let report = error.report().to_string();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Login, Outcome::NotExecuted));
    assert!(report.contains(&*file.path().to_string_lossy()) && !report.contains("lines"), "{report}");
}
