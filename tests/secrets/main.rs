//! No password and no token is ever printed: not in an error, not in `Debug`, not at the most talkative level of tracing.
//!
//! A program of its own, so that everything in it can be listened to and nothing else is.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::fmt::{Debug, Write as _};
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use arango::balance::{Candidates, Policy};
use arango::protocol::{LogIn, RequestClass};
use arango::transport::{AttemptService, BoxFuture, Call, Connect, Io, Outgoing};
use arango::{Client, ClientBuilder, Coordinator, Credentials, Error, Limits};
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

const RIGHT: &str = "r1ght p@ss/w%rd";
const WRONG: &str = "wr0ng p@ss/w%rd";
const JWT_SECRET: &str = "s1gning-s3cret";
/// What a program puts where it does not belong.
const MISPLACED: &str = "m1splaced-s3cret";
/// What is neither password nor token, and nobody's business either.
const PRIVATE: &str = "pr1vate-d4ta";

/// Everything that was printed, and everything that must not be.
#[derive(Clone, Default)]
struct Evidence {
    printed: Arc<Mutex<Vec<u8>>>,
    /// The values of the `Authorization` headers that were sent.
    sent: Arc<Mutex<Vec<String>>>,
}

impl Evidence {
    fn print(&self, value: &impl Debug) {
        let mut text = String::new();
        write!(text, "{value:?}\n{value:#?}\n").unwrap();
        self.printed.lock().unwrap().extend(text.into_bytes());
    }

    /// Prints an error in every way, and all that it is caused by.
    fn print_error(&self, error: &Error) {
        self.print(error);
        self.print(&format_args!("{error}\n{}\n{:?}", error.report(), error.attempts()));
        let mut source = std::error::Error::source(error);
        while let Some(cause) = source {
            self.print(&format_args!("{cause}\n{cause:?}"));
            if let Some(of_a_login) = cause.downcast_ref::<Error>() {
                self.print(&format_args!("{}", of_a_login.report()));
            }
            source = cause.source();
        }
    }
}

impl<'a> MakeWriter<'a> for Evidence {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

impl io::Write for Evidence {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.printed.lock().unwrap().extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Prints every request that it is asked about.
#[derive(Debug)]
struct Nosy(Evidence);

// `Evidence` is printed by nobody.
impl Debug for Evidence {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Evidence")
    }
}

impl Policy<Coordinator, Outgoing> for Nosy {
    fn pick(
        &self,
        candidates: &Candidates<'_, Coordinator>,
        outgoing: &Outgoing,
        _: Instant,
    ) -> Option<usize> {
        self.0.print(outgoing);
        self.0.print(outgoing.request().headers());
        (!candidates.is_empty()).then_some(0)
    }
}

/// Connects to the coordinators of a cluster without sockets.
struct Memory(Vec<test_cluster::Coordinator>);

impl Connect for Memory {
    fn connect(&self, address: SocketAddr) -> BoxFuture<'_, io::Result<Box<dyn Io>>> {
        let coordinator = self.0.iter().find(|coordinator| coordinator.address() == address);
        let stream =
            coordinator.map_or(Err(io::ErrorKind::HostUnreachable.into()), test_cluster::Coordinator::dial);
        Box::pin(async move { Ok(Box::new(stream?) as Box<dyn Io>) })
    }
}

/// A client that prints whatever passes it, and remembers how it logs in.
fn watched(cluster: &TestCluster, evidence: &Evidence) -> ClientBuilder {
    let seen = evidence.clone();
    let watch = layer_fn(move |inner: AttemptService| {
        let seen = seen.clone();
        service_fn(move |request: Request<Full<Bytes>>| {
            let (mut inner, seen) = (inner.clone(), seen.clone());
            if let Some(value) = request.headers().get(AUTHORIZATION) {
                seen.sent.lock().unwrap().push(String::from_utf8_lossy(value.as_bytes()).into_owned());
            }
            seen.print(request.headers());
            seen.print(request.extensions());
            async move {
                let answer = inner.call(request).await;
                seen.print(&answer);
                answer
            }
        })
    });
    let builder = Client::builder()
        .hosts(cluster.urls())
        .limits(Limits::default().attempt(Duration::from_secs(5)))
        .policy(Nosy(evidence.clone()))
        .connect(Memory(cluster.coordinators().to_vec()))
        .attempt_layer(watch);
    evidence.print(&builder);
    builder
}

