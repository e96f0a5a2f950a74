//! R10–R12, R15 and R16: fetching and renewing tokens with as few logins as possible.

use std::time::Duration;

use arango::balance::MemberState;
use arango::protocol::RequestClass;
use arango::{Client, ErrorKind, Limits, Outcome};
use arango::{Credentials, StoppedBy};
use arango_test_cluster::{Authentication, Fault, FaultGuard, HandshakeFault, Match, TestCluster, Tls};
use bytes::Bytes;
use http::Request;
use http_body_util::Full;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};
use tower::ServiceExt;

use super::{Expect, call_and_observe, on_writes};
use crate::support::{
    CLASSES, CreateCollection, builder, cluster, cluster_with_tls, concurrent_version_calls, insert,
};

for_each_class![
    r10_an_expired_token_is_renewed_before_the_request,
    r10_a_token_near_expiry_is_renewed_in_the_background,
    r11_a_token_already_renewed_by_another_call_is_not_renewed_again,
    r12_a_refused_token_is_renewed_once_and_the_request_retried_on_the_same_coordinator,
    r12_a_coordinator_that_is_removed_during_the_renewal_is_replaced_by_another,
    r12_a_refusal_of_the_last_attempt_is_final,
    r12_a_second_refusal_is_final,
    r12_a_password_that_is_sent_with_each_request_is_not_renewed,
    r15_a_refused_password_is_not_retried_by_every_call_while_the_token_is_valid,
    r15_a_wrong_password_fails_all_calls_and_is_retried_with_backoff,
    r15_a_wrong_password_is_reported_despite_earlier_failures,
    r16_a_server_without_authentication_gets_no_token,
    r16_a_missing_login_path_is_ignored_once_a_token_is_required,
    r16a_a_401_not_from_arangodb_is_not_a_wrong_password,
    r16a_a_404_not_from_arangodb_does_not_disable_authentication,
    r16a_a_login_with_a_response_not_from_arangodb_fails_over,
    t12a_an_attempt_timeout_during_login_fails_over,
];

fn client(cluster: &TestCluster) -> Client {
    builder(cluster).jwt_auth("root", cluster.root_password()).build().unwrap()
}

pub(super) fn logins(cluster: &TestCluster) -> usize {
    cluster.journal().executions_matching(|entry| entry.path.ends_with("/_open/auth"))
}

#[tokio::test(start_paused = true)]
async fn concurrent_calls_share_one_login() {
    let cluster = cluster().await;
    let client = client(&cluster);
    concurrent_version_calls(&client, 50).await;
    assert_eq!(logins(&cluster), 1);
    assert!(!format!("{client:?}").contains(cluster.root_password()));
}

#[tokio::test(start_paused = true)]
async fn a_login_fails_over_to_the_next_coordinator() {
    let cluster = cluster().await;
    let client = client(&cluster);
    cluster.coordinator(0).kill();
    client.db("_system").version().await.unwrap();
    assert_eq!(logins(&cluster), 1);
}

/// Returns a client that has logged in. Its next call starts at the first coordinator.
async fn logged_in(cluster: &TestCluster) -> Client {
    let client = client(cluster);
    // The login used one turn of the rotation.
    for _ in 0..2 {
        client.db("_system").version().await.unwrap();
    }
    client
}

/// Makes each coordinator reject the token of `times` writes.
fn reject_tokens(cluster: &TestCluster, times: usize) -> Vec<FaultGuard> {
    let reject = on_writes(Fault::response(401, 11, "not authorized")).times(times);
    cluster.inject(&reject)
}

/// Injects a fault for logins at each coordinator.
fn on_logins(cluster: &TestCluster, fault: &Fault) -> Vec<FaultGuard> {
    let fault = fault.clone().on(Match::post("/_open/auth"));
    cluster.inject(&fault)
}

fn hits(guards: &[FaultGuard]) -> usize {
    guards.iter().map(FaultGuard::hits).sum()
}

