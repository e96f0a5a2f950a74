//! Limits, so that no query ends the process: a stack that overflows cannot be caught.

mod store;

use std::thread;

use arango_test_aql::{CollectionKind, Options, Query, QueryError, Store as _, Value, WriteOptions};

use self::store::MemoryStore;

/// Three quarters of the stack of a test, or of a worker of tokio: the rest is for those who call the interpreter.
const STACK: usize = 1536 * 1024;

/// Runs a query on a stack of this size, and returns its results as JSON.
fn run(text: String) -> Result<Vec<String>, QueryError> {
    let run = move || {
        let prepared = Query::parse(&text)?.bind(&serde_json::Map::new())?;
        let rows = prepared.run(store(), Options::default())?;
        rows.map(|row| row.map(|row| row.to_json_string())).collect()
    };
    let thread = thread::Builder::new().stack_size(STACK).spawn(run).expect("a thread can be started");
    thread.join().expect("no query panics")
}

/// Returns a store with two vertices and an edge between them.
fn store() -> MemoryStore {
    let mut store = MemoryStore::new();
    store.create("c", CollectionKind::Document);
    store.create("edges", CollectionKind::Edge);
    let documents = [
        ("c", serde_json::json!({ "_key": "a" })),
        ("c", serde_json::json!({ "_key": "b" })),
        ("edges", serde_json::json!({ "_from": "c/a", "_to": "c/b" })),
    ];
    for (collection, document) in documents {
        store.insert(collection, &Value::from(document), &WriteOptions::default()).expect("a new document");
    }
    store
}

#[test]
fn a_loop_that_yields_nothing_for_long_is_refused() {
    for query in
        ["FOR i IN 1..1e15 FILTER false RETURN i", "FOR i IN 1..5e3 FOR j IN 1..5e3 FILTER false RETURN i"]
    {
        let error = run(query.to_owned()).unwrap_err();
        assert!(error.is_not_implemented() && error.message.contains("10000000 items"), "{query}: {error}");
    }
}

/// Repeats a text in which `#` stands for the number of the repetition.
fn numbered(count: usize, text: &str) -> String {
    (0..count).map(|number| text.replace('#', &number.to_string())).collect()
}

const STATEMENTS: &[&str] = &[
    "FOR a# IN [1] ",
    "FOR a# IN OUTBOUND 'c/a' edges ",
    "FILTER true ",
    "LET a# = RAND() ",
    "SORT RAND() ",
    "LIMIT 9 ",
    "COLLECT a# = 1 INTO g# = 1 ",
];

#[test]
fn five_hundred_statements_run_and_more_are_refused() {
    for statement in STATEMENTS {
        let query = |count| format!("FOR x IN [1] {} RETURN 1", numbered(count, statement));
        assert_eq!(run(query(498)).as_deref(), Ok(&["1".to_owned()][..]), "{statement}");
        for count in [499, 20_000] {
            let error = run(query(count)).unwrap_err();
            assert!(error.is_not_implemented() && error.message.contains("500 statements"), "{error}");
        }
    }
    let lets = format!("LET {} b = 1 RETURN 1", numbered(499, "a# = 1, "));
    assert!(run(lets).unwrap_err().is_not_implemented());
    let subqueries = format!("RETURN [{}]", numbered(250, "(FILTER true RETURN 1), "));
    assert!(run(subqueries).unwrap_err().is_not_implemented());
}

#[test]
fn the_depth_of_an_expression_includes_that_of_its_subqueries() {
    let nested = |count: usize, levels: usize| {
        let sums = " + 1".repeat(levels);
        let inner = (0..count).fold("1".to_owned(), |inner, _| format!("(RETURN {inner}{sums})[0]"));
        format!("RETURN {inner}")
    };
    assert_eq!(run(nested(5, 30)).as_deref(), Ok(&["151".to_owned()][..]));
    for (count, levels) in [(2, 100), (5, 40), (35, 190)] {
        assert!(run(nested(count, levels)).unwrap_err().is_not_implemented(), "{count} {levels}");
    }
}

