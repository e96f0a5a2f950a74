//! Coordinators that nobody named.

mod curious;
mod network;
mod one_address;
mod rights;
mod strangers;
mod when;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use arango::protocol::RequestClass;
use arango::{Client, ClientBuilder, Discovery, Membership};
use arango_test_cluster::{Fault, Match, TestCluster};
use tokio::task::JoinSet;
use tokio::time::sleep;

use self::curious::Curious;
use self::network::{Anywhere, Warnings};
use crate::support::{ask_at_once, builder, cluster, cluster_of, insert, struck};

const MINUTE: Duration = Duration::from_secs(60);

/// A client that is told of the first coordinator alone, and looks for others.
fn looking(cluster: &TestCluster) -> ClientBuilder {
    builder(cluster).hosts(cluster.coordinator(0).url()).discovery(Discovery::on())
}

/// The members and what they are.
fn memberships(client: &Client) -> Vec<(String, Membership)> {
    let states = client.coordinators().into_iter();
    states.map(|state| (state.address.to_string(), state.membership)).collect()
}

fn members(client: &Client) -> usize {
    let takes = |membership: &Membership| matches!(membership, Membership::Seed | Membership::Discovered);
    client.coordinators().iter().filter(|state| takes(&state.membership)).count()
}

/// How often a list of coordinators was asked for.
fn lists(cluster: &TestCluster) -> usize {
    cluster.journal().entries().iter().filter(|entry| entry.path == "/_api/cluster/endpoints").count()
}

/// How many requests of ours each coordinator is sent.
async fn shares(cluster: &TestCluster, client: &Client, calls: usize) -> Vec<usize> {
    cluster.journal().clear();
    ask_at_once(client, calls).await;
    let entries = cluster.journal().entries();
    let at = |index| {
        entries.iter().filter(|entry| entry.path == "/_api/version" && entry.coordinator == index).count()
    };
    (0..cluster.coordinators().len()).map(at).collect()
}

#[tokio::test(start_paused = true)]
async fn it_is_off_unless_it_is_switched_on() {
    let cluster = cluster().await;
    for builder in [builder(&cluster), builder(&cluster).discovery(Discovery::off())] {
        let client = builder.hosts(cluster.coordinator(0).url()).build().unwrap();
        for _ in 0..20 {
            assert_eq!(shares(&cluster, &client, 1).await, [1, 0, 0]);
            sleep(MINUTE).await;
            assert_eq!(cluster.journal().entries().len(), 1, "nothing but what was asked");
        }
        assert_eq!(client.coordinators().len(), 1);
        assert_eq!(client.coordinators()[0].membership, Membership::Seed);
    }
}

#[test]
fn a_client_is_built_without_a_runtime_and_looks_around_with_its_first_call() {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    let cluster = runtime.block_on(cluster());
    let client = looking(&cluster).build().unwrap();
    runtime.block_on(async {
        sleep(MINUTE).await;
        assert_eq!(cluster.journal().entries().len(), 0);
        client.db("_system").version().await.unwrap();
        sleep(Duration::from_secs(1)).await;
        assert_eq!((lists(&cluster), members(&client)), (1, 3));
    });
}

#[tokio::test(start_paused = true)]
async fn coordinators_that_are_listed_take_their_share() {
    let cluster = cluster().await;
    let client = looking(&cluster).build().unwrap();
    ask_at_once(&client, 1).await;
    sleep(Duration::from_secs(20)).await;
    let there = memberships(&client);
    assert_eq!(there[0], (cluster.urls()[0].clone(), Membership::Seed));
    assert!(there[1..].iter().all(|(_, membership)| *membership == Membership::Discovered), "{there:?}");
    let shares = shares(&cluster, &client, 300).await;
    assert!(shares.iter().all(|share| (90..=110).contains(share)), "{shares:?}");
}

