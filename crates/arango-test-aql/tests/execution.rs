//! What a caller sees of a query that runs: when rows are computed, what is counted, what becomes of the store.

mod store;

use std::time::Duration;

use arango_test_aql::{
    CollectionKind, Options, Prepared, Query, QueryError, ReadDocuments, Rows, Scan, Store, Value,
    WriteOptions, Written,
};
use proptest::prelude::*;

use self::store::MemoryStore;

fn prepared(text: &str) -> Prepared {
    let query = Query::parse(text).expect("the query of a test is valid");
    query.bind(&serde_json::Map::new()).expect("the query of a test has no parameters")
}

fn run(text: &str, store: MemoryStore) -> Rows<MemoryStore> {
    prepared(text).run(store, Options::default()).expect("the collections exist")
}

fn collection(keys: &[&str]) -> MemoryStore {
    let mut store = MemoryStore::new();
    store.create("c", CollectionKind::Document);
    for key in keys {
        let document = Value::from(serde_json::json!({ "_key": key }));
        store.insert("c", &document, &WriteOptions::default()).expect("the keys differ");
    }
    store
}

fn next(rows: &mut Rows<impl Store>) -> String {
    rows.next().expect("there are more results").expect("the query goes on").to_json_string()
}

#[test]
fn results_are_computed_when_they_are_taken() {
    let mut rows = run("FOR i IN 1..9223372036854775807 LET s = SLEEP(1) RETURN i", MemoryStore::new());
    assert_eq!(rows.take_slept(), Duration::ZERO);
    assert_eq!([next(&mut rows), next(&mut rows)], ["1", "2"]);
    assert_eq!(rows.take_slept(), Duration::from_secs(2));
    assert_eq!(rows.take_slept(), Duration::ZERO);
}

#[test]
fn a_limit_does_not_take_more_rows_than_it_yields() {
    let mut rows = run("FOR d IN c LIMIT 1 RETURN d._key", collection(&["a", "b"]));
    assert_eq!(next(&mut rows), "\"a\"");
    assert!(rows.next().is_none());
    assert_eq!(rows.stats().scanned_full, 1);
}

#[test]
fn a_query_does_not_see_what_it_writes() {
    let mut rows =
        run("FOR d IN c INSERT {_key: CONCAT(d._key, 'x')} INTO c RETURN NEW._key", collection(&["a", "b"]));
    assert_eq!([next(&mut rows), next(&mut rows)], ["\"ax\"", "\"bx\""]);
    assert!(rows.next().is_none());
    assert_eq!(rows.into_store().count("c").unwrap(), 4);
}

#[test]
fn after_an_error_there_are_no_more_results() {
    let mut rows = run("FOR i IN [1, 2] FILTER i == 1 || FAIL('stop') RETURN i", MemoryStore::new());
    assert_eq!(next(&mut rows), "1");
    assert_eq!(rows.next().unwrap().unwrap_err().number, 1569);
    assert!(rows.next().is_none());
}

#[test]
fn a_failed_write_leaves_the_earlier_ones_to_the_caller() {
    let mut rows = run("FOR k IN ['x', 'a'] INSERT {_key: k} INTO c", collection(&["a"]));
    assert_eq!(rows.next().unwrap().unwrap_err().number, 1210);
    assert_eq!(rows.stats().writes_executed, 1);
    assert_eq!(rows.into_store().count("c").unwrap(), 2);
}

#[test]
fn a_query_can_run_again_and_on_a_borrowed_store() {
    let mut store = collection(&[]);
    let insert = prepared("INSERT {} INTO c");
    for count in 1..=2 {
        assert!(insert.run(&mut store, Options::default()).unwrap().next().is_none());
        assert_eq!(store.count("c").unwrap(), count);
    }
}

#[test]
fn equal_seeds_yield_equal_random_numbers() {
    let random = |seed| {
        let options = Options { seed, ..Options::default() };
        let mut rows = prepared("RETURN [RAND(), RAND()]").run(MemoryStore::new(), options).unwrap();
        next(&mut rows)
    };
    assert_eq!(random(1), random(1));
    assert_ne!(random(1), random(2));
}

