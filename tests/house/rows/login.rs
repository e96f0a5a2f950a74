//! R10–R12, R15 and R16: tokens, fetched and renewed by as few logins as it takes.

use std::time::Duration;

use arango::balance::MemberState;
use arango::protocol::RequestClass;
use arango::transport::{Credentials, StoppedBy};
use arango::{Client, ErrorKind, Limits, Outcome};
use arango_test_cluster::{Authentication, Fault, FaultGuard, Handshake, Match, TestCluster, Tls};
use bytes::Bytes;
use http::Request;
use http_body_util::Full;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};
use tower::ServiceExt;

use super::{Expect, meet, on_writes};
use crate::support::{CLASSES, CreateCollection, ask_at_once, builder, cluster, cluster_with_tls, insert};

for_each_class![
    r10_a_token_that_has_ended_is_renewed_before_it_is_sent,
    r10_a_token_that_is_about_to_end_is_renewed_while_calls_go_on_with_it,
    r11_a_token_that_another_call_has_renewed_already_is_not_renewed_again,
    r12_a_token_that_is_refused_is_renewed_once_and_the_request_sent_to_the_same_again,
    r12_a_refusal_of_the_last_attempt_is_final,
    r12_a_second_refusal_is_final,
    r12_a_password_that_is_sent_with_each_request_is_not_renewed,
    r15_a_password_that_is_refused_while_the_token_holds_is_not_tried_by_every_call,
    r15_a_wrong_password_is_told_to_all_and_not_tried_again_for_a_growing_while,
    r15_a_wrong_password_is_known_as_such_whatever_went_wrong_before,
    r16_a_server_without_authentication_is_asked_without_a_token,
    r16_one_who_knows_no_logins_is_not_believed_once_a_token_is_wanted,
    r16a_a_401_that_is_not_arangodbs_does_not_mean_a_wrong_password,
    r16a_a_404_that_is_not_arangodbs_does_not_mean_that_authentication_is_off,
    r16a_a_login_that_meets_an_answer_of_another_goes_on_to_another_coordinator,
    t12a_an_attempt_that_ends_while_it_waits_for_a_login_goes_on_elsewhere,
];

fn client(cluster: &TestCluster) -> Client {
    builder(cluster).jwt_auth("root", cluster.root_password()).build().unwrap()
}

fn logins(cluster: &TestCluster) -> usize {
    cluster.journal().executions_by(|entry| entry.path.ends_with("/_open/auth"))
}

#[tokio::test(start_paused = true)]
async fn however_many_calls_begin_at_once_one_login_serves_them_all() {
    let cluster = cluster().await;
    let client = client(&cluster);
    ask_at_once(&client, 50).await;
    assert_eq!(logins(&cluster), 1);
    assert!(!format!("{client:?}").contains(cluster.root_password()));
}

#[tokio::test(start_paused = true)]
async fn a_login_goes_on_to_the_next_coordinator_like_any_other_request() {
    let cluster = cluster().await;
    let client = client(&cluster);
    cluster.coordinator(0).kill();
    client.db("_system").version().await.unwrap();
    assert_eq!(logins(&cluster), 1);
}

/// A client that has logged in, and whose next turn is the first coordinator's.
async fn logged_in(cluster: &TestCluster) -> Client {
    let client = client(cluster);
    // The login had one turn.
    for _ in 0..2 {
        client.db("_system").version().await.unwrap();
    }
    client
}

/// Refuses the token of requests, at each coordinator.
fn refuse_tokens(cluster: &TestCluster, times: usize) -> Vec<FaultGuard> {
    let refuse = on_writes(Fault::answer(401, 11, "not authorized")).times(times);
    cluster.coordinators().iter().map(|one| one.inject(refuse.clone())).collect()
}

/// Lets something go wrong with logins, at each coordinator.
fn on_logins(cluster: &TestCluster, fault: &Fault) -> Vec<FaultGuard> {
    let fault = fault.clone().on(Match::post("/_open/auth"));
    cluster.coordinators().iter().map(|one| one.inject(fault.clone())).collect()
}

