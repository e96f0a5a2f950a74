//! What servers of each version answer, written by hand, and read by every operation.

use std::collections::BTreeMap;

use arango_protocol::{ApiResponse, Metadata, Operation, ServerVersion};
use serde_json::{Map, Value};

use crate::testing::response;
use crate::{Visitor, every_operation};

const EVERY: &str = include_str!("../fixtures/every.txt");

/// A version of each line that is supported, and what it answers otherwise than the others.
pub(crate) const VERSIONS: [(&str, &str); 4] = [
    ("3.10.14", include_str!("../fixtures/3.10.txt")),
    ("3.11.14", include_str!("../fixtures/3.11.txt")),
    ("3.12.10", include_str!("../fixtures/3.12.txt")),
    ("4.0.0", include_str!("../fixtures/4.0.txt")),
];

/// The answers in a file: `# name`, then the answer or `= name of another`; `//` begins a remark.
fn add(responses: &mut BTreeMap<String, String>, file: &str) {
    let mut name = String::new();
    for line in file.lines().filter(|line| !line.starts_with("//") && !line.is_empty()) {
        if let Some(next) = line.strip_prefix("# ") {
            next.clone_into(&mut name);
            responses.insert(name.clone(), String::new());
        } else if let Some(same) = line.strip_prefix("= ") {
            let same = responses[same].clone();
            responses.insert(name.clone(), same);
        } else {
            let response = responses.get_mut(&name).unwrap();
            response.push_str(line);
            response.push('\n');
        }
    }
}

/// What each operation is answered by a server of one of [`VERSIONS`].
pub(crate) fn answers_of(version: &str) -> BTreeMap<String, String> {
    let (_, otherwise) = VERSIONS.iter().find(|(known, _)| *known == version).unwrap();
    let mut responses = BTreeMap::new();
    add(&mut responses, EVERY);
    add(&mut responses, otherwise);
    responses
}

/// Every value of a kind, by the keys and places that lead to it.
fn places(value: &Value, is_wanted: fn(&Value) -> bool) -> Vec<String> {
    let mut found: Vec<String> = is_wanted(value).then(String::new).into_iter().collect();
    let mut below = |part: &str, value: &Value| {
        let part = part.replace('~', "~0").replace('/', "~1");
        found.extend(places(value, is_wanted).into_iter().map(|place| format!("/{part}{place}")));
    };
    match value {
        Value::Object(object) => object.iter().for_each(|(key, value)| below(key, value)),
        Value::Array(list) => {
            list.iter().enumerate().for_each(|(place, value)| below(&place.to_string(), value));
        }
        _ => {}
    }
    found
}

/// Shows every operation what a server of its version answers.
struct Read {
    version: ServerVersion,
    responses: BTreeMap<String, String>,
    operations: usize,
    needed: usize,
}

impl Read {
    fn of(version: &str) -> Self {
        Self { version: version.parse().unwrap(), responses: answers_of(version), operations: 0, needed: 0 }
    }

    /// Whether what is left after a change is read; a refusal names what is missing.
    fn without(&mut self, facts: &Metadata, read: impl Fn(ApiResponse) -> Option<String>, body: &Value) {
        for place in places(body, Value::is_object) {
            let Some(Value::Object(object)) = body.pointer(&place).cloned() else { continue };
            for key in object.keys() {
                let mut less = body.clone();
                object_at(&mut less, &place).remove(key);
                if let Some(error) = read(response(200, &less.to_string())) {
                    self.needed += 1;
                    assert!(error.contains(key.as_str()), "{} without {place}/{key}: {error}", facts.name);
                    // Where it is missing is told too, key by key.
                    let mut way = place.split('/').filter(|part| !part.is_empty());
                    assert!(way.all(|part| error.contains(part)), "{} at {place}: {error}", facts.name);
                }
            }
        }
    }
}

/// An error with all its causes.
fn whole(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

fn object_at<'a>(value: &'a mut Value, place: &str) -> &'a mut Map<String, Value> {
    value.pointer_mut(place).and_then(Value::as_object_mut).unwrap()
}

/// Numbers that are told as words.
const NUMBERS: [&str; 2] = ["/smallest", "/largest"];

/// Words that tell ArangoDB's answer from another service's.
const FIXED: [(&str, &str); 2] = [("/server", "arango"), ("", "OK")];

/// Where the keys of an object are names that somebody chose, so that another one is no news.
const MAPS: [&str; 11] = [
    "/aliases/indexes",
    "/Health",
    "/files",
    "/SNI",
    "/results",
    "/Plan",
    "/Current",
    "/deployment/servers",
    "/global",
    "/appenders",
    "/appenders/-",
];

fn is_map(place: &str, facts: &Metadata) -> bool {
    let by_server_or_database =
        facts.name.contains("statistics_by") || facts.path.contains("vpackSortMigration");
    // Empty where something is expected, so that anything in it is another service's.
    let is_nothing =
        matches!((facts.name, place), ("server.reload_tls", "/result") | ("user.delete_access_token", ""));
    is_nothing
        || MAPS.iter().any(|map| place.ends_with(map))
        || (by_server_or_database && place == "/result")
        || (facts.name.ends_with("log_levels") && place.is_empty() && !facts.name.contains("appender"))
}

impl Visitor for Read {
    fn visit<O>(&mut self, operation: O)
    where
        O: Operation<Output: Send> + Send + Sync + 'static,
    {
        let facts = O::METADATA;
        if facts.is_unsupported_by(&self.version) {
            return;
        }
        let version = &self.version;
        let body =
            self.responses.get(facts.name).unwrap_or_else(|| panic!("nothing for {}", facts.name)).clone();
        let read = |response| operation.output(response).err().map(|error| whole(&error));
        assert_eq!(read(response(200, &body)), None, "{} of {version}", facts.name);
        self.operations += 1;
        let Ok(value) = serde_json::from_str::<Value>(&body) else { return };
        self.without(&facts, read, &value);

        // A newer server may use other words.
        for place in places(&value, Value::is_string) {
            let word = value.pointer(&place).and_then(Value::as_str);
            if NUMBERS.contains(&place.as_str())
                || FIXED.iter().any(|fixed| (&*place, word) == (fixed.0, Some(fixed.1)))
            {
                continue;
            }
            let mut other = value.clone();
            *other.pointer_mut(&place).unwrap() = Value::from("A_NEW_WORD");
            assert_eq!(
                read(response(200, &other.to_string())),
                None,
                "{} with a new word at {place}",
                facts.name
            );
        }

        // And it may say more.
        for place in places(&value, Value::is_object) {
            if is_map(&place, &facts) {
                continue;
            }
            let mut more = value.clone();
            object_at(&mut more, &place).insert("aNewThing".to_owned(), Value::from(vec![1]));
            assert_eq!(read(response(200, &more.to_string())), None, "{} with more at {place}", facts.name);
        }
    }
}

#[test]
fn what_each_version_answers_is_read_with_new_words_and_more_and_what_is_missing_is_named_with_its_place() {
    for (version, _) in VERSIONS {
        let mut read = Read::of(version);
        every_operation(&mut read);
        assert!(read.operations > 60, "{version}: {}", read.operations);
        assert!(read.needed > 60, "{version}: {}", read.needed);
    }
}
