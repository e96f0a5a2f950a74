//! Placement of shards: `shardDistribution`, `collectionShardDistribution`, `shardStatistics`.

use std::collections::BTreeSet;

use http::Method;
use serde_json::{Map, Value, json};

use super::collections::find;
use super::{Call, HandlerResult};
use crate::http::reply::{ApiError, Reply, number};
use crate::model::double;
use crate::state::State;
use crate::state::databases::{Collection, Copies, Database};
use crate::state::leaders::documents;
use crate::state::replicas::Progress;

pub(super) fn of_database(call: &Call<'_>) -> HandlerResult {
    call.require_admin()?;
    call.require_method(&Method::GET)?;
    let database = call.database()?;
    let collections = database.collections.values();
    let results: Map<_, _> = collections
        .map(|collection| {
            (collection.name.clone(), distribution(call.state, database, collection, Detail::Placement))
        })
        .collect();
    Ok(Reply::flat(200, json!({ "results": results })))
}

pub(super) fn of_collection(call: &Call<'_>) -> HandlerResult {
    call.require_admin()?;
    let name = match call.request.method {
        Method::GET => {
            let name =
                call.request.query.get("collection").filter(|name| !name.is_empty()).map(str::to_owned);
            name.ok_or_else(|| ApiError::bad_parameter("expected nonempty `collection` parameter"))?
        }
        Method::PUT => {
            let name = call.request.json()?["collection"].as_str().map(str::to_owned);
            name.ok_or_else(|| ApiError::bad_parameter("object with key `collection`"))?
        }
        _ => return Err(ApiError::wrong_method()),
    };
    let collection = find(call, &name)?;
    let distribution = distribution(call.state, call.database()?, collection, Detail::Progress);
    let results = json!({ collection.name.as_str(): distribution });
    Ok(Reply::flat(200, json!({ "results": results })))
}

/// The level of detail about a shard.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Detail {
    /// Where its copies are.
    Placement,
    /// Also the progress of copies that are not in sync.
    Progress,
}

fn distribution(state: &State, database: &Database, collection: &Collection, detail: Detail) -> Value {
    let name =
        |id: &String| state.db_server(id).map_or_else(|| id.clone(), |server| server.short_name.clone());
    let places = |copies: &Copies| {
        let (leader, followers) = copies.split_first()?;
        let followers: Vec<_> = followers.iter().map(name).collect();
        Some(json!({ "leader": name(leader), "followers": followers }))
    };
    let (mut plan, mut current) = (Map::new(), Map::new());
    for (place, (shard, copies)) in collection.shards.iter().enumerate() {
        let Some(mut planned) = places(&state.planned(shard, copies)) else { continue };
        let progress = state.progress(shard, copies).filter(|_| detail == Detail::Progress);
        if let Some(progress) = progress {
            planned["progress"] = of_progress(progress, documents(database, collection, place));
        }
        plan.insert(shard.clone(), planned);
        current.extend(places(&state.in_sync(shard, copies)).map(|there| (shard.clone(), there)));
    }
    json!({ "Plan": plan, "Current": current })
}

/// Returns the progress in documents, of the follower that has the fewest.
fn of_progress(progress: Progress, total: usize) -> Value {
    let share = progress.share.unwrap_or(0.0);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a fraction of the number of documents"
    )]
    let current = (double(total) * share) as usize;
    json!({
        "total": total, "current": if current == total { 0 } else { current },
        "followerPercent": progress.share.map(|share| number((share * 100.0).round())),
        "followersSyncing": progress.syncing,
    })
}

pub(super) fn statistics(call: &Call<'_>) -> HandlerResult {
    call.require_admin()?;
    call.require_method(&Method::GET)?;
    if call.request.database != "_system" {
        return Err(ApiError::new(403, 1230, "operation only allowed in system database"));
    }
    let databases = &call.state.databases;
    let result = match call.request.query.get("DBserver").filter(|server| !server.is_empty()) {
        Some("all") => {
            let servers = call.state.db_servers.iter();
            servers.map(|server| (server.id.clone(), counts(databases.values(), Some(&server.id)))).collect()
        }
        Some(id) if call.state.db_servers.iter().any(|server| server.id == id) => {
            counts(databases.values(), Some(id))
        }
        Some(_) => return Err(ApiError::bad_parameter("invalid DBserver id")),
        None if call.request.query.is_true("details") => {
            databases.iter().map(|(name, database)| (name.clone(), counts([database], None))).collect()
        }
        None => counts(databases.values(), None),
    };
    Ok(Reply::result(200, result))
}

/// Counts shards in some databases, on one server or on all.
fn counts<'a>(databases: impl IntoIterator<Item = &'a Database>, on: Option<&str>) -> Value {
    let (mut with_shards, mut collections, mut leaders, mut real_leaders, mut followers) = (0, 0, 0, 0, 0);
    let mut servers = BTreeSet::new();
    for database in databases {
        let before = collections;
        for collection in database.collections.values() {
            let here = |copy: &&String| on.is_none_or(|server| server == copy.as_str());
            let mut holds = 0;
            for copies in collection.shards.values() {
                let leads = copies.first().as_ref().is_some_and(here);
                leaders += usize::from(leads);
                real_leaders += usize::from(leads && collection.distribute_shards_like.is_none());
                followers += copies.iter().skip(1).filter(here).count();
                holds += copies.iter().filter(here).count();
                servers.extend(copies.iter().filter(here));
            }
            collections += usize::from(holds > 0);
        }
        with_shards += usize::from(collections > before);
    }
    // Over all servers a shard counts once; on one server it counts if a copy is there.
    let shards = if on.is_none() { leaders } else { leaders + followers };
    json!({
        "databases": with_shards, "collections": collections, "shards": shards, "leaders": leaders,
        "realLeaders": real_leaders, "followers": followers, "servers": servers.len(),
    })
}
