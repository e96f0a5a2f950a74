//! Servers: health, versions, removal and jobs.

use arango_cluster::{
    AgencyJob, CancelAgencyJob, CleanOutServer, ClusterHealth, Endpoints, Engine, GetAgencyJob, GetEndpoints,
    GetHealth, GetServerCount, GetServerEngine, GetServerStatistics, GetServerVersion, JobId, RemoveServer,
    ResignLeadership, ResignedLeaders, ServerCount, ServerId, SetServerCount, Statistics, VersionInfo,
};
use arango_transport::Error;

use crate::handles::cluster::Cluster;

/// Servers: health, versions, removal and jobs.
impl Cluster {
    /// Returns the health of every server.
    ///
    /// Only its [`status`](arango_cluster::ServerHealth::status) shows whether a server is alive.
    #[inline]
    pub async fn health(&self) -> Result<ClusterHealth, Error> {
        self.database.execute(GetHealth).await
    }

    /// Returns the target numbers of servers.
    #[inline]
    pub async fn server_count(&self) -> Result<ServerCount, Error> {
        self.database.execute(GetServerCount).await
    }

    /// Sets the target numbers of servers. Starts and stops none.
    #[inline]
    pub async fn set_server_count(&self, count: SetServerCount<'_>) -> Result<(), Error> {
        self.database.execute(count).await
    }

    /// Returns the endpoints of the coordinators known to the cluster.
    ///
    /// They include dead ones.
    #[inline]
    pub async fn endpoints(&self) -> Result<Endpoints, Error> {
        self.database.execute(GetEndpoints).await
    }

    /// Returns the storage engine of a coordinator or DB-Server.
    pub async fn server_engine(&self, server: impl Into<ServerId>) -> Result<Engine, Error> {
        self.database.execute(GetServerEngine { server: &server.into() }).await
    }

    /// Returns the version of a coordinator or DB-Server.
    pub async fn server_version(&self, server: impl Into<ServerId>) -> Result<VersionInfo, Error> {
        self.database.execute(GetServerVersion { server: &server.into() }).await
    }

    /// Returns the statistics of a coordinator or DB-Server. Removed in 4.0.
    pub async fn server_statistics(&self, server: impl Into<ServerId>) -> Result<Statistics, Error> {
        self.database.execute(GetServerStatistics { server: &server.into() }).await
    }

    /// Starts a job that moves everything off a DB-Server: see [`agency_job`](Self::agency_job).
    pub async fn clean_out_server(&self, server: impl Into<ServerId>) -> Result<JobId, Error> {
        self.database.execute(CleanOutServer { server: &server.into() }).await
    }

    /// Starts a job that moves all leaderships of a DB-Server to followers.
    ///
    /// See [`agency_job`](Self::agency_job).
    pub async fn resign_leadership(
        &self,
        server: impl Into<ServerId>,
        leaders: ResignedLeaders,
    ) -> Result<JobId, Error> {
        self.database.execute(ResignLeadership { server: &server.into(), leaders }).await
    }

    /// Removes a server that has failed and holds nothing.
    ///
    /// Takes up to a minute.
    pub async fn remove_server(&self, server: impl Into<ServerId>) -> Result<(), Error> {
        self.database.execute(RemoveServer { server: &server.into() }).await
    }

    /// Returns the state of a job.
    ///
    /// Completed jobs are deleted after a while.
    #[inline]
    pub async fn agency_job(&self, id: &JobId) -> Result<AgencyJob, Error> {
        self.database.execute(GetAgencyJob { id }).await
    }

    /// Requests the cancellation of a job; [`agency_job`](Self::agency_job) shows when it is cancelled.
    #[inline]
    pub async fn cancel_agency_job(&self, id: &JobId) -> Result<(), Error> {
        self.database.execute(CancelAgencyJob { id }).await
    }
}
