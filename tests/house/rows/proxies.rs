//! R40–R43: something before the coordinator may have answered for it.

use std::time::Duration;

use arango::balance::MemberState;
use arango::protocol::RequestClass;
use arango::transport::StoppedBy;
use arango::{ErrorKind, Outcome};
use arango_test_cluster::Fault;

use super::refusal::Then::{After, Again, Fails};
use super::refusal::{Refusal, refused, unknown, unless_it_is_a_write};
use super::watched::Watched;
use super::{B1, B2, Expect, OVERLOADED, Tells, meet, on_writes, tells};
use crate::support::{builder, client, cluster, insert};

for_each_class![
    r40_whoever_says_when_to_come_back_is_heeded,
    r40_whoever_does_not_say_when_to_come_back_gets_a_pause,
    r40_a_time_to_come_back_beyond_the_deadline_ends_the_call_at_once,
    r41_what_a_proxy_says_proves_nothing,
    r41_a_proxy_that_says_when_to_come_back_is_heeded,
    r42_a_redirect_is_never_followed,
    r43_arangodbs_own_408_comes_after_it_has_acted,
    r43_after_a_408_of_a_proxy_the_same_is_asked_again_unless_a_copy_could_do_harm,
    r43_a_proxy_that_gives_up_twice_sends_what_may_be_repeated_to_another,
];

/// Says that there are too many requests, and when to come back.
fn throttled(seconds: u32) -> Fault {
    let fault = Fault::answer_raw(429, "text/plain", "slow down");
    on_writes(fault.header("retry-after", seconds.to_string()))
}

async fn r40_whoever_says_when_to_come_back_is_heeded(class: RequestClass) {
    for seconds in [0, 2, 4] {
        let cluster = cluster().await;
        let client = client(&cluster);
        let _fault = cluster.coordinator(0).inject(throttled(seconds).times(1));
        let later = Expect::elsewhere().at_servers(2, 1).standing(OVERLOADED);
        let later = later.after(Duration::from_secs(seconds.into()));
        meet(&cluster, &client, class).await.is(&later);
    }
}

async fn r40_whoever_does_not_say_when_to_come_back_gets_a_pause(class: RequestClass) {
    // With ArangoDB's body and without it.
    for number in [0, 429] {
        refused(429, number, ErrorKind::Throttled, Tells::Overloaded).then(class, After(B2)).await;
    }
}

async fn r40_a_time_to_come_back_beyond_the_deadline_ends_the_call_at_once(class: RequestClass) {
    let cluster = cluster().await;
    let client = client(&cluster);
    let _fault = cluster.coordinator(0).inject(throttled(86_400));
    let stopped = Expect::failure(ErrorKind::Throttled, Outcome::NotExecuted, StoppedBy::Deadline);
    let error = meet(&cluster, &client, class).await.is(&stopped.standing(OVERLOADED)).error();
    assert_eq!(error.attempts()[0].retry_after, Some(Duration::from_secs(86_400)));
}

async fn r41_what_a_proxy_says_proves_nothing(class: RequestClass) {
    for status in [502, 503, 504] {
        let row = unknown(status, 0, ErrorKind::Gateway, Tells::Gateway);
        row.then(class, unless_it_is_a_write(class, After(B1))).await;
    }
}

async fn r41_a_proxy_that_says_when_to_come_back_is_heeded(class: RequestClass) {
    for comes in ["3", "Wed, 21 Oct 2026 07:28:03 GMT"] {
        let cluster = cluster().await;
        let client = client(&cluster);
        let fault = Fault::answer_raw(503, "text/html", "<html>").header("retry-after", comes);
        let fault = fault.header("date", "Wed, 21 Oct 2026 07:28:00 GMT");
        let _fault = cluster.coordinator(0).inject(on_writes(fault).times(1));
        meet(&cluster, &client, class).await.is(&match class {
            RequestClass::NonIdempotent => {
                Expect::failure(ErrorKind::Gateway, Outcome::Unknown, StoppedBy::NotRetryable)
            }
            _ => Expect::elsewhere().at_servers(2, 1).after(Duration::from_secs(3)),
        });
    }
}

async fn r42_a_redirect_is_never_followed(class: RequestClass) {
    for status in [301, 302, 303, 307, 308] {
        let outcome = if status < 304 { Outcome::Unknown } else { Outcome::NotExecuted };
        // With an error object and without.
        for number in [0, 307] {
            let cluster = cluster().await;
            let watched = Watched::of(&cluster);
            let client = builder(&cluster).connect(watched.clone()).build().unwrap();
            let row =
                Refusal { outcome, ..refused(status, number, ErrorKind::UnexpectedRedirect, Tells::Nothing) };
            let fault = row.fault().header("location", "http://192.0.2.1:8529/login?secret");
            let _fault = cluster.coordinator(0).inject(on_writes(fault));
            let met = meet(&cluster, &client, class).await;
            if number == 0 && class == RequestClass::Safe {
                // ArangoDB redirects no call: something else answers there.
                met.is(&Expect::elsewhere().at_servers(2, 1));
            } else {
                let error = met.is(&Expect::failure(row.kind, outcome, StoppedBy::NotRetryable)).error();
                assert!(
                    error.report().to_string().contains("to http://192.0.2.1:8529/login"),
                    "{}",
                    error.report()
                );
                assert!(!error.report().to_string().contains("secret"), "{}", error.report());
            }
            assert!(watched.asked().iter().all(|url| cluster.urls().contains(url)), "{:?}", watched.asked());
        }
    }
    let fault = Fault::answer_raw(307, "text/plain", "").header("location", "http://192.0.2.1/");
    assert_eq!(tells(&cluster().await, class, &fault).await, Tells::Nothing);
}

async fn r43_arangodbs_own_408_comes_after_it_has_acted(class: RequestClass) {
    unknown(408, 504, ErrorKind::Server, Tells::Good).then(class, Fails).await;
}

async fn r43_after_a_408_of_a_proxy_the_same_is_asked_again_unless_a_copy_could_do_harm(class: RequestClass) {
    for executed in [false, true] {
        let row = Refusal { executed, ..unknown(408, 0, ErrorKind::AttemptTimeout, Tells::Nothing) };
        row.then(class, unless_it_is_a_write(class, Again)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_gateway_that_always_answers_for_a_coordinator_takes_it_out_of_the_rotation() {
    let cluster = cluster().await;
    let client = client(&cluster);
    let _fault = cluster.coordinator(0).inject(Fault::answer_raw(502, "text/html", "<html>"));
    let database = client.db("_system");
    for _ in 0..30 {
        database.execute(insert("m", RequestClass::Safe)).await.unwrap();
    }
    let states = client.coordinators();
    assert_eq!(states[0].standing, MemberState::Ejected);
    assert_eq!(states[0].requests, 5);
}

async fn r43_a_proxy_that_gives_up_twice_sends_what_may_be_repeated_to_another(class: RequestClass) {
    let cluster = cluster().await;
    let client = client(&cluster);
    let late = Fault::answer_raw(408, "text/html", "<html>");
    let _late = cluster.coordinator(0).inject(on_writes(late));
    meet(&cluster, &client, class).await.is(&match class {
        RequestClass::NonIdempotent => {
            Expect::failure(ErrorKind::AttemptTimeout, Outcome::Unknown, StoppedBy::NotRetryable)
        }
        _ => Expect::elsewhere()
            .tried(2, 1)
            .at_servers(3, 1)
            .within(Duration::ZERO..=Duration::from_millis(51)),
    });
}
