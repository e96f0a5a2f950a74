//! `/_admin/cluster/rebalance`: reports the imbalance, plans moves and executes them.

use std::collections::BTreeMap;

use http::Method;
use serde_json::{Map, Value, json};

use super::{Call, HandlerResult};
use crate::http::reply::{ApiError, Reply};
use crate::model::imbalance::{DEFAULT_PI_FACTOR, Layout};
use crate::model::optimiser::{Move, Options};
use crate::state::agency_jobs::{MoveShard, Stage, Task};
use crate::state::grants::Level;

const MOST_MOVES: u64 = 5000;
/// How many moves the old call schedules at once.
const REBALANCE_SHARDS_MOVES: usize = 10;

pub(super) fn handle(call: &mut Call<'_>) -> HandlerResult {
    call.require_admin()?;
    match call.request.method {
        Method::GET => Ok(current(call)),
        Method::POST => plan(call, 200),
        Method::PUT => plan(call, 202),
        _ => {
            // The body is parsed first, for every method.
            PlanRequest::read(call)?;
            Err(ApiError::wrong_method())
        }
    }
}

fn current(call: &Call<'_>) -> Reply {
    let mut result = imbalance(call, &call.state.layout(|_, _| false), DEFAULT_PI_FACTOR);
    result["pendingMoveShards"] = call.state.jobs.moves(Stage::Pending).into();
    result["todoMoveShards"] = call.state.jobs.moves(Stage::ToDo).into();
    Reply::result(200, result)
}

fn imbalance(call: &Call<'_>, layout: &Layout, pi_factor: f64) -> Value {
    let shards = layout.shard_imbalance().to_json(call.version.at_least(3, 11, 0));
    json!({ "leader": layout.leader_imbalance(pi_factor).to_json(), "shards": shards })
}

/// Plans moves. With status 202 it also schedules them.
fn plan(call: &mut Call<'_>, status: u16) -> HandlerResult {
    let plan_request = PlanRequest::read(call)?;
    let layout = call.state.layout(|database, is_system| {
        plan_request.databases_excluded.iter().any(|excluded| excluded == database)
            || (is_system && plan_request.exclude_system_collections)
    });
    let moves = layout.plan(&plan_request.options);
    let mut after = layout.clone();
    for step in &moves {
        after.apply(step);
    }
    let steps: Vec<_> = moves.iter().map(|step| to_move_shard(&layout, step)).collect();
    let pi_factor = plan_request.options.pi_factor;
    let result = json!({
        "imbalanceBefore": imbalance(call, &layout, pi_factor),
        "imbalanceAfter": imbalance(call, &after, pi_factor),
        "moves": steps.iter().map(to_json).collect::<Vec<_>>(),
    });
    if status == 202 {
        schedule(call, steps);
    }
    Ok(Reply::result(status, result))
}

fn to_move_shard(layout: &Layout, step: &Move) -> MoveShard {
    let shard = &layout.shards[step.shard];
    let collection = &layout.collections[shard.collection];
    MoveShard {
        database: collection.database.clone(),
        collection: collection.id.clone(),
        shard: shard.id.clone(),
        from: layout.servers[step.from].id.clone(),
        to: layout.servers[step.to].id.clone(),
        is_leader: step.is_leader,
        remains_follower: None,
        try_undo: false,
    }
}

fn to_json(step: &MoveShard) -> Value {
    json!({
        "from": step.from, "to": step.to, "shard": step.shard, "collection": step.collection,
        "database": step.database, "isLeader": step.is_leader,
    })
}

fn schedule(call: &mut Call<'_>, steps: Vec<MoveShard>) {
    let creator = call.server().id.clone();
    for step in steps {
        let id = call.state.ids.next();
        let now = call.state.current_time;
        call.state.jobs.add(id, Task::MoveShard(step), &creator, now);
    }
}

/// `/_admin/cluster/rebalance/{rest}`
pub(super) fn execute(call: &mut Call<'_>, rest: &str) -> HandlerResult {
    call.require_admin()?;
    match (&call.request.method, rest) {
        (&Method::GET, _) => return Err(ApiError::new(400, 400, "expect GET /_admin/cluster/rebalance")),
        (_, "execute") => {}
        _ => return Err(ApiError::new(400, 400, "expect /_admin/cluster/rebalance[/execute]")),
    }
    call.require_method(&Method::POST)?;
    let fields = StrictObject::read(call, &["version", "moves"])?;
    fields.version()?;
    let moves = fields.body.get("moves").and_then(Value::as_array).ok_or_else(|| parse_error("moves"))?;
    let steps = moves.iter().map(read_move).collect::<Result<Vec<_>, _>>()?;
    let status = if steps.is_empty() { 200 } else { 202 };
    schedule(call, steps);
    Ok(Reply::without_result(status))
}

/// Parses a move strictly, without validation. An invalid move becomes a job that fails.
fn read_move(value: &Value) -> Result<MoveShard, ApiError> {
    let text =
        |key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned).ok_or_else(|| parse_error(key));
    Ok(MoveShard {
        database: text("database")?,
        collection: text("collection")?,
        shard: text("shard")?,
        from: text("from")?,
        to: text("to")?,
        is_leader: value.get("isLeader").and_then(Value::as_bool).ok_or_else(|| parse_error("isLeader"))?,
        remains_follower: None,
        try_undo: false,
    })
}

