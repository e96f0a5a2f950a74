//! `/_api/cluster/*`: the coordinators' endpoints, and complete dumps of the agency.

use http::Method;
use serde_json::{Map, Value, json};

use super::{Call, HandlerResult, health};
use crate::http::reply::{ApiError, Reply};
use crate::state::State;
use crate::state::agency_jobs::Stage;
use crate::state::servers::Server;

/// The number of the agency's last change, which is not simulated.
const INDEX: u64 = 1;

pub(super) fn handle(call: &Call<'_>, rest: &[&str]) -> HandlerResult {
    match rest {
        ["endpoints"] => endpoints(call),
        ["agency-dump"] => {
            allowed(call, "you need admin rights to produce an agency dump")?;
            let agency = json!({ "arango": tree(call) });
            Ok(Reply::raw(200, &json!({ "index": INDEX, "term": 1, "agency": agency, "log": [] })))
        }
        ["agency-cache"] => {
            allowed(call, "you need admin rights to produce an agency cache dump")?;
            Ok(Reply::raw(200, &json!({ "index": INDEX, "cache": [{ "arango": tree(call) }] })))
        }
        ["cluster-info"] => {
            allowed(call, "you need admin rights to produce a cluster info dump")?;
            Ok(Reply::raw(200, &maps(call)))
        }
        _ => {
            let text = "expecting /_api/cluster/[endpoints,agency-dump,agency-cache,cluster-info]";
            Err(ApiError::new(404, 404, text))
        }
    }
}

fn allowed(call: &Call<'_>, text: &str) -> Result<(), ApiError> {
    call.require_method(&Method::GET)?;
    if call.is_admin() { Ok(()) } else { Err(ApiError::new(403, 403, text)) }
}

/// Lists all coordinators that were not removed, including those that are down.
fn endpoints(call: &Call<'_>) -> HandlerResult {
    call.require_method(&Method::GET)?;
    let registered = call.state.coordinators.iter().filter(|server| server.registered);
    let endpoints: Vec<_> = registered
        .map(|server| match &server.advertised {
            Some(advertised) => json!({ "endpoint": advertised, "internal": server.endpoint }),
            None => json!({ "endpoint": server.endpoint }),
        })
        .collect();
    Ok(Reply::flat(200, json!({ "endpoints": endpoints })))
}

/// Returns the agency's contents below `arango`.
pub(super) fn tree(call: &Call<'_>) -> Value {
    let state = &*call.state;
    let mode = if state.supervision.is_in_maintenance() { "Maintenance" } else { "Normal" };
    json!({
        "Cluster": state.cluster_id,
        "Plan": plan(state),
        "Current": current(call),
        "Target": target(state),
        "Supervision": {
            "Health": health::records(call),
            "State": { "Mode": mode, "Timestamp": state.clock.timestamp(state.current_time) },
        },
    })
}

fn coordinators(state: &State) -> impl Iterator<Item = &Server> {
    state.coordinators.iter().filter(|server| server.registered)
}

fn by_id<'a>(servers: impl Iterator<Item = &'a Server>, value: impl Fn(&Server) -> Value) -> Value {
    servers.map(|server| (server.id.clone(), value(server))).collect::<Map<_, _>>().into()
}

fn plan(state: &State) -> Value {
    let databases: Map<_, _> = state
        .databases
        .iter()
        .map(|(name, database)| (name.clone(), json!({ "id": database.id, "name": name })))
        .collect();
    let mut collections = Map::new();
    for (name, database) in &state.databases {
        let id_of = |name: &String| database.collections.get(name).map(|one| one.id.clone());
        let of_database = database.collections.values().map(|one| {
            let shards: Map<_, _> = one
                .shards
                .iter()
                .map(|(shard, copies)| (shard.clone(), state.planned(shard, copies).into()))
                .collect();
            let mut planned = json!({
                "id": one.id, "name": one.name, "type": one.kind.number(), "isSystem": one.is_system,
                "numberOfShards": one.shards.len(), "replicationFactor": one.replication_factor,
                "writeConcern": one.write_concern, "shards": shards,
            });
            if let Some(prototype) = one.distribute_shards_like.as_ref().and_then(id_of) {
                planned["distributeShardsLike"] = prototype.into();
            }
            (one.id.clone(), planned)
        });
        collections.insert(name.clone(), of_database.collect::<Map<_, _>>().into());
    }
    json!({
        "Databases": databases, "Collections": collections, "Views": {},
        "Coordinators": by_id(coordinators(state), |_| "none".into()),
        "DBServers": by_id(state.db_servers.iter(), |_| "none".into()),
    })
}

