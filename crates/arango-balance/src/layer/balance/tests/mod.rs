use std::time::Duration;

use tokio::time::sleep;
use tower::{ServiceExt, service_fn};
use tower_test::{assert_request_eq, mock};

use super::*;
use crate::health::probe_result::ProbeResult;
use crate::health::signal::Signal;
use crate::health::state::MemberState;
use crate::layer::per_member::PerMember;
use crate::policy::random::Random;
use crate::policy::round_robin::RoundRobin;
use crate::random_source::SeededRandom;

mod ejection;
mod ejection_limit;
mod failures;
mod overloaded_and_draining;
mod policies;
mod slow_start;
mod state_changes;

/// A request with constraints on its member.
#[derive(Debug, Clone, Default)]
struct TestRequest {
    pinned: Option<&'static str>,
    preferred: Option<&'static str>,
    tried: Vec<&'static str>,
}

type TestResult = Result<&'static str, NoMember>;

fn route(request: &TestRequest) -> Route<'_, &'static str> {
    Route {
        pinned: request.pinned.as_ref(),
        preferred: request.preferred.as_ref(),
        tried: &request.tried,
        ..Route::any()
    }
}

/// Returns a service that responds with the name of the picked member.
fn named_services<P: Policy<&'static str, TestRequest>>(
    members: &Members<&'static str>,
    policy: P,
) -> impl Service<TestRequest, Response = &'static str, Error = NoMember> + Clone + use<P> {
    BalanceLayer::new(members.clone(), policy).route_by(route).layer(PerMember::new(
        |member: &Member<&'static str>| {
            let name = *member.key();
            service_fn(move |_: TestRequest| async move { TestResult::Ok(name) })
        },
    ))
}

async fn send(
    service: &mut impl Service<TestRequest, Response = &'static str, Error = NoMember>,
    request: TestRequest,
) -> TestResult {
    std::future::poll_fn(|cx| service.poll_ready(cx)).await?;
    service.call(request).await
}

fn eject(member: &Member<&'static str>) {
    for _ in 0..3 {
        member.record(Signal::Unreachable, Instant::now());
    }
    assert_eq!(member.state(), MemberState::Ejected);
}

/// Error type of the mock, convertible from [`NoMember`].
#[derive(Debug)]
struct MockError;

impl From<NoMember> for MockError {
    fn from(_: NoMember) -> Self {
        Self
    }
}

#[tokio::test]
async fn requests_go_to_the_members_in_turn() {
    let members = Members::new(["a", "b"]);
    let list = members.snapshot();
    let (mock, mut handle) = mock::pair::<Routed<&str, &str>, &str>();
    let mut balance = BalanceLayer::new(members, RoundRobin::default()).layer(mock.map_err(|_| MockError));

    for expected in [0, 1, 0] {
        handle.allow(1);
        std::future::poll_fn(|cx| balance.poll_ready(cx)).await.unwrap();
        let response = balance.call("ping");
        let routed = Routed { member: list[expected].clone(), request: "ping" };
        assert_request_eq!(handle, routed).send_response("pong");
        assert_eq!(response.await.unwrap(), "pong");
    }
}

#[tokio::test]
async fn with_an_empty_set_a_request_fails_at_once() {
    let mut service = named_services(&Members::new([]), RoundRobin::default());
    assert_eq!(send(&mut service, TestRequest::default()).await, Err(NoMember { pinned: false }));
}

#[tokio::test]
async fn a_pinned_request_goes_only_to_its_member() {
    let members = Members::new(["a", "b", "c"]);
    let mut service = named_services(&members, RoundRobin::default());
    eject(&members.snapshot()[1]);
    for _ in 0..5 {
        assert_eq!(
            send(&mut service, TestRequest { pinned: Some("b"), ..TestRequest::default() }).await,
            Ok("b")
        );
    }
    let unknown = send(&mut service, TestRequest { pinned: Some("z"), ..TestRequest::default() }).await;
    assert!(unknown.unwrap_err().was_pinned());
}

#[tokio::test]
async fn no_member_is_tried_twice_while_an_untried_one_is_left() {
    let members = Members::new(["a", "b", "c"]);
    let mut service = named_services(&members, Random::seeded(5));
    for _ in 0..50 {
        let mut tried = Vec::new();
        for _ in 0..3 {
            let name = send(&mut service, TestRequest { tried: tried.clone(), ..TestRequest::default() })
                .await
                .unwrap();
            assert!(!tried.contains(&name));
            tried.push(name);
        }
        let result = send(&mut service, TestRequest { tried, ..TestRequest::default() }).await;
        assert!(result.is_ok(), "all were tried: any member may be picked");
    }
}