fn hits(guards: &[FaultGuard]) -> usize {
    guards.iter().map(FaultGuard::hits).sum()
}

fn not_authorized() -> Expect {
    Expect::failure(ErrorKind::NotAuthorized, Outcome::NotExecuted, StoppedBy::NotRetryable)
}

async fn r10_a_token_that_has_ended_is_renewed_before_it_is_sent(class: RequestClass) {
    let cluster = cluster().await;
    let client = logged_in(&cluster).await;
    for _ in 0..3 {
        sleep(Duration::from_secs(2 * 3600)).await;
        // The request and its login: neither sees a failure.
        let met = meet(&cluster, &client, class).await;
        assert_eq!(met.attempts(), 2);
        met.is(&Expect::elsewhere().any_tried());
        assert_eq!(logins(&cluster), 1);
        let refused = cluster.journal().entries().iter().filter(|entry| entry.status == Some(401)).count();
        assert_eq!(refused, 0, "no request went out with a token that had ended");
    }
}

async fn r10_a_token_that_is_about_to_end_is_renewed_while_calls_go_on_with_it(class: RequestClass) {
    let cluster = cluster().await;
    let client = logged_in(&cluster).await;
    // An hour is a token's life; it is renewed six to nine minutes before its end.
    sleep(Duration::from_secs(3600 - 330)).await;
    let slow = on_logins(&cluster, &Fault::latency(Duration::from_secs(5)));
    // Nobody waits for it.
    for _ in 0..3 {
        meet(&cluster, &client, class).await.is(&Expect::elsewhere().any_tried());
    }
    sleep(Duration::from_secs(6)).await;
    assert_eq!(hits(&slow), 1);
    // The new one serves when the old one has ended.
    sleep(Duration::from_secs(400)).await;
    meet(&cluster, &client, class).await.is(&Expect::elsewhere().any_tried());
    assert_eq!(hits(&slow), 1);
}

async fn r11_a_token_that_another_call_has_renewed_already_is_not_renewed_again(class: RequestClass) {
    let cluster = cluster().await;
    let client = logged_in(&cluster).await;
    // What others took a minute ago proves nothing of the token now.
    sleep(Duration::from_secs(61)).await;
    cluster.journal().clear();
    let _refused = refuse_tokens(&cluster, 1);
    // One hears of it long after the others have a new token.
    let late = on_writes(Fault::latency(Duration::from_secs(5))).times(1);
    let _late = cluster.coordinator(1).inject(late);
    let mut calls = JoinSet::new();
    for marker in ["a", "b", "c"] {
        let database = client.db("_system");
        calls.spawn(async move { database.execute(insert(marker, class)).await.unwrap() });
    }
    let began = Instant::now();
    calls.join_all().await;
    assert_eq!(began.elapsed(), Duration::from_secs(5));
    let counts = |marker| (cluster.journal().received(marker), cluster.journal().executions(marker));
    assert_eq!(["a", "b", "c"].map(counts), [(2, 1); 3]);
    assert_eq!(logins(&cluster), 1);
    assert!(client.coordinators().iter().all(|state| state.standing == MemberState::Healthy));
}

async fn r12_a_token_that_is_refused_is_renewed_once_and_the_request_sent_to_the_same_again(
    class: RequestClass,
) {
    let cluster = cluster().await;
    let client = logged_in(&cluster).await;
    // What others took a minute ago proves nothing of the token now.
    sleep(Duration::from_secs(61)).await;
    let _refused = refuse_tokens(&cluster, 1);
    // Twice to the same; the login goes where its turn is.
    meet(&cluster, &client, class).await.is(&Expect::elsewhere().tried(2, 1).at_servers(2, 1));
    assert_eq!(logins(&cluster), 1);
    let asked = cluster.journal().entries();
    let asked: Vec<usize> =
        asked.iter().filter(|one| one.marker.is_some()).map(|one| one.coordinator).collect();
    assert_eq!(asked, [0, 0]);
}