#[tokio::test(start_paused = true)]
async fn one_that_is_started_takes_its_share_within_about_a_minute() {
    let cluster = cluster_of(4).await;
    let new = cluster.coordinator(3);
    new.kill();
    new.deregister();
    let client = builder(&cluster).hosts(&cluster.urls()[..3]).discovery(Discovery::on()).build().unwrap();
    ask_at_once(&client, 1).await;
    sleep(3 * MINUTE).await;
    assert_eq!(memberships(&client).len(), 3);
    let starting = new.starting();
    new.restart().await.unwrap();
    sleep(67 * Duration::from_secs(1)).await;
    assert_eq!(shares(&cluster, &client, 30).await[3], 0, "not while it starts");
    let state = client.coordinators().pop().unwrap();
    let Membership::Candidate { refused: Some(why) } = state.membership else { panic!("{state:?}") };
    assert!(why.contains("takes no requests"), "{why}");
    drop(starting);
    sleep(MINUTE + Duration::from_secs(20)).await;
    let shares = shares(&cluster, &client, 400).await;
    assert!(shares.iter().all(|share| (90..=110).contains(share)), "{shares:?}");
}

#[tokio::test(start_paused = true)]
async fn one_that_is_taken_away_loses_no_call_and_doubles_none() {
    let cluster = cluster().await;
    let client = looking(&cluster).build().unwrap();
    ask_at_once(&client, 1).await;
    sleep(Duration::from_secs(20)).await;
    assert_eq!(members(&client), 3);

    let leaver = cluster.coordinator(2);
    let slow =
        leaver.inject(Fault::latency(Duration::from_secs(250)).on(Match::post("/_api/document/*")).times(1));
    let mut calls = JoinSet::new();
    let mut number = 0;
    let mut write = |calls: &mut JoinSet<_>| {
        let patient =
            arango::CallOptions::default().attempt(Duration::from_secs(600)).total(Duration::from_secs(600));
        let database = client.db("_system").options(patient);
        let marker = format!("m{number}");
        number += 1;
        calls.spawn(async move { database.execute(insert(&marker, RequestClass::NonIdempotent)).await });
        number
    };
    for _ in 0..3 {
        write(&mut calls);
    }
    struck(&slow).await;
    leaver.deregister();
    let mut removed_after = None;
    for second in 0..200 {
        write(&mut calls);
        sleep(Duration::from_secs(1)).await;
        let state = memberships(&client).into_iter().find(|(address, _)| *address == leaver.url());
        let goes = state.as_ref().is_none_or(|(_, membership)| *membership == Membership::Draining);
        if goes && removed_after.is_none() {
            removed_after = Some(second);
            assert_eq!(state.unwrap().1, Membership::Draining, "something is under way there");
        }
    }
    assert!(removed_after.is_some_and(|second| (54..=133).contains(&second)), "{removed_after:?}");
    assert_eq!(memberships(&client).len(), 2, "and then it is told of no more");
    assert_eq!(leaver.open_connections(), 1, "but what is under way is not cut");
    let before = cluster.journal().requests_per_coordinator()[2];
    for _ in 0..30 {
        write(&mut calls);
    }
    let written = write(&mut calls);
    while let Some(call) = calls.join_next().await {
        call.unwrap().unwrap();
    }
    assert_eq!(cluster.journal().requests_per_coordinator()[2], before, "nothing new was sent there");
    for number in 0..written {
        assert_eq!(cluster.journal().executions(&format!("m{number}")), 1, "m{number}");
    }
    sleep(Duration::from_millis(10)).await;
    assert_eq!(leaver.open_connections(), 0, "and its connections are closed");
    leaver.kill();
    for index in 0..10 {
        client
            .db("_system")
            .execute(insert(&format!("after{index}"), RequestClass::NonIdempotent))
            .await
            .unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn one_list_that_lacks_somebody_takes_nobody_away() {
    let cluster = cluster().await;
    let client = looking(&cluster).build().unwrap();
    ask_at_once(&client, 1).await;
    sleep(Duration::from_secs(20)).await;
    // By the word of one coordinator alone, again and again.
    let alone = serde_json::json!({ "error": false, "code": 200, "endpoints": [
        { "endpoint": format!("tcp://{}", cluster.coordinator(1).address()) }] });
    let lies = Fault::answer_raw(200, "application/json", alone.to_string());
    let _lies = cluster.coordinator(1).inject(lies.on(Match::get("/_api/cluster/endpoints")));
    sleep(20 * MINUTE).await;
    assert_eq!(members(&client), 3);
}

#[tokio::test(start_paused = true)]
async fn without_a_list_all_goes_on_with_those_that_are_known() {
    for trouble in [
        Fault::answer(500, 4, "internal"),
        Fault::answer(501, 9, "cannot serve this request for this deployment type"),
        Fault::answer_raw(200, "application/json", "nonsense"),
        Fault::answer_raw(200, "application/json", r#"{"error":false,"code":200,"endpoints":[]}"#),
        Fault::answer_raw(
            200,
            "application/json",
            r#"{"error":false,"code":200,"endpoints":[{"endpoint":""},{"endpoint":"ftp://x"},{"endpoint":"tcp://0.0.0.0:1"}]}"#,
        ),
        Fault::hang(),
    ] {
        let cluster = cluster().await;
        let client = looking(&cluster).build().unwrap();
        ask_at_once(&client, 1).await;
        sleep(Duration::from_secs(20)).await;
        let on = || Match::get("/_api/cluster/endpoints");
        let faults: Vec<_> =
            cluster.coordinators().iter().map(|one| one.inject(trouble.clone().on(on()))).collect();
        sleep(10 * MINUTE).await;
        let hits = faults.iter().map(arango_test_cluster::FaultGuard::hits).sum::<usize>();
        assert!(hits >= 9, "{hits} {trouble:?}");
        assert_eq!(members(&client), 3, "{trouble:?}");
        // Who is asked for nothing else and is silent is left out for a while, as for any request.
        let shares = shares(&cluster, &client, 30).await;
        assert!(shares == [10, 10, 10] || format!("{trouble:?}").contains("Hang"), "{trouble:?} {shares:?}");
        drop(faults);
        cluster.coordinator(2).deregister();
        sleep(4 * MINUTE).await;
        assert_eq!(members(&client), 2, "and then it listens again");
    }
}

#[tokio::test(start_paused = true)]
async fn where_none_that_is_listed_can_be_reached_the_seeds_go_on_and_it_is_said_once() {
    let warnings = Warnings::default();
    let _listening = warnings.listen();
    let cluster = cluster().await;
    for (index, one) in cluster.coordinators().iter().enumerate() {
        one.advertise(Some(&format!("tcp://10.0.0.{index}:8529")));
    }
    let client = builder(&cluster).discovery(Discovery::on()).build().unwrap();
    ask_at_once(&client, 1).await;
    sleep(30 * MINUTE).await;
    assert_eq!(members(&client), 3);
    assert_eq!(client.coordinators().len(), 6);
    for state in &client.coordinators()[3..] {
        let Membership::Candidate { refused: Some(why) } = &state.membership else { panic!("{state:?}") };
        assert!(why.contains("could not be reached") || why.contains("refused"), "{why}");
        assert!((4..=8).contains(&state.requests), "each ten minutes: {}", state.requests);
    }
    assert_eq!(warnings.take(), 1);
    assert_eq!(shares(&cluster, &client, 30).await, [10, 10, 10]);

    // Once they can be reached, they are the seeds' second names.
    for one in cluster.coordinators() {
        one.advertise(None);
    }
    sleep(2 * MINUTE).await;
    assert_eq!((client.coordinators().len(), warnings.take()), (3, 0));
}

#[tokio::test(start_paused = true)]
async fn whoever_knows_better_says_where_those_are_that_are_listed() {
    let cluster = cluster().await;
    for one in cluster.coordinators() {
        one.advertise(Some(&format!("tcp://10.0.0.1:{}", one.address().port())));
    }
    let left_out = cluster.coordinator(2).address().port();
    let map = Discovery::on().map(move |advertised| {
        let port: u16 = advertised.rsplit(':').next()?.parse().ok()?;
        (port != left_out).then(|| format!("tcp://127.0.0.1:{port}"))
    });
    let client = looking(&cluster).discovery(map).build().unwrap();
    ask_at_once(&client, 1).await;
    sleep(Duration::from_secs(20)).await;
    let expected = [Membership::Seed, Membership::Discovered];
    let there: Vec<_> = memberships(&client).into_iter().map(|(_, membership)| membership).collect();
    assert_eq!(there, expected);
}

#[tokio::test(start_paused = true)]
async fn of_a_list_of_ten_thousand_endpoints_only_the_first_are_looked_at() {
    let cluster = cluster().await;
    let endpoints: Vec<_> = (0..10_000_u32)
        .map(|number| serde_json::json!({ "endpoint": format!("tcp://10.0.{}.{}:8529", number / 250, number % 250) }))
        .collect();
    let list = serde_json::json!({ "error": false, "code": 200, "endpoints": endpoints }).to_string();
    let list = Fault::answer_raw(200, "application/json", list).on(Match::get("/_api/cluster/endpoints"));
    let _list = cluster.coordinator(0).inject(list.times(1));
    let looked_at = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&looked_at);
    let map = Discovery::on().map(move |advertised| {
        counted.fetch_add(1, Ordering::Relaxed);
        Some(advertised.to_owned())
    });
    let client = looking(&cluster).discovery(map).build().unwrap();
    ask_at_once(&client, 1).await;
    sleep(Duration::from_millis(100)).await;
    assert_eq!(looked_at.load(Ordering::Relaxed), 257, "256 beside the one member");
    assert_eq!(client.coordinators().len(), 257);
}

#[tokio::test(start_paused = true)]
async fn whoever_panics_when_asked_for_that_takes_nothing_down() {
    let cluster = cluster().await;
    let map = Discovery::on().map(|_| panic!("on purpose"));
    let client = looking(&cluster).discovery(map).build().unwrap();
    for _ in 0..10 {
        ask_at_once(&client, 3).await;
        sleep(MINUTE).await;
    }
    assert_eq!(memberships(&client), [(cluster.urls()[0].clone(), Membership::Seed)]);
    assert!(lists(&cluster) >= 9, "and it goes on asking");
}

#[tokio::test(start_paused = true)]
async fn a_seed_and_its_address_in_the_list_are_one_member() {
    let cluster = cluster().await;
    let names = Anywhere::of(&cluster);
    let seed = format!("http://first.example:{}", cluster.coordinator(0).address().port());
    // The cluster is on this machine, and the name does not say so.
    let here = Discovery::on().map(|advertised| Some(advertised.to_owned()));
    let client = looking(&cluster).hosts(seed.clone()).resolve(names).discovery(here).build().unwrap();
    ask_at_once(&client, 1).await;
    sleep(5 * MINUTE).await;
    let there = memberships(&client);
    assert_eq!((members(&client), there.len()), (3, 4), "{there:?}");
    assert_eq!(there[0], (seed.clone(), Membership::Seed));
    let second = there.iter().find(|(address, _)| *address == cluster.urls()[0]).unwrap();
    assert_eq!(second.1, Membership::Candidate { refused: Some(format!("it is the same as {seed}")) });
    assert_eq!(shares(&cluster, &client, 30).await, [10, 10, 10]);
}

#[tokio::test(start_paused = true)]
async fn what_coordinators_call_their_own_machine_is_not_looked_for_on_this_one() {
    let cluster = cluster().await;
    let seed = format!("http://first.example:{}", cluster.coordinator(0).address().port());
    let client = looking(&cluster).hosts(seed.clone()).resolve(Anywhere::of(&cluster)).build().unwrap();
    ask_at_once(&client, 1).await;
    sleep(5 * MINUTE).await;
    assert_eq!(memberships(&client), [(seed, Membership::Seed)]);
    assert!(lists(&cluster) >= 4, "it was told of all");
    assert_eq!(cluster.journal().requests_to(1) + cluster.journal().requests_to(2), 0);
}

#[tokio::test(start_paused = true)]
async fn layers_may_ask_who_is_there_when_they_are_made_and_when_their_coordinator_goes() {
    let cluster = cluster().await;
    let curious = Curious::default();
    let layers = curious.clone();
    let client = looking(&cluster).attempt_layer_with(move |_| layers.layer()).build().unwrap();
    assert!(curious.client.set(client.clone()).is_ok());
    ask_at_once(&client, 1).await;
    sleep(2 * MINUTE).await;
    ask_at_once(&client, 30).await;
    let before = curious.answered.load(Ordering::Relaxed);
    assert!(before >= 3, "one for each coordinator: {before}");
    cluster.coordinator(2).deregister();
    for _ in 0..5 {
        sleep(MINUTE).await;
        ask_at_once(&client, 3).await;
    }
    assert_eq!(members(&client), 2);
    assert!(curious.answered.load(Ordering::Relaxed) > before, "the layer of who has gone has gone");
    assert_eq!(curious.unanswered.load(Ordering::Relaxed), 0);
}
