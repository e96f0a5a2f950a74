//! `/_admin/log*`: the log of a server, and its levels.

use http::Method;
use serde_json::{Map, Value, json};

use super::{Call, HandlerResult, Outcome, nodes};
use crate::config::clock::Clock;
use crate::config::version::Version;
use crate::http::reply::{ApiError, Reply};
use crate::http::request::{Query, Request};
use crate::state::State;
use crate::state::diagnostics::{Diagnostics, LogLevel, Message};

/// The topics of a server's log.
const TOPICS: &str = "agency agencycomm aql authentication authorization backup cache cluster communication config \
                      crash engines general heartbeat license maintenance memory queries replication requests \
                      rocksdb startup supervision threads";

/// What each line of a log can contain besides its text.
const STRUCTURED: [&str; 3] = ["database", "url", "username"];

/// A request to a log.
#[derive(Clone, Copy)]
enum LogRequest {
    Entries,
    /// The old form: one array per field.
    Arrays,
    Clear,
    Levels,
    SetLevels,
    ResetLevels,
    Structured,
    SetStructured,
}

impl LogRequest {
    fn read(method: &Method, rest: &[&str], version: &Version) -> Option<Self> {
        Some(match (method.as_str(), rest) {
            ("GET", ["entries"]) => Self::Entries,
            ("GET", []) if !version.is_4() => Self::Arrays,
            ("DELETE", []) if !version.is_4() => Self::Clear,
            ("GET", ["level"]) => Self::Levels,
            ("PUT", ["level"]) => Self::SetLevels,
            ("DELETE", ["level"]) if version.at_least(3, 12, 1) => Self::ResetLevels,
            ("GET", ["structured"]) => Self::Structured,
            ("PUT", ["structured"]) => Self::SetStructured,
            _ => return None,
        })
    }
}

pub(super) fn handle(call: &mut Call<'_>, rest: &[&str]) -> Result<Outcome, ApiError> {
    if !call.is_admin() {
        return Err(ApiError::forbidden("insufficient permissions"));
    }
    if rest.is_empty() && call.version.is_4() {
        return super::absent::no_handler(call).map(Outcome::Now);
    }
    if !matches!(rest, [] | ["entries" | "level" | "structured"]) {
        return Err(ApiError::unknown_path(&call.request.path));
    }
    if call.request.method == Method::PUT && rest == ["structured"] {
        let body = call.object()?;
        let names = body.as_object().cloned().unwrap_or_default();
        call.require_attributes(&names, "", &STRUCTURED)?;
    }
    let log_request =
        LogRequest::read(&call.request.method, rest, call.version).ok_or_else(ApiError::wrong_method)?;
    let (request, has_appenders) = (call.request.clone(), call.version.at_least(3, 12, 2));
    let respond = move |state: &mut State, id: &str| {
        execute(state, id, log_request, &request, has_appenders).unwrap_or_else(Reply::from)
    };
    nodes::through_server_id(call, respond)
}

fn execute(
    state: &mut State,
    id: &str,
    log_request: LogRequest,
    request: &Request,
    has_appenders: bool,
) -> HandlerResult {
    let clock = state.clock;
    let records = &mut state.server_mut(id).ok_or_else(ApiError::no_backend)?.diagnostics;
    let with_appenders = has_appenders && request.query.is_true("withAppenders");
    match log_request {
        LogRequest::Entries => {
            let (messages, total) = select(records, &request.query)?;
            let messages: Vec<_> = messages.into_iter().map(|message| entry(message, &clock)).collect();
            return Ok(Reply::raw(200, &json!({ "total": total, "messages": messages })));
        }
        LogRequest::Arrays => {
            let (messages, total) = select(records, &request.query)?;
            return Ok(Reply::raw(200, &arrays(&messages, total, &clock)));
        }
        LogRequest::Clear => {
            records.messages.clear();
            return Ok(Reply::without_result(200));
        }
        LogRequest::Structured => return Ok(Reply::raw(200, &structured(records))),
        LogRequest::SetStructured => {
            for (name, value) in request.json()?.as_object().into_iter().flatten() {
                match value {
                    Value::Bool(true) => records.structured.insert(name.clone()),
                    Value::Bool(false) => records.structured.remove(name),
                    _ => return Err(ApiError::bad_parameter("expecting an object of booleans")),
                };
            }
            return Ok(Reply::raw(200, &structured(records)));
        }
        LogRequest::Levels => {}
        LogRequest::SetLevels => set_levels(records, &request.json()?)?,
        LogRequest::ResetLevels => records.levels.clear(),
    }
    Ok(Reply::raw(200, &levels(records, with_appenders)))
}