async fn r12_a_refusal_of_the_last_attempt_is_final(class: RequestClass) {
    let cluster = cluster().await;
    let client = logged_in(&cluster).await;
    let starting = on_writes(Fault::answer(503, 503, "starting")).times(1);
    let _starting: Vec<_> = cluster.coordinators().iter().map(|one| one.inject(starting.clone())).collect();
    let _refused = refuse_tokens(&cluster, 1);
    let error = meet(&cluster, &client, class).await.error();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::NotAuthorized, Outcome::NotExecuted));
    assert_eq!((error.stopped_by(), error.attempts().len()), (StoppedBy::MaxAttempts, 4));
    assert_eq!(cluster.journal().executions("m"), 0);
    assert_eq!(logins(&cluster), 0, "for an attempt that may not be made");
}

async fn r12_a_second_refusal_is_final(class: RequestClass) {
    let cluster = cluster().await;
    let client = logged_in(&cluster).await;
    sleep(Duration::from_secs(61)).await;
    let _refused = refuse_tokens(&cluster, 9);
    let final_refusal = not_authorized().tried(2, 1).recorded(2).at_servers(2, 0);
    meet(&cluster, &client, class).await.is(&final_refusal);
    assert_eq!(logins(&cluster), 1);
}

async fn r12_a_password_that_is_sent_with_each_request_is_not_renewed(class: RequestClass) {
    let cluster = cluster().await;
    let client = builder(&cluster).basic_auth("root", "wr0ng").build().unwrap();
    let error = meet(&cluster, &client, class).await.is(&not_authorized()).error();
    assert_eq!(error.error_number().unwrap().0, 11);
    assert!(!format!("{error} {error:?} {}", error.report()).contains("wr0ng"));
}

async fn r15_a_password_that_is_refused_while_the_token_holds_is_not_tried_by_every_call(
    class: RequestClass,
) {
    let cluster = cluster().await;
    let client = logged_in(&cluster).await;
    sleep(Duration::from_secs(3600 - 330)).await;
    let wrong = on_logins(&cluster, &Fault::answer(401, 401, "wrong password"));
    for _ in 0..10 {
        meet(&cluster, &client, class).await.is(&Expect::elsewhere().any_tried());
        sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(hits(&wrong), 1);
    sleep(Duration::from_millis(600)).await;
    meet(&cluster, &client, class).await.is(&Expect::elsewhere().any_tried());
    sleep(Duration::from_millis(50)).await;
    assert_eq!(hits(&wrong), 2, "after a second it is tried again");
}

async fn r15_a_wrong_password_is_told_to_all_and_not_tried_again_for_a_growing_while(class: RequestClass) {
    let cluster = cluster().await;
    let client = builder(&cluster).jwt_auth("root", "wr0ng").build().unwrap();
    let told = Expect::failure(ErrorKind::BadCredentials, Outcome::NotExecuted, StoppedBy::NotRetryable);
    let told = told.any_tried().recorded(1).at_servers(0, 0);
    let mut tried = Vec::new();
    for _ in 0..3 {
        let mut logins_of_ten = 0;
        for _ in 0..10 {
            let error = meet(&cluster, &client, class).await.is(&told).error();
            assert!(!format!("{error} {error:?} {}", error.report()).contains("wr0ng"));
            logins_of_ten += logins(&cluster);
        }
        tried.push(logins_of_ten);
        sleep(Duration::from_millis(1100)).await;
    }
    assert_eq!(tried, [1, 1, 0], "after a second, and then not before two more");
}

async fn r15_a_wrong_password_is_known_as_such_whatever_went_wrong_before(class: RequestClass) {
    let cluster = cluster_with_tls(Tls::On).await;
    // Of the two failures of a login that of the certificate explains more, and is not what ended it.
    let _spoilt = cluster.coordinator(0).spoil_handshakes(Handshake::Expired);
    let client = builder(&cluster).jwt_auth("root", "wr0ng").build().unwrap();
    for _ in 0..10 {
        let error = client.db("_system").execute(insert("m", class)).await.unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::BadCredentials, Outcome::NotExecuted));
    }
    assert_eq!(logins(&cluster), 1, "it rests");
}

