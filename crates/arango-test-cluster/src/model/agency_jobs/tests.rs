//! Jobs on three shards of three servers.

use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::state::databases::{Database, Kind, Layout};
use crate::state::ids::Ids;

const MOVE: Duration = Duration::from_millis(100);

fn pace(at_once: usize) -> Pace {
    Pace { wait: Duration::ZERO, move_time: MOVE, at_once }
}

struct Bench {
    databases: BTreeMap<String, Database>,
    cleaned: BTreeSet<String>,
    shards: Vec<String>,
}

/// A database with three shards: `ab`, `bc`, `ca`.
fn bench() -> Bench {
    let mut ids = Ids::new(0);
    let mut database = Database::new(&mut ids, "", 1, 1);
    let layout = Layout { shards: 3, replication_factor: 2, write_concern: 1, like: None };
    let servers = ["a", "b", "c"].map(str::to_owned);
    let books = database.add(&mut ids, "books", Kind::Document, &layout, &servers, 0);
    let shards = books.shards.keys().cloned().collect();
    Bench { databases: BTreeMap::from([("shop".into(), database)]), cleaned: BTreeSet::new(), shards }
}

impl Bench {
    fn map(&mut self) -> Shards<'_> {
        Shards {
            databases: &mut self.databases,
            servers: ["a", "b", "c"].map(str::to_owned).into(),
            cleaned: &mut self.cleaned,
        }
    }

    fn place(&self, shard: usize) -> String {
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
    let (mut bench, now) = (bench(), Instant::now());
    let mut jobs = AgencyJobs::new(pace(2));
    jobs.add(1, bench.step(0, "a", "b", true), "CRDN-x", now);

    jobs.work(now, MOVE / 2, &mut bench.map());
    assert_eq!((jobs.moves(Stage::Pending), bench.place(0).as_str()), (1, "ab"));

    jobs.work(now + MOVE / 2, MOVE / 2, &mut bench.map());
    assert_eq!((jobs.moves(Stage::Finished), bench.place(0).as_str()), (1, "ba"));
}

#[test]
fn only_so_many_moves_run_at_once_and_the_rest_waits() {
    let (mut bench, now) = (bench(), Instant::now());
    let mut jobs = AgencyJobs::new(pace(2));
    for (shard, from, to) in [(0, "a", "b"), (1, "b", "c"), (2, "c", "a")] {
        jobs.add(1, bench.step(shard, from, to, true), "CRDN-x", now);
    }

    jobs.work(now, Duration::ZERO, &mut bench.map());
    assert_eq!((jobs.moves(Stage::Pending), jobs.moves(Stage::ToDo)), (2, 1));
    jobs.work(now, MOVE, &mut bench.map());
    assert_eq!((jobs.moves(Stage::Pending), jobs.moves(Stage::ToDo)), (1, 0));
    jobs.work(now + MOVE, MOVE, &mut bench.map());
    assert_eq!(jobs.moves(Stage::Finished), 3);
}

#[test]
fn a_move_of_a_busy_shard_waits_for_the_other() {
    let (mut bench, now) = (bench(), Instant::now());
    let mut jobs = AgencyJobs::new(pace(9));
    jobs.add(1, bench.step(0, "a", "b", true), "CRDN-x", now);
    jobs.add(2, bench.step(0, "b", "a", true), "CRDN-x", now);

    jobs.work(now, Duration::ZERO, &mut bench.map());
    assert_eq!((jobs.moves(Stage::Pending), jobs.moves(Stage::ToDo)), (1, 1));
    jobs.work(now, MOVE * 2, &mut bench.map());
    assert_eq!((jobs.moves(Stage::Finished), bench.place(0).as_str()), (2, "ab"));
}

#[test]
fn an_impossible_move_fails_with_a_reason_and_changes_nothing() {
    let (mut bench, now) = (bench(), Instant::now());
    let mut jobs = AgencyJobs::new(pace(2));
    jobs.add(1, bench.step(0, "c", "a", false), "CRDN-x", now);
    jobs.work(now, MOVE, &mut bench.map());

    assert_eq!(
        (jobs.jobs[0].stage, jobs.jobs[0].started, bench.place(0).as_str()),
        (Stage::Failed, None, "ab")
    );
    assert!(!jobs.jobs[0].reason.is_empty());
}

#[test]
fn a_server_is_cleaned_out_of_every_shard() {
    let (mut bench, now) = (bench(), Instant::now());
    let mut jobs = AgencyJobs::new(pace(2));
    jobs.add(1, Task::CleanOutServer { server: "a".into() }, "CRDN-x", now);
    jobs.work(now, MOVE, &mut bench.map());

    assert!((0..3).all(|shard| !bench.place(shard).contains('a')));
    assert!(bench.cleaned.contains("a"));
}

#[test]
fn an_aborted_job_ends_failed() {
    let (mut bench, now) = (bench(), Instant::now());
    let mut jobs = AgencyJobs::new(pace(2));
    let id = jobs.add(1, bench.step(0, "a", "b", true), "CRDN-x", now);
    jobs.work(now, MOVE / 2, &mut bench.map());
    jobs.find(&id).unwrap().abort = Some(now + MOVE * 2);
    jobs.work(now + MOVE / 2, MOVE, &mut bench.map());
    assert_eq!(jobs.jobs[0].stage, Stage::Pending, "until the supervision has seen it");
    jobs.work(now + MOVE * 3 / 2, MOVE, &mut bench.map());

    assert_eq!((jobs.jobs[0].reason.as_str(), bench.place(0).as_str()), ("Killed via API", "ab"));
}

