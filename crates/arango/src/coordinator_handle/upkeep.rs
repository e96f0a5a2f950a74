//! Keys, records and the end of one coordinator.

use arango_cluster::{
    AgencyDump, ApiCall, AqlQuery, ClusterInfo, Compact, CrashDump, DeleteCrash, Fingerprint, GetAgencyCache,
    GetApiCalls, GetAqlQueries, GetClusterInfo, GetCrash, GetJwtSecrets, GetShutdownProgress, GetTls,
    JwtSecrets, ListCrashes, Membership, ReloadJwtSecrets, ReloadTls, RotateEncryptionKeys, Shutdown,
    ShutdownProgress, SoftShutdown, TlsFiles,
};
use arango_transport::Error;

use crate::CoordinatorHandle;

/// Keys, records and the end of one coordinator.
impl CoordinatorHandle {
    /// The certificates that it shows and believes.
    pub async fn tls(&self) -> Result<TlsFiles, Error> {
        self.execute(GetTls).await
    }

    /// Has it read its certificates from its disk again. Takes a superuser's token.
    pub async fn reload_tls(&self) -> Result<TlsFiles, Error> {
        self.execute(ReloadTls).await
    }

    /// The secrets that it believes tokens by, by their fingerprints. Takes a superuser's token.
    pub async fn jwt_secrets(&self) -> Result<JwtSecrets, Error> {
        self.execute(GetJwtSecrets).await
    }

    /// Has it read the secrets of tokens from its disk again. Takes a superuser's token.
    pub async fn reload_jwt_secrets(&self) -> Result<JwtSecrets, Error> {
        self.execute(ReloadJwtSecrets).await
    }

    /// Has it rotate the keys that its data is encrypted with. Coordinators have none, and refuse.
    pub async fn rotate_encryption_keys(&self) -> Result<Vec<Fingerprint>, Error> {
        self.execute(RotateEncryptionKeys).await
    }

    /// The calls that it has answered lately. Since 3.12.5.
    pub async fn api_calls(&self) -> Result<Vec<ApiCall>, Error> {
        self.execute(GetApiCalls).await
    }

    /// The queries that it has run lately. Since 3.12.6.
    pub async fn aql_queries(&self) -> Result<Vec<AqlQuery>, Error> {
        self.execute(GetAqlQueries).await
    }

    /// The crashes that it has kept something of. Since 3.12.8.
    pub async fn crashes(&self) -> Result<Vec<String>, Error> {
        self.execute(ListCrashes).await
    }

    /// What it has kept of one crash. Since 3.12.8.
    pub async fn crash(&self, id: &str) -> Result<CrashDump, Error> {
        self.execute(GetCrash { id }).await
    }

    /// Has it throw away what it has kept of one crash. Since 3.12.8.
    pub async fn delete_crash(&self, id: &str) -> Result<(), Error> {
        self.execute(DeleteCrash { id }).await
    }

    /// What it has of the agency.
    pub async fn agency_cache(&self) -> Result<AgencyDump, Error> {
        self.execute(GetAgencyCache).await
    }

    /// What it makes of the agency.
    pub async fn cluster_info(&self) -> Result<ClusterInfo, Error> {
        self.execute(GetClusterInfo).await
    }

    /// Has it have everything compacted that is stored. Takes a superuser's token, and perhaps very long.
    pub async fn compact(&self, compact: Compact) -> Result<(), Error> {
        self.execute(compact).await
    }

    /// Shuts it down at once: whatever lives on it is lost.
    ///
    /// It is spared [before that is sent](arango_transport::Transport::spare), also if it then refuses.
    pub async fn shutdown(&self) -> Result<(), Error> {
        self.execute(Shutdown::default()).await
    }

    /// The same, and it takes its leave of the cluster, so that nobody misses it. The server does not document that it can.
    pub async fn shutdown_for_good(&self) -> Result<(), Error> {
        self.execute(Shutdown { membership: Membership::GivenUp }).await
    }

    /// Lets it shut down once nothing lives on it any more.
    ///
    /// It is spared [before that is sent](arango_transport::Transport::spare), also if it then refuses: this client sends
    /// it nothing new that others can take. It says of itself that it is available, so after
    /// [the term](arango_transport::balance::HealthPolicy::leaving), 30 seconds, it is back in the rotation if it is there
    /// still.
    pub async fn soft_shutdown(&self) -> Result<(), Error> {
        self.execute(SoftShutdown).await
    }

    /// What a soft shutdown of it waits for.
    pub async fn shutdown_progress(&self) -> Result<ShutdownProgress, Error> {
        self.execute(GetShutdownProgress).await
    }
}
