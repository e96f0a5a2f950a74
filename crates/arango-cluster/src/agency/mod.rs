//! What the agency holds, and what the coordinator that answers has of it.

mod diagnosis;
mod dump;
mod dumped_jobs;
mod dumped_servers;

pub use diagnosis::{AgencyDiagnosis, DiagnoseAgency, DiagnoseAgencyDump, Diagnosis, Strictness};
pub use dump::{AgencyDump, ClusterInfo, GetAgencyCache, GetAgencyDump, GetClusterInfo};