#[test]
fn the_largest_queries_fit_on_a_stack() {
    // Statements, subqueries and levels together: each subquery has its share.
    for statement in STATEMENTS {
        let innermost = format!("RETURN 1{}", " + 1".repeat(120));
        let query = (0..37).fold(innermost, |inner, level| {
            let statements = numbered(11, &statement.replace('#', &format!("#x{level}")));
            format!("FOR y{level} IN [1] {statements} RETURN ({inner})")
        });
        let rows = run(query).unwrap_or_else(|error| panic!("{statement}: {error}"));
        assert!(rows[0].contains("121"), "{statement}");
    }
}

/// Puts brackets around a text. A call around them keeps the number of expressions within each other small.
fn in_arrays(levels: usize, inner: &str) -> String {
    format!("NOOPT({}{inner}{})", "[".repeat(levels), "]".repeat(levels))
}

#[test]
fn values_of_many_levels_are_compared_and_written_and_more_are_refused() {
    let query = |count: usize| {
        let wrapped =
            |number: usize| format!("LET a{} = {} ", number + 1, in_arrays(50, &format!("a{number}")));
        format!("LET a0 = 1 {}", (0..count).map(wrapped).collect::<String>())
    };
    let rows = run(format!(
        "{} LET b = [a5] FOR i IN 1..2 COLLECT x = b SORT x RETURN [x == b, LENGTH(JSON_STRINGIFY(x)), x]",
        query(5)
    ));
    assert!(rows.unwrap()[0].starts_with("[true,503,[[["));
    for rest in [
        "RETURN [[[[[[[a5]]]]]]]",
        "FOR i IN 1..2 COLLECT x = i INTO g FOR j IN 1..2 COLLECT y = j INTO h = [[a5], g] RETURN [[[[h]]]]",
        "FOR i IN 1..2 LET x = [[a5]] COLLECT y = i INTO g RETURN [[[g]]]",
        "FOR i IN 1..2 COLLECT AGGREGATE u = UNIQUE([[[[[a5]]]]]) RETURN [u]",
        "LET b = [PUSH([PUSH([PUSH([], a5)], 1)], 1)] RETURN [b]",
        "RETURN (RETURN (RETURN (RETURN (RETURN [[[a5]]]))))",
        "RETURN [1][* RETURN [[[[[[a5]]]]]]]",
    ] {
        let error = run(format!("{} {rest}", query(5))).unwrap_err();
        assert!(error.is_not_implemented() && error.message.contains("256 levels"), "{rest}: {error}");
    }
    assert!(run(format!("{} RETURN 1", query(100))).unwrap_err().is_not_implemented());
    // What is taken out of a value has fewer levels than the value.
    assert!(run(format!("{} RETURN [[[[[[[a5[0].x[*]]]]]]]]", query(5))).is_ok());
}

#[test]
fn documents_of_many_levels_are_refused_before_they_are_stored() {
    let insert =
        |levels| format!("INSERT {{_key: 'n', x: {}}} INTO c RETURN LENGTH(NEW.x)", in_arrays(levels, ""));
    assert_eq!(run(insert(100)).as_deref(), Ok(&["1".to_owned()][..]));
    let deep = format!("LET x = {}", in_arrays(60, ""));
    for write in [
        "INSERT {y: x, z: [x]} INTO c",
        "UPDATE 'a' WITH {y: x} IN c",
        "REPLACE 'a' WITH {y: x} IN c OPTIONS {ignoreErrors: true}",
        "UPSERT {_key: 'n'} INSERT {y: x} UPDATE {} IN c",
        "UPSERT {_key: 'a'} INSERT {} UPDATE {y: x} IN c",
    ] {
        assert_eq!(run(format!("{deep} {write}")).map(|rows| rows.len()), Ok(0), "{write}");
        let error = run(format!("{deep} LET w = {} {}", in_arrays(70, "x"), write.replace("y: x", "y: w")));
        let error = error.unwrap_err();
        assert!(error.is_not_implemented() && error.message.contains("120 levels"), "{write}: {error}");
    }
}
