//! Jobs of the agency: moves of shards that wait, run for a while, and end.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use crate::clock::Clock;
use crate::state::databases::Database;

/// The agency's list in which a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    ToDo,
    Pending,
    Finished,
    Failed,
}

impl Stage {
    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::ToDo => "ToDo",
            Self::Pending => "Pending",
            Self::Finished => "Finished",
            Self::Failed => "Failed",
        }
    }

    pub(crate) fn is_over(self) -> bool {
        matches!(self, Self::Finished | Self::Failed)
    }
}

/// Moves one shard from one server to another.
#[derive(Debug, Clone)]
pub(crate) struct MoveShard {
    pub(crate) database: String,
    /// The id of the collection.
    pub(crate) collection: String,
    pub(crate) shard: String,
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) is_leader: bool,
    /// What only single moves say: whether the old leader stays a follower.
    pub(crate) remains_follower: Option<bool>,
    pub(crate) try_undo: bool,
}

/// What a job does.
#[derive(Debug, Clone)]
pub(crate) enum Task {
    MoveShard(MoveShard),
    /// Takes all shards from a server.
    CleanOutServer {
        server: String,
    },
    /// Takes all leaderships from a server.
    ResignLeadership {
        server: String,
    },
}

/// One job.
#[derive(Debug, Clone)]
pub(crate) struct Job {
    pub(crate) id: String,
    pub(crate) task: Task,
    pub(crate) creator: String,
    pub(crate) stage: Stage,
    pub(crate) created: Instant,
    pub(crate) started: Option<Instant>,
    pub(crate) finished: Option<Instant>,
    pub(crate) reason: String,
    pub(crate) abort: bool,
    remaining: Duration,
}

/// The shard map that jobs change.
pub(crate) struct Shards<'a> {
    pub(crate) databases: &'a mut BTreeMap<String, Database>,
    /// Servers that can take shards.
    pub(crate) servers: Vec<String>,
    pub(crate) cleaned: &'a mut BTreeSet<String>,
}

/// All jobs, oldest first.
#[derive(Debug)]
pub(crate) struct AgencyJobs {
    pub(crate) jobs: Vec<Job>,
    move_time: Duration,
    at_once: usize,
}

/// How many ended jobs can still be asked for.
const KEPT: usize = 4096;

impl AgencyJobs {
    pub(crate) fn new(move_time: Duration, at_once: usize) -> Self {
        Self { jobs: Vec::new(), move_time, at_once }
    }

    pub(crate) fn add(&mut self, id: u64, task: Task, creator: &str, now: Instant) -> String {
        let id = id.to_string();
        self.jobs.push(Job {
            id: id.clone(),
            task,
            creator: creator.to_owned(),
            stage: Stage::ToDo,
            created: now,
            started: None,
            finished: None,
            reason: String::new(),
            abort: false,
            remaining: self.move_time,
        });
        id
    }

    pub(crate) fn find(&mut self, id: &str) -> Option<&mut Job> {
        self.jobs.iter_mut().find(|job| job.id == id)
    }

    /// How many moves of shards stand in a list.
    pub(crate) fn moves(&self, stage: Stage) -> usize {
        self.jobs.iter().filter(|job| job.stage == stage && matches!(job.task, Task::MoveShard(_))).count()
    }

    /// Lets the supervision work from `now` on for `span`.
    pub(crate) fn work(&mut self, mut now: Instant, mut span: Duration, shards: &mut Shards<'_>) {
        loop {
            self.end_aborted(now);
            self.begin(now, shards);
            let pending = || self.jobs.iter().filter(|job| job.stage == Stage::Pending);
            let Some(step) = pending().map(|job| job.remaining).min().filter(|step| *step <= span) else {
                break;
            };
            (now, span) = (now + step, span.saturating_sub(step));
            for job in self.jobs.iter_mut().filter(|job| job.stage == Stage::Pending) {
                job.remaining = job.remaining.saturating_sub(step);
                if job.remaining.is_zero() {
                    let outcome = job.task.finish(shards);
                    job.end(outcome, now);
                }
            }
        }
        for job in self.jobs.iter_mut().filter(|job| job.stage == Stage::Pending) {
            job.remaining = job.remaining.saturating_sub(span);
        }
        while self.jobs.len() > KEPT && self.jobs[0].stage.is_over() {
            self.jobs.remove(0);
        }
    }

    fn end_aborted(&mut self, now: Instant) {
        for job in self.jobs.iter_mut().filter(|job| job.abort && !job.stage.is_over()) {
            job.end(Err("Killed via API"), now);
        }
    }

