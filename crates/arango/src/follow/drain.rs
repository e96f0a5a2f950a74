//! Taking a DB-Server out of the cluster.

use arango_cluster::{AgencyJob, ClusterHealth, JobId, Leaders, ServerId, ServerRole};
use arango_transport::{ErrorKind, Outcome};
use tokio::time::Instant;

use super::find::{Wanted, begin_once, running};
use super::following::News;
use super::looks::Looks;
use super::preflight::{Preflight, VALID_FOR};
use super::{Following, Pace, Stopped, healthy, job};
use crate::Cluster;

/// What taking a DB-Server out has come to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Drain {
    /// The last job that was followed: it can be [followed again](Cluster::follow_job).
    pub job: Option<JobId>,
    /// Whether it holds no shard any more, and gets none.
    pub cleaned_out: bool,
    /// Whether the cluster knows it no longer.
    pub removed: bool,
}

/// A step of taking a DB-Server out.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum DrainStep {
    /// A job that gives its leaders, and then its shards, to others has come further.
    Job(Box<AgencyJob>),
    /// It holds nothing any more. **Now it is to be stopped**, by whoever runs it: only who has failed can be removed.
    CleanedOut,
    /// It was removed, or was not there.
    Removed,
}

impl Cluster {
    /// Takes a DB-Server, by its id, out of the cluster: others take over what it leads, then its shards are moved off, and
    /// once it was stopped, which is for whoever runs it to do, it is removed.
    ///
    /// It begins with what is there, so it may be repeated from any point and by any client: a job that does it already is
    /// followed and not begun again, and what is done is passed over. One that holds shards is never removed.
    ///
    /// No job is begun while another DB-Server is not good: if one is not at the beginning, it ends with
    /// [`Stopped::Unhealthy`], and later it waits for that one. Health is looked at right before each job, and health and
    /// shards right before the removal; what was seen is at most ten seconds old then, or it is looked at again.
    ///
    /// Cancelled, it cancels the move of its shards, or begins no further step; shards that were moved stay where they are.
    /// What was [cleaned out](arango_cluster::ServerCount::cleaned) can be taken back into use with
    /// [`set_server_count`](Self::set_server_count).
    pub fn drain_server(&self, server: &ServerId, pace: Pace) -> Following<DrainStep, Drain> {
        let (cluster, server) = (self.clone(), server.clone());
        Following::new(move |news, wish| async move {
            let mut looks = Looks::new(&cluster.database.transport, pace, &wish);
            let mut work = Work { cluster: &cluster, server: &server, news: &news, drain: Drain::default() };
            let ended = work.run(&mut looks).await;
            (work.drain, ended)
        })
    }
}

/// Whether a server can be removed.
enum Removal {
    Gone,
    NotYet,
    /// Health allows it; by the statistics so many copies of shards lie on it.
    Allowed {
        shards: u64,
    },
}

struct Work<'a> {
    cluster: &'a Cluster,
    server: &'a ServerId,
    news: &'a News<DrainStep>,
    drain: Drain,
}

