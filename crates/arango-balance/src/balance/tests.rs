use std::time::Duration;

use tokio::time::sleep;
use tower::{ServiceExt, service_fn};
use tower_test::{assert_request_eq, mock};

use super::*;
use crate::{MemberState, PerMember, ProbeResult, Random, RoundRobin, SeededRandom, Signal};

mod changes;
mod ejection;
mod failures;
mod half;
mod policies;
mod spared;
mod warm_up;

/// A request with wishes.
#[derive(Debug, Clone, Default)]
struct Wish {
    pinned: Option<&'static str>,
    preferred: Option<&'static str>,
    tried: Vec<&'static str>,
}

type Answer = Result<&'static str, NoMember>;

fn route(wish: &Wish) -> Route<'_, &'static str> {
    Route {
        pinned: wish.pinned.as_ref(),
        preferred: wish.preferred.as_ref(),
        tried: &wish.tried,
        ..Route::any()
    }
}

/// Answers with the name of the member that was picked.
fn naming<P: Policy<&'static str, Wish>>(
    members: &Members<&'static str>,
    policy: P,
) -> impl Service<Wish, Response = &'static str, Error = NoMember> + Clone + use<P> {
    BalanceLayer::new(members.clone(), policy).route_by(route).layer(PerMember::new(
        |member: &Member<&'static str>| {
            let name = *member.key();
            service_fn(move |_: Wish| async move { Answer::Ok(name) })
        },
    ))
}

async fn ask(
    service: &mut impl Service<Wish, Response = &'static str, Error = NoMember>,
    wish: Wish,
) -> Answer {
    std::future::poll_fn(|cx| service.poll_ready(cx)).await?;
    service.call(wish).await
}

fn eject(member: &Member<&'static str>) {
    for _ in 0..3 {
        member.record(Signal::Unreachable, Instant::now());
    }
    assert_eq!(member.state(), MemberState::Ejected);
}

/// The mock's error, and what `Balance` needs to be able to say.
#[derive(Debug)]
struct Failed;

impl From<NoMember> for Failed {
    fn from(_: NoMember) -> Self {
        Self
    }
}

#[tokio::test]
async fn requests_take_the_members_in_turn() {
    let members = Members::new(["a", "b"]);
    let list = members.snapshot();
    let (mock, mut handle) = mock::pair::<Routed<&str, &str>, &str>();
    let mut balance = BalanceLayer::new(members, RoundRobin::default()).layer(mock.map_err(|_| Failed));

    for expected in [0, 1, 0] {
        handle.allow(1);
        std::future::poll_fn(|cx| balance.poll_ready(cx)).await.unwrap();
        let answer = balance.call("ping");
        let routed = Routed { member: list[expected].clone(), request: "ping" };
        assert_request_eq!(handle, routed).send_response("pong");
        assert_eq!(answer.await.unwrap(), "pong");
    }
}

#[tokio::test]
async fn an_empty_set_fails_at_once_rather_than_waiting() {
    let mut service = naming(&Members::new([]), RoundRobin::default());
    assert_eq!(ask(&mut service, Wish::default()).await, Err(NoMember { pinned: false }));
}

#[tokio::test]
async fn a_pinned_request_goes_to_its_member_or_nowhere() {
    let members = Members::new(["a", "b", "c"]);
    let mut service = naming(&members, RoundRobin::default());
    eject(&members.snapshot()[1]);
    for _ in 0..5 {
        assert_eq!(ask(&mut service, Wish { pinned: Some("b"), ..Wish::default() }).await, Ok("b"));
    }
    let unknown = ask(&mut service, Wish { pinned: Some("z"), ..Wish::default() }).await;
    assert!(unknown.unwrap_err().was_pinned());
}

#[tokio::test]
async fn no_member_is_asked_twice_while_an_untried_one_is_left() {
    let members = Members::new(["a", "b", "c"]);
    let mut service = naming(&members, Random::seeded(5));
    for _ in 0..50 {
        let mut tried = Vec::new();
        for _ in 0..3 {
            let name = ask(&mut service, Wish { tried: tried.clone(), ..Wish::default() }).await.unwrap();
            assert!(!tried.contains(&name));
            tried.push(name);
        }
        assert!(ask(&mut service, Wish { tried, ..Wish::default() }).await.is_ok(), "all tried: any will do");
    }
}