    /// Makes jobs pending in their order, as long as there is room and their shards are free.
    fn begin(&mut self, now: Instant, shards: &Shards<'_>) {
        let mut busy: BTreeSet<String> = BTreeSet::new();
        let mut running = 0;
        for job in self.jobs.iter().filter(|job| job.stage == Stage::Pending) {
            running += 1;
            busy.extend(job.task.shard());
        }
        for job in self.jobs.iter_mut().filter(|job| job.stage == Stage::ToDo) {
            if running >= self.at_once {
                break;
            }
            if job.task.shard().is_some_and(|shard| busy.contains(&shard)) {
                continue;
            }
            if let Err(reason) = job.task.check(shards) {
                job.end(Err(reason), now);
                continue;
            }
            (job.stage, job.started) = (Stage::Pending, Some(now));
            busy.extend(job.task.shard());
            running += 1;
        }
    }
}

impl Job {
    fn end(&mut self, outcome: Result<(), &str>, now: Instant) {
        self.finished = Some(now);
        self.stage = match outcome {
            Ok(()) => Stage::Finished,
            Err(reason) => {
                reason.clone_into(&mut self.reason);
                Stage::Failed
            }
        };
    }

    pub(crate) fn to_json(&self, clock: &Clock) -> Value {
        let mut object = match &self.task {
            Task::MoveShard(step) => {
                let mut object = json!({
                    "type": "moveShard", "database": step.database, "collection": step.collection, "shard": step.shard,
                    "fromServer": step.from, "toServer": step.to, "isLeader": step.is_leader,
                });
                if let Some(remains) = step.remains_follower {
                    object["remainsFollower"] = remains.into();
                    object["tryUndo"] = step.try_undo.into();
                }
                object
            }
            Task::CleanOutServer { server } => json!({ "type": "cleanOutServer", "server": server }),
            Task::ResignLeadership { server } => json!({ "type": "resignLeadership", "server": server }),
        };
        object["jobId"] = self.id.as_str().into();
        object["job"] = self.id.as_str().into();
        object["creator"] = self.creator.as_str().into();
        object["status"] = self.stage.text().into();
        object["error"] = false.into();
        object["timeCreated"] = clock.timestamp(self.created).into();
        let times = [("timeStarted", self.started), ("timeFinished", self.finished)];
        for (key, time) in times.into_iter().filter_map(|(key, time)| Some((key, time?))) {
            object[key] = clock.timestamp(time).into();
        }
        if !self.reason.is_empty() {
            object["reason"] = self.reason.as_str().into();
        }
        if self.abort {
            object["abort"] = true.into();
        }
        object
    }
}

impl Task {
    fn shard(&self) -> Option<String> {
        match self {
            Self::MoveShard(step) => Some(step.shard.clone()),
            Self::CleanOutServer { .. } | Self::ResignLeadership { .. } => None,
        }
    }

    /// Looks, before a job becomes pending, whether it can be done.
    fn check(&self, shards: &Shards<'_>) -> Result<(), &'static str> {
        match self {
            Self::MoveShard(step) => step.moved(shards).map(|_| ()),
            Self::CleanOutServer { server } | Self::ResignLeadership { server }
                if !shards.servers.contains(server) =>
            {
                Err("server is not in the cluster or not healthy")
            }
            Self::CleanOutServer { .. } | Self::ResignLeadership { .. } => Ok(()),
        }
    }

    fn finish(&self, shards: &mut Shards<'_>) -> Result<(), &'static str> {
        match self {
            Self::MoveShard(step) => step.finish(shards),
            Self::CleanOutServer { server } => {
                shards.leave(server, |copies, others| {
                    let spare = others
                        .iter()
                        .find(|other| !copies.contains(other))
                        .ok_or("not enough servers for all copies")?;
                    copies.iter_mut().filter(|copy| *copy == server).for_each(|copy| copy.clone_from(spare));
                    Ok(())
                })?;
                shards.cleaned.insert(server.clone());
                Ok(())
            }
            Self::ResignLeadership { server } => shards.leave(server, |copies, _| {
                if copies.first() == Some(server) && copies.len() > 1 {
                    copies.swap(0, 1);
                }
                Ok(())
            }),
        }
    }
}

impl Shards<'_> {
    /// Changes the copies of every shard that lies on a server; dependants follow.
    fn leave(
        &mut self,
        server: &String,
        mut change: impl FnMut(&mut Vec<String>, &[String]) -> Result<(), &'static str>,
    ) -> Result<(), &'static str> {
        let mut others: Vec<String> = self.servers.iter().filter(|other| *other != server).cloned().collect();
        for database in self.databases.values_mut() {
            let prototypes = database.collections.values_mut().filter(|collection| collection.like.is_none());
            let mut changed = Vec::new();
            for collection in prototypes {
                for copies in collection.shards.values_mut().filter(|copies| copies.contains(server)) {
                    change(copies, &others)?;
                    // The next shard goes to the next server.
                    let turn = usize::from(!others.is_empty());
                    others.rotate_left(turn);
                }
                changed.push(collection.name.clone());
            }
            for name in &changed {
                database.follow(name);
            }
        }
        Ok(())
    }
}

