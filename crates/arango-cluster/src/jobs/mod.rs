//! Jobs of the agency's supervision.

mod agency_job;
mod cancel;
mod id;

pub use agency_job::{AgencyJob, GetAgencyJob, JobStatus, JobType};
pub use cancel::CancelAgencyJob;
pub use id::JobId;
pub(crate) use id::Scheduled;