#[tokio::test(start_paused = true)]
async fn an_ejected_member_gets_nothing_until_its_probe_is_good_and_then_its_share() {
    let members = Members::builder()
        .random_source(Arc::new(SeededRandom::new(1)))
        .probe(|_| async { ProbeResult::Available })
        .build(["a", "b", "c"]);
    let mut service = naming(&members, RoundRobin::default());
    let ejected = members.snapshot()[1].clone();
    eject(&ejected);

    for _ in 0..10 {
        assert_ne!(ask(&mut service, Wish::default()).await, Ok("b"));
    }
    sleep(Duration::from_millis(1300)).await; // the longest that a first term can be
    assert_eq!(ejected.state(), MemberState::HalfOpen);

    let mut answers = Vec::new();
    for _ in 0..3 {
        answers.push(ask(&mut service, Wish::default()).await.unwrap());
    }
    assert!(answers.contains(&"b"), "{answers:?}");
    ejected.record(Signal::Success, Instant::now());
    assert_eq!(ejected.state(), MemberState::Healthy);
}

#[tokio::test(start_paused = true)]
async fn a_member_that_stays_dead_is_probed_again_and_again_with_growing_terms() {
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
    let mut service = naming(&members, RoundRobin::default());
    eject(&members.snapshot()[0]);
    let begin = Instant::now();
    assert_eq!(ask(&mut service, Wish::default()).await, Ok("b"), "the request that wakes the probe");

    let mut last = begin;
    for seconds in [1.0, 2.0, 4.0, 8.0] {
        let (key, at) = probes.recv().await.unwrap();
        assert_eq!(key, "a");
        let term = (at - last).as_secs_f64() / seconds;
        assert!((0.79..1.21).contains(&term), "{term} of {seconds} s");
        last = at;
    }
}

#[tokio::test(start_paused = true)]
async fn dropping_the_set_ends_its_probes() {
    let members = Members::builder().probe(|_| std::future::pending()).build(["a", "b"]);
    let mut service = naming(&members, RoundRobin::default());
    eject(&members.snapshot()[0]);
    ask(&mut service, Wish::default()).await.unwrap();
    let metrics = tokio::runtime::Handle::current().metrics();
    assert_eq!(metrics.num_alive_tasks(), 1);
    drop((service, members));
    sleep(Duration::from_millis(1)).await;
    assert_eq!(metrics.num_alive_tasks(), 0);
}

#[tokio::test(start_paused = true)]
async fn an_owner_that_closes_down_ends_the_probes_for_good() {
    let members = Members::builder().probe(|_| std::future::pending()).build(["a", "b"]);
    let mut service = naming(&members, RoundRobin::default());
    eject(&members.snapshot()[0]);
    ask(&mut service, Wish::default()).await.unwrap();
    members.end_probes();
    ask(&mut service, Wish::default()).await.unwrap();
    sleep(Duration::from_millis(1)).await;
    assert_eq!(tokio::runtime::Handle::current().metrics().num_alive_tasks(), 0);
}

#[tokio::test]
async fn the_only_member_is_never_ejected() {
    let members = Members::new(["a"]);
    for verdict in [Signal::Unreachable, Signal::GatewayError].repeat(10) {
        members.snapshot()[0].record(verdict, Instant::now());
    }
    assert_eq!(members.snapshot()[0].state(), MemberState::Healthy);
    assert_eq!(ask(&mut naming(&members, RoundRobin::default()), Wish::default()).await, Ok("a"));
}

#[tokio::test(start_paused = true)]
async fn when_most_are_ejected_ejection_is_ignored_and_who_failed_longest_ago_goes_first() {
    let members = Members::builder().probe(|_| async { ProbeResult::Unreachable }).build(["a", "b", "c"]);
    let mut service = naming(&members, RoundRobin::default());
    let list = members.snapshot();
    for index in [1, 2, 0] {
        sleep(Duration::from_millis(1)).await;
        eject(&list[index]);
    }
    assert_eq!(ask(&mut service, Wish::default()).await, Ok("b"));
    assert_eq!(ask(&mut service, Wish { tried: vec!["b"], ..Wish::default() }).await, Ok("c"));
    assert_eq!(ask(&mut service, Wish { tried: vec!["b", "c"], ..Wish::default() }).await, Ok("a"));
}

#[tokio::test(start_paused = true)]
async fn when_all_were_ejected_and_all_are_back_each_gets_its_share_again() {
    let members = Members::builder().probe(|_| async { ProbeResult::Available }).build(["a", "b", "c"]);
    let mut service = naming(&members, RoundRobin::default());
    for member in members.snapshot().iter() {
        eject(member);
    }
    ask(&mut service, Wish::default()).await.unwrap();
    sleep(Duration::from_secs(2)).await;
    for _ in 0..30 {
        let name = ask(&mut service, Wish::default()).await.unwrap();
        let member = members.snapshot().iter().find(|member| *member.key() == name).unwrap().clone();
        member.record(Signal::Success, Instant::now());
    }
    let list = members.snapshot();
    assert!(list.iter().all(|member| member.state() == MemberState::Healthy), "{list:?}");
    assert!(list.iter().all(|member| member.requests() >= 9), "{list:?}");
}