fn not_authorized() -> Expect {
    Expect::failure(ErrorKind::NotAuthorized, Outcome::NotExecuted, StoppedBy::NotRetryable)
}

async fn r10_an_expired_token_is_renewed_before_the_request(class: RequestClass) {
    let cluster = cluster().await;
    let client = logged_in(&cluster).await;
    for _ in 0..3 {
        sleep(Duration::from_secs(2 * 3600)).await;
        // The request and its login both succeed at the first attempt.
        let observed = call_and_observe(&cluster, &client, class).await;
        assert_eq!(observed.attempt_count(), 2);
        observed.assert_matches(&Expect::fails_over().on_any_coordinator());
        assert_eq!(logins(&cluster), 1);
        let rejected = cluster.journal().entries().iter().filter(|entry| entry.status == Some(401)).count();
        assert_eq!(rejected, 0, "no request was sent with an expired token");
    }
}

async fn r10_a_token_near_expiry_is_renewed_in_the_background(class: RequestClass) {
    let cluster = cluster().await;
    let client = logged_in(&cluster).await;
    // A token is valid for an hour and renewed six to nine minutes before its expiry.
    sleep(Duration::from_secs(3600 - 330)).await;
    let slow = on_logins(&cluster, &Fault::latency(Duration::from_secs(5)));
    // No call waits for the renewal.
    for _ in 0..3 {
        call_and_observe(&cluster, &client, class)
            .await
            .assert_matches(&Expect::fails_over().on_any_coordinator());
    }
    sleep(Duration::from_secs(6)).await;
    assert_eq!(hits(&slow), 1);
    // The new token is used after the old one has expired.
    sleep(Duration::from_secs(400)).await;
    call_and_observe(&cluster, &client, class)
        .await
        .assert_matches(&Expect::fails_over().on_any_coordinator());
    assert_eq!(hits(&slow), 1);
}

async fn r11_a_token_already_renewed_by_another_call_is_not_renewed_again(class: RequestClass) {
    let cluster = cluster().await;
    let client = logged_in(&cluster).await;
    // After a minute the acceptance of the token by other coordinators no longer counts.
    sleep(Duration::from_secs(61)).await;
    cluster.journal().clear();
    let _rejected = reject_tokens(&cluster, 1);
    // One call gets its 401 long after the others have a new token.
    let late = on_writes(Fault::latency(Duration::from_secs(5))).times(1);
    let _late = cluster.coordinator(1).inject(late);
    let mut calls = JoinSet::new();
    for marker in ["a", "b", "c"] {
        let database = client.db("_system");
        calls.spawn(async move { database.execute(insert(marker, class)).await.unwrap() });
    }
    let start = Instant::now();
    calls.join_all().await;
    assert_eq!(start.elapsed(), Duration::from_secs(5));
    let counts = |marker| (cluster.journal().received(marker), cluster.journal().executions(marker));
    assert_eq!(["a", "b", "c"].map(counts), [(2, 1); 3]);
    assert_eq!(logins(&cluster), 1);
    assert!(client.coordinators().iter().all(|state| state.state == MemberState::Healthy));
}

async fn r12_a_refused_token_is_renewed_once_and_the_request_retried_on_the_same_coordinator(
    class: RequestClass,
) {
    let cluster = cluster().await;
    let client = logged_in(&cluster).await;
    // After a minute the acceptance of the token by other coordinators no longer counts.
    sleep(Duration::from_secs(61)).await;
    let _rejected = reject_tokens(&cluster, 1);
    // Two attempts at the same coordinator; the login follows the rotation.
    call_and_observe(&cluster, &client, class)
        .await
        .assert_matches(&Expect::fails_over().attempts(2, 1).server_counts(2, 1));
    assert_eq!(logins(&cluster), 1);
    let requests = cluster.journal().entries();
    let requests: Vec<usize> =
        requests.iter().filter(|one| one.marker.is_some()).map(|one| one.coordinator).collect();
    assert_eq!(requests, [0, 0]);
}

