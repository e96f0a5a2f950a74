//! The jobs in an agency dump.

use serde_json::Value;

use crate::agency::AgencyDump;
use crate::jobs::AgencyJob;

/// The lists of jobs; their names are also the values of the job status.
const LISTS: [&str; 4] = ["ToDo", "Pending", "Finished", "Failed"];

impl AgencyDump {
    /// Returns the jobs that the agency still lists.
    ///
    /// Jobs of other clients are included. These may be jobs whose ids no response contained. Entries that cannot be
    /// decoded as a job are skipped.
    #[inline]
    pub fn jobs(&self) -> Vec<AgencyJob> {
        let target = self.tree().and_then(|tree| tree.get("Target"));
        let list = |list| Some((list, target?.get(list)?.as_object()?));
        let jobs = LISTS.into_iter().filter_map(list).flat_map(|(list, jobs)| {
            jobs.iter().filter_map(move |(id, job)| {
                let mut job = job.as_object()?.clone();
                // The same form as in the response for a single job.
                job.insert("job".to_owned(), Value::from(id.as_str()));
                job.insert("status".to_owned(), Value::from(list));
                serde_json::from_value(Value::Object(job)).ok()
            })
        });
        jobs.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jobs::JobStatus;

    #[test]
    fn jobs_are_read_from_their_lists_and_invalid_entries_are_skipped() {
        let dump: AgencyDump = serde_json::from_str(
            r#"[{"arango":{"Target":{
                "ToDo":{"7":{"type":"moveShard","shard":"s1","fromServer":"PRMR-a","toServer":"PRMR-b"},"8":7},
                "Failed":{"9":{"type":"cleanOutServer","server":"PRMR-a","reason":"full"}}}}}]"#,
        )
        .unwrap();
        let jobs = dump.jobs();
        let seen: Vec<_> = jobs.iter().map(|job| (job.id.as_str(), job.status.clone())).collect();
        assert_eq!(seen, [("7", JobStatus::ToDo), ("9", JobStatus::Failed)]);
        assert_eq!(jobs[0].shard.as_deref(), Some("s1"));
        assert!(AgencyDump(Value::Null).jobs().is_empty());
    }
}
