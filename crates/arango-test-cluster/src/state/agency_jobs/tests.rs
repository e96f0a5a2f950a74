//! Tests of jobs on three shards and three servers.

use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::state::databases::{Database, Kind, ShardingOptions};
use crate::state::ids::Ids;

const MOVE: Duration = Duration::from_millis(100);

fn timing(max_concurrent: usize) -> JobTiming {
    JobTiming { todo_time: Duration::ZERO, move_time: MOVE, max_concurrent }
}

struct Fixture {
    databases: BTreeMap<String, Database>,
    cleaned: BTreeSet<String>,
    shards: Vec<String>,
}

/// A database with three shards: `ab`, `bc`, `ca`.
fn fixture() -> Fixture {
    let mut ids = Ids::new(0);
    let mut database = Database::new(&mut ids, "", 1, 1);
    let layout =
        ShardingOptions { shards: 3, replication_factor: 2, write_concern: 1, distribute_shards_like: None };
    let servers = ["a", "b", "c"].map(str::to_owned);
    let books = database.add(&mut ids, "books", Kind::Document, &layout, &servers, 0);
    let shards = books.shards.keys().cloned().collect();
    Fixture { databases: BTreeMap::from([("shop".into(), database)]), cleaned: BTreeSet::new(), shards }
}

impl Fixture {
    fn shards(&mut self) -> Shards<'_> {
        Shards {
            databases: &mut self.databases,
            servers: ["a", "b", "c"].map(str::to_owned).into(),
            cleaned: &mut self.cleaned,
        }
    }

    fn copies(&self, shard: usize) -> String {
        self.databases["shop"].collections["books"].shards[&self.shards[shard]].join("")
    }

    fn step(&self, shard: usize, from: &str, to: &str, is_leader: bool) -> Task {
        Task::MoveShard(MoveShard {
            database: "shop".into(),
            collection: "books".into(),
            shard: self.shards[shard].clone(),
            from: from.into(),
            to: to.into(),
            is_leader,
            remains_follower: None,
            try_undo: false,
        })
    }
}

#[test]
fn a_move_is_pending_for_its_time_and_then_changes_the_map() {
    let (mut fixture, now) = (fixture(), Instant::now());
    let mut jobs = AgencyJobs::new(timing(2));
    jobs.add(1, fixture.step(0, "a", "b", true), "CRDN-x", now);

    jobs.work(now, MOVE / 2, &mut fixture.shards());
    assert_eq!((jobs.moves(Stage::Pending), fixture.copies(0).as_str()), (1, "ab"));

    jobs.work(now + MOVE / 2, MOVE / 2, &mut fixture.shards());
    assert_eq!((jobs.moves(Stage::Finished), fixture.copies(0).as_str()), (1, "ba"));
}

#[test]
fn at_most_max_concurrent_moves_run_and_the_rest_waits() {
    let (mut fixture, now) = (fixture(), Instant::now());
    let mut jobs = AgencyJobs::new(timing(2));
    for (shard, from, to) in [(0, "a", "b"), (1, "b", "c"), (2, "c", "a")] {
        jobs.add(1, fixture.step(shard, from, to, true), "CRDN-x", now);
    }

    jobs.work(now, Duration::ZERO, &mut fixture.shards());
    assert_eq!((jobs.moves(Stage::Pending), jobs.moves(Stage::ToDo)), (2, 1));
    jobs.work(now, MOVE, &mut fixture.shards());
    assert_eq!((jobs.moves(Stage::Pending), jobs.moves(Stage::ToDo)), (1, 0));
    jobs.work(now + MOVE, MOVE, &mut fixture.shards());
    assert_eq!(jobs.moves(Stage::Finished), 3);
}

#[test]
fn a_move_of_a_busy_shard_waits_for_the_other() {
    let (mut fixture, now) = (fixture(), Instant::now());
    let mut jobs = AgencyJobs::new(timing(9));
    jobs.add(1, fixture.step(0, "a", "b", true), "CRDN-x", now);
    jobs.add(2, fixture.step(0, "b", "a", true), "CRDN-x", now);

    jobs.work(now, Duration::ZERO, &mut fixture.shards());
    assert_eq!((jobs.moves(Stage::Pending), jobs.moves(Stage::ToDo)), (1, 1));
    jobs.work(now, MOVE * 2, &mut fixture.shards());
    assert_eq!((jobs.moves(Stage::Finished), fixture.copies(0).as_str()), (2, "ab"));
}

#[test]
fn an_impossible_move_fails_with_a_reason_and_changes_nothing() {
    let (mut fixture, now) = (fixture(), Instant::now());
    let mut jobs = AgencyJobs::new(timing(2));
    jobs.add(1, fixture.step(0, "c", "a", false), "CRDN-x", now);
    jobs.work(now, MOVE, &mut fixture.shards());

    assert_eq!(
        (jobs.jobs[0].stage, jobs.jobs[0].started, fixture.copies(0).as_str()),
        (Stage::Failed, None, "ab")
    );
    assert!(!jobs.jobs[0].reason.is_empty());
}

#[test]
fn a_server_is_cleaned_out_of_every_shard() {
    let (mut fixture, now) = (fixture(), Instant::now());
    let mut jobs = AgencyJobs::new(timing(2));
    jobs.add(1, Task::CleanOutServer { server: "a".into() }, "CRDN-x", now);
    jobs.work(now, MOVE, &mut fixture.shards());

    assert!((0..3).all(|shard| !fixture.copies(shard).contains('a')));
    assert!(fixture.cleaned.contains("a"));
}