async fn r12_a_coordinator_that_is_removed_during_the_renewal_is_replaced_by_another(class: RequestClass) {
    let cluster = cluster().await;
    let client = logged_in(&cluster).await;
    sleep(Duration::from_secs(61)).await;
    cluster.journal().clear();
    let rejected = on_writes(Fault::response(401, 11, "not authorized")).times(1);
    let _rejected = cluster.coordinator(0).inject(rejected);
    let _slow = on_logins(&cluster, &Fault::latency(Duration::from_secs(2)));
    let database = client.db("_system");
    let call = tokio::spawn(async move { database.execute(insert("m", class)).await });
    sleep(Duration::from_secs(1)).await;
    client.reconfigure().set_hosts(&cluster.urls()[1..]).unwrap();
    call.await.unwrap().unwrap();
    assert_eq!((cluster.journal().received("m"), cluster.journal().executions("m")), (2, 1));
    assert_eq!(logins(&cluster), 1);
}

async fn r12_a_refusal_of_the_last_attempt_is_final(class: RequestClass) {
    let cluster = cluster().await;
    let client = logged_in(&cluster).await;
    let starting = on_writes(Fault::response(503, 503, "starting")).times(1);
    let _starting = cluster.inject(&starting);
    let _rejected = reject_tokens(&cluster, 1);
    let error = call_and_observe(&cluster, &client, class).await.error();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::NotAuthorized, Outcome::NotExecuted));
    assert_eq!((error.stopped_by(), error.attempts().len()), (StoppedBy::MaxAttempts, 4));
    assert_eq!(cluster.journal().executions("m"), 0);
    assert_eq!(logins(&cluster), 0, "no login for an attempt beyond the limit");
}

async fn r12_a_second_refusal_is_final(class: RequestClass) {
    let cluster = cluster().await;
    let client = logged_in(&cluster).await;
    sleep(Duration::from_secs(61)).await;
    let _rejected = reject_tokens(&cluster, 9);
    let final_refusal = not_authorized().attempts(2, 1).reported_attempts(2).server_counts(2, 0);
    call_and_observe(&cluster, &client, class).await.assert_matches(&final_refusal);
    assert_eq!(logins(&cluster), 1);
}

async fn r12_a_password_that_is_sent_with_each_request_is_not_renewed(class: RequestClass) {
    let cluster = cluster().await;
    let client = builder(&cluster).basic_auth("root", "wr0ng").build().unwrap();
    let error = call_and_observe(&cluster, &client, class).await.assert_matches(&not_authorized()).error();
    assert_eq!(error.error_number().unwrap().0, 11);
    assert!(!format!("{error} {error:?} {}", error.report()).contains("wr0ng"));
}

async fn r15_a_refused_password_is_not_retried_by_every_call_while_the_token_is_valid(class: RequestClass) {
    let cluster = cluster().await;
    let client = logged_in(&cluster).await;
    sleep(Duration::from_secs(3600 - 330)).await;
    let wrong = on_logins(&cluster, &Fault::response(401, 401, "wrong password"));
    for _ in 0..10 {
        call_and_observe(&cluster, &client, class)
            .await
            .assert_matches(&Expect::fails_over().on_any_coordinator());
        sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(hits(&wrong), 1);
    sleep(Duration::from_millis(600)).await;
    call_and_observe(&cluster, &client, class)
        .await
        .assert_matches(&Expect::fails_over().on_any_coordinator());
    sleep(Duration::from_millis(50)).await;
    assert_eq!(hits(&wrong), 2, "the login is retried after a second");
}

async fn r15_a_wrong_password_fails_all_calls_and_is_retried_with_backoff(class: RequestClass) {
    let cluster = cluster().await;
    let client = builder(&cluster).jwt_auth("root", "wr0ng").build().unwrap();
    let expected = Expect::failure(ErrorKind::BadCredentials, Outcome::NotExecuted, StoppedBy::NotRetryable);
    let expected = expected.on_any_coordinator().reported_attempts(1).server_counts(0, 0);
    let mut login_counts = Vec::new();
    for _ in 0..3 {
        let mut logins_of_ten = 0;
        for _ in 0..10 {
            let error = call_and_observe(&cluster, &client, class).await.assert_matches(&expected).error();
            assert!(!format!("{error} {error:?} {}", error.report()).contains("wr0ng"));
            logins_of_ten += logins(&cluster);
        }
        login_counts.push(logins_of_ten);
        sleep(Duration::from_millis(1100)).await;
    }
    assert_eq!(login_counts, [1, 1, 0], "retried after 1 s, and then after 2 s more");
}

async fn r15_a_wrong_password_is_reported_despite_earlier_failures(class: RequestClass) {
    let cluster = cluster_with_tls(Tls::On).await;
    // The failed handshake explains more than the wrong password, but it did not end the login.
    let _fault = cluster.coordinator(0).fail_handshakes(HandshakeFault::Expired);
    let client = builder(&cluster).jwt_auth("root", "wr0ng").build().unwrap();
    for _ in 0..10 {
        let error = client.db("_system").execute(insert("m", class)).await.unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::BadCredentials, Outcome::NotExecuted));
    }
    assert_eq!(logins(&cluster), 1, "the login is not retried yet");
}

