//! `/_admin/cluster/health`: the status of every server in the agency.

use std::time::Duration;

use http::Method;
use serde_json::{Map, Value, json};

use super::{Call, HandlerResult};
use crate::http::reply::{Reply, number};
use crate::model::double;
use crate::state::servers::{Role, Server, Status};

pub(super) fn handle(call: &Call<'_>) -> HandlerResult {
    call.require_method(&Method::GET)?;
    let mut records = records(call);
    let leader = call.state.agents.first().map(|agent| agent.id.as_str());
    for (place, agent) in call.state.agents.iter().enumerate() {
        let is_leader = leader == Some(agent.id.as_str());
        // Followers acknowledged some milliseconds ago; the leader does not wait for itself.
        let acked = if is_leader { 0.0 } else { 0.021 + 0.016 * double(place) };
        let record = json!({
            "Role": "Agent", "Endpoint": agent.endpoint, "CanBeDeleted": false, "Leading": is_leader,
            "LastAckedTime": number(acked), "Engine": "rocksdb", "Version": call.config.version.text(),
            "Leader": leader, "Status": "GOOD",
        });
        records.insert(agent.id.clone(), record);
    }
    Ok(Reply::flat(200, json!({ "ClusterId": call.state.cluster_id, "Health": records })))
}

/// Returns the records of coordinators and DB-Servers, by id.
pub(super) fn records(call: &Call<'_>) -> Map<String, Value> {
    let coordinators = call.state.coordinators.iter().filter(|server| server.registered);
    let servers = coordinators.chain(&call.state.db_servers);
    servers.map(|server| (server.id.clone(), record(call, server))).collect()
}

/// Returns the record of a coordinator or DB-Server. Its times are those of the last change, not of the last heartbeat.
fn record(call: &Call<'_>, server: &Server) -> Value {
    let clock = &call.state.clock;
    let failed = server.status == Status::Failed;
    let (role, can_be_deleted) = match server.role {
        Role::Coordinator => ("Coordinator", failed),
        Role::DbServer => ("DBServer", failed && !call.state.holds_shards(&server.id)),
    };
    let sync_time = server.last_acked.checked_sub(Duration::from_millis(900)).unwrap_or(server.last_acked);
    let mut record = json!({
        "ShortName": server.short_name, "Endpoint": server.endpoint, "Host": call.state.host,
        "SyncStatus": "SERVING", "Status": server.status.text(), "Version": server.version(call.config).text(),
        "Engine": "rocksdb", "SyncTime": clock.timestamp(sync_time),
        "LastAckedTime": clock.timestamp(server.last_acked), "Role": role, "CanBeDeleted": can_be_deleted,
    });
    if let Some(advertised) = &server.advertised {
        record["AdvertisedEndpoint"] = advertised.as_str().into();
    }
    if !call.version.is_4() {
        record["Timestamp"] = clock.timestamp(server.written).into();
    }
    record
}