#[tokio::test(start_paused = true)]
async fn when_most_have_gone_for_good_one_that_comes_back_shares_with_one_that_never_failed() {
    let probe = |member: Member<&'static str>| async move {
        if *member.key() == "a" { ProbeResult::Available } else { ProbeResult::Unreachable }
    };
    let members = Members::builder().probe(probe).build(["a", "b", "c", "d", "e"]);
    let mut service = naming(&members, RoundRobin::default());
    let list = members.snapshot();
    for index in [0, 2, 3, 4] {
        eject(&list[index]);
    }
    let mut counts = [0; 5];
    for second in 0..60 {
        let name = ask(&mut service, Wish::default()).await.unwrap();
        let place = list.iter().position(|member| *member.key() == name).unwrap();
        list[place].record(if place < 2 { Signal::Success } else { Signal::Unreachable }, Instant::now());
        counts[place] += usize::from(second >= 20);
        sleep(Duration::from_secs(1)).await;
    }
    assert_eq!((list[0].state(), counts), (MemberState::Healthy, [20, 20, 0, 0, 0]));
}

#[tokio::test]
async fn a_member_that_refuses_everything_is_not_the_first_choice_of_everything() {
    for size in [2, 3] {
        let members = Members::new(["a", "b", "c"].into_iter().take(size));
        let mut service = naming(&members, RoundRobin::default());
        let mut first = 0;
        for _ in 0..300 {
            if ask(&mut service, Wish::default()).await.unwrap() == "a" {
                first += 1;
                ask(&mut service, Wish { tried: vec!["a"], ..Wish::default() }).await.unwrap();
            }
        }
        assert_eq!(first, 300 / size);
    }
}

#[tokio::test]
async fn a_dropped_request_is_no_longer_in_flight() {
    let members = Members::new(["a"]);
    let mut balance = BalanceLayer::new(members.clone(), RoundRobin::default()).layer(PerMember::new(
        |_: &Member<&'static str>| service_fn(|(): ()| std::future::pending::<Answer>()),
    ));
    let answer = balance.call(());
    assert_eq!(members.snapshot()[0].in_flight(), 1);
    drop(answer);
    assert_eq!((members.snapshot()[0].in_flight(), members.snapshot()[0].requests()), (0, 1));
}

#[tokio::test]
async fn the_preferred_member_is_asked_as_long_as_it_is_there_and_was_not_asked_already() {
    let members = Members::new(["a", "b", "c"]);
    let mut service = naming(&members, RoundRobin::default());
    let wish = || Wish { preferred: Some("b"), ..Wish::default() };
    for _ in 0..5 {
        assert_eq!(ask(&mut service, wish()).await.unwrap(), "b");
    }
    let again = Wish { tried: vec!["b"], ..wish() };
    assert_ne!(ask(&mut service, again).await.unwrap(), "b");
    members.snapshot()[1].record(Signal::Draining, Instant::now());
    assert_eq!(ask(&mut service, wish()).await.unwrap(), "b", "what lives there is still there");
    eject(&members.snapshot()[1]);
    assert_ne!(ask(&mut service, wish()).await.unwrap(), "b");
    members.remove(&"b");
    assert_ne!(ask(&mut service, wish()).await.unwrap(), "b");
    members.add_unverified("b");
    assert_ne!(ask(&mut service, wish()).await.unwrap(), "b", "it is only tried out");
}

#[tokio::test]
async fn nobody_prefers_what_several_answer_under_and_nothing_ejects_it() {
    let members = Members::new(["a", "b"]);
    let mut change = members.change();
    change.set_shared(&"b", true);
    change.commit().notify();
    let mut service = naming(&members, RoundRobin::default());
    let mut seen = Vec::new();
    for _ in 0..4 {
        seen.push(ask(&mut service, Wish { preferred: Some("b"), ..Wish::default() }).await.unwrap());
    }
    assert_eq!(seen, ["a", "b", "a", "b"]);
    for _ in 0..10 {
        members.snapshot()[1].record(Signal::Unreachable, Instant::now());
    }
    assert_eq!(members.snapshot()[1].state(), MemberState::Healthy);
}
