//! The contents of the agency, unique ids and sort migration.

use arango_cluster::{
    AgencyDiagnosis, AgencyDump, AgencyJob, ByDbServer, CheckSortMigration, DiagnoseAgency,
    DiagnoseAgencyDump, DiagnosisStrictness, GetAgencyDump, GetSortMigration, MigrateSorting, RaiseUniqueIds,
    ReserveUniqueIds, SortCheck, SortMigration, SortMigrationResult, UniqueIds,
};
use arango_transport::Error;

use crate::handles::cluster::Cluster;

/// The agency, unique ids and sort migration.
impl Cluster {
    /// Returns all contents of the agency.
    #[inline]
    pub async fn agency_dump(&self) -> Result<AgencyDump, Error> {
        self.database.execute(GetAgencyDump).await
    }

    /// Returns the jobs that the agency still lists.
    ///
    /// They include those of other clients. These may be jobs whose ids no response contained. Each can be
    /// [watched](Self::watch_job). Read from a [dump](Self::agency_dump).
    #[inline]
    pub async fn agency_jobs(&self) -> Result<Vec<AgencyJob>, Error> {
        Ok(self.agency_dump().await?.jobs())
    }

    /// Checks the consistency of the agency.
    ///
    /// Needs a superuser token and a late 3.12.
    #[inline]
    pub async fn diagnose_agency(&self, strictness: DiagnosisStrictness) -> Result<AgencyDiagnosis, Error> {
        self.database.execute(DiagnoseAgency { strictness }).await
    }

    /// Checks the consistency of an agency dump.
    ///
    /// Needs a superuser token and a late 3.12.
    #[inline]
    pub async fn diagnose_agency_dump(
        &self,
        dump: &AgencyDump,
        strictness: DiagnosisStrictness,
    ) -> Result<AgencyDiagnosis, Error> {
        self.database.execute(DiagnoseAgencyDump { dump, strictness }).await
    }

    /// Reserves ids that are unique in the cluster. Since 3.12.5-3.
    #[inline]
    pub async fn reserve_unique_ids(&self, count: u32) -> Result<UniqueIds, Error> {
        self.database.execute(ReserveUniqueIds { count }).await
    }

    /// Raises the id counter, so that later ids are greater than `minimum`.
    ///
    /// Since 3.12.5-3.
    #[inline]
    pub async fn raise_unique_ids(&self, minimum: u64) -> Result<UniqueIds, Error> {
        self.database.execute(RaiseUniqueIds { minimum }).await
    }

    /// Makes every DB-Server check for wrongly sorted indexes.
    ///
    /// Needs a superuser token; may take hours. Since 3.11.11 and 3.12.2.
    #[doc(alias = "vpack_sort_migration_index_check")]
    #[inline]
    pub async fn check_sort_migration(&self) -> Result<ByDbServer<SortCheck>, Error> {
        self.database.execute(CheckSortMigration).await
    }

    /// Returns the sort order of every DB-Server.
    ///
    /// Needs a superuser token. Since 3.11.11 and 3.12.2.
    #[doc(alias = "vpack_sort_migration_status")]
    #[inline]
    pub async fn sort_migration(&self) -> Result<ByDbServer<SortMigration>, Error> {
        self.database.execute(GetSortMigration).await
    }

    /// Makes every DB-Server sort correctly after its next start.
    ///
    /// Needs a superuser token. Since 3.11.11 and 3.12.2.
    #[doc(alias = "migrate_vpack_sorting")]
    #[inline]
    pub async fn migrate_sorting(&self) -> Result<ByDbServer<SortMigrationResult>, Error> {
        self.database.execute(MigrateSorting).await
    }
}
