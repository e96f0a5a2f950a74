//! Passwords and tokens are never printed. The test covers errors, `Debug`, and tracing at the level trace.
//!
//! The test has its own process, so that it can capture all output of the client and nothing else.
#![allow(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

use std::fmt::{Debug, Write as _};
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use arango::balance::{Candidates, Policy};
use arango::protocol::{LogIn, RequestClass};
use arango::transport::{AttemptRequest, AttemptService, BoxFuture, Call, Connect, Io};
use arango::{Client, ClientBuilder, Coordinator, Credentials, Error, Limits, Superuser};
use arango_test_cluster::{self as test_cluster, Fault, Match, Phase, TestCluster};
use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use bytes::Bytes;
use http::Request;
use http::header::AUTHORIZATION;
use http_body_util::Full;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use tokio::time::{Instant, sleep};
use tower::layer::layer_fn;
use tower::{Service, service_fn};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::format::FmtSpan;
use tracing_subscriber::util::SubscriberInitExt;

const PASSWORD: &str = "r1ght p@ss/w%rd";
const WRONG_PASSWORD: &str = "wr0ng p@ss/w%rd";
const JWT_SECRET: &str = "s1gning-s3cret";
/// A secret that the application puts in the wrong place.
const MISPLACED_SECRET: &str = "m1splaced-s3cret";
/// Data that is neither password nor token, but must not be printed either.
const PRIVATE_DATA: &str = "pr1vate-d4ta";

/// All captured output, and the secrets that were sent.
#[derive(Clone, Default)]
struct CapturedOutput {
    printed: Arc<Mutex<Vec<u8>>>,
    /// Values of all `Authorization` headers that were sent.
    sent_authorization: Arc<Mutex<Vec<String>>>,
}

impl CapturedOutput {
    fn print(&self, value: &impl Debug) {
        let mut text = String::new();
        write!(text, "{value:?}\n{value:#?}\n").unwrap();
        self.printed.lock().unwrap().extend(text.into_bytes());
    }

    /// Prints an error in every format, and all its causes.
    fn print_error(&self, error: &Error) {
        self.print(error);
        self.print(&format_args!("{error}\n{}\n{:?}", error.report(), error.attempts()));
        let mut source = std::error::Error::source(error);
        while let Some(cause) = source {
            self.print(&format_args!("{cause}\n{cause:?}"));
            if let Some(login_error) = cause.downcast_ref::<Error>() {
                self.print(&format_args!("{}", login_error.report()));
            }
            source = cause.source();
        }
    }
}

impl<'a> MakeWriter<'a> for CapturedOutput {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

impl io::Write for CapturedOutput {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.printed.lock().unwrap().extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A policy that prints every request.
#[derive(Debug)]
struct PrintingPolicy(CapturedOutput);

// Does not print the captured output.
impl Debug for CapturedOutput {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("CapturedOutput")
    }
}

impl Policy<Coordinator, AttemptRequest> for PrintingPolicy {
    fn pick(
        &self,
        candidates: &Candidates<'_, Coordinator>,
        attempt: &AttemptRequest,
        _: Instant,
    ) -> Option<usize> {
        self.0.print(attempt);
        self.0.print(attempt.request().headers());
        (!candidates.is_empty()).then_some(0)
    }
}

/// Connects to the coordinators of a cluster through its in-memory listener.
struct InMemoryConnector(Vec<test_cluster::Coordinator>);

impl Connect for InMemoryConnector {
    fn connect(&self, address: SocketAddr) -> BoxFuture<'_, io::Result<Box<dyn Io>>> {
        let coordinator = self.0.iter().find(|coordinator| coordinator.address() == address);
        let stream = coordinator
            .map_or(Err(io::ErrorKind::HostUnreachable.into()), test_cluster::Coordinator::connect);
        Box::pin(async move { Ok(Box::new(stream?) as Box<dyn Io>) })
    }
}

