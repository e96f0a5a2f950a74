//! `/_admin/cluster/*`: dispatches commands, and refuses unknown ones.

use http::Method;
use serde_json::{Value, json};

use super::{
    Call, HandlerResult, Outcome, agency_diagnosis, agency_jobs, health, maintenance, nodes, rebalance,
    shard_distribution, shard_moves, sort_migration,
};
use crate::http::reply::{ApiError, Reply};
use crate::state::grants::Level;

pub(super) fn handle(call: &mut Call<'_>, command: &[&str]) -> Result<Outcome, ApiError> {
    let is_4 = call.version.is_4();
    let reply = match command {
        ["health"] => health::handle(call),
        ["nodeVersion" | "nodeEngine"] => return nodes::handle(call, command[0]),
        ["nodeStatistics" | "statistics"] if !is_4 => return nodes::handle(call, command[0]),
        ["numberOfServers"] => number_of_servers(call),
        ["maintenance"] => return maintenance::supervision(call),
        ["maintenance", server] if call.version.at_least(3, 10, 1) => {
            return maintenance::server(call, server);
        }
        ["rebalance"] => rebalance::handle(call),
        ["rebalance", rest] => rebalance::execute(call, rest),
        ["rebalanceShards"] => rebalance::rebalance_shards(call),
        ["shardDistribution"] => shard_distribution::of_database(call),
        ["collectionShardDistribution"] => shard_distribution::of_collection(call),
        ["shardStatistics"] => shard_distribution::statistics(call),
        ["moveShard"] => shard_moves::move_shard(call),
        ["cleanOutServer"] => shard_moves::clean_out_server(call),
        ["resignLeadership"] => shard_moves::resign_leadership(call),
        ["removeServer"] => return shard_moves::remove_server(call),
        ["queryAgencyJob"] => agency_jobs::query(call),
        ["cancelAgencyJob"] => agency_jobs::cancel(call),
        ["uniqId"] if call.version.has_unique_ids() => unique_ids(call),
        ["vpackSortMigration", step] if call.version.has_sort_migration() => {
            sort_migration::handle(call, step)
        }
        ["agencyDiagnosis"] if call.version.has_diagnosis() => agency_diagnosis::handle(call),
        [other] => Err(ApiError::new(400, 400, format!("invalid command '{other}'"))),
        [other, _] => Err(ApiError::new(
            400,
            400,
            format!("invalid command '{other}', expecting 'rebalance' or 'maintenance'"),
        )),
        _ => Err(ApiError::new(400, 601, "expecting URL /_admin/cluster/<command>")),
    };
    reply.map(Outcome::Now)
}

fn number_of_servers(call: &mut Call<'_>) -> HandlerResult {
    match call.request.method {
        Method::GET => {
            call.require_admin_if_hardened()?;
            let targets = &call.state.targets;
            Ok(Reply::flat(
                200,
                json!({
                    "numberOfCoordinators": targets.coordinators,
                    "numberOfDBServers": targets.db_servers,
                    "cleanedServers": call.state.cleaned,
                }),
            ))
        }
        Method::PUT => {
            call.require_admin()?;
            set_number_of_servers(call)
        }
        _ => Err(ApiError::wrong_method()),
    }
}

fn set_number_of_servers(call: &mut Call<'_>) -> HandlerResult {
    let body = call.object()?;
    let number = |key: &str| match body.get(key) {
        Some(value) if value.is_number() || value.is_null() => Ok(Some(value.clone())),
        Some(_) => Err(ApiError::bad_parameter(format!("{key}: number expected"))),
        None => Ok(None),
    };
    let coordinators = number("numberOfCoordinators")?;
    let db_servers = number("numberOfDBServers")?;
    let cleaned = match body.get("cleanedServers") {
        None => None,
        Some(Value::Array(ids)) => {
            let ids = ids.iter().map(|id| id.as_str().map(str::to_owned)).collect::<Option<_>>();
            Some(ids.ok_or_else(|| ApiError::bad_parameter("cleanedServers: array of strings expected"))?)
        }
        Some(_) => return Err(ApiError::bad_parameter("cleanedServers: array expected")),
    };
    // Everything is parsed before anything is written, so that an error changes nothing.
    let targets = &mut call.state.targets;
    targets.coordinators = coordinators.unwrap_or_else(|| targets.coordinators.take());
    targets.db_servers = db_servers.unwrap_or_else(|| targets.db_servers.take());
    if let Some(cleaned) = cleaned {
        call.state.cleaned = cleaned;
    }
    Ok(Reply::without_result(200))
}

fn unique_ids(call: &mut Call<'_>) -> HandlerResult {
    call.require_method(&Method::PUT)?;
    if call.level("_system") != Level::ReadWrite {
        return Err(ApiError::forbidden("forbidden"));
    }
    let parameter = |name: &str| call.request.query.get(name).map(str::parse::<u64>);
    let (smallest, largest) = match (parameter("number"), parameter("minimum")) {
        (Some(Ok(count @ 1..=1_000_000)), None) => {
            let first = call.state.ids.reserve(count);
            (first, first + count - 1)
        }
        (None, Some(Ok(minimum))) if minimum <= 1 << 60 => {
            call.state.ids.raise(minimum);
            let fresh = call.state.ids.next();
            (fresh, fresh)
        }
        _ => {
            return Err(ApiError::bad_parameter(
                "exactly one of `number` and `minimum` is needed, in its range",
            ));
        }
    };
    Ok(Reply::flat(200, json!({ "smallest": smallest.to_string(), "largest": largest.to_string() })))
}
