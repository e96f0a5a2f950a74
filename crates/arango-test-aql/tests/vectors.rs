//! Runs the queries in `vectors/` and compares what they yield with what a server yields.
//!
//! A file is an array of vectors. A vector has a `query` and perhaps `binds`, and one of these:
//!
//! - `rows`: the results, in order; or `unordered`: the results in any order;
//! - `error`: the number of the error, and perhaps `message`: what its message contains.
//!
//! It may also have `warnings` (their numbers), `documents` (by collection; those whose name ends in `edges` hold edges),
//! `after` (the documents afterwards, without revisions), `stats`, `full_count` and `fail_on_warning`. Numbers are equal
//! if their values are: `1` equals `1.0`.

mod store;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use arango_test_aql::{
    CollectionKind, Options, Query, QueryError, Store, Value, VertexCollections, WriteOptions,
};
use serde::Deserialize;
use serde_json::Value as Json;

use self::store::MemoryStore;

/// A collection of edges, and the collections in which its edges begin and end.
type EdgeEnds = (String, Vec<String>, Vec<String>);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Vector {
    query: String,
    #[serde(default)]
    binds: serde_json::Map<String, Json>,
    rows: Option<Vec<Json>>,
    unordered: Option<Vec<Json>>,
    error: Option<u32>,
    message: Option<String>,
    #[serde(default)]
    warnings: Vec<u32>,
    #[serde(default)]
    documents: BTreeMap<String, Vec<Json>>,
    #[serde(default)]
    graphs: BTreeMap<String, Vec<EdgeEnds>>,
    #[serde(default)]
    vertex_collections: String,
    after: Option<BTreeMap<String, Vec<Json>>>,
    stats: Option<BTreeMap<String, u64>>,
    full_count: Option<u64>,
    #[serde(default)]
    fail_on_warning: bool,
}

/// Vectors that share documents and graphs, unless they have their own.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Shared {
    documents: BTreeMap<String, Vec<Json>>,
    graphs: BTreeMap<String, Vec<EdgeEnds>>,
    vectors: Vec<Vector>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum VectorFile {
    Alone(Vec<Vector>),
    Sharing(Shared),
}

impl VectorFile {
    fn vectors(self) -> Vec<Vector> {
        match self {
            Self::Alone(vectors) => vectors,
            Self::Sharing(shared) => {
                let mut vectors = shared.vectors;
                for vector in &mut vectors {
                    if vector.documents.is_empty() {
                        vector.documents.clone_from(&shared.documents);
                    }
                    if vector.graphs.is_empty() {
                        vector.graphs.clone_from(&shared.graphs);
                    }
                }
                vectors
            }
        }
    }
}

struct Outcome {
    rows: Vec<Json>,
    warnings: Vec<u32>,
    stats: BTreeMap<String, u64>,
    full_count: Option<u64>,
}

impl Vector {
    fn check(&self) -> Result<(), String> {
        let mut store = self.store();
        match (self.run(&mut store), self.error) {
            (Err(error), Some(expected)) => self.check_error(&error, expected),
            (Err(error), None) => Err(format!("failed with {}: {error}", error.number)),
            (Ok(outcome), Some(error)) => {
                Err(format!("yielded {} instead of error {error}", Json::from(outcome.rows)))
            }
            (Ok(outcome), None) => self.check_outcome(&outcome),
        }?;
        match &self.after {
            Some(after) => after.iter().try_for_each(|(name, expected)| {
                compare(&format!("documents of {name}"), &documents(&store, name), expected, true)
            }),
            None => Ok(()),
        }
    }

    fn store(&self) -> MemoryStore {
        let mut store = MemoryStore::new();
        for (name, documents) in &self.documents {
            let is_edges = name.ends_with("edges");
            store.create(name, if is_edges { CollectionKind::Edge } else { CollectionKind::Document });
            for document in documents {
                let document = Value::from(document.clone());
                store
                    .insert(name, &document, &WriteOptions::default())
                    .expect("a document of a vector is valid");
            }
        }
        for (name, edges) in &self.graphs {
            store.define(name, edges);
        }
        store
    }