async fn r16_a_server_without_authentication_is_asked_without_a_token(class: RequestClass) {
    for version in ["3.11", "3.12.8"] {
        let cluster = TestCluster::builder()
            .authentication(Authentication::Off)
            .version(version)
            .seed(1)
            .in_memory()
            .start()
            .await
            .unwrap();
        let collection = client(&cluster).db("_system");
        collection.execute(CreateCollection("books")).await.unwrap();
        let client = client(&cluster);
        let mut asked = 0;
        for _ in 0..5 {
            meet(&cluster, &client, class).await.is(&Expect::elsewhere().any_tried());
            asked += cluster.journal().entries().iter().filter(|one| one.path == "/_open/auth").count();
        }
        assert_eq!(asked, 1, "{version}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_login_that_fails_for_another_reason_fails_the_call_before_it_is_sent() {
    for class in CLASSES {
        let cluster = cluster().await;
        let client = client(&cluster);
        let _faults = on_logins(&cluster, &Fault::answer(503, 503, "starting"));
        let error = meet(&cluster, &client, class).await.error();
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::Login, Outcome::NotExecuted), "{class:?}");
        assert_eq!((cluster.journal().received("m"), error.attempts().len()), (0, 1));
    }
}

#[tokio::test(start_paused = true)]
async fn a_handle_may_log_in_on_its_own_or_bring_a_token() {
    let cluster = cluster().await;
    let client = builder(&cluster).credentials(Credentials::none()).build().unwrap();
    let nobody = client.db("_system").execute(insert("nobody", RequestClass::Safe)).await.unwrap_err();
    assert_eq!(nobody.kind(), ErrorKind::NotAuthorized);

    let root = client.db("_system").jwt_auth("root", cluster.root_password());
    root.clone().execute(insert("root", RequestClass::Safe)).await.unwrap();
    root.execute(insert("root", RequestClass::Safe)).await.unwrap();
    assert_eq!(logins(&cluster), 1, "clones share their token");

    let token = Credentials::token(&cluster.superuser_token()).unwrap();
    client.db("_system").credentials(token).execute(insert("super", RequestClass::Safe)).await.unwrap();
}

async fn r16_one_who_knows_no_logins_is_not_believed_once_a_token_is_wanted(class: RequestClass) {
    let cluster = cluster().await;
    let client = client(&cluster);
    let unknown = Fault::answer(404, 404, "unknown path '/_open/auth'").on(Match::post("/_open/auth"));
    let _unknown = cluster.coordinator(0).inject(unknown.times(1));
    client.db("_system").execute(insert("m", class)).await.unwrap();
    assert_eq!(cluster.journal().executions("m"), 1);
    assert_eq!(logins(&cluster), 1, "beside the one that came to nothing");
}

/// Answers of a gateway to a login.
fn foreign_answers() -> [Fault; 5] {
    let page = |status| Fault::answer_raw(status, "text/html", "<html>").header("server", "nginx");
    [
        page(404),
        page(401).header("www-authenticate", "Basic realm=\"intranet\""),
        page(200),
        page(403),
        Fault::answer_raw(404, "text/plain", ""),
    ]
}

/// What a login comes to where each coordinator gives this answer to it.
async fn refused_everywhere(class: RequestClass, answer: &Fault) -> arango::Error {
    let cluster = cluster().await;
    let client = client(&cluster);
    let faults = on_logins(&cluster, answer);
    let error = meet(&cluster, &client, class).await.error();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Login, Outcome::NotExecuted), "{error}");
    assert_eq!(cluster.journal().received("m"), 0, "sent without a token");
    assert_eq!(faults.iter().map(FaultGuard::hits).collect::<Vec<_>>(), [1, 1, 1]);
    drop(faults);
    // It is not held off, as a wrong password is.
    client.db("_system").execute(insert("n", class)).await.unwrap();
    error
}