#[test]
fn a_job_waits_before_it_becomes_pending_if_it_is_told_to() {
    let (mut bench, now) = (bench(), Instant::now());
    let mut jobs = AgencyJobs::new(Pace { wait: MOVE, ..pace(2) });
    jobs.add(1, bench.step(0, "a", "b", true), "CRDN-x", now);

    jobs.work(now, MOVE / 2, &mut bench.map());
    assert_eq!(jobs.moves(Stage::ToDo), 1);
    jobs.work(now + MOVE / 2, MOVE, &mut bench.map());
    assert_eq!((jobs.moves(Stage::Pending), jobs.jobs[0].started), (1, Some(now + MOVE)));
    jobs.work(now + MOVE * 3 / 2, MOVE, &mut bench.map());
    assert_eq!(jobs.jobs[0].finished, Some(now + MOVE * 2));
}

#[test]
fn a_job_ends_as_was_decided_for_it() {
    let (mut bench, now) = (bench(), Instant::now());
    let mut jobs = AgencyJobs::new(pace(3));
    jobs.next_fates = [JobFate::fail("disk full"), JobFate::Hang].into();
    for (shard, from, to) in [(0, "a", "b"), (1, "b", "c"), (2, "c", "a")] {
        jobs.add(shard as u64, bench.step(shard, from, to, true), "CRDN-x", now);
    }
    jobs.work(now, MOVE * 100, &mut bench.map());

    let seen: Vec<_> = jobs.jobs.iter().map(|job| (job.stage, job.reason.as_str())).collect();
    assert_eq!(seen, [(Stage::Failed, "disk full"), (Stage::Pending, ""), (Stage::Finished, "")]);
    assert_eq!([0, 1, 2].map(|shard| bench.place(shard)), ["ab", "bc", "ac"]);

    jobs.find("1").unwrap().fate = JobFate::Finish;
    jobs.work(now, MOVE, &mut bench.map());
    assert_eq!((jobs.jobs[1].stage, bench.place(1).as_str()), (Stage::Finished, "cb"));
}

#[test]
fn cleaning_out_is_pending_until_the_last_of_its_moves_has_ended() {
    let (mut bench, now) = (bench(), Instant::now());
    let mut jobs = AgencyJobs::new(pace(1));
    jobs.add(1, Task::CleanOutServer { server: "a".into() }, "CRDN-x", now);
    jobs.work(now, MOVE, &mut bench.map());

    let seen: Vec<_> = jobs.jobs.iter().map(|job| (job.id.as_str(), job.stage)).collect();
    assert_eq!(seen, [("1", Stage::Pending), ("1-0", Stage::Finished), ("1-1", Stage::Pending)]);
    assert!(bench.cleaned.is_empty());
    jobs.work(now + MOVE, MOVE, &mut bench.map());
    assert_eq!((jobs.jobs[0].stage, jobs.jobs[0].finished), (Stage::Finished, Some(now + MOVE * 2)));
    assert_eq!(jobs.jobs[1].creator, "1");
}

#[test]
fn an_aborted_cleaning_takes_its_moves_with_it() {
    let (mut bench, now) = (bench(), Instant::now());
    let mut jobs = AgencyJobs::new(pace(1));
    jobs.add(1, Task::CleanOutServer { server: "a".into() }, "CRDN-x", now);
    jobs.work(now, Duration::ZERO, &mut bench.map());
    jobs.find("1").unwrap().abort = Some(now + MOVE / 2);
    jobs.work(now, MOVE * 9, &mut bench.map());

    assert!(jobs.jobs.iter().all(|job| job.stage == Stage::Failed));
    assert_eq!([0, 1, 2].map(|shard| bench.place(shard)), ["ab", "bc", "ca"]);
    assert!(bench.cleaned.is_empty());
}

#[test]
fn leaderships_are_resigned_and_copies_stay() {
    let (mut bench, now) = (bench(), Instant::now());
    let mut jobs = AgencyJobs::new(pace(3));
    jobs.add(1, Task::ResignLeadership { server: "a".into() }, "CRDN-x", now);
    jobs.work(now, MOVE, &mut bench.map());

    assert_eq!([0, 1, 2].map(|shard| bench.place(shard)), ["ba", "bc", "ca"]);
    assert_eq!(jobs.jobs[0].stage, Stage::Finished);
}

#[test]
fn nothing_is_moved_to_a_server_that_was_cleaned_out() {
    let (mut bench, now) = (bench(), Instant::now());
    bench.cleaned.insert("c".into());
    let mut jobs = AgencyJobs::new(pace(3));
    jobs.add(1, bench.step(0, "b", "c", false), "CRDN-x", now);
    jobs.work(now, MOVE, &mut bench.map());

    assert_eq!((jobs.jobs[0].stage, bench.place(0).as_str()), (Stage::Failed, "ab"));
}
