//! The contents of the agency, and the responding coordinator's copy of it.

mod diagnosis;
mod dump;
mod dumped_jobs;
mod dumped_servers;

pub use diagnosis::{AgencyDiagnosis, DiagnoseAgency, DiagnoseAgencyDump, Diagnosis, DiagnosisStrictness};
pub use dump::{AgencyDump, ClusterInfo, GetAgencyCache, GetAgencyDump, GetClusterInfo};