fn current(call: &Call<'_>) -> Value {
    let state = &*call.state;
    let mut collections = Map::new();
    for (name, database) in &state.databases {
        let of_database = database.collections.values().map(|one| {
            let there = |(shard, copies): (&String, &Vec<String>)| {
                let servers = json!({ "servers": state.in_sync(shard, copies), "error": false });
                (shard.clone(), servers)
            };
            (one.id.clone(), one.shards.iter().map(there).collect::<Map<_, _>>().into())
        });
        collections.insert(name.clone(), of_database.collect::<Map<_, _>>().into());
    }
    let all = || coordinators(state).chain(&state.db_servers);
    json!({
        "Collections": collections,
        "Coordinators": by_id(coordinators(state), |_| "none".into()),
        "DBServers": by_id(state.db_servers.iter(), |_| "none".into()),
        "ServersKnown": by_id(all(), |server| json!({ "rebootId": server.reboot_id })),
        "ServersRegistered": by_id(all(), |server| json!({
            "endpoint": server.endpoint, "advertisedEndpoint": "", "host": state.host, "engine": "rocksdb",
            "versionString": server.version(call.config).text(),
        })),
    })
}

fn target(state: &State) -> Value {
    let jobs = |stage: Stage| {
        let jobs = state.jobs.jobs.iter().filter(|job| job.stage == stage);
        jobs.map(|job| (job.id.clone(), job.document(&state.clock))).collect::<Map<_, _>>()
    };
    let short = |server: &Server| {
        let number = server.short_name.trim_start_matches(|c: char| c.is_ascii_alphabetic());
        json!({ "ShortName": server.short_name, "TransactionID": number.parse::<u64>().unwrap_or_default() })
    };
    json!({
        "ToDo": jobs(Stage::ToDo), "Pending": jobs(Stage::Pending), "Finished": jobs(Stage::Finished),
        "Failed": jobs(Stage::Failed), "CleanedServers": state.cleaned,
        "NumberOfCoordinators": state.targets.coordinators, "NumberOfDBServers": state.targets.db_servers,
        "MapUniqueToShortID": by_id(coordinators(state).chain(&state.db_servers), short),
    })
}

/// Returns what the coordinator has derived from the agency's contents.
fn maps(call: &Call<'_>) -> Value {
    let state = &*call.state;
    let (mut planned, mut shards, mut shard_names, mut shard_servers) =
        (Map::new(), Map::new(), Map::new(), Map::new());
    for (name, database) in &state.databases {
        for collection in database.collections.values() {
            shards.insert(collection.id.clone(), collection.shards.keys().cloned().collect());
            for (shard, copies) in &collection.shards {
                shard_names.insert(shard.clone(), collection.id.as_str().into());
                shard_servers.insert(shard.clone(), copies.clone().into());
            }
        }
        let names = database.collections.values().flat_map(|one| [one.id.clone(), one.name.clone()]);
        planned.insert(name.clone(), names.collect());
    }
    let of_databases = |tree: &Value, part: &str| {
        let part_of = |name: &String| json!([{ "arango": { part: { "Collections": { name: tree["Collections"][name] } } } }]);
        state.databases.keys().map(|name| (name.clone(), part_of(name))).collect::<Map<_, _>>()
    };
    json!({
        "plan": of_databases(&plan(state), "Plan"),
        "plannedCollections": planned,
        "shardToName": shard_names,
        "shardServers": shard_servers,
        "shards": shards,
        "current": of_databases(&current(call), "Current"),
        "shardIds": shard_servers,
        "DBServers": by_id(state.db_servers.iter(), |_| "none".into()),
        "coordinators": by_id(coordinators(state), |_| "none".into()),
    })
}