/// Returns the parameters of structured logs that are on.
fn structured(records: &Diagnostics) -> Value {
    records.structured.iter().map(|name| (name.clone(), Value::Bool(true))).collect()
}

/// Returns the messages that a query selects. The number is that before its offset and size.
fn select<'a>(records: &'a Diagnostics, query: &Query) -> Result<(Vec<&'a Message>, usize), ApiError> {
    let level = |name: &str| {
        let unknown = |text: &str| ApiError::new(400, 400, format!("unknown '{name}' log level: '{text}'"));
        query.get(name).map(|text| LogLevel::read(text).ok_or_else(|| unknown(text))).transpose()
    };
    let number = |name: &str| {
        query.get(name).map(|text| text.parse::<usize>().map_err(|_| invalid_parameter(name))).transpose()
    };
    let (only, upto) = (level("level")?, level("upto")?.unwrap_or(LogLevel::Info));
    let start = number("start")?.map_or(0, |start| start as u64);
    let (offset, size) = (number("offset")?.unwrap_or(0), number("size")?.unwrap_or(usize::MAX));
    let wanted = query.get("search").unwrap_or_default().to_lowercase();
    let matches = |message: &&Message| {
        only.map_or(message.level <= upto, |only| message.level == only)
            && message.id >= start
            && message.text.to_lowercase().contains(&wanted)
    };
    let mut messages: Vec<_> = records.messages.iter().filter(matches).collect();
    let total = messages.len();
    if query.get("sort").is_some_and(|sort| sort.eq_ignore_ascii_case("desc")) {
        messages.reverse();
    }
    Ok((messages.into_iter().skip(offset).take(size).collect(), total))
}

fn invalid_parameter(name: &str) -> ApiError {
    ApiError::bad_parameter(format!("invalid value for parameter `{name}`"))
}

fn entry(message: &Message, clock: &Clock) -> Value {
    json!({
        "id": message.id, "topic": message.topic, "level": message.level.text(), "date": clock.timestamp(message.at),
        "message": message.text,
    })
}

fn arrays(messages: &[&Message], total: usize, clock: &Clock) -> Value {
    let each = |field: &dyn Fn(&Message) -> Value| messages.iter().map(|one| field(one)).collect::<Value>();
    json!({
        "totalAmount": total,
        "lid": each(&|one| one.id.into()),
        "topic": each(&|one| one.topic.as_str().into()),
        "level": each(&|one| one.level.number().into()),
        "timestamp": each(&|one| clock.unix_time(one.at).as_secs().into()),
        "text": each(&|one| one.text.as_str().into()),
    })
}

/// Sets log levels. A bare string is the level of the topic `general`.
fn set_levels(records: &mut Diagnostics, body: &Value) -> Result<(), ApiError> {
    let level = |value: &Value| value.as_str().and_then(LogLevel::read);
    let refused = || ApiError::bad_parameter("expecting a level, or an object of levels");
    let levels = match body {
        Value::String(_) => vec![("general".to_owned(), level(body).ok_or_else(refused)?)],
        Value::Object(levels) => {
            let pair = |(topic, value): (&String, &Value)| Some((topic.clone(), level(value)?));
            levels.iter().map(pair).collect::<Option<Vec<_>>>().ok_or_else(refused)?
        }
        _ => return Err(refused()),
    };
    let known = |topic: &str| topic == "all" || TOPICS.split(' ').any(|one| one == topic);
    for (topic, level) in levels.into_iter().filter(|(topic, _)| known(topic)) {
        if topic == "all" {
            records.levels = TOPICS.split(' ').map(|one| (one.to_owned(), level)).collect();
        } else {
            records.levels.insert(topic, level);
        }
    }
    Ok(())
}

fn levels(records: &Diagnostics, with_appenders: bool) -> Value {
    let level = |topic: &str| records.levels.get(topic).copied().unwrap_or(LogLevel::Info).text();
    let levels: Map<_, _> = TOPICS.split(' ').map(|topic| (topic.to_owned(), level(topic).into())).collect();
    if with_appenders {
        json!({ "global": levels.clone(), "appenders": { "-": levels } })
    } else {
        Value::Object(levels)
    }
}
