use super::{bind, check};
use crate::syntax::parse;

fn facts(text: &str) -> super::Facts {
    check(&mut parse(text).unwrap()).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn error(text: &str) -> (u32, String) {
    let error = check(&mut parse(text).unwrap()).unwrap_err();
    assert!(error.position.is_some(), "{text}: {error}");
    (error.number, error.message)
}

fn binds(text: &str, parameters: &str) -> Result<Vec<String>, (u32, String)> {
    let parameters: serde_json::Value = serde_json::from_str(parameters).unwrap();
    bind(&facts(text), parameters.as_object().unwrap())
        .map(|binding| binding.collections.iter().map(ToString::to_string).collect())
        .map_err(|error| (error.number, error.message))
}

#[test]
fn a_name_is_assigned_once_even_across_subqueries() {
    for text in [
        "LET a = 1 LET a = 2 RETURN a",
        "FOR a IN [1] FOR a IN [2] RETURN a",
        "LET a = 1 RETURN (FOR a IN [1] RETURN a)",
        "FOR d IN [1] COLLECT d = d RETURN d",
    ] {
        assert_eq!(error(text).0, 1511, "{text}");
    }
    facts("LET a = (FOR x IN [1] RETURN x) FOR x IN a RETURN x");
}

#[test]
fn collect_ends_the_variables_of_loops_but_not_those_before() {
    facts("LET top = 1 FOR d IN [1] COLLECT x = d RETURN [top, x]");
    let hidden = facts("FOR d IN [1] COLLECT x = d RETURN d");
    assert_eq!(hidden.misused.len(), 1, "the name of the loop is now that of a collection");
    facts("FOR d IN [1] COLLECT WITH COUNT INTO d RETURN d");
}

#[test]
fn a_shorthand_needs_a_variable() {
    let (number, message) = error("RETURN {a}");
    assert_eq!((number, message.as_str()), (1512, "use of unknown variable 'a' in object literal"));
}

#[test]
fn keep_needs_a_variable() {
    assert_eq!(
        error("FOR d IN [1] COLLECT x = d INTO g KEEP y RETURN g"),
        (1501, "use of unknown variable 'y' for KEEP".to_owned())
    );
}

#[test]
fn expressions_of_collect_do_not_see_its_variables() {
    assert_eq!(error("FOR d IN [1] COLLECT x = d INTO g = x RETURN g").0, 1512);
    assert_eq!(error("FOR d IN [1] COLLECT x = d AGGREGATE s = SUM(x) RETURN s").0, 1512);
}

#[test]
fn an_unknown_function_is_reported_with_its_position() {
    let error = check(&mut parse("RETURN\n  FOOBAR(1)").unwrap()).unwrap_err();
    assert_eq!((error.number, error.position.unwrap().to_string().as_str()), (1540, "2:3"));
}

#[test]
fn distinct_needs_a_loop() {
    assert_eq!(error("RETURN DISTINCT 1").0, 1501);
    assert_eq!(error("RETURN (RETURN DISTINCT 1)").0, 1501);
    facts("FOR x IN [1] RETURN DISTINCT x");
}

#[test]
fn an_aggregation_is_one_of_the_known_functions() {
    assert_eq!(error("FOR x IN [1] COLLECT AGGREGATE a = CONCAT(x) RETURN a").0, 1574);
    assert_eq!(error("FOR x IN [1] COLLECT AGGREGATE a = NOTHING(x) RETURN a").0, 1540);
    assert_eq!(error("FOR x IN [1] COLLECT AGGREGATE a = SUM() RETURN a").0, 1541);
    facts("FOR x IN [1] COLLECT AGGREGATE a = COUNT() RETURN a");
}

#[test]
fn options_and_limits_do_not_depend_on_rows() {
    assert_eq!(error("FOR x IN [1] INSERT {} INTO c OPTIONS {keepNull: x}").0, 1575);
    assert_eq!(error("FOR x IN [1] LIMIT x RETURN x").0, 1504);
    facts("FOR x IN [1] LIMIT @a, 1 + 1 RETURN x");
}

#[test]
fn old_exists_only_where_there_is_an_old_document() {
    assert_eq!(facts("INSERT {} INTO c RETURN OLD").misused.len(), 1);
    assert_eq!(facts("INSERT {} INTO c OPTIONS {overwriteMode: 'ignore'} RETURN OLD").misused.len(), 1);
    assert!(facts("INSERT {} INTO c OPTIONS {overwriteMode: @m} RETURN OLD").misused.is_empty());
    assert!(facts("UPDATE 'a' WITH {} IN c RETURN [OLD, NEW]").misused.is_empty());
    assert_eq!(facts("REMOVE 'a' IN c RETURN NEW").misused.len(), 1);
}

#[test]
fn a_query_is_a_modification_if_any_part_of_it_writes() {
    assert!(facts("LET x = (INSERT {} INTO c) RETURN x").is_modification);
    assert!(!facts("FOR x IN c RETURN REMOVE_VALUE(x.a, 1)").is_modification);
}

#[test]
fn bind_parameters_are_all_given_and_all_used() {
    let text = "FOR d IN @@c FILTER d.@a == @v RETURN d";
    assert_eq!(binds(text, r#"{"@c": "k", "a": "x", "v": 1}"#), Ok(vec!["k".to_owned()]));
    for (parameters, number, message) in [
        (r#"{"@c": "k", "a": "x"}"#, 1551, "no value specified for declared bind parameter 'v'"),
        (r#"{"c": "k", "a": "x", "v": 1}"#, 1551, "no value specified for declared bind parameter '@c'"),
        (
            r#"{"@c": "k", "a": "x", "v": 1, "w": 2}"#,
            1552,
            "bind parameter 'w' was not declared in the query",
        ),
        (r#"{"@c": 1, "a": "x", "v": 1}"#, 1553, "bind parameter '@c' has an invalid value or type"),
        (r#"{"@c": "k", "a": 1, "v": 1}"#, 1553, "bind parameter 'a' has an invalid value or type"),
    ] {
        assert_eq!(binds(text, parameters), Err((number, message.to_owned())), "{parameters}");
    }
}

#[test]
fn nothing_is_read_after_it_was_written() {
    for text in [
        "INSERT {} INTO c INSERT {} INTO c",
        "INSERT {} INTO c FOR d IN c RETURN d",
        "FOR d IN c LET x = (INSERT {} INTO c) LET y = (INSERT {} INTO c) RETURN x",
        "REMOVE 'a' IN c RETURN c",
        "INSERT {} INTO c RETURN LENGTH(c)",
        "INSERT {} INTO c RETURN DOCUMENT('b/1')",
    ] {
        assert_eq!(binds(text, "{}").unwrap_err().0, 1579, "{text}");
    }
    assert_eq!(
        binds("INSERT {} INTO @@a INSERT {} INTO @@b", r#"{"@a": "x", "@b": "x"}"#).unwrap_err().0,
        1579
    );
    for text in [
        "FOR d IN c UPDATE d WITH {} IN c",
        "FOR d IN c LET x = (INSERT {} INTO c) RETURN x",
        "FOR d IN c INSERT {} INTO c INSERT {} INTO b",
        "UPSERT {a: 1} INSERT {} UPDATE {} IN c",
        "LET x = DOCUMENT('b/1') INSERT x INTO c",
        "LET x = (FOR d IN c REMOVE d IN c RETURN OLD) RETURN x",
    ] {
        binds(text, "{}").unwrap_or_else(|error| panic!("{text}: {error:?}"));
    }
}