async fn r16_a_server_without_authentication_gets_no_token(class: RequestClass) {
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
        let mut requests = 0;
        for _ in 0..5 {
            call_and_observe(&cluster, &client, class)
                .await
                .assert_matches(&Expect::fails_over().on_any_coordinator());
            requests += cluster.journal().entries().iter().filter(|one| one.path == "/_open/auth").count();
        }
        assert_eq!(requests, 1, "{version}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_login_that_fails_for_another_reason_fails_the_call_before_it_is_sent() {
    for class in CLASSES {
        let cluster = cluster().await;
        let client = client(&cluster);
        let _faults = on_logins(&cluster, &Fault::response(503, 503, "starting"));
        let error = call_and_observe(&cluster, &client, class).await.error();
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::Login, Outcome::NotExecuted), "{class:?}");
        assert_eq!((cluster.journal().received("m"), error.attempts().len()), (0, 1));
    }
}

#[tokio::test(start_paused = true)]
async fn a_handle_can_have_its_own_login_or_token() {
    let cluster = cluster().await;
    let client = builder(&cluster).credentials(Credentials::none()).build().unwrap();
    let anonymous = client.db("_system").execute(insert("anonymous", RequestClass::Safe)).await.unwrap_err();
    assert_eq!(anonymous.kind(), ErrorKind::NotAuthorized);

    let root = client.db("_system").jwt_auth("root", cluster.root_password());
    root.clone().execute(insert("root", RequestClass::Safe)).await.unwrap();
    root.execute(insert("root", RequestClass::Safe)).await.unwrap();
    assert_eq!(logins(&cluster), 1, "clones share their token");

    let token = Credentials::token(&cluster.superuser_token()).unwrap();
    client.db("_system").credentials(token).execute(insert("super", RequestClass::Safe)).await.unwrap();
}

async fn r16_a_missing_login_path_is_ignored_once_a_token_is_required(class: RequestClass) {
    let cluster = cluster().await;
    let client = client(&cluster);
    let unknown = Fault::response(404, 404, "unknown path '/_open/auth'").on(Match::post("/_open/auth"));
    let _unknown = cluster.coordinator(0).inject(unknown.times(1));
    client.db("_system").execute(insert("m", class)).await.unwrap();
    assert_eq!(cluster.journal().executions("m"), 1);
    assert_eq!(logins(&cluster), 1, "besides the failed login");
}

/// Returns responses of a gateway to a login.
fn gateway_responses() -> [Fault; 5] {
    let page = |status| Fault::raw_response(status, "text/html", "<html>").header("server", "nginx");
    [
        page(404),
        page(401).header("www-authenticate", "Basic realm=\"intranet\""),
        page(200),
        page(403),
        Fault::raw_response(404, "text/plain", ""),
    ]
}

