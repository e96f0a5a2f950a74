//! Keys, diagnostics and shutdown of one coordinator.

use arango_cluster::{
    AgencyDump, ApiCall, AqlQuery, ClusterInfo, ClusterMembership, Compact, CrashDump, DeleteCrash,
    Fingerprint, GetAgencyCache, GetApiCalls, GetAqlQueries, GetClusterInfo, GetCrash, GetJwtSecrets,
    GetShutdownProgress, GetTls, JwtSecrets, ListCrashes, ReloadJwtSecrets, ReloadTls, RotateEncryptionKeys,
    Shutdown, ShutdownProgress, SoftShutdown, TlsFiles,
};
use arango_transport::Error;

use crate::handles::coordinator::CoordinatorHandle;

/// Keys, diagnostics and shutdown of one coordinator.
impl CoordinatorHandle {
    /// Returns the certificates that it presents and trusts.
    #[inline]
    pub async fn tls(&self) -> Result<TlsFiles, Error> {
        self.execute(GetTls).await
    }

    /// Makes it reload its certificates from disk. Needs a superuser token.
    #[inline]
    pub async fn reload_tls(&self) -> Result<TlsFiles, Error> {
        self.execute(ReloadTls).await
    }

    /// Returns the fingerprints of the secrets that validate tokens.
    ///
    /// Needs a superuser token.
    #[inline]
    pub async fn jwt_secrets(&self) -> Result<JwtSecrets, Error> {
        self.execute(GetJwtSecrets).await
    }

    /// Makes it reload the secrets of tokens from disk.
    ///
    /// Needs a superuser token.
    #[inline]
    pub async fn reload_jwt_secrets(&self) -> Result<JwtSecrets, Error> {
        self.execute(ReloadJwtSecrets).await
    }

    /// Makes it rotate the encryption keys of its data.
    ///
    /// Coordinators have none, and refuse.
    #[inline]
    pub async fn rotate_encryption_keys(&self) -> Result<Vec<Fingerprint>, Error> {
        self.execute(RotateEncryptionKeys).await
    }

    /// Returns the recent API calls. Since 3.12.5.
    #[inline]
    pub async fn api_calls(&self) -> Result<Vec<ApiCall>, Error> {
        self.execute(GetApiCalls).await
    }

    /// Returns the recent AQL queries. Since 3.12.6.
    #[doc(alias = "history")]
    #[inline]
    pub async fn aql_queries(&self) -> Result<Vec<AqlQuery>, Error> {
        self.execute(GetAqlQueries).await
    }

    /// Lists the ids of recorded crashes. Since 3.12.8.
    #[inline]
    pub async fn crashes(&self) -> Result<Vec<String>, Error> {
        self.execute(ListCrashes).await
    }

    /// Returns the dump of one crash. Since 3.12.8.
    #[inline]
    pub async fn crash(&self, id: &str) -> Result<CrashDump, Error> {
        self.execute(GetCrash { id }).await
    }

    /// Deletes the dump of one crash. Since 3.12.8.
    #[inline]
    pub async fn delete_crash(&self, id: &str) -> Result<(), Error> {
        self.execute(DeleteCrash { id }).await
    }

    /// Returns its cached copy of the agency.
    #[inline]
    pub async fn agency_cache(&self) -> Result<AgencyDump, Error> {
        self.execute(GetAgencyCache).await
    }

    /// Returns the maps that it has derived from the agency.
    #[inline]
    pub async fn cluster_info(&self) -> Result<ClusterInfo, Error> {
        self.execute(GetClusterInfo).await
    }

    /// Compacts all stored data. Needs a superuser token; may take very long.
    #[inline]
    pub async fn compact(&self, compact: Compact) -> Result<(), Error> {
        self.execute(compact).await
    }

    /// Shuts it down at once; its cursors, transactions and jobs are lost.
    ///
    /// This client [drains](arango_transport::Transport::drain) it before the request is sent, even if the request is
    /// then refused.
    #[inline]
    pub async fn shutdown(&self) -> Result<(), Error> {
        self.execute(Shutdown::default()).await
    }

    /// Shuts it down at once and removes it from the cluster.
    ///
    /// Its absence is then not reported as a failure. The server does not document that a coordinator can be removed
    /// in this way.
    #[inline]
    pub async fn shutdown_and_remove(&self) -> Result<(), Error> {
        self.execute(Shutdown { membership: ClusterMembership::Remove }).await
    }

    /// Shuts it down once its cursors, transactions and jobs have ended.
    ///
    /// This client [drains](arango_transport::Transport::drain) it before the request is sent, even if the request is
    /// then refused: it gets no new requests that other coordinators can take. It still reports itself as available,
    /// so after [the drain time](arango_transport::balance::HealthPolicy::max_drain_time), 30 seconds, it returns to
    /// the rotation if it is still running.
    #[inline]
    pub async fn soft_shutdown(&self) -> Result<(), Error> {
        self.execute(SoftShutdown).await
    }

    /// Returns what its soft shutdown waits for.
    #[inline]
    pub async fn shutdown_progress(&self) -> Result<ShutdownProgress, Error> {
        self.execute(GetShutdownProgress).await
    }
}