#[test]
fn warnings_are_kept_up_to_a_number() {
    let options = Options { max_warnings: 2, ..Options::default() };
    let mut rows = prepared("FOR i IN 1..5 RETURN i / 0").run(MemoryStore::new(), options).unwrap();
    assert_eq!(rows.by_ref().count(), 5);
    let messages: Vec<String> = rows.warnings().into_iter().map(|warning| warning.message).collect();
    assert_eq!(messages, ["in operator /: division by zero"; 2]);
}

#[test]
fn the_first_warning_ends_a_query_that_fails_on_warnings_even_if_none_are_kept() {
    let options = Options { max_warnings: 0, fail_on_warning: true, ..Options::default() };
    let mut rows = prepared("FOR i IN [0] RETURN 1 / i").run(MemoryStore::new(), options).unwrap();
    assert_eq!(rows.next().unwrap().unwrap_err().number, 1562);
}

#[test]
fn a_division_of_constants_by_zero_warns_once_and_before_the_query_runs() {
    let messages = |rows: &Rows<MemoryStore>| {
        rows.warnings().into_iter().map(|warning| warning.message).collect::<Vec<_>>()
    };
    let query = "FOR i IN 1..5 RETURN [1 / (3 - 3), i, 7 % 0]";
    let mut rows = prepared(query).run(MemoryStore::new(), Options::default()).unwrap();
    assert_eq!(messages(&rows), ["division by zero"; 2]);
    assert_eq!(next(&mut rows), "[null,1,null]");
    assert_eq!(rows.by_ref().count(), 4);
    assert_eq!(messages(&rows), ["division by zero"; 2]);

    let options = Options { fail_on_warning: true, ..Options::default() };
    let error = prepared(query).run(MemoryStore::new(), options).unwrap_err();
    assert_eq!((error.number, &*error.message), (1562, "division by zero"));
}

#[test]
fn a_query_tells_what_it_uses() {
    let query = Query::parse("FOR d IN a LET x = @v UPDATE d WITH {x} IN @@b").unwrap();
    assert!(query.is_modification());
    assert_eq!(query.bind_parameters().collect::<Vec<_>>(), ["v", "@b"]);
    assert_eq!(query.collections().collect::<Vec<_>>(), ["a"]);
    assert_eq!(query.variables().collect::<Vec<_>>(), ["d", "x", "OLD", "NEW"]);
    let parameters = serde_json::json!({ "v": 1, "@b": "b" });
    let prepared = query.bind(parameters.as_object().unwrap()).unwrap();
    assert_eq!(prepared.collections(), [("a", false), ("b", true)]);
}

#[test]
fn rows_can_move_to_another_thread() {
    let mut rows = run("FOR i IN 1..3 COLLECT x = i SORT x LIMIT 2 RETURN x", MemoryStore::new());
    assert_eq!(next(&mut rows), "1");
    assert_eq!(std::thread::spawn(move || next(&mut rows)).join().unwrap(), "2");
}

/// A store whose documents are not JSON.
struct Unreadable;

type Write = Result<Written, QueryError>;

impl ReadDocuments for Unreadable {
    fn kind(&self, _: &str) -> Option<CollectionKind> {
        Some(CollectionKind::Document)
    }

    fn get(&self, _: &str, _: &str) -> Result<Option<Value>, QueryError> {
        Err(QueryError::new(4, "not read"))
    }

    fn count(&self, _: &str) -> Result<u64, QueryError> {
        Ok(1)
    }
}

impl Store for Unreadable {
    fn scan(&self, _: &str) -> Result<Scan, QueryError> {
        Ok(Box::new(std::iter::once(Value::document(*b"<unread>"))))
    }

    fn insert(&mut self, _: &str, _: &Value, _: &WriteOptions) -> Write {
        Err(QueryError::new(4, "not written"))
    }

    fn update(&mut self, _: &str, _: &str, _: &Value, _: &WriteOptions) -> Write {
        Err(QueryError::new(4, "not written"))
    }

    fn replace(&mut self, _: &str, _: &str, _: &Value, _: &WriteOptions) -> Write {
        Err(QueryError::new(4, "not written"))
    }

