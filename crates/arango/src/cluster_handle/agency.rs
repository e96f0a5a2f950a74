//! What the agency holds, and the cluster's own numbers.

use arango_cluster::{
    AgencyDiagnosis, AgencyDump, AgencyJob, ByDbServer, CheckSortMigration, DiagnoseAgency,
    DiagnoseAgencyDump, GetAgencyDump, GetSortMigration, MigrateSorting, RaiseUniqueIds, ReserveUniqueIds,
    SortCheck, SortMigrated, SortMigration, Strictness, UniqueIds,
};
use arango_transport::Error;

use crate::Cluster;

/// What the agency holds, and the cluster's own numbers.
impl Cluster {
    /// All that the agency holds.
    pub async fn agency_dump(&self) -> Result<AgencyDump, Error> {
        self.database.execute(GetAgencyDump).await
    }

    /// The jobs that the agency has not forgotten, whoever began them: also those whose ids no answer has told. Each can be
    /// [followed](Self::follow_job). Taken from a [dump](Self::agency_dump).
    pub async fn agency_jobs(&self) -> Result<Vec<AgencyJob>, Error> {
        Ok(self.agency_dump().await?.jobs())
    }

    /// Whether what the agency holds is sound. Takes a superuser's token, and a late 3.12.
    pub async fn diagnose_agency(&self, strictness: Strictness) -> Result<AgencyDiagnosis, Error> {
        self.database.execute(DiagnoseAgency { strictness }).await
    }

    /// Whether what an agency held is sound. Takes a superuser's token, and a late 3.12.
    pub async fn diagnose_agency_dump(
        &self,
        dump: &AgencyDump,
        strictness: Strictness,
    ) -> Result<AgencyDiagnosis, Error> {
        self.database.execute(DiagnoseAgencyDump { dump, strictness }).await
    }

    /// Takes ids that nobody else gets. Since 3.12.5-3.
    pub async fn reserve_unique_ids(&self, count: u32) -> Result<UniqueIds, Error> {
        self.database.execute(ReserveUniqueIds { count }).await
    }

    /// Sees to it that no id up to `minimum` is given any more. Since 3.12.5-3.
    pub async fn raise_unique_ids(&self, minimum: u64) -> Result<UniqueIds, Error> {
        self.database.execute(RaiseUniqueIds { minimum }).await
    }

    /// Has every DB-Server look for indexes that are sorted wrongly. Takes a superuser's token, and up to hours. Since
    /// 3.11.11 and 3.12.2.
    pub async fn check_sort_migration(&self) -> Result<ByDbServer<SortCheck>, Error> {
        self.database.execute(CheckSortMigration).await
    }

    /// How every DB-Server sorts. Takes a superuser's token. Since 3.11.11 and 3.12.2.
    pub async fn sort_migration(&self) -> Result<ByDbServer<SortMigration>, Error> {
        self.database.execute(GetSortMigration).await
    }

    /// Has every DB-Server sort correctly from its next start on. Takes a superuser's token. Since 3.11.11 and 3.12.2.
    pub async fn migrate_sorting(&self) -> Result<ByDbServer<SortMigrated>, Error> {
        self.database.execute(MigrateSorting).await
    }
}