impl MoveShard {
    /// The copies after the move, if it can be made.
    fn moved(&self, shards: &Shards<'_>) -> Result<Vec<String>, &'static str> {
        let database = shards.databases.get(&self.database).ok_or("database not found")?;
        let collection = database.collection(&self.collection).ok_or("collection not found")?;
        if collection.like.is_some() {
            return Err("collection lies like another one");
        }
        let mut copies = collection.shards.get(&self.shard).ok_or("shard not found")?.clone();
        if !shards.servers.contains(&self.to) {
            return Err("toServer is not in the cluster or not healthy");
        }
        let place = |server: &String| copies.iter().position(|copy| copy == server);
        match (place(&self.from), place(&self.to)) {
            (Some(0), Some(to)) if self.is_leader && to != 0 => copies.swap(0, to),
            (Some(0), None) if self.is_leader && self.remains_follower == Some(true) => {
                copies.insert(0, self.to.clone());
                copies.truncate(collection.replication_factor.max(1));
            }
            (Some(0), None) if self.is_leader => copies[0].clone_from(&self.to),
            (Some(from), None) if !self.is_leader && from != 0 => copies[from].clone_from(&self.to),
            (None, _) => return Err("shard is not on fromServer"),
            (Some(_), Some(_)) => return Err("toServer already holds the shard"),
            (Some(_), None) => return Err("leadership of the shard has changed"),
        }
        Ok(copies)
    }

    fn finish(&self, shards: &mut Shards<'_>) -> Result<(), &'static str> {
        let copies = self.moved(shards)?;
        let database = shards.databases.get_mut(&self.database).ok_or("database not found")?;
        let collection = database.collection_mut(&self.collection).ok_or("collection not found")?;
        let name = collection.name.clone();
        collection.shards.insert(self.shard.clone(), copies);
        database.follow(&name);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::databases::{Kind, Layout};
    use crate::state::ids::Ids;

    const MOVE: Duration = Duration::from_millis(100);

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
        let mut jobs = AgencyJobs::new(MOVE, 2);
        jobs.add(1, bench.step(0, "a", "b", true), "CRDN-x", now);

        jobs.work(now, MOVE / 2, &mut bench.map());
        assert_eq!((jobs.moves(Stage::Pending), bench.place(0).as_str()), (1, "ab"));

        jobs.work(now + MOVE / 2, MOVE / 2, &mut bench.map());
        assert_eq!((jobs.moves(Stage::Finished), bench.place(0).as_str()), (1, "ba"));
    }

    #[test]
    fn only_so_many_moves_run_at_once_and_the_rest_waits() {
        let (mut bench, now) = (bench(), Instant::now());
        let mut jobs = AgencyJobs::new(MOVE, 2);
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
        let mut jobs = AgencyJobs::new(MOVE, 9);
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
        let mut jobs = AgencyJobs::new(MOVE, 2);
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
        let mut jobs = AgencyJobs::new(MOVE, 2);
        jobs.add(1, Task::CleanOutServer { server: "a".into() }, "CRDN-x", now);
        jobs.work(now, MOVE, &mut bench.map());

        assert!((0..3).all(|shard| !bench.place(shard).contains('a')));
        assert!(bench.cleaned.contains("a"));
    }

    #[test]
    fn an_aborted_job_ends_failed() {
        let (mut bench, now) = (bench(), Instant::now());
        let mut jobs = AgencyJobs::new(MOVE, 2);
        let id = jobs.add(1, bench.step(0, "a", "b", true), "CRDN-x", now);
        jobs.work(now, MOVE / 2, &mut bench.map());
        jobs.find(&id).unwrap().abort = true;
        jobs.work(now, MOVE, &mut bench.map());

        assert_eq!((jobs.jobs[0].reason.as_str(), bench.place(0).as_str()), ("Killed via API", "ab"));
    }
}