/// The parsed body of a plan request.
struct PlanRequest {
    options: Options,
    exclude_system_collections: bool,
    databases_excluded: Vec<String>,
}

/// An object that must have no unknown keys.
struct StrictObject {
    body: Map<String, Value>,
}

impl PlanRequest {
    fn read(call: &Call<'_>) -> Result<Self, ApiError> {
        let mut known = vec![
            "version",
            "maximumNumberOfMoves",
            "leaderChanges",
            "moveLeaders",
            "moveFollowers",
            "piFactor",
            "databasesExcluded",
        ];
        if call.version.at_least(3, 11, 0) {
            known.push("excludeSystemCollections");
        }
        let fields = StrictObject::read(call, &known)?;
        let maximum = fields.get_or("maximumNumberOfMoves", Value::as_u64, 1000)?;
        let names = |value: &Value| {
            value.as_array()?.iter().map(|name| name.as_str().map(str::to_owned)).collect::<Option<Vec<_>>>()
        };
        let plan_request = Self {
            options: Options {
                maximum: usize::try_from(maximum).unwrap_or(usize::MAX),
                leader_changes: fields.get_or("leaderChanges", Value::as_bool, true)?,
                move_leaders: fields.get_or("moveLeaders", Value::as_bool, false)?,
                move_followers: fields.get_or("moveFollowers", Value::as_bool, false)?,
                pi_factor: fields.get_or("piFactor", Value::as_f64, 1.0)?,
            },
            exclude_system_collections: fields.get_or("excludeSystemCollections", Value::as_bool, false)?,
            databases_excluded: fields.get_or("databasesExcluded", names, Vec::new())?,
        };
        if !fields.body.contains_key("version") {
            return Err(parse_error("version"));
        }
        if maximum > MOST_MOVES {
            return Err(ApiError::new(400, 400, "at most 5000 moves allowed"));
        }
        fields.version()?;
        Ok(plan_request)
    }
}

impl StrictObject {
    fn read(call: &Call<'_>, known: &[&str]) -> Result<Self, ApiError> {
        // An empty body is no object, which is another error than invalid JSON.
        let Value::Object(body) = call.request.json_or(Value::Null)? else { return Err(parse_error("")) };
        match body.keys().find(|key| !known.contains(&key.as_str())) {
            Some(unknown) => Err(parse_error(unknown)),
            None => Ok(Self { body }),
        }
    }

    fn get_or<T>(
        &self,
        key: &str,
        read: impl FnOnce(&Value) -> Option<T>,
        default: T,
    ) -> Result<T, ApiError> {
        self.body.get(key).map_or(Ok(default), |value| read(value).ok_or_else(|| parse_error(key)))
    }

    fn version(&self) -> Result<(), ApiError> {
        match self.body.get("version").and_then(Value::as_i64) {
            Some(1) => Ok(()),
            Some(_) => Err(ApiError::new(400, 400, "unknown version provided")),
            None => Err(parse_error("version")),
        }
    }
}

/// The strict parser's error, for missing, wrong or unknown values.
fn parse_error(path: &str) -> ApiError {
    ApiError::new(
        500,
        4,
        format!("Error while parsing VelocyPack: unexpected or missing value\nPath: {path}"),
    )
}

/// `/_admin/cluster/rebalanceShards`: moves shards from the fullest server to the emptiest, a few at a time.
pub(super) fn rebalance_shards(call: &mut Call<'_>) -> HandlerResult {
    call.require_method(&Method::POST)?;
    if call.level(&call.request.database) != Level::ReadWrite {
        return Err(ApiError::forbidden("insufficient permissions"));
    }
    if call.request.query.get("algorithm").is_some_and(|algorithm| algorithm != "simple") {
        return Err(ApiError::new(400, 400, "unknown algorithm"));
    }
    let database = call.request.database.clone();
    let mut layout = call.state.layout(|name, _| name != database);
    let mut steps = Vec::new();
    while steps.len() < REBALANCE_SHARDS_MOVES {
        let Some(step) = from_fullest_to_emptiest(&layout) else { break };
        layout.apply(&step);
        steps.push(to_move_shard(&layout, &step));
    }
    let operations = steps.len();
    schedule(call, steps);
    Ok(Reply::result(if operations == 0 { 200 } else { 202 }, json!({ "operations": operations })))
}

fn from_fullest_to_emptiest(layout: &Layout) -> Option<Move> {
    let counts = layout.shard_imbalance().number_shards;
    let by_count: BTreeMap<(usize, usize), usize> =
        counts.iter().enumerate().map(|(server, count)| ((*count, server), server)).collect();
    let ((fewest, _), to) = by_count.first_key_value()?;
    let ((most, _), from) = by_count.last_key_value()?;
    if most - fewest <= 1 {
        return None;
    }
    let shard = layout.shards.iter().position(|shard| shard.is_on(*from) && !shard.is_on(*to))?;
    Some(Move { shard, from: *from, to: *to, is_leader: layout.shards[shard].leader == *from, score: 0.0 })
}