/// Returns the error of a call whose login gets this response from each coordinator.
async fn login_error(class: RequestClass, response: &Fault) -> arango::Error {
    let cluster = cluster().await;
    let client = client(&cluster);
    let faults = on_logins(&cluster, response);
    let error = call_and_observe(&cluster, &client, class).await.error();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Login, Outcome::NotExecuted), "{error}");
    assert_eq!(cluster.journal().received("m"), 0, "the request is not sent without a token");
    assert_eq!(faults.iter().map(FaultGuard::hits).collect::<Vec<_>>(), [1, 1, 1]);
    drop(faults);
    // The next login is not delayed, unlike after a wrong password.
    client.db("_system").execute(insert("n", class)).await.unwrap();
    error
}

/// Returns the texts of an error and its causes.
fn error_chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

async fn r16a_a_404_not_from_arangodb_does_not_disable_authentication(class: RequestClass) {
    let [page, .., empty] = gateway_responses();
    let message = error_chain(&login_error(class, &page).await);
    assert!(message.contains("did not come from ArangoDB: status 404 text/html from nginx"), "{message}");
    login_error(class, &empty).await;
}

async fn r16a_a_401_not_from_arangodb_is_not_a_wrong_password(class: RequestClass) {
    let [_, page, ..] = gateway_responses();
    let message = error_chain(&login_error(class, &page).await);
    assert!(message.contains("did not come from ArangoDB: status 401 text/html from nginx"), "{message}");
}

async fn r16a_a_login_with_a_response_not_from_arangodb_fails_over(class: RequestClass) {
    for response in gateway_responses() {
        let cluster = cluster().await;
        let client = client(&cluster);
        let response = response.on(Match::post("/_open/auth"));
        let faults = [0, 1].map(|at| cluster.coordinator(at).inject(response.clone()));
        client.db("_system").execute(insert("m", class)).await.unwrap();
        assert_eq!((cluster.journal().executions("m"), hits(&faults)), (1, 2));
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
async fn an_authorization_header_of_a_request_overrides_the_clients() {
    let cluster = cluster().await;
    let all_credentials = [
        Credentials::basic("root", cluster.root_password()),
        Credentials::jwt("root", cluster.root_password()),
        Credentials::token(&cluster.superuser_token()).unwrap(),
    ];
    let valid_token = format!("bearer {}", cluster.superuser_token());
    for credentials in all_credentials {
        let client = builder(&cluster).credentials(credentials).build().unwrap();
        for (authorization, accepted) in [("Basic bm9ib2R5Og==", false), (valid_token.as_str(), true)] {
            let request = Request::get("/_api/version").header("authorization", authorization);
            let request = request.body(Full::<Bytes>::default()).unwrap();
            let response = client.transport().clone().oneshot(request).await;
            assert_eq!(response.is_ok(), accepted, "{client:?}: {response:?}");
        }
    }
    assert_eq!(logins(&cluster), 0);
}

#[tokio::test(start_paused = true)]
async fn a_call_without_credentials_reports_that_none_are_set() {
    let cluster = cluster().await;
    let client = builder(&cluster).credentials(Credentials::none()).build().unwrap();
    let error = client.db("_system").version().await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::NotAuthorized, Outcome::NotExecuted));
    assert!(error_chain(&error).contains("no credentials were set"), "{}", error_chain(&error));
    let wrong = client.db("_system").basic_auth("root", "wr0ng").version().await.unwrap_err();
    assert!(!error_chain(&wrong).contains("no credentials were set"));
}

async fn t12a_an_attempt_timeout_during_login_fails_over(class: RequestClass) {
    let cluster = cluster().await;
    let limits = Limits::default().attempt(Duration::from_secs(2));
    let client = builder(&cluster).jwt_auth("root", cluster.root_password()).limits(limits).build().unwrap();
    cluster.coordinator(0).pause();
    // The login hangs until the attempt times out, and then another coordinator responds.
    client.db("_system").execute(insert("m", class)).await.unwrap();
    assert_eq!((cluster.journal().received("m"), cluster.journal().executions("m")), (1, 1));
}
