//! One job of the agency, followed to its end.

use arango_cluster::{AgencyJob, JobId, JobStatus, Leaders, MoveShard, ServerId};
use arango_transport::{Error, ErrorKind};

use super::find::{JobsBefore, Wanted, begin};
use super::looks::Looks;
use super::{Following, Pace, Stopped, Unfinished};
use crate::Cluster;

/// A job of the agency, followed from its start or found again by its id.
///
/// Jobs are the cluster's, so any coordinator tells of it: those that die are passed over. So are outages of the agency,
/// as long as there is [time](Pace::limit). Dropping it leaves the job running.
#[derive(Debug)]
#[must_use = "it looks only while it is awaited"]
pub struct FollowedJob {
    id: JobId,
    following: Following<AgencyJob, Option<AgencyJob>>,
}

impl FollowedJob {
    fn new(cluster: &Cluster, id: JobId, pace: Pace) -> Self {
        let (cluster, asked) = (cluster.clone(), id.clone());
        let following = Following::new(|news, wish| async move {
            let mut looks = Looks::new(&cluster.database.transport, pace, &wish);
            let mut seen = None;
            let ended = follow(&cluster, &asked, &mut looks, |job| {
                seen = Some(job.clone());
                news.tell(job.clone());
            })
            .await;
            (seen, ended.map(drop))
        });
        Self { id, following }
    }

    /// What it is found again by, by any client: see [`Cluster::follow_job`].
    pub fn id(&self) -> &JobId {
        &self.id
    }

    /// The job as it stands, each time that it has come further; `None` once it is over or cannot be followed any longer.
    pub async fn next(&mut self) -> Option<AgencyJob> {
        self.following.next().await
    }

    /// Follows it to its end.
    ///
    /// # Errors
    ///
    /// If the supervision could not do it, if it was cancelled, or if it could not be followed; with the job as it was last
    /// seen, if it was.
    pub async fn finished(self) -> Result<AgencyJob, Unfinished<Option<AgencyJob>>> {
        self.following.finished().await.map(seen)
    }

    /// Wants it cancelled, and follows it to its end, which the supervision brings about in one of its next rounds. What
    /// was moved until then stays where it is.
    ///
    /// # Errors
    ///
    /// With [`Stopped::Cancelled`] if it was; a success means that it had finished before. With [`Stopped::Call`] if it
    /// cannot be cancelled, as a resignation. Else as [`finished`](Self::finished).
    pub async fn cancel(self) -> Result<AgencyJob, Unfinished<Option<AgencyJob>>> {
        self.following.cancel().await.map(seen)
    }
}

fn seen(job: Option<AgencyJob>) -> AgencyJob {
    job.expect("a job that has finished was seen")
}

/// Looks at a job until it is over, and tells of each change.
pub(super) async fn follow(
    cluster: &Cluster,
    id: &JobId,
    looks: &mut Looks,
    mut tell: impl FnMut(&AgencyJob),
) -> Result<AgencyJob, Stopped> {
    let mut last: Option<AgencyJob> = None;
    let (mut cancelled, mut refused) = (false, None);
    loop {
        match looks.ask(cluster.agency_job(id)).await {
            Ok(Some(job)) => {
                if last.as_ref().is_none_or(|last| *last != job) {
                    tell(&job);
                    looks.begin_anew();
                }
                if let Some(end) = end_of(&job) {
                    return end.map(|()| job);
                }
                if let Some(refused) = refused.take() {
                    return Err(Stopped::Call(refused));
                }
                last = Some(job);
            }
            Ok(None) => {}
            Err(Stopped::Call(error)) if error.kind() == ErrorKind::NotFound => {
                let id = id.clone();
                return Err(if last.is_some() { Stopped::Forgotten(id) } else { Stopped::NoSuchJob(id) });
            }
            Err(stopped) => return Err(stopped),
        }
        if looks.is_cancelled() && !cancelled {
            looks.begin_anew();
            match looks.ask(cluster.cancel_agency_job(id)).await {
                Ok(done) => cancelled = done.is_some(),
                // Either it is over by now, as the next look shows, or it cannot be cancelled.
                Err(Stopped::Call(error)) if error.status().is_some_and(|status| status.as_u16() == 400) => {
                    refused = Some(error);
                    continue;
                }
                // Just written down, or just getting over: once more.
                Err(Stopped::Call(error))
                    if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::PreconditionFailed) => {}
                Err(stopped) => return Err(stopped),
            }
        }
        looks.pause().await?;
    }
}

/// How a job ended, if it has.
fn end_of(job: &AgencyJob) -> Option<Result<(), Stopped>> {
    match &job.status {
        JobStatus::Finished => Some(Ok(())),
        JobStatus::Failed if job.abort => Some(Err(Stopped::Cancelled)),
        JobStatus::Failed => {
            let reason = job.reason.clone().unwrap_or_default();
            Some(Err(Stopped::JobFailed { id: job.id.clone(), reason }))
        }
        _ => None,
    }
}

/// Jobs of the agency, begun once and followed to their ends.
///
/// Before a start is sent, the ids of the jobs in the agency are read, which takes write access to `_system`; without it
/// the start is sent all the same. Where the answer to a start was lost, the job is looked for in the agency for up to 25
/// seconds, and one that was over before the start is never taken for it. Of several that do the same, such as one that
/// another client has just begun, one that is not over is preferred. If none is found, the error says that its
/// [outcome](Error::outcome) is unknown, and nothing was sent again. If the future of a start is dropped, the job may have
/// been begun, and its id is lost.
impl Cluster {
    /// Follows a job that was begun before, by this client or another. Asks nobody before it is awaited.
    pub fn follow_job(&self, id: &JobId, pace: Pace) -> FollowedJob {
        FollowedJob::new(self, id.clone(), pace)
    }

    /// Has one copy of a shard moved, and follows it. Sent once.
    pub async fn follow_move(&self, shard: MoveShard<'_>, pace: Pace) -> Result<FollowedJob, Error> {
        let wanted = Wanted::move_of(&shard);
        let before = JobsBefore::read(self).await;
        let id = begin(self, self.move_shard(shard), &wanted, &before).await?;
        Ok(self.follow_job(&id, pace))
    }

    /// Has everything moved off a DB-Server, and follows it. Sent once.
    pub async fn follow_clean_out(&self, server: &ServerId, pace: Pace) -> Result<FollowedJob, Error> {
        let wanted = Wanted::clean_out(server);
        let before = JobsBefore::read(self).await;
        let id = begin(self, self.clean_out_server(server), &wanted, &before).await?;
        Ok(self.follow_job(&id, pace))
    }

    /// Has followers take over all that a DB-Server leads, and follows it. Sent once; it cannot be cancelled.
    pub async fn follow_resignation(
        &self,
        server: &ServerId,
        leaders: Leaders,
        pace: Pace,
    ) -> Result<FollowedJob, Error> {
        let wanted = Wanted::resignation(server);
        let before = JobsBefore::read(self).await;
        let id = begin(self, self.resign_leadership(server, leaders), &wanted, &before).await?;
        Ok(self.follow_job(&id, pace))
    }
}
