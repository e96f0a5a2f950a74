//! Members that said that they have too much to do, or that they are about to go.

use std::sync::Mutex;

use super::*;
use crate::HealthPolicy;

const NAMES: [&str; 4] = ["a", "b", "c", "d"];

fn seeded(seed: u64) -> Members<&'static str> {
    Members::builder().random_source(Arc::new(SeededRandom::new(seed))).build(NAMES)
}

fn say(members: &Members<&'static str>, names: &[&str], word: Signal) {
    for member in members.snapshot().iter().filter(|member| names.contains(member.key())) {
        member.record(word, Instant::now());
    }
}

fn standing(members: &Members<&'static str>, index: usize) -> MemberState {
    members.snapshot()[index].state()
}

async fn shares<P: Policy<&'static str, Wish>>(
    members: &Members<&'static str>,
    policy: P,
    requests: u32,
) -> Vec<f64> {
    let mut service = naming(members, policy);
    let mut counts = vec![0_u32; members.len()];
    for _ in 0..requests {
        let name = ask(&mut service, Wish::default()).await.unwrap();
        counts[NAMES.iter().position(|other| *other == name).unwrap()] += 1;
    }
    counts.into_iter().map(|count| f64::from(count) / f64::from(requests)).collect()
}

fn assert_shares(shares: &[f64], expected: [f64; 4]) {
    for (share, expected) in shares.iter().zip(expected) {
        // Five standard deviations of a binomial distribution with n = 20 000.
        let allowed = 5.0 * (expected * (1.0 - expected) / 20_000.0).sqrt();
        assert!((share - expected).abs() <= allowed, "{shares:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_overloaded_member_keeps_a_quarter_of_its_share_and_the_rest_is_spread_evenly() {
    for (names, expected) in [
        (&["b"][..], [0.3125, 0.0625, 0.3125, 0.3125]),
        (&["a", "b"], [0.0625, 0.0625, 0.4375, 0.4375]),
        (&["a", "c", "d"], [0.0625, 0.8125, 0.0625, 0.0625]),
    ] {
        let members = seeded(1);
        say(&members, names, Signal::Overloaded);
        assert_shares(&shares(&members, RoundRobin::default(), 20_000).await, expected);
        assert_shares(&shares(&members, Random::seeded(2), 20_000).await, expected);
    }
}

#[tokio::test(start_paused = true)]
async fn when_all_are_overloaded_each_takes_its_share() {
    let members = seeded(1);
    say(&members, &NAMES, Signal::Overloaded);
    assert_eq!(shares(&members, RoundRobin::default(), 400).await, [0.25; 4]);
}

#[tokio::test(start_paused = true)]
async fn the_same_seed_spares_an_overloaded_member_the_same_requests() {
    let mut runs = Vec::new();
    for seed in [1, 1, 2] {
        let members = seeded(seed);
        say(&members, &["a"], Signal::Overloaded);
        let mut service = naming(&members, RoundRobin::default());
        let mut names = Vec::new();
        for _ in 0..100 {
            names.push(ask(&mut service, Wish::default()).await.unwrap());
        }
        runs.push(names);
    }
    assert_eq!(runs[0], runs[1]);
    assert_ne!(runs[0], runs[2]);
}

#[tokio::test(start_paused = true)]
async fn a_pinned_request_goes_to_its_member_whatever_that_said() {
    for word in [Signal::Overloaded, Signal::Draining] {
        let members = seeded(1);
        say(&members, &["a"], word);
        let mut service = naming(&members, RoundRobin::default());
        for _ in 0..50 {
            assert_eq!(ask(&mut service, Wish { pinned: Some("a"), ..Wish::default() }).await, Ok("a"));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_further_attempt_goes_to_an_untried_well_member_before_one_that_has_too_much_to_do() {
    let members = seeded(1);
    say(&members, &["b", "c"], Signal::Overloaded);
    let mut service = naming(&members, RoundRobin::default());
    for _ in 0..50 {
        assert_eq!(ask(&mut service, Wish { tried: vec!["a"], ..Wish::default() }).await, Ok("d"));
        let name = ask(&mut service, Wish { tried: vec!["a", "d"], ..Wish::default() }).await.unwrap();
        assert!(["b", "c"].contains(&name), "{name} was tried");
    }
}

#[tokio::test(start_paused = true)]
async fn a_leaving_member_takes_only_what_nobody_else_can_take() {
    let members = seeded(1);
    say(&members, &["a"], Signal::Draining);
    say(&members, &["b", "c", "d"], Signal::Overloaded);
    assert_shares(
        &shares(&members, RoundRobin::default(), 300).await,
        [0.0, 1.0 / 3.0, 1.0 / 3.0, 1.0 / 3.0],
    );

    let mut service = naming(&members, RoundRobin::default());
    assert_eq!(ask(&mut service, Wish { tried: vec!["b", "c", "d"], ..Wish::default() }).await, Ok("a"));
    for member in &members.snapshot()[1..] {
        eject(member);
    }
    assert_eq!(ask(&mut service, Wish::default()).await, Ok("a"));
    // Fewer than half are there, and both are as good as each other but for what one of them said.
    let members = Members::new(["a", "b", "c", "d", "e"]);
    say(&members, &["a"], Signal::Draining);
    for member in &members.snapshot()[2..] {
        eject(member);
    }
    let mut service = naming(&members, RoundRobin::default());
    for _ in 0..10 {
        assert_eq!(ask(&mut service, Wish::default()).await, Ok("b"));
    }
}

#[tokio::test(start_paused = true)]
async fn who_has_too_much_to_do_or_is_about_to_go_still_counts_as_there() {
    let members = Members::new(["a", "b", "c"]);
    let list = members.snapshot();
    eject(&list[0]);
    sleep(Duration::from_millis(1)).await;
    for (member, word) in [(&list[1], Signal::Overloaded), (&list[2], Signal::Draining)] {
        member.record(Signal::Unreachable, Instant::now());
        member.record(word, Instant::now());
    }
    // Were they not there, the one that failed longest ago would be asked, ejected or not.
    assert_eq!(ask(&mut naming(&members, RoundRobin::default()), Wish::default()).await, Ok("b"));
}

#[tokio::test(start_paused = true)]
async fn without_a_probe_a_term_simply_ends() {
    let members = seeded(1);
    say(&members, &["a"], Signal::Overloaded);
    say(&members, &["b"], Signal::Draining);
    ask(&mut naming(&members, RoundRobin::default()), Wish::default()).await.unwrap();
    for (millis, expected) in [
        (4_999, [MemberState::Overloaded, MemberState::Draining]),
        (2, [MemberState::Healthy, MemberState::Draining]),
        (24_998, [MemberState::Healthy, MemberState::Draining]),
        (2, [MemberState::Healthy, MemberState::Healthy]),
    ] {
        sleep(Duration::from_millis(millis)).await;
        assert_eq!([standing(&members, 0), standing(&members, 1)], expected);
    }
}

/// Four, of which the first answers probes as told, one after the other.
fn answering(
    probes: impl IntoIterator<Item = ProbeResult, IntoIter: Send + 'static>,
) -> Members<&'static str> {
    let answers = Mutex::new(probes.into_iter());
    Members::builder()
        .random_source(Arc::new(SeededRandom::new(1)))
        .probe(move |member: Member<&'static str>| {
            assert_eq!(*member.key(), "a");
            let found = answers.lock().unwrap().next().expect("one probe for each");
            async move { found }
        })
        .build(NAMES)
}

#[tokio::test(start_paused = true)]
async fn with_a_probe_a_term_ends_when_it_finds_the_member_anything_but_busy() {
    for end in
        [ProbeResult::Available, ProbeResult::Unreachable, ProbeResult::TimedOut, ProbeResult::Inconclusive]
    {
        let members = answering([ProbeResult::Unavailable, ProbeResult::Unavailable, end]);
        say(&members, &["a"], Signal::Overloaded);
        ask(&mut naming(&members, RoundRobin::default()), Wish::default()).await.unwrap();
        sleep(Duration::from_secs(11)).await;
        assert_eq!(standing(&members, 0), MemberState::Overloaded, "two probes found it busy");
        sleep(Duration::from_secs(5)).await;
        assert_eq!(standing(&members, 0), MemberState::Healthy);
        sleep(Duration::from_secs(100)).await;
        assert_eq!(standing(&members, 0), MemberState::Healthy);
    }
}

#[tokio::test(start_paused = true)]
async fn a_member_that_goes_and_comes_back_within_its_term_is_asked_again_as_soon_as_probes_have_seen_it() {
    let members = answering([
        ProbeResult::Unavailable,
        ProbeResult::Unreachable,
        ProbeResult::Unavailable,
        ProbeResult::Available,
    ]);
    let mut changes = members.subscribe();
    let began = Instant::now();
    say(&members, &["a"], Signal::Draining);
    let mut service = naming(&members, RoundRobin::default());
    while standing(&members, 0) != MemberState::HalfOpen {
        assert_ne!(ask(&mut service, Wish::default()).await, Ok("a"));
        sleep(Duration::from_millis(100)).await;
    }
    assert!(began.elapsed() < Duration::from_secs(5), "four probes, of which each comes after a second");
    while ask(&mut service, Wish::default()).await != Ok("a") {}
    members.snapshot()[0].record(Signal::Success, Instant::now());
    let mut told = Vec::new();
    for _ in 0..4 {
        told.push(changes.next().await.unwrap().unwrap().to_string());
    }
    assert_eq!(
        told,
        [
            "a: leaving after well (it says that it is about to go)",
            "a: ejected after leaving (a probe could not reach it)",
            "a: on trial after ejected (a probe found it well)",
            "a: well after on trial (it answered)",
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn a_member_that_was_sent_away_is_spared_while_it_is_well_and_back_once_it_has_gone() {
    let mut probes = vec![ProbeResult::Available; 5];
    probes.extend([ProbeResult::Unreachable, ProbeResult::Available]);
    let members = answering(probes);
    members.snapshot()[0].drain(Instant::now());
    ask(&mut naming(&members, RoundRobin::default()), Wish::default()).await.unwrap();
    sleep(Duration::from_millis(3_900)).await;
    assert_eq!(standing(&members, 0), MemberState::Draining, "it was found well three times at least");
    sleep(Duration::from_secs(5)).await;
    assert_eq!(standing(&members, 0), MemberState::HalfOpen);
}

#[tokio::test(start_paused = true)]
async fn what_one_of_several_behind_an_address_says_takes_none_of_them_out_though_it_is_found_gone() {
    let members = answering([ProbeResult::Unreachable, ProbeResult::Available]);
    members.snapshot()[0].set_shared(true);
    say(&members, &["a"], Signal::Draining);
    ask(&mut naming(&members, RoundRobin::default()), Wish::default()).await.unwrap();
    sleep(Duration::from_millis(1_300)).await;
    assert_eq!(standing(&members, 0), MemberState::Draining);
    sleep(Duration::from_secs(2)).await;
    assert_eq!(standing(&members, 0), MemberState::Healthy);
}

#[tokio::test(start_paused = true)]
async fn what_a_member_says_while_it_is_probed_is_newer_than_what_the_probe_finds() {
    let members = Members::builder()
        .probe(|_| async {
            sleep(Duration::from_secs(1)).await;
            ProbeResult::Available
        })
        .build(NAMES);
    say(&members, &["a"], Signal::Overloaded);
    ask(&mut naming(&members, RoundRobin::default()), Wish::default()).await.unwrap();
    sleep(Duration::from_millis(5_500)).await;
    say(&members, &["a"], Signal::Overloaded);
    sleep(Duration::from_secs(5)).await;
    assert_eq!(standing(&members, 0), MemberState::Overloaded);
    sleep(Duration::from_secs(2)).await;
    assert_eq!(standing(&members, 0), MemberState::Healthy);
}

#[tokio::test(start_paused = true)]
async fn what_a_member_says_during_its_term_puts_the_probe_off() {
    let began = Instant::now();
    let members = Members::builder()
        .probe(move |_| async move {
            assert_eq!(began.elapsed().as_secs(), 8, "five seconds after its last word");
            ProbeResult::Available
        })
        .build(NAMES);
    say(&members, &["a"], Signal::Overloaded);
    ask(&mut naming(&members, RoundRobin::default()), Wish::default()).await.unwrap();
    sleep(Duration::from_secs(3)).await;
    say(&members, &["a"], Signal::Overloaded);
    sleep(Duration::from_secs(6)).await;
    assert_eq!(standing(&members, 0), MemberState::Healthy);
}

#[tokio::test(start_paused = true)]
async fn a_leaving_member_that_is_ejected_is_probed_at_the_end_of_the_shorter_term() {
    let members = Members::builder().probe(|_| async { ProbeResult::Available }).build(NAMES);
    let mut service = naming(&members, RoundRobin::default());
    say(&members, &["a"], Signal::Draining);
    ask(&mut service, Wish::default()).await.unwrap();
    sleep(Duration::from_secs(1)).await; // its task sleeps by now
    eject(&members.snapshot()[0]);
    ask(&mut service, Wish::default()).await.unwrap();
    sleep(Duration::from_millis(1_300)).await;
    assert_eq!(standing(&members, 0), MemberState::HalfOpen);
}

#[tokio::test(start_paused = true)]
async fn a_member_that_begins_to_leave_is_spared_for_that_term_even_if_the_other_was_longer() {
    let policy = HealthPolicy {
        overload_time: Duration::from_secs(60),
        max_drain_time: Duration::from_secs(1),
        ..HealthPolicy::default()
    };
    let members = Members::builder().health(policy).build(NAMES);
    let mut service = naming(&members, RoundRobin::default());
    for word in [Signal::Overloaded, Signal::Draining] {
        say(&members, &["a"], word);
        ask(&mut service, Wish::default()).await.unwrap();
        sleep(Duration::from_millis(1)).await; // its task sleeps by now
    }
    sleep(Duration::from_secs(1)).await;
    assert_eq!(standing(&members, 0), MemberState::Healthy);
}
