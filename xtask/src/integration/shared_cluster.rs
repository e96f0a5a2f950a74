//! A cluster that belongs to others: what the tests change there, and how it is dropped.

use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result, ensure};
use hyper::Method;
use serde_json::Value;

use crate::cluster::{ClusterInfo, HttpClient};
use crate::consent::ConsentFlags;

/// What the tests change of a cluster.
const CHANGES: [&str; 2] = [
    "databases `arango_test_…` with collections, documents and queries in them: created, and dropped",
    "a user `arango_test_…` with access to two of them: created, and removed",
];

/// What they change with consent.
const DESTRUCTIVE: [&str; 3] = [
    "the maintenance of the supervision: on for some seconds, and off",
    "the maintenance of one DB-Server: on for some seconds, and off",
    "moves of shards: a rebalance of the whole cluster is planned and executed",
];

/// One run of the tests.
#[derive(Debug)]
pub(super) struct SharedCluster {
    client: HttpClient,
    endpoint: String,
    /// A part of the names of everything that this run creates.
    run: String,
    may_disturb: bool,
}

impl SharedCluster {
    /// Checks the consent, and prints what will be changed.
    ///
    /// # Errors
    /// If the cluster does not respond, or the consent is for another one.
    pub(super) async fn prepare(info: &ClusterInfo, consent: &ConsentFlags) -> Result<Self> {
        let client = HttpClient::new(info.ca_file.as_deref().map(AsRef::as_ref))?.with(info.authorization());
        let endpoint = info.endpoints.first().context("an external cluster has an address")?.clone();
        let health = client.get(&format!("{endpoint}/_admin/cluster/health")).await?;
        let may_disturb = consent.check(health.body["ClusterId"].as_str()).await?;
        let since = SystemTime::now().duration_since(UNIX_EPOCH).context("the clock is before 1970")?;
        anstream::eprintln!("The cluster belongs to others. The tests read, and change this:");
        let destructive = if may_disturb { &DESTRUCTIVE[..] } else { &[] };
        for change in CHANGES.iter().chain(destructive) {
            anstream::eprintln!("  {change}");
        }
        Ok(Self { client, endpoint, run: format!("{:x}", since.as_micros()), may_disturb })
    }

    /// The variables for the tests.
    pub(super) fn variables(&self) -> Vec<(&'static str, String)> {
        let consent = self.may_disturb.then(|| ("ARANGO_TEST_ALLOW_DESTRUCTIVE", "1".to_owned()));
        [("ARANGO_TEST_RUN", self.run.clone())].into_iter().chain(consent).collect()
    }

    /// Drops what tests that have failed have left over.
    ///
    /// # Errors
    /// If something of it is still there.
    pub(super) async fn clean_up(&self) -> Result<()> {
        for (list, member) in [("/_api/database", None), ("/_api/user", Some("user"))] {
            let url = format!("{}{list}", self.endpoint);
            let listed = self.client.get(&url).await.context("what the tests have left over is unknown")?;
            for name in left_over(&listed.body["result"], member, &self.run) {
                let dropped =
                    self.client.send(Method::DELETE, &format!("{url}/{name}"), String::new()).await?;
                ensure!(dropped.status < 300, "{name} is still there: status {}", dropped.status);
            }
        }
        Ok(())
    }
}

/// The names in a list that belong to a run.
fn left_over(listed: &Value, member: Option<&str>, run: &str) -> Vec<String> {
    let names = listed.as_array().into_iter().flatten().filter_map(|one| match member {
        Some(member) => one[member].as_str(),
        None => one.as_str(),
    });
    let is_of_run = |name: &&str| name.starts_with("arango_test_") && name.contains(&format!("_{run}_"));
    names.filter(is_of_run).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_what_this_run_has_created_is_dropped() {
        let listed =
            json!(["_system", "shop", "arango_test_read_ab12_9", "arango_test_read_cd34_9", "x_ab12_1"]);
        assert_eq!(left_over(&listed, None, "ab12"), ["arango_test_read_ab12_9"]);
        let users = json!([{ "user": "root" }, { "user": "arango_test_reader_ab12_1" }]);
        assert_eq!(left_over(&users, Some("user"), "ab12"), ["arango_test_reader_ab12_1"]);
    }
}