/// All that an error says of itself, and its causes.
fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

async fn r16a_a_404_that_is_not_arangodbs_does_not_mean_that_authentication_is_off(class: RequestClass) {
    let [page, .., empty] = foreign_answers();
    let said = chain(&refused_everywhere(class, &page).await);
    assert!(said.contains("did not come from ArangoDB: status 404 text/html from nginx"), "{said}");
    refused_everywhere(class, &empty).await;
}

async fn r16a_a_401_that_is_not_arangodbs_does_not_mean_a_wrong_password(class: RequestClass) {
    let [_, page, ..] = foreign_answers();
    let said = chain(&refused_everywhere(class, &page).await);
    assert!(said.contains("did not come from ArangoDB: status 401 text/html from nginx"), "{said}");
}

async fn r16a_a_login_that_meets_an_answer_of_another_goes_on_to_another_coordinator(class: RequestClass) {
    for answer in foreign_answers() {
        let cluster = cluster().await;
        let client = client(&cluster);
        let answer = answer.on(Match::post("/_open/auth"));
        let foreign = [0, 1].map(|at| cluster.coordinator(at).inject(answer.clone()));
        client.db("_system").execute(insert("m", class)).await.unwrap();
        assert_eq!((cluster.journal().executions("m"), hits(&foreign)), (1, 2));
    }
}

#[tokio::test(start_paused = true)]
async fn a_login_that_fails_names_the_user_and_the_coordinator() {
    let cluster = cluster().await;
    let client = builder(&cluster).jwt_auth("ada", "wr0ng").build().unwrap();
    let error = client.db("_system").version().await.unwrap_err();
    let (text, report) = (error.to_string(), error.report().to_string());
    for part in ["the user or the password is wrong", "\"ada\"", &cluster.urls()[0]] {
        assert!(text.contains(part) && report.contains(part), "{text}\n{report}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_authorization_that_a_request_brings_is_sent_instead_of_the_clients() {
    let cluster = cluster().await;
    let ours = [
        Credentials::basic("root", cluster.root_password()),
        Credentials::jwt("root", cluster.root_password()),
        Credentials::token(&cluster.superuser_token()).unwrap(),
    ];
    let right = format!("bearer {}", cluster.superuser_token());
    for credentials in ours {
        let client = builder(&cluster).credentials(credentials).build().unwrap();
        for (authorization, accepted) in [("Basic bm9ib2R5Og==", false), (right.as_str(), true)] {
            let request = Request::get("/_api/version").header("authorization", authorization);
            let request = request.body(Full::<Bytes>::default()).unwrap();
            let answer = client.transport().clone().oneshot(request).await;
            assert_eq!(answer.is_ok(), accepted, "{client:?}: {answer:?}");
        }
    }
    assert_eq!(logins(&cluster), 0);
}

#[tokio::test(start_paused = true)]
async fn a_call_without_credentials_says_that_none_were_set() {
    let cluster = cluster().await;
    let client = builder(&cluster).credentials(Credentials::none()).build().unwrap();
    let error = client.db("_system").version().await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::NotAuthorized, Outcome::NotExecuted));
    assert!(chain(&error).contains("no credentials were set"), "{}", chain(&error));
    let wrong = client.db("_system").basic_auth("root", "wr0ng").version().await.unwrap_err();
    assert!(!chain(&wrong).contains("no credentials were set"));
}

async fn t12a_an_attempt_that_ends_while_it_waits_for_a_login_goes_on_elsewhere(class: RequestClass) {
    let cluster = cluster().await;
    let limits = Limits::default().attempt(Duration::from_secs(2));
    let client = builder(&cluster).jwt_auth("root", cluster.root_password()).limits(limits).build().unwrap();
    cluster.coordinator(0).pause();
    // The login hangs as long as the attempt may, and then comes from another.
    client.db("_system").execute(insert("m", class)).await.unwrap();
    assert_eq!((cluster.journal().received("m"), cluster.journal().executions("m")), (1, 1));
}