impl Work<'_> {
    async fn run(&mut self, looks: &mut Looks) -> Result<(), Stopped> {
        if self.server.kind() != Some(ServerRole::DbServer) {
            return Err(Stopped::NotADbServer(self.server.clone()));
        }
        let health = self.health(looks).await?;
        if health.get(self.server).is_none() {
            self.gone();
            return Ok(());
        }
        if !self.is_cleaned_out(looks).await? {
            self.others_are_good(&health)?;
            self.clean_out(looks).await?;
        }
        self.drain.cleaned_out = true;
        self.news.tell(DrainStep::CleanedOut);
        self.remove(looks).await
    }

    async fn clean_out(&mut self, looks: &mut Looks) -> Result<(), Stopped> {
        let (cluster, server) = (self.cluster, self.server);
        let preflight = Preflight::OtherDbServersGood(server);
        let (resigning, cleaning) = (Wanted::resignation(server), Wanted::clean_out(server));
        if running(cluster, looks, &cleaning).await?.is_none() {
            let start = || cluster.resign_leadership(server, Leaders::Stay);
            let id = begin_once(cluster, looks, start, &resigning, &preflight).await?;
            // It cannot be cancelled, and is soon over.
            self.follow(&mut looks.undisturbed(), id).await?;
        }
        let start = || cluster.clean_out_server(server);
        let id = begin_once(cluster, looks, start, &cleaning, &preflight).await?;
        self.follow(looks, id).await?;
        // What came to it meanwhile, or what the job left.
        let left = self.shards(looks).await?;
        if left == 0 {
            return Ok(());
        }
        Err(Stopped::HoldsShards { server: self.server.clone(), shards: left })
    }

    /// Removes it once it has failed and the agency says that nothing lies on it.
    async fn remove(&mut self, looks: &mut Looks) -> Result<(), Stopped> {
        looks.begin_anew();
        let (cluster, server) = (self.cluster, self.server);
        while self.is_to_be_removed(looks).await? {
            looks.not_cancelled()?;
            match cluster.remove_server(server).await {
                Err(error) if error.kind() == ErrorKind::NotFound => break,
                // An empty answer is a success that any service may give: whether the server is gone, the next look shows.
                // So it does after a failure of unknown fate, and where it may not go yet.
                Ok(()) => {}
                Err(error)
                    if error.outcome() != Outcome::Executed
                        || error.kind() == ErrorKind::PreconditionFailed => {}
                Err(error) => return Err(Stopped::Call(error)),
            }
            looks.pause().await?;
        }
        self.gone();
        Ok(())
    }

    /// Looks until it may be removed, or is gone. Ends right after the look, which began at most [`VALID_FOR`] ago.
    async fn is_to_be_removed(&self, looks: &mut Looks) -> Result<bool, Stopped> {
        let (cluster, server) = (self.cluster, self.server);
        let look = || async {
            let began = Instant::now();
            let health = cluster.health().await?;
            let Some(record) = health.get(server) else { return Ok((began, Removal::Gone)) };
            if !record.can_be_deleted {
                return Ok((began, Removal::NotYet));
            }
            let held = cluster.shard_statistics(Some(server)).await?;
            Ok((began, Removal::Allowed { shards: held.leaders + held.followers }))
        };
        let decided = |(began, removal): (Instant, Removal)| match removal {
            Removal::Gone => Some(Ok(false)),
            Removal::NotYet => None,
            Removal::Allowed { shards: 0 } => (began.elapsed() <= VALID_FOR).then_some(Ok(true)),
            Removal::Allowed { shards } => Some(Err(Stopped::HoldsShards { server: server.clone(), shards })),
        };
        looks.until(look, decided).await?
    }

    /// Fails if a DB-Server that could take over is not good.
    fn others_are_good(&self, health: &ClusterHealth) -> Result<(), Stopped> {
        let mut sick = healthy::sick_of(health);
        sick.retain(|(id, _)| id != self.server && id.kind() == Some(ServerRole::DbServer));
        if sick.is_empty() { Ok(()) } else { Err(Stopped::Unhealthy(sick)) }
    }

    fn gone(&mut self) {
        (self.drain.cleaned_out, self.drain.removed) = (true, true);
        self.news.tell(DrainStep::Removed);
    }

    async fn follow(&mut self, looks: &mut Looks, id: JobId) -> Result<(), Stopped> {
        looks.begin_anew();
        self.drain.job = Some(id.clone());
        let tell = |job: &AgencyJob| self.news.tell(DrainStep::Job(Box::new(job.clone())));
        job::follow(self.cluster, &id, looks, tell).await.map(drop)
    }

    async fn health(&self, looks: &mut Looks) -> Result<ClusterHealth, Stopped> {
        looks.until(|| self.cluster.health(), Some).await
    }

    /// Whether it is out of use and holds nothing.
    async fn is_cleaned_out(&self, looks: &mut Looks) -> Result<bool, Stopped> {
        let cleaned = looks.until(|| self.cluster.server_count(), |count| Some(count.cleaned)).await?;
        Ok(cleaned.contains(self.server) && self.shards(looks).await? == 0)
    }

    async fn shards(&self, looks: &mut Looks) -> Result<u64, Stopped> {
        let counts = looks.until(|| self.cluster.shard_statistics(Some(self.server)), Some).await?;
        Ok(counts.leaders + counts.followers)
    }
}
