//! What the supervision of the agency has been told to do, and how far it has come.

mod agency_job;
mod cancel;
mod id;

pub use agency_job::{AgencyJob, GetAgencyJob, JobStatus, JobType};
pub use cancel::CancelAgencyJob;
pub use id::JobId;
pub(crate) use id::Scheduled;