    fn remove(&mut self, _: &str, _: &str, _: &WriteOptions) -> Write {
        Err(QueryError::new(4, "not written"))
    }
}

#[test]
fn whole_documents_pass_through_without_being_parsed() {
    let mut rows = prepared("FOR d IN c LIMIT 5 RETURN d").run(Unreadable, Options::default()).unwrap();
    let mut json = Vec::new();
    rows.next().unwrap().unwrap().write_json(&mut json);
    assert_eq!(json, b"<unread>");
}

#[test]
fn an_error_of_the_store_ends_the_query() {
    for text in ["INSERT {} INTO c", "REMOVE 'a' IN c", "UPDATE 'a' WITH {} IN c", "RETURN DOCUMENT('c/a')"] {
        let mut rows = prepared(text).run(Unreadable, Options::default()).unwrap();
        assert_eq!(rows.next().unwrap().unwrap_err().number, 4, "{text}");
    }
}

/// A statement in which `#` stands for the number of the statement, and all values depend on the variable `t`.
fn statement() -> impl Strategy<Value = String> {
    let value = prop::sample::select(vec![
        "1",
        "-0.5",
        "null",
        "'a'",
        "[1, [2], 'x']",
        "{a: 1}",
        "t",
        "t.a",
        "t[0]",
        "t[*].a",
        "t[**]",
        "t[? FILTER CURRENT]",
        "1..3",
        "(FOR y IN [1, 2] RETURN y)",
        "LENGTH(t)",
        "t ? 1 : 2",
        "t ANY == 1",
        "1 IN t",
        "t / 0",
        "t + 1",
        "!t",
        "-t",
        "MERGE({a: t}, {b: 2})",
        "t =~ 'a'",
        "t LIKE '%'",
        "CONCAT(t, 1)",
        "SUM(t)",
        "[{[t[1]]: t}]",
        "LENGTH(c)",
        "t[* FILTER CURRENT > 1 LIMIT 1 RETURN CURRENT.a]",
        "t AT LEAST (1) IN [1]",
        "(RETURN t)",
    ]);
    (0..13usize, value.clone(), value).prop_map(|(kind, first, second)| match kind {
        0 => format!("FOR v# IN {first}"),
        1 | 2 => "FOR v# IN [1, 'a', null, {a: [1]}, [[2]]]".to_owned(),
        3 => format!("FILTER {first} == {second} OR true"),
        4 | 5 => format!("LET v# = {first} || {second}"),
        6 => format!("SORT {first}, {second} DESC"),
        7 => "LIMIT 1, 20".to_owned(),
        8 => format!("COLLECT v# = {first} INTO g#"),
        9 => format!("COLLECT AGGREGATE v# = MAX({first}), s# = SUM({second}), u# = UNIQUE({first})"),
        10 => format!("LET v# = (UPSERT {{a: {first}}} INSERT {{}} UPDATE {{b: {second}}} IN d OPTIONS {{ignoreErrors: true}})"),
        11 => format!("LET v# = (REMOVE {first} IN d OPTIONS {{ignoreErrors: true}} RETURN OLD)"),
        _ => format!("LET v# = (FOR x IN {first} RETURN DISTINCT {second})"),
    })
}

proptest! {
    #[test]
    fn no_query_makes_the_interpreter_panic(statements in prop::collection::vec(statement(), 1..6)) {
        let numbered = statements.iter().enumerate();
        let numbered: Vec<String> =
            numbered.map(|(number, statement)| statement.replace('#', &number.to_string())).collect();
        let text = format!("LET t = [{{a: 1}}, 2, 'x'] {} RETURN t", numbered.join(" "));
        let mut store = collection(&["a", "b"]);
        store.create("d", CollectionKind::Document);
        // Two writes to one collection are an error, and so are loops over what is no array.
        let prepared = Query::parse(&text).and_then(|query| query.bind(&serde_json::Map::new()));
        let rows = prepared.and_then(|prepared| prepared.run(store, Options::default()));
        if let Err(error) = rows.and_then(|rows| rows.take(1000).collect::<Result<Vec<_>, _>>()) {
            prop_assert!([1563, 1579].contains(&error.number), "{}: {} {}", text, error.number, error);
        }
    }
}
