//! Which servers there are, and taking some out.

use arango_cluster::{
    AgencyJob, CancelAgencyJob, CleanOutServer, ClusterHealth, Endpoints, Engine, GetAgencyJob, GetEndpoints,
    GetHealth, GetServerCount, GetServerEngine, GetServerStatistics, GetServerVersion, JobId, Leaders,
    RemoveServer, ResignLeadership, ServerCount, ServerId, SetServerCount, Statistics, VersionInfo,
};
use arango_transport::Error;

use crate::Cluster;

/// Which servers there are, and taking some out.
impl Cluster {
    /// The health of every server. Only [`status`](arango_cluster::ServerHealth::status) tells who is alive.
    pub async fn health(&self) -> Result<ClusterHealth, Error> {
        self.database.execute(GetHealth).await
    }

    /// How many servers the cluster is meant to have.
    pub async fn server_count(&self) -> Result<ServerCount, Error> {
        self.database.execute(GetServerCount).await
    }

    /// Writes down how many servers the cluster is meant to have. Starts and stops none.
    pub async fn set_server_count(&self, count: SetServerCount<'_>) -> Result<(), Error> {
        self.database.execute(count).await
    }

    /// The coordinators as the cluster knows them, dead ones too.
    pub async fn endpoints(&self) -> Result<Endpoints, Error> {
        self.database.execute(GetEndpoints).await
    }

    /// The storage engine of a coordinator or DB-Server.
    pub async fn server_engine(&self, server: &ServerId) -> Result<Engine, Error> {
        self.database.execute(GetServerEngine { server }).await
    }

    /// The version of a coordinator or DB-Server.
    pub async fn server_version(&self, server: &ServerId) -> Result<VersionInfo, Error> {
        self.database.execute(GetServerVersion { server }).await
    }

    /// The statistics of a coordinator or DB-Server. Gone in 4.0.
    pub async fn server_statistics(&self, server: &ServerId) -> Result<Statistics, Error> {
        self.database.execute(GetServerStatistics { server }).await
    }

    /// Has everything moved off a DB-Server, by a job: see [`agency_job`](Self::agency_job).
    pub async fn clean_out_server(&self, server: &ServerId) -> Result<JobId, Error> {
        self.database.execute(CleanOutServer { server }).await
    }

    /// Has followers take over all that a DB-Server leads, by a job: see [`agency_job`](Self::agency_job).
    pub async fn resign_leadership(&self, server: &ServerId, leaders: Leaders) -> Result<JobId, Error> {
        self.database.execute(ResignLeadership { server, leaders }).await
    }

    /// Removes a server that has failed and holds nothing. Takes up to a minute.
    pub async fn remove_server(&self, server: &ServerId) -> Result<(), Error> {
        self.database.execute(RemoveServer { server }).await
    }

    /// How far a job has come. Jobs that are over are forgotten after a while.
    pub async fn agency_job(&self, id: &JobId) -> Result<AgencyJob, Error> {
        self.database.execute(GetAgencyJob { id }).await
    }

    /// Wants a job cancelled; [`agency_job`](Self::agency_job) tells when it is.
    pub async fn cancel_agency_job(&self, id: &JobId) -> Result<(), Error> {
        self.database.execute(CancelAgencyJob { id }).await
    }
}