/// Returns a client builder that prints all requests and responses, and records the `Authorization` headers.
fn recording_client(cluster: &TestCluster, captured: &CapturedOutput) -> ClientBuilder {
    let recorder = captured.clone();
    let recording_layer = layer_fn(move |inner: AttemptService| {
        let recorder = recorder.clone();
        service_fn(move |request: Request<Full<Bytes>>| {
            let (mut inner, recorder) = (inner.clone(), recorder.clone());
            if let Some(value) = request.headers().get(AUTHORIZATION) {
                recorder
                    .sent_authorization
                    .lock()
                    .unwrap()
                    .push(String::from_utf8_lossy(value.as_bytes()).into_owned());
            }
            recorder.print(request.headers());
            recorder.print(request.extensions());
            async move {
                let response = inner.call(request).await;
                recorder.print(&response);
                response
            }
        })
    });
    let builder = Client::builder()
        .hosts(cluster.urls())
        .limits(Limits::default().attempt(Duration::from_secs(5)))
        .policy(PrintingPolicy(captured.clone()))
        .connect(InMemoryConnector(cluster.coordinators().to_vec()))
        .attempt_layer(recording_layer);
    captured.print(&builder);
    builder
}

/// Triggers all kinds of failures with these credentials, and prints all values and errors.
async fn exercise_failures(cluster: &TestCluster, captured: &CapturedOutput, credentials: &Credentials) {
    captured.print(credentials);
    let client = recording_client(cluster, captured).credentials(credentials.clone()).build().unwrap();
    let first: Coordinator = cluster.coordinator(0).url().parse().unwrap();
    captured.print(&client);
    captured.print(&(client.db("_system"), client.cluster(), client.coordinator(&first), client.transport()));
    captured.print(&client.db("_system").credentials(credentials.clone()));
    captured.print(&Call::with_name("x").credentials(credentials.clone()));

    let on_all = |fault: Fault| cluster.inject(&fault);
    let writes = || Match::post("/_api/document/*");
    let logins = || Match::post("/_open/auth");
    let html = format!("<html>{PRIVATE_DATA}");
    let faults = [
        None,
        Some(Fault::response(401, 11, "not authorized").on(writes())),
        Some(Fault::response(403, 11, "forbidden").on(writes())),
        Some(Fault::response(409, 1210, "conflict").on(writes())),
        Some(Fault::response(503, 503, "starting")),
        Some(Fault::raw_response(200, "text/html", html.clone())),
        Some(Fault::raw_response(500, "text/html", html.clone()).on(writes())),
        Some(Fault::raw_response(307, "text/html", html.clone()).header("location", "http://192.0.2.1/")),
        Some(Fault::close(Phase::BeforeRead)),
        Some(Fault::close(Phase::AfterExecution)),
        Some(Fault::close(Phase::InBody)),
        Some(Fault::garbage()),
        Some(Fault::hang()),
        // A login response without a token.
        Some(
            Fault::raw_response(200, "application/json", format!("{{\"jwt\":[\"{MISPLACED_SECRET}\"]}}"))
                .on(logins()),
        ),
        Some(Fault::response(401, 401, "wrong password").on(logins())),
        Some(Fault::close(Phase::AfterRead).on(logins())),
    ];
    for fault in faults {
        let fault = fault.map(on_all);
        for class in [RequestClass::Safe, RequestClass::NonIdempotent] {
            if let Err(error) = post(&client, "/_api/document/books", class).await {
                captured.print_error(&error);
            }
        }
        if let Err(error) = client.cluster().health().await {
            captured.print_error(&error);
        }
        drop(fault);
        captured.print(&client);
        // Tokens expire, and wrong passwords are retried.
        sleep(Duration::from_secs(2 * 3600)).await;
    }
    for coordinator in cluster.coordinators() {
        coordinator.kill();
    }
    captured.print_error(&client.cluster().health().await.unwrap_err());
    sleep(Duration::from_secs(2 * 3600)).await;
    captured.print_error(&client.cluster().health().await.unwrap_err());
    for coordinator in cluster.coordinators() {
        coordinator.restart().await.unwrap();
    }
    sleep(Duration::from_secs(60)).await;
}

/// Sends a request with private data in query and body.
async fn post(client: &Client, path: &str, class: RequestClass) -> Result<(), Error> {
    let body = Full::from(format!("{{\"name\":\"books\",\"title\":\"{PRIVATE_DATA}\"}}"));
    // An unknown mode counts as none.
    let request = Request::post(format!("{path}?overwriteMode={PRIVATE_DATA}")).body(body).unwrap();
    client.transport().send(request, Call::with_name("post").class(class)).await.map(drop)
}

/// Returns all encodings in which a secret might be printed.
fn encoded_forms(secret: &str) -> Vec<String> {
    let bytes = format!("{:?}", secret.as_bytes());
    vec![
        secret.to_owned(),
        utf8_percent_encode(secret, NON_ALPHANUMERIC).to_string(),
        secret.replace(' ', "+"),
        BASE64_STANDARD.encode(format!("root:{secret}")),
        BASE64_URL_SAFE_NO_PAD.encode(format!("root:{secret}")),
        BASE64_STANDARD.encode(secret),
        // Bytes printed as numbers.
        bytes.trim_matches(['[', ']']).to_owned(),
    ]
}