    fn run(&self, store: &mut MemoryStore) -> Result<Outcome, QueryError> {
        let prepared = Query::parse(&self.query)?.bind(&self.binds)?;
        let options = Options {
            fail_on_warning: self.fail_on_warning,
            full_count: self.full_count.is_some(),
            now_ms: 1_700_000_000_000,
            vertex_collections: match self.vertex_collections.as_str() {
                "declared" => VertexCollections::Declared,
                "defined" => VertexCollections::DeclaredOrDefined,
                other => {
                    assert_eq!(other, "", "no such choice of vertex collections");
                    VertexCollections::Any
                }
            },
            ..Options::default()
        };
        let mut rows = prepared.run(store, options)?;
        let results = rows.by_ref().map(|row| row.map(|value| value.to_json()));
        let results = results.collect::<Result<Vec<Json>, _>>()?;
        let stats = rows.stats();
        Ok(Outcome {
            rows: results,
            warnings: rows.warnings().iter().map(|warning| warning.number).collect(),
            stats: BTreeMap::from([
                ("writes_executed".to_owned(), stats.writes_executed),
                ("writes_ignored".to_owned(), stats.writes_ignored),
                ("scanned_full".to_owned(), stats.scanned_full),
                ("scanned_index".to_owned(), stats.scanned_index),
                ("filtered".to_owned(), stats.filtered),
            ]),
            full_count: rows.full_count(),
        })
    }

    fn check_error(&self, error: &QueryError, expected: u32) -> Result<(), String> {
        if error.number != expected {
            return Err(format!("failed with {} instead of {expected}: {error}", error.number));
        }
        match &self.message {
            Some(part) if !error.to_string().contains(part) => {
                Err(format!("said {error:?} without {part:?}"))
            }
            _ => Ok(()),
        }
    }

    fn check_outcome(&self, outcome: &Outcome) -> Result<(), String> {
        match (&self.rows, &self.unordered) {
            (Some(rows), None) => compare("rows", &outcome.rows, rows, false)?,
            (None, Some(rows)) => compare("rows", &outcome.rows, rows, true)?,
            _ => return Err("needs one of rows, unordered and error".to_owned()),
        }
        if outcome.warnings != self.warnings {
            return Err(format!("warned {:?} instead of {:?}", outcome.warnings, self.warnings));
        }
        if outcome.full_count != self.full_count {
            return Err(format!("counted {:?} instead of {:?}", outcome.full_count, self.full_count));
        }
        for (name, expected) in self.stats.iter().flatten() {
            if outcome.stats.get(name) != Some(expected) {
                return Err(format!("{name} is {:?} instead of {expected}", outcome.stats.get(name)));
            }
        }
        Ok(())
    }
}

/// Returns the documents of a collection without what the store made up.
fn documents(store: &MemoryStore, collection: &str) -> Vec<Json> {
    let documents = store.scan(collection).expect("the collection of a vector exists");
    let plain = documents.map(|document| {
        let mut json = document.to_json();
        if let Some(attributes) = json.as_object_mut() {
            attributes.retain(|name, _| name != "_id" && name != "_rev");
        }
        json
    });
    plain.collect()
}

/// Compares values by their JSON, in which equal numbers are written alike.
fn compare(what: &str, found: &[Json], expected: &[Json], is_unordered: bool) -> Result<(), String> {
    let text = |values: &[Json]| {
        let mut texts: Vec<String> = values.iter().map(|value| normal(value).to_string()).collect();
        if is_unordered {
            texts.sort();
        }
        texts
    };
    let (found, expected) = (text(found), text(expected));
    if found == expected {
        return Ok(());
    }
    Err(format!("{what}: [{}] instead of [{}]", found.join(", "), expected.join(", ")))
}

/// Writes numbers as doubles, and attributes in the order of their names.
fn normal(value: &Json) -> Json {
    match value {
        Json::Number(number) if number.as_i64().is_none_or(|number| number.unsigned_abs() < 1 << 53) => {
            Json::from(number.as_f64().map(|number| if number == 0.0 { 0.0 } else { number }))
        }
        Json::Array(items) => items.iter().map(normal).collect(),
        Json::Object(attributes) => {
            let sorted: BTreeMap<_, _> =
                attributes.iter().map(|(name, value)| (name.clone(), normal(value))).collect();
            Json::Object(sorted.into_iter().collect())
        }
        other => other.clone(),
    }
}

fn files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors");
    let entries = std::fs::read_dir(folder).expect("the folder of vectors exists");
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("a readable entry").path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    files.sort();
    files
}

#[test]
fn every_vector_yields_what_a_server_yields() {
    let mut failures = Vec::new();
    let mut count = 0;
    for file in files() {
        let text = std::fs::read_to_string(&file).expect("a readable file");
        let vectors: VectorFile =
            serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let vectors = vectors.vectors();
        count += vectors.len();
        for vector in vectors {
            if let Err(problem) = vector.check() {
                let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
                failures.push(format!("{name}: {}\n    {problem}", vector.query));
            }
        }
    }
    assert!(failures.is_empty(), "{} of {count} vectors:\n{}", failures.len(), failures.join("\n"));
    assert!(count > 0, "there are vectors");
}