#[tokio::test(start_paused = true)]
async fn an_ejected_member_gets_no_requests_until_its_probe_succeeds() {
    let members = Members::builder()
        .random_source(Arc::new(SeededRandom::new(1)))
        .probe(|_| async { ProbeResult::Available })
        .build(["a", "b", "c"]);
    let mut service = named_services(&members, RoundRobin::default());
    let ejected = members.snapshot()[1].clone();
    eject(&ejected);

    for _ in 0..10 {
        assert_ne!(send(&mut service, TestRequest::default()).await, Ok("b"));
    }
    sleep(Duration::from_millis(1300)).await; // longer than the first ejection can be
    assert_eq!(ejected.state(), MemberState::HalfOpen);

    let mut names = Vec::new();
    for _ in 0..3 {
        names.push(send(&mut service, TestRequest::default()).await.unwrap());
    }
    assert!(names.contains(&"b"), "{names:?}");
    ejected.record(Signal::Success, Instant::now());
    assert_eq!(ejected.state(), MemberState::Healthy);
}

#[tokio::test(start_paused = true)]
async fn an_unreachable_member_is_probed_repeatedly_at_growing_intervals() {
    let (sender, mut probes) = tokio::sync::mpsc::unbounded_channel();
    let members = Members::builder()
        .random_source(Arc::new(SeededRandom::new(1)))
        .probe(move |member: Member<&'static str>| {
            let key = *member.key();
            let at = Instant::now();
            let sender = sender.clone();
            async move {
                assert!(sender.send((key, at)).is_ok());
                ProbeResult::Unreachable
            }
        })
        .build(["a", "b"]);
    let mut service = named_services(&members, RoundRobin::default());
    eject(&members.snapshot()[0]);
    let begin = Instant::now();
    assert_eq!(
        send(&mut service, TestRequest::default()).await,
        Ok("b"),
        "the request that starts the probe task"
    );

    let mut last = begin;
    for seconds in [1.0, 2.0, 4.0, 8.0] {
        let (key, at) = probes.recv().await.unwrap();
        assert_eq!(key, "a");
        let ratio = (at - last).as_secs_f64() / seconds;
        assert!((0.79..1.21).contains(&ratio), "{ratio} of {seconds} s");
        last = at;
    }
}

#[tokio::test(start_paused = true)]
async fn dropping_the_set_ends_its_probes() {
    let members = Members::builder().probe(|_| std::future::pending()).build(["a", "b"]);
    let mut service = named_services(&members, RoundRobin::default());
    eject(&members.snapshot()[0]);
    send(&mut service, TestRequest::default()).await.unwrap();
    let metrics = tokio::runtime::Handle::current().metrics();
    assert_eq!(metrics.num_alive_tasks(), 1);
    drop((service, members));
    sleep(Duration::from_millis(1)).await;
    assert_eq!(metrics.num_alive_tasks(), 0);
}

#[tokio::test(start_paused = true)]
async fn an_owner_that_shuts_down_ends_the_probes_for_good() {
    let members = Members::builder().probe(|_| std::future::pending()).build(["a", "b"]);
    let mut service = named_services(&members, RoundRobin::default());
    eject(&members.snapshot()[0]);
    send(&mut service, TestRequest::default()).await.unwrap();
    members.stop_probes();
    send(&mut service, TestRequest::default()).await.unwrap();
    sleep(Duration::from_millis(1)).await;
    assert_eq!(tokio::runtime::Handle::current().metrics().num_alive_tasks(), 0);
}

#[tokio::test]
async fn the_only_member_is_never_ejected() {
    let members = Members::new(["a"]);
    for signal in [Signal::Unreachable, Signal::GatewayError].repeat(10) {
        members.snapshot()[0].record(signal, Instant::now());
    }
    assert_eq!(members.snapshot()[0].state(), MemberState::Healthy);
    assert_eq!(
        send(&mut named_services(&members, RoundRobin::default()), TestRequest::default()).await,
        Ok("a")
    );
}

#[tokio::test(start_paused = true)]
async fn if_most_members_are_ejected_the_one_that_failed_longest_ago_is_picked() {
    let members = Members::builder().probe(|_| async { ProbeResult::Unreachable }).build(["a", "b", "c"]);
    let mut service = named_services(&members, RoundRobin::default());
    let list = members.snapshot();
    for index in [1, 2, 0] {
        sleep(Duration::from_millis(1)).await;
        eject(&list[index]);
    }
    assert_eq!(send(&mut service, TestRequest::default()).await, Ok("b"));
    assert_eq!(send(&mut service, TestRequest { tried: vec!["b"], ..TestRequest::default() }).await, Ok("c"));
    assert_eq!(
        send(&mut service, TestRequest { tried: vec!["b", "c"], ..TestRequest::default() }).await,
        Ok("a")
    );
}