#[tokio::test(start_paused = true)]
async fn no_secret_is_ever_printed() {
    let captured = CapturedOutput::default();
    tracing_subscriber::fmt()
        .with_max_level(tracing_subscriber::filter::LevelFilter::TRACE)
        .with_span_events(FmtSpan::FULL)
        .with_ansi(false)
        .with_writer(captured.clone())
        .finish()
        .init();
    let cluster = TestCluster::builder()
        .root_password(PASSWORD)
        .jwt_secret(JWT_SECRET)
        .seed(7)
        .in_memory()
        .start()
        .await
        .unwrap();
    let root = recording_client(&cluster, &captured).basic_auth("root", PASSWORD).build().unwrap();
    let request = Request::post("/_api/collection").body(Full::from(r#"{"name":"books"}"#)).unwrap();
    root.transport().send(request, Call::with_name("create")).await.unwrap();

    let tokens =
        [cluster.superuser_token(), cluster.user_token("root", Duration::from_secs(9 * 365 * 86_400))];
    for credentials in [
        Credentials::none(),
        Credentials::basic("root", PASSWORD),
        Credentials::basic("root", WRONG_PASSWORD),
        Credentials::jwt("root", PASSWORD),
        Credentials::jwt("root", WRONG_PASSWORD),
        Credentials::token(&tokens[0]).unwrap(),
        Credentials::token(&tokens[1]).unwrap(),
        Credentials::token(MISPLACED_SECRET).unwrap(),
        Credentials::superuser(JWT_SECRET),
    ] {
        exercise_failures(&cluster, &captured, &credentials).await;
    }
    captured.print(&Credentials::token(&format!("{MISPLACED_SECRET}\n")).unwrap_err());
    captured.print(&Superuser::from_secret(JWT_SECRET));
    captured.print(&LogIn { user: "root", password: PASSWORD });
    for host in
        ["http://root:HOST@one", "http://one/?password=HOST", "http://one#HOST", "http://root:HOST/x@one"]
    {
        let host = host.replace("HOST", MISPLACED_SECRET);
        let error = host.parse::<Coordinator>().unwrap_err();
        captured.print(&error);
        captured.print(&format_args!("{error}"));
        let error = Client::builder().hosts(host).build().unwrap_err();
        captured.print(&error);
        captured.print(&format_args!("{error}"));
    }

    let mut secrets: Vec<String> =
        [PASSWORD, WRONG_PASSWORD, JWT_SECRET, MISPLACED_SECRET, PRIVATE_DATA].map(str::to_owned).into();
    let sent = captured.sent_authorization.lock().unwrap().clone();
    for value in &sent {
        let (_, token) = value.split_once(' ').unwrap();
        secrets.push(token.to_owned());
        // Each part of a token is secret too; the last part is the signature.
        secrets.extend(token.split('.').skip(1).map(str::to_owned));
    }
    secrets.extend(tokens);
    secrets.sort();
    secrets.dedup();
    // Both passwords, both given tokens and the tokens of several logins were sent.
    assert!(secrets.len() > 20, "{}", secrets.len());
    for value in [PASSWORD, WRONG_PASSWORD].map(|password| BASE64_STANDARD.encode(format!("root:{password}")))
    {
        assert!(sent.contains(&format!("Basic {value}")));
    }
    // As were tokens that the client has signed with the secret.
    let signed = BASE64_URL_SAFE_NO_PAD.encode(r#"{"iss":"arangodb","server_id":"arango-rs","#);
    assert!(sent.iter().any(|value| value.contains(&signed)), "no superuser token was sent");
    let printed = String::from_utf8_lossy(&captured.printed.lock().unwrap()).into_owned();
    for expected in ["an attempt failed", "arango{", "probed a member", "Sensitive", "BadCredentials"] {
        assert!(printed.contains(expected), "the output was not captured: `{expected}` is missing");
    }
    for secret in &secrets {
        for form in encoded_forms(secret) {
            let found = printed.find(&form);
            let context = found.map(|at| printed[..at].chars().rev().take(300).collect::<String>());
            let context = context.map(|text| text.chars().rev().collect::<String>());
            assert_eq!(context, None, "`{secret}` was printed as `{form}` after this");
        }
    }
}
