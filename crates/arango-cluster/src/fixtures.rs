//! Responses of servers of each version, written by hand, and decoded by every operation.

use std::collections::BTreeMap;

use arango_protocol::{ApiResponse, Metadata, Operation, ServerVersion};
use serde_json::{Map, Value};

use crate::for_each_operation::{OperationVisitor, for_each_operation};
use crate::testing::{arangodb_response, response};

const COMMON: &str = include_str!("../fixtures/every.txt");

/// A version of each supported release line, and the responses in which it differs from the others.
pub(crate) const VERSIONS: [(&str, &str); 4] = [
    ("3.10.14", include_str!("../fixtures/3.10.txt")),
    ("3.11.14", include_str!("../fixtures/3.11.txt")),
    ("3.12.10", include_str!("../fixtures/3.12.txt")),
    ("4.0.0", include_str!("../fixtures/4.0.txt")),
];

/// Parses a file of responses: `# name`, then the response or `= other_name`; `//` begins a comment.
fn parse_fixture(responses: &mut BTreeMap<String, String>, file: &str) {
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

/// Returns the response to each operation by a server of one of [`VERSIONS`].
pub(crate) fn responses_of(version: &str) -> BTreeMap<String, String> {
    let (_, otherwise) = VERSIONS.iter().find(|(known, _)| *known == version).unwrap();
    let mut responses = BTreeMap::new();
    parse_fixture(&mut responses, COMMON);
    parse_fixture(&mut responses, otherwise);
    responses
}

/// Returns the JSON pointers of all values for which `is_wanted` returns true.
fn json_pointers(value: &Value, is_wanted: fn(&Value) -> bool) -> Vec<String> {
    let mut found: Vec<String> = is_wanted(value).then(String::new).into_iter().collect();
    let mut below = |part: &str, value: &Value| {
        let part = part.replace('~', "~0").replace('/', "~1");
        found.extend(json_pointers(value, is_wanted).into_iter().map(|place| format!("/{part}{place}")));
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

/// Decodes the responses of a server's version with every operation.
struct FixtureReader {
    version: ServerVersion,
    responses: BTreeMap<String, String>,
    operations: usize,
    required_fields: usize,
}

impl FixtureReader {
    fn for_version(version: &str) -> Self {
        Self {
            version: version.parse().unwrap(),
            responses: responses_of(version),
            operations: 0,
            required_fields: 0,
        }
    }

    /// Removes each key in turn; if decoding fails, the error must name the key.
    fn check_missing_fields(
        &mut self,
        metadata: &Metadata,
        read: impl Fn(ApiResponse) -> Option<String>,
        body: &Value,
    ) {
        for place in json_pointers(body, Value::is_object) {
            let Some(Value::Object(object)) = body.pointer(&place).cloned() else { continue };
            for key in object.keys() {
                let mut less = body.clone();
                object_at(&mut less, &place).remove(key);
                if let Some(error) = read(response(200, &less.to_string())) {
                    self.required_fields += 1;
                    assert!(error.contains(key.as_str()), "{} without {place}/{key}: {error}", metadata.name);
                    // The path to the missing key must be named too.
                    let mut path = place.split('/').filter(|part| !part.is_empty());
                    assert!(path.all(|part| error.contains(part)), "{} at {place}: {error}", metadata.name);
                }
            }
        }
    }
}

/// Returns an error with all its causes.
fn error_chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

fn object_at<'a>(value: &'a mut Value, place: &str) -> &'a mut Map<String, Value> {
    value.pointer_mut(place).and_then(Value::as_object_mut).unwrap()
}

/// Numbers that are encoded as strings.
const NUMERIC_STRINGS: [&str; 2] = ["/smallest", "/largest"];

/// Values that distinguish ArangoDB's response from another service's.
const FIXED_STRINGS: [(&str, &str); 2] = [("/server", "arango"), ("", "OK")];

/// Objects whose keys are arbitrary names, so that an additional key is a regular entry.
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

fn is_map(place: &str, metadata: &Metadata) -> bool {
    let by_server_or_database =
        metadata.name.contains("statistics_by") || metadata.path.contains("vpackSortMigration");
    // These payloads must be empty, so that anything in them is another service's response.
    let is_nothing =
        matches!((metadata.name, place), ("server.reload_tls", "/result") | ("server.compact", ""));
    is_nothing
        || MAPS.iter().any(|map| place.ends_with(map))
        || (by_server_or_database && place == "/result")
        || (metadata.name.ends_with("log_levels") && place.is_empty() && !metadata.name.contains("appender"))
}

impl OperationVisitor for FixtureReader {
    fn visit<O>(&mut self, operation: O)
    where
        O: Operation<Output: Send> + Send + Sync + 'static,
    {
        let metadata = O::METADATA;
        if metadata.is_unsupported_by(&self.version) {
            return;
        }
        let version = &self.version;
        let body = self
            .responses
            .get(metadata.name)
            .unwrap_or_else(|| panic!("no response for {}", metadata.name))
            .clone();
        let read = |response| operation.output(response).err().map(|error| error_chain(&error));
        assert_eq!(read(arangodb_response(200, &body)), None, "{} of {version}", metadata.name);
        self.operations += 1;
        let Ok(value) = serde_json::from_str::<Value>(&body) else { return };
        self.check_missing_fields(&metadata, read, &value);

        // A newer server may use other values.
        for place in json_pointers(&value, Value::is_string) {
            let text = value.pointer(&place).and_then(Value::as_str);
            if NUMERIC_STRINGS.contains(&place.as_str())
                || FIXED_STRINGS.iter().any(|fixed| (&*place, text) == (fixed.0, Some(fixed.1)))
            {
                continue;
            }
            let mut other = value.clone();
            *other.pointer_mut(&place).unwrap() = Value::from("A_NEW_WORD");
            assert_eq!(
                read(response(200, &other.to_string())),
                None,
                "{} with a new value at {place}",
                metadata.name
            );
        }

        // A newer server may add fields.
        for place in json_pointers(&value, Value::is_object) {
            if is_map(&place, &metadata) {
                continue;
            }
            let mut more = value.clone();
            object_at(&mut more, &place).insert("aNewThing".to_owned(), Value::from(vec![1]));
            assert_eq!(
                read(response(200, &more.to_string())),
                None,
                "{} with a new field at {place}",
                metadata.name
            );
        }
    }
}

#[test]
fn responses_of_each_version_are_read_with_additions_and_missing_fields_are_named() {
    for (version, _) in VERSIONS {
        let mut read = FixtureReader::for_version(version);
        for_each_operation(&mut read);
        assert!(read.operations > 60, "{version}: {}", read.operations);
        assert!(read.required_fields > 60, "{version}: {}", read.required_fields);
    }
}