#[tokio::test(start_paused = true)]
async fn members_that_all_recover_get_equal_shares_again() {
    let members = Members::builder().probe(|_| async { ProbeResult::Available }).build(["a", "b", "c"]);
    let mut service = named_services(&members, RoundRobin::default());
    for member in members.snapshot().iter() {
        eject(member);
    }
    send(&mut service, TestRequest::default()).await.unwrap();
    sleep(Duration::from_secs(2)).await;
    for _ in 0..30 {
        let name = send(&mut service, TestRequest::default()).await.unwrap();
        let member = members.snapshot().iter().find(|member| *member.key() == name).unwrap().clone();
        member.record(Signal::Success, Instant::now());
    }
    let list = members.snapshot();
    assert!(list.iter().all(|member| member.state() == MemberState::Healthy), "{list:?}");
    assert!(list.iter().all(|member| member.requests() >= 9), "{list:?}");
}

#[tokio::test(start_paused = true)]
async fn if_most_members_stay_unreachable_a_recovered_one_shares_with_one_that_never_failed() {
    let probe = |member: Member<&'static str>| async move {
        if *member.key() == "a" { ProbeResult::Available } else { ProbeResult::Unreachable }
    };
    let members = Members::builder().probe(probe).build(["a", "b", "c", "d", "e"]);
    let mut service = named_services(&members, RoundRobin::default());
    let list = members.snapshot();
    for index in [0, 2, 3, 4] {
        eject(&list[index]);
    }
    let mut counts = [0; 5];
    for second in 0..60 {
        let name = send(&mut service, TestRequest::default()).await.unwrap();
        let index = list.iter().position(|member| *member.key() == name).unwrap();
        list[index].record(if index < 2 { Signal::Success } else { Signal::Unreachable }, Instant::now());
        counts[index] += usize::from(second >= 20);
        sleep(Duration::from_secs(1)).await;
    }
    assert_eq!((list[0].state(), counts), (MemberState::Healthy, [20, 20, 0, 0, 0]));
}

#[tokio::test]
async fn a_member_that_rejects_everything_is_not_the_first_pick_of_every_request() {
    for size in [2, 3] {
        let members = Members::new(["a", "b", "c"].into_iter().take(size));
        let mut service = named_services(&members, RoundRobin::default());
        let mut first = 0;
        for _ in 0..300 {
            if send(&mut service, TestRequest::default()).await.unwrap() == "a" {
                first += 1;
                send(&mut service, TestRequest { tried: vec!["a"], ..TestRequest::default() }).await.unwrap();
            }
        }
        assert_eq!(first, 300 / size);
    }
}

#[tokio::test]
async fn a_dropped_request_is_no_longer_in_flight() {
    let members = Members::new(["a"]);
    let mut balance = BalanceLayer::new(members.clone(), RoundRobin::default()).layer(PerMember::new(
        |_: &Member<&'static str>| service_fn(|(): ()| std::future::pending::<TestResult>()),
    ));
    let response = balance.call(());
    assert_eq!(members.snapshot()[0].in_flight(), 1);
    drop(response);
    assert_eq!((members.snapshot()[0].in_flight(), members.snapshot()[0].requests()), (0, 1));
}

#[tokio::test]
async fn the_preferred_member_is_picked_unless_it_is_ejected_removed_or_was_tried() {
    let members = Members::new(["a", "b", "c"]);
    let mut service = named_services(&members, RoundRobin::default());
    let request = || TestRequest { preferred: Some("b"), ..TestRequest::default() };
    for _ in 0..5 {
        assert_eq!(send(&mut service, request()).await.unwrap(), "b");
    }
    let again = TestRequest { tried: vec!["b"], ..request() };
    assert_ne!(send(&mut service, again).await.unwrap(), "b");
    members.snapshot()[1].record(Signal::Draining, Instant::now());
    assert_eq!(send(&mut service, request()).await.unwrap(), "b", "a draining member can still be preferred");
    eject(&members.snapshot()[1]);
    assert_ne!(send(&mut service, request()).await.unwrap(), "b");
    members.remove(&"b");
    assert_ne!(send(&mut service, request()).await.unwrap(), "b");
    members.add_unverified("b");
    assert_ne!(send(&mut service, request()).await.unwrap(), "b", "the member is unverified");
}

#[tokio::test]
async fn a_shared_member_is_neither_preferred_nor_ejected() {
    let members = Members::new(["a", "b"]);
    let mut change = members.change();
    change.set_shared(&"b", true);
    change.commit().notify();
    let mut service = named_services(&members, RoundRobin::default());
    let mut seen = Vec::new();
    for _ in 0..4 {
        seen.push(
            send(&mut service, TestRequest { preferred: Some("b"), ..TestRequest::default() }).await.unwrap(),
        );
    }
    assert_eq!(seen, ["a", "b", "a", "b"]);
    for _ in 0..10 {
        members.snapshot()[1].record(Signal::Unreachable, Instant::now());
    }
    assert_eq!(members.snapshot()[1].state(), MemberState::Healthy);
}
