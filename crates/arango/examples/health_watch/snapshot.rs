//! What the cluster says about itself, and what the client makes of its coordinators.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use arango::balance::MemberState;
use arango::cluster::{Availability, ClusterHealth, ServerId, ShardStatistics};
use arango::{Client, Coordinator};
use futures_util::future::join_all;

/// All that is shown.
#[derive(Debug, Default)]
pub(crate) struct Snapshot {
    pub(crate) servers: Vec<Server>,
    pub(crate) coordinators: Vec<CoordinatorRow>,
    /// What could not be read, and why.
    pub(crate) problems: Vec<String>,
}

/// A server, as the cluster describes it.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) role: String,
    pub(crate) name: String,
    pub(crate) status: String,
    pub(crate) is_good: bool,
    pub(crate) version: String,
    /// Shards of which it is the leader, and of which it is a follower. Only DB-Servers have any.
    pub(crate) shards: Option<(u64, u64)>,
    /// Whether it is the leader of the agency.
    pub(crate) leads: bool,
}

/// A coordinator, as this client sees it.
#[derive(Debug)]
pub(crate) struct CoordinatorRow {
    pub(crate) address: String,
    /// How long a small request to it took. `None` if it failed.
    pub(crate) latency: Option<Duration>,
    /// `available`, or what happened instead.
    pub(crate) response: String,
    pub(crate) state: String,
    pub(crate) is_healthy: bool,
    /// The fraction of its share of the requests that the client gives it.
    pub(crate) weight: f64,
    pub(crate) connections: usize,
    pub(crate) next_probe_in: Option<Duration>,
}

impl Snapshot {
    /// Reads everything. What fails is a problem of the snapshot, so that the rest is still shown.
    pub(crate) async fn take(client: &Client) -> Self {
        let cluster = client.cluster();
        let coordinators = client.coordinators();
        let responses = join_all(coordinators.iter().map(|state| respond(client, &state.address)));
        let (health, shards, responses) =
            tokio::join!(cluster.health(), cluster.shard_statistics_by_server(), responses);

        let mut problems = Vec::new();
        let shards = shards.unwrap_or_else(|error| {
            problems.push(format!("shards: {error}"));
            BTreeMap::new()
        });
        let servers = match health {
            Ok(health) => servers(&health, &shards),
            Err(error) => {
                problems.push(format!("servers: {error}"));
                Vec::new()
            }
        };
        // Read after the requests, which have had their effect on it.
        let states = client.coordinators();
        let rows = states.into_iter().map(|state| {
            let asked = coordinators.iter().position(|one| one.address == state.address);
            let (latency, response) =
                asked.map_or_else(|| (None, "new".to_owned()), |index| responses[index].clone());
            CoordinatorRow {
                address: state.address.to_string(),
                latency,
                response,
                state: state.state.to_string(),
                is_healthy: state.state == MemberState::Healthy,
                weight: state.weight,
                connections: state.open_connections,
                next_probe_in: state.next_probe_in,
            }
        });
        Self { servers, coordinators: rows.collect(), problems }
    }
}

/// Sends a small request to one coordinator, and to no other.
async fn respond(client: &Client, coordinator: &Coordinator) -> (Option<Duration>, String) {
    let begin = Instant::now();
    match client.coordinator(coordinator).availability().await {
        Ok(Availability::Available(_)) => (Some(begin.elapsed()), "available".to_owned()),
        // It responds, and refuses other requests.
        Ok(_) => (Some(begin.elapsed()), "unavailable".to_owned()),
        Err(error) if error.is_connect() => (None, "refused".to_owned()),
        Err(error) if error.is_timeout() => (None, "silent".to_owned()),
        Err(error) => (None, format!("{:?}", error.category())),
    }
}

fn servers(health: &ClusterHealth, shards: &BTreeMap<ServerId, ShardStatistics>) -> Vec<Server> {
    let server = |(id, server): (&ServerId, &arango::cluster::ServerHealth)| Server {
        role: server.role.to_string(),
        name: server.short_name.clone().unwrap_or_else(|| id.to_string()),
        status: server.status.to_string(),
        is_good: server.is_good(),
        version: server.version.clone().unwrap_or_else(|| "-".to_owned()),
        shards: shards.get(id).map(|counts| (counts.leaders, counts.followers)),
        leads: server.leading == Some(true),
    };
    let mut servers: Vec<_> = health.servers().map(server).collect();
    servers.sort_by(|one, other| (&one.role, &one.name).cmp(&(&other.role, &other.name)));
    servers
}

/// Numbers that two tests draw.
#[cfg(test)]
pub(crate) fn sample() -> Snapshot {
    let server = |role: &str, name: &str, status: &str, shards, leads| Server {
        role: role.into(),
        name: name.into(),
        status: status.into(),
        is_good: status == "GOOD",
        version: "3.12.5".into(),
        shards,
        leads,
    };
    let coordinator = |port, latency, response: &str, state: &str, weight, probe| CoordinatorRow {
        address: format!("http://127.0.0.1:{port}"),
        latency,
        response: response.into(),
        state: state.into(),
        is_healthy: state == "healthy",
        weight,
        connections: 2,
        next_probe_in: probe,
    };
    Snapshot {
        servers: vec![
            server("Agent", "AGNT-1", "GOOD", None, true),
            server("Coordinator", "Coordinator0001", "GOOD", None, false),
            server("Coordinator", "Coordinator0002", "FAILED", None, false),
            server("DBServer", "DBServer0001", "GOOD", Some((18, 3)), false),
            server("DBServer", "DBServer0002", "BAD", Some((0, 18)), false),
        ],
        coordinators: vec![
            coordinator(8529, Some(Duration::from_micros(1240)), "available", "healthy", 1.0, None),
            coordinator(8539, None, "refused", "ejected", 0.0, Some(Duration::from_millis(1500))),
        ],
        problems: Vec::new(),
    }
}