#[test]
fn an_aborted_job_ends_failed() {
    let (mut fixture, now) = (fixture(), Instant::now());
    let mut jobs = AgencyJobs::new(timing(2));
    let id = jobs.add(1, fixture.step(0, "a", "b", true), "CRDN-x", now);
    jobs.work(now, MOVE / 2, &mut fixture.shards());
    jobs.find(&id).unwrap().abort = Some(now + MOVE * 2);
    jobs.work(now + MOVE / 2, MOVE, &mut fixture.shards());
    assert_eq!(jobs.jobs[0].stage, Stage::Pending, "the supervision has not aborted it yet");
    jobs.work(now + MOVE * 3 / 2, MOVE, &mut fixture.shards());

    assert_eq!((jobs.jobs[0].reason.as_str(), fixture.copies(0).as_str()), ("Killed via API", "ab"));
}

#[test]
fn a_job_stays_to_do_for_the_configured_time() {
    let (mut fixture, now) = (fixture(), Instant::now());
    let mut jobs = AgencyJobs::new(JobTiming { todo_time: MOVE, ..timing(2) });
    jobs.add(1, fixture.step(0, "a", "b", true), "CRDN-x", now);

    jobs.work(now, MOVE / 2, &mut fixture.shards());
    assert_eq!(jobs.moves(Stage::ToDo), 1);
    jobs.work(now + MOVE / 2, MOVE, &mut fixture.shards());
    assert_eq!((jobs.moves(Stage::Pending), jobs.jobs[0].started), (1, Some(now + MOVE)));
    jobs.work(now + MOVE * 3 / 2, MOVE, &mut fixture.shards());
    assert_eq!(jobs.jobs[0].finished, Some(now + MOVE * 2));
}

#[test]
fn a_job_ends_with_its_configured_outcome() {
    let (mut fixture, now) = (fixture(), Instant::now());
    let mut jobs = AgencyJobs::new(timing(3));
    jobs.next_outcomes = [JobOutcome::fail("disk full"), JobOutcome::Hang].into();
    for (shard, from, to) in [(0, "a", "b"), (1, "b", "c"), (2, "c", "a")] {
        jobs.add(shard as u64, fixture.step(shard, from, to, true), "CRDN-x", now);
    }
    jobs.work(now, MOVE * 100, &mut fixture.shards());

    let seen: Vec<_> = jobs.jobs.iter().map(|job| (job.stage, job.reason.as_str())).collect();
    assert_eq!(seen, [(Stage::Failed, "disk full"), (Stage::Pending, ""), (Stage::Finished, "")]);
    assert_eq!([0, 1, 2].map(|shard| fixture.copies(shard)), ["ab", "bc", "ac"]);

    jobs.find("1").unwrap().outcome = JobOutcome::Finish;
    jobs.work(now, MOVE, &mut fixture.shards());
    assert_eq!((jobs.jobs[1].stage, fixture.copies(1).as_str()), (Stage::Finished, "cb"));
}

#[test]
fn cleaning_out_is_pending_until_the_last_of_its_moves_has_ended() {
    let (mut fixture, now) = (fixture(), Instant::now());
    let mut jobs = AgencyJobs::new(timing(1));
    jobs.add(1, Task::CleanOutServer { server: "a".into() }, "CRDN-x", now);
    jobs.work(now, MOVE, &mut fixture.shards());

    let seen: Vec<_> = jobs.jobs.iter().map(|job| (job.id.as_str(), job.stage)).collect();
    assert_eq!(seen, [("1", Stage::Pending), ("1-0", Stage::Finished), ("1-1", Stage::Pending)]);
    assert!(fixture.cleaned.is_empty());
    jobs.work(now + MOVE, MOVE, &mut fixture.shards());
    assert_eq!((jobs.jobs[0].stage, jobs.jobs[0].finished), (Stage::Finished, Some(now + MOVE * 2)));
    assert_eq!(jobs.jobs[1].creator, "1");
}

#[test]
fn an_aborted_cleaning_takes_its_moves_with_it() {
    let (mut fixture, now) = (fixture(), Instant::now());
    let mut jobs = AgencyJobs::new(timing(1));
    jobs.add(1, Task::CleanOutServer { server: "a".into() }, "CRDN-x", now);
    jobs.work(now, Duration::ZERO, &mut fixture.shards());
    jobs.find("1").unwrap().abort = Some(now + MOVE / 2);
    jobs.work(now, MOVE * 9, &mut fixture.shards());

    assert!(jobs.jobs.iter().all(|job| job.stage == Stage::Failed));
    assert_eq!([0, 1, 2].map(|shard| fixture.copies(shard)), ["ab", "bc", "ca"]);
    assert!(fixture.cleaned.is_empty());
}

#[test]
fn leaderships_are_resigned_and_copies_stay() {
    let (mut fixture, now) = (fixture(), Instant::now());
    let mut jobs = AgencyJobs::new(timing(3));
    jobs.add(1, Task::ResignLeadership { server: "a".into(), undo_moves: None }, "CRDN-x", now);
    jobs.work(now, MOVE, &mut fixture.shards());

    assert_eq!([0, 1, 2].map(|shard| fixture.copies(shard)), ["ba", "bc", "ca"]);
    assert_eq!(jobs.jobs[0].stage, Stage::Finished);
}

#[test]
fn nothing_is_moved_to_a_server_that_was_cleaned_out() {
    let (mut fixture, now) = (fixture(), Instant::now());
    fixture.cleaned.insert("c".into());
    let mut jobs = AgencyJobs::new(timing(3));
    jobs.add(1, fixture.step(0, "b", "c", false), "CRDN-x", now);
    jobs.work(now, MOVE, &mut fixture.shards());

    assert_eq!((jobs.jobs[0].stage, fixture.copies(0).as_str()), (Stage::Failed, "ab"));
}