/// Meets everything that can go wrong with a client that logs in like this, and prints whatever there is to print.
async fn tour(cluster: &TestCluster, evidence: &Evidence, credentials: &Credentials) {
    evidence.print(credentials);
    let client = watched(cluster, evidence).credentials(credentials.clone()).build().unwrap();
    let first: Coordinator = cluster.coordinator(0).url().parse().unwrap();
    evidence.print(&client);
    evidence.print(&(client.db("_system"), client.cluster(), client.coordinator(&first), client.transport()));
    evidence.print(&client.db("_system").credentials(credentials.clone()));
    evidence.print(&Call::named("x").credentials(credentials));

    let anywhere = |fault: Fault| -> Vec<_> {
        cluster.coordinators().iter().map(|one| one.inject(fault.clone())).collect()
    };
    let writes = || Match::post("/_api/document/*");
    let logins = || Match::post("/_open/auth");
    let html = format!("<html>{PRIVATE}");
    let faults = [
        None,
        Some(Fault::answer(401, 11, "not authorized").on(writes())),
        Some(Fault::answer(403, 11, "forbidden").on(writes())),
        Some(Fault::answer(409, 1210, "conflict").on(writes())),
        Some(Fault::answer(503, 503, "starting")),
        Some(Fault::answer_raw(200, "text/html", html.clone())),
        Some(Fault::answer_raw(500, "text/html", html.clone()).on(writes())),
        Some(Fault::answer_raw(307, "text/html", html.clone()).header("location", "http://192.0.2.1/")),
        Some(Fault::close(Phase::BeforeRead)),
        Some(Fault::close(Phase::AfterExecution)),
        Some(Fault::close(Phase::InBody)),
        Some(Fault::garbage()),
        Some(Fault::hang()),
        // What a login is answered with that is no token.
        Some(
            Fault::answer_raw(200, "application/json", format!("{{\"jwt\":[\"{MISPLACED}\"]}}")).on(logins()),
        ),
        Some(Fault::answer(401, 401, "wrong password").on(logins())),
        Some(Fault::close(Phase::AfterRead).on(logins())),
    ];
    for fault in faults {
        let fault = fault.map(anywhere);
        for class in [RequestClass::Safe, RequestClass::NonIdempotent] {
            if let Err(error) = post(&client, "/_api/document/books", class).await {
                evidence.print_error(&error);
            }
        }
        if let Err(error) = client.cluster().health().await {
            evidence.print_error(&error);
        }
        drop(fault);
        evidence.print(&client);
        // Tokens end, and wrong passwords may be tried again.
        sleep(Duration::from_secs(2 * 3600)).await;
    }
    for coordinator in cluster.coordinators() {
        coordinator.kill();
    }
    evidence.print_error(&client.cluster().health().await.unwrap_err());
    sleep(Duration::from_secs(2 * 3600)).await;
    evidence.print_error(&client.cluster().health().await.unwrap_err());
    for coordinator in cluster.coordinators() {
        coordinator.restart().await.unwrap();
    }
    sleep(Duration::from_secs(60)).await;
}

/// A request with what is private in its query and its body.
async fn post(client: &Client, path: &str, class: RequestClass) -> Result<(), Error> {
    let body = Full::from(format!("{{\"name\":\"books\",\"title\":\"{PRIVATE}\"}}"));
    let request = Request::post(format!("{path}?key={PRIVATE}")).body(body).unwrap();
    client.transport().send(request, Call::named("post").class(class)).await.map(drop)
}

