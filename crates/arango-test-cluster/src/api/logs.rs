//! `/_admin/log*`: the log of a server, and how much it tells.

use http::Method;
use serde_json::{Map, Value, json};

use super::{Answer, Call, Outcome, nodes};
use crate::clock::Clock;
use crate::http::reply::{Refusal, Reply};
use crate::http::request::{Query, Request};
use crate::state::State;
use crate::state::records::{LogLevel, Message, Records};
use crate::version::Version;

/// What a server writes about.
const TOPICS: &str = "agency agencycomm aql authentication authorization backup cache cluster communication config \
                      crash engines general heartbeat license maintenance memory queries replication requests \
                      rocksdb startup supervision threads";

/// What is wanted of a log.
#[derive(Clone, Copy)]
enum Wish {
    Entries,
    /// The old form: one array for each field.
    Arrays,
    Forget,
    Levels,
    SetLevels,
    ResetLevels,
}

impl Wish {
    fn read(method: &Method, rest: &[&str], version: &Version) -> Option<Self> {
        Some(match (method.as_str(), rest) {
            ("GET", ["entries"]) => Self::Entries,
            ("GET", []) if !version.is_4() => Self::Arrays,
            ("DELETE", []) if !version.is_4() => Self::Forget,
            ("GET", ["level"]) => Self::Levels,
            ("PUT", ["level"]) => Self::SetLevels,
            ("DELETE", ["level"]) if version.at_least(3, 12, 1) => Self::ResetLevels,
            _ => return None,
        })
    }
}

pub(super) fn answer(call: &mut Call<'_>, rest: &[&str]) -> Result<Outcome, Refusal> {
    if !call.is_admin() {
        return Err(Refusal::forbidden("insufficient permissions"));
    }
    if rest.is_empty() && call.version.is_4() {
        return Ok(super::no_handler().into());
    }
    if matches!(rest, ["structured"]) {
        return Err(call.unsupported());
    }
    if !matches!(rest, [] | ["entries" | "level"]) {
        return Err(Refusal::unknown_path(&call.request.path));
    }
    let wish = Wish::read(&call.request.method, rest, call.version).ok_or_else(Refusal::wrong_method)?;
    let (request, has_appenders) = (call.request.clone(), call.version.at_least(3, 12, 2));
    let ask = move |state: &mut State, id: &str| {
        fulfil(state, id, wish, &request, has_appenders).unwrap_or_else(Reply::from)
    };
    nodes::through_server_id(call, ask)
}

fn fulfil(state: &mut State, id: &str, wish: Wish, request: &Request, has_appenders: bool) -> Answer {
    let clock = state.clock;
    let records = &mut state.server_mut(id).ok_or_else(Refusal::no_backend)?.records;
    let with_appenders = has_appenders && request.query.is_true("withAppenders");
    match wish {
        Wish::Entries => {
            let (messages, total) = select(records, &request.query)?;
            let messages: Vec<_> = messages.into_iter().map(|message| entry(message, &clock)).collect();
            return Ok(Reply::raw(200, &json!({ "total": total, "messages": messages })));
        }
        Wish::Arrays => {
            let (messages, total) = select(records, &request.query)?;
            return Ok(Reply::raw(200, &arrays(&messages, total, &clock)));
        }
        Wish::Forget => {
            records.messages.clear();
            return Ok(Reply::done(200));
        }
        Wish::Levels => {}
        Wish::SetLevels => set_levels(records, &request.json()?)?,
        Wish::ResetLevels => records.levels.clear(),
    }
    Ok(Reply::raw(200, &levels(records, with_appenders)))
}

/// The messages that a query asks for, and how many there were before it asked for a part of them.
fn select<'a>(records: &'a Records, query: &Query) -> Result<(Vec<&'a Message>, usize), Refusal> {
    let level =
        |name: &str| query.get(name).map(|text| LogLevel::read(text).ok_or_else(|| bad(name))).transpose();
    let number =
        |name: &str| query.get(name).map(|text| text.parse::<usize>().map_err(|_| bad(name))).transpose();
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

fn bad(name: &str) -> Refusal {
    Refusal::bad_parameter(format!("invalid value for parameter `{name}`"))
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
        "timestamp": each(&|one| clock.calendar(one.at).as_secs().into()),
        "text": each(&|one| one.text.as_str().into()),
    })
}

/// A bare string is the level of the topic that everybody writes about.
fn set_levels(records: &mut Records, body: &Value) -> Result<(), Refusal> {
    let level = |value: &Value| value.as_str().and_then(LogLevel::read);
    let refused = || Refusal::bad_parameter("expecting a level, or an object of levels");
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

fn levels(records: &Records, with_appenders: bool) -> Value {
    let level = |topic: &str| records.levels.get(topic).copied().unwrap_or(LogLevel::Info).text();
    let levels: Map<_, _> = TOPICS.split(' ').map(|topic| (topic.to_owned(), level(topic).into())).collect();
    if with_appenders {
        json!({ "global": levels.clone(), "appenders": { "-": levels } })
    } else {
        Value::Object(levels)
    }
}