/// How a secret may look where it does not belong.
fn disguises(secret: &str) -> Vec<String> {
    let bytes = format!("{:?}", secret.as_bytes());
    vec![
        secret.to_owned(),
        utf8_percent_encode(secret, NON_ALPHANUMERIC).to_string(),
        secret.replace(' ', "+"),
        BASE64_STANDARD.encode(format!("root:{secret}")),
        BASE64_URL_SAFE_NO_PAD.encode(format!("root:{secret}")),
        BASE64_STANDARD.encode(secret),
        // Bytes that were printed as numbers.
        bytes.trim_matches(['[', ']']).to_owned(),
    ]
}

#[tokio::test(start_paused = true)]
async fn no_secret_is_printed_whatever_happens() {
    let evidence = Evidence::default();
    tracing_subscriber::fmt()
        .with_max_level(tracing_subscriber::filter::LevelFilter::TRACE)
        .with_span_events(FmtSpan::FULL)
        .with_ansi(false)
        .with_writer(evidence.clone())
        .finish()
        .init();
    let cluster = TestCluster::builder()
        .root_password(RIGHT)
        .jwt_secret(JWT_SECRET)
        .seed(7)
        .in_memory()
        .start()
        .await
        .unwrap();
    let root = watched(&cluster, &evidence).basic_auth("root", RIGHT).build().unwrap();
    post(&root, "/_api/collection", RequestClass::NonIdempotent).await.unwrap();

    let tokens =
        [cluster.superuser_token(), cluster.user_token("root", Duration::from_secs(9 * 365 * 86_400))];
    for credentials in [
        Credentials::none(),
        Credentials::basic("root", RIGHT),
        Credentials::basic("root", WRONG),
        Credentials::jwt("root", RIGHT),
        Credentials::jwt("root", WRONG),
        Credentials::token(&tokens[0]).unwrap(),
        Credentials::token(&tokens[1]).unwrap(),
        Credentials::token(MISPLACED).unwrap(),
    ] {
        tour(&cluster, &evidence, &credentials).await;
    }
    evidence.print(&Credentials::token(&format!("{MISPLACED}\n")).unwrap_err());
    evidence.print(&LogIn { user: "root", password: RIGHT });
    for host in
        ["http://root:HOST@one", "http://one/?password=HOST", "http://one#HOST", "http://root:HOST/x@one"]
    {
        let host = host.replace("HOST", MISPLACED);
        let error = host.parse::<Coordinator>().unwrap_err();
        evidence.print(&error);
        evidence.print(&format_args!("{error}"));
        let error = Client::builder().hosts(host).build().unwrap_err();
        evidence.print(&error);
        evidence.print(&format_args!("{error}"));
    }

    let mut secrets: Vec<String> = [RIGHT, WRONG, JWT_SECRET, MISPLACED, PRIVATE].map(str::to_owned).into();
    let sent = evidence.sent.lock().unwrap().clone();
    for value in &sent {
        let (_, token) = value.split_once(' ').unwrap();
        secrets.push(token.to_owned());
        // Of a token also its parts: who has the last one has enough.
        secrets.extend(token.split('.').skip(1).map(str::to_owned));
    }
    secrets.extend(tokens);
    secrets.sort();
    secrets.dedup();
    // Both passwords, both given tokens and those of several logins were really sent.
    assert!(secrets.len() > 20, "{}", secrets.len());
    for value in [RIGHT, WRONG].map(|password| BASE64_STANDARD.encode(format!("root:{password}"))) {
        assert!(sent.contains(&format!("Basic {value}")));
    }
    let printed = String::from_utf8_lossy(&evidence.printed.lock().unwrap()).into_owned();
    for expected in ["an attempt failed", "arango{", "probed a member", "Sensitive", "BadCredentials"] {
        assert!(printed.contains(expected), "nobody listened: there is no `{expected}`");
    }
    for secret in &secrets {
        for disguise in disguises(secret) {
            let found = printed.find(&disguise);
            let around = found.map(|at| printed[..at].chars().rev().take(300).collect::<String>());
            let around = around.map(|text| text.chars().rev().collect::<String>());
            assert_eq!(around, None, "`{secret}` was printed as `{disguise}` after this");
        }
    }
}
