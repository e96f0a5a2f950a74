//! Tests of how functions are found and called. What each one yields stands in `tests/vectors/`.

use proptest::prelude::*;

use super::{Context, Environment, Lookup, find, refused, table};
use crate::error::{QueryError, number};
use crate::store::{CollectionKind, ReadDocuments, Scan, Store, WriteOptions, Written};
use crate::value::Value;

struct NoDocuments;

impl ReadDocuments for NoDocuments {
    fn kind(&self, _: &str) -> Option<CollectionKind> {
        None
    }

    fn get(&self, _: &str, _: &str) -> Result<Option<Value>, QueryError> {
        Ok(None)
    }

    fn count(&self, _: &str) -> Result<u64, QueryError> {
        Ok(0)
    }
}

type Write = Result<Written, QueryError>;

impl Store for NoDocuments {
    fn scan(&self, _: &str) -> Result<Scan, QueryError> {
        Ok(Box::new(std::iter::empty()))
    }

    fn insert(&mut self, _: &str, _: &Value, _: &WriteOptions) -> Write {
        unreachable!("functions do not write")
    }

    fn update(&mut self, _: &str, _: &str, _: &Value, _: &WriteOptions) -> Write {
        unreachable!("functions do not write")
    }

    fn replace(&mut self, _: &str, _: &str, _: &Value, _: &WriteOptions) -> Write {
        unreachable!("functions do not write")
    }

    fn remove(&mut self, _: &str, _: &str, _: &WriteOptions) -> Write {
        unreachable!("functions do not write")
    }
}

fn json(text: &str) -> Value {
    Value::from_json(text.as_bytes()).unwrap()
}

/// Calls a function with arguments given as a JSON array.
fn call(name: &str, arguments: &str) -> Result<Value, QueryError> {
    let Some(Lookup::Function(function)) = find(name) else { panic!("there is no function {name}") };
    let mut environment = Environment::new(0, 1);
    let arguments = json(arguments);
    function.call(&mut Context::new(&mut environment, &NoDocuments), arguments.as_array().unwrap())
}

#[test]
fn names_are_found_in_any_case_and_each_stands_for_one_thing() {
    assert!(matches!(find("lEnGtH"), Some(Lookup::Function(function)) if function.name == "LENGTH"));
    assert!(matches!(find("bm25"), Some(Lookup::NotSupported("BM25"))));
    assert!(find("NO_SUCH_FUNCTION").is_none());

    let mut names: Vec<&str> = table::FUNCTIONS.iter().map(|function| function.name).collect();
    names.extend(refused::NAMES);
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), count);
    assert!(names.iter().all(|name| name.to_ascii_uppercase() == **name));
}

#[test]
fn a_wrong_number_of_arguments_is_reported_with_the_right_one() {
    let error = call("LENGTH", "[]").unwrap_err();

    assert_eq!(error.number, number::FUNCTION_ARGUMENT_NUMBER);
    assert_eq!(
        error.message,
        "invalid number of arguments for function 'LENGTH()', \
         expected number of arguments: minimum: 1, maximum: 1"
    );
}

#[test]
fn a_warning_names_the_function_that_an_alias_stands_for() {
    let Some(Lookup::Function(function)) = find("CONTAINS_ARRAY") else { panic!() };
    let mut environment = Environment::new(0, 1);
    let arguments = [Value::Null, Value::Null];
    drop(function.call(&mut Context::new(&mut environment, &NoDocuments), &arguments).unwrap());

    assert_eq!(environment.warnings[0].message, "in function 'POSITION()': array expected");
}

#[test]
fn what_this_crate_does_not_have_is_refused_rather_than_guessed() {
    let calls = [
        ("REGEX_TEST", r#"["a","(?=a)"]"#),
        ("REGEX_TEST", r#"["aa","(a)\\1"]"#),
        ("REGEX_TEST", r#"["a\n","a$"]"#),
        ("DATE_HOUR", r#"["2020-01-01","Europe/Berlin"]"#),
        ("DATE_ADD", r#"["2020-01-01",1,"day","America/New_York"]"#),
        ("SPLIT", r#"["abc",null]"#),
        ("SUBSTITUTE", r#"["abc","","x"]"#),
        ("CALL", r#"["SOUNDEX","a"]"#),
    ];
    for (name, arguments) in calls {
        assert!(call(name, arguments).unwrap_err().is_not_implemented(), "{name}");
    }
}

#[test]
fn some_functions_stop_the_query() {
    let calls = [
        ("FAIL", r#"["stop"]"#, number::FAIL_CALLED, "stop"),
        ("ASSERT", r#"[false,"no"]"#, number::ASSERTION_FAILED, "no"),
        ("CALL", "[1]", number::FUNCTION_ARGUMENT_TYPE, "invalid argument type in call to function 'CALL()'"),
        ("CALL", r#"["no_such"]"#, number::FUNCTION_NAME_UNKNOWN, "usage of unknown function 'NO_SUCH()'"),
    ];
    for (name, arguments, number, message) in calls {
        let error = call(name, arguments).unwrap_err();
        assert_eq!((error.number, error.message.as_str()), (number, message));
    }
}

#[test]
fn a_range_whose_step_is_lost_in_its_numbers_ends() {
    assert_eq!(call("RANGE", "[1e300, 1e300, 1]").unwrap_err().number, number::RESOURCE_LIMIT);
}

#[test]
fn sleeping_takes_no_time_but_is_added_up() {
    let Some(Lookup::Function(sleep)) = find("SLEEP") else { panic!() };
    let mut environment = Environment::new(0, 1);
    for _ in 0..2 {
        let result =
            sleep.call(&mut Context::new(&mut environment, &NoDocuments), &[Value::Double(0.25)]).unwrap();
        assert!(result.is_null());
    }

    assert_eq!(environment.slept.as_millis(), 500);
}

#[test]
fn equal_seeds_yield_equal_random_values() {
    let draw = |seed| {
        let mut environment = Environment::new(0, seed);
        ["RAND", "UUID"].map(|name| {
            let Some(Lookup::Function(function)) = find(name) else { panic!() };
            function.call(&mut Context::new(&mut environment, &NoDocuments), &[]).unwrap().to_json_string()
        })
    };

    assert_eq!(draw(7), draw(7));
    assert_ne!(draw(7), draw(8));
    assert_eq!(draw(7)[1].len(), 38);
    assert_eq!(&draw(7)[1][15..16], "4");
}

#[test]
fn an_order_beyond_ascii_is_remembered_as_uncertain() {
    let Some(Lookup::Function(sorted)) = find("SORTED") else { panic!() };
    let mut environment = Environment::new(0, 1);
    for (array, is_uncertain) in [(r#"["b","A"]"#, false), (r#"["b","ä"]"#, true)] {
        drop(sorted.call(&mut Context::new(&mut environment, &NoDocuments), &[json(array)]).unwrap());
        assert_eq!(environment.collation.is_uncertain(), is_uncertain);
    }
}

fn any_argument() -> impl Strategy<Value = serde_json::Value> {
    let number = prop_oneof![
        any::<i64>().prop_map(Into::into),
        any::<u64>().prop_map(Into::into),
        any::<f64>().prop_map(Into::into),
        (-3i64..4).prop_map(Into::into),
        prop::sample::select(vec![i64::MIN, i64::MAX, 1 << 53, -1]).prop_map(Into::into),
    ];
    let text = prop_oneof![
        "[a-c/_:%ä😀 0-9.\\-]{0,6}",
        "[+-]?[0-9]{1,6}-[0-9]{1,2}-[0-9]{1,2}(T[0-9]{1,2}:[0-9]{1,2}(:[0-9]{1,2})?Z?)?",
        "P([0-9]{1,9}[YMWD])*(T([0-9]{1,9}[HMS])*)?",
        "%[a-z]{1,5}.?%",
        "[a(|)\\[\\]^$.*+?{}1,\\\\]{0,6}",
        "[01]{1,40}",
        prop::sample::select(vec!["years", "m", "weeks", "ms", "c/k", "[1]", "{\"a\":", "a=b&"])
            .prop_map(str::to_owned),
    ];
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        number,
        text.prop_map(serde_json::Value::from),
    ];
    leaf.prop_recursive(2, 8, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Into::into),
            prop::collection::hash_map("_id|_key|[a-c]", inner, 0..4)
                .prop_map(|object| serde_json::Value::Object(object.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn no_argument_makes_a_function_panic(arguments in prop::collection::vec(any_argument(), 0..6)) {
        let arguments: Vec<Value> = arguments.into_iter().map(Value::from).collect();
        let takes = |function: &&super::Function| function.check_count(function.name, arguments.len()).is_ok();
        for function in table::FUNCTIONS.iter().filter(takes) {
            let mut environment = Environment::new(0, 1);
            let result = function.call(&mut Context::new(&mut environment, &NoDocuments), &arguments);
            if let Ok(value) = result {
                prop_assert!(serde_json::from_str::<serde_json::Value>(&value.to_json_string()).is_ok());
            }
        }
    }

    #[test]
    fn no_duration_makes_a_date_function_panic(
        milliseconds in -62_167_219_200_000i64..253_402_300_800_000,
        amount in prop_oneof![any::<f64>(), -1e22..1e22, -1e6..1e6],
        unit in prop::sample::select(vec!["y", "m", "w", "d", "h", "i", "s", "f"]),
    ) {
        let arguments = serde_json::json!([milliseconds, amount, unit]).to_string();
        for name in ["DATE_ADD", "DATE_SUBTRACT", "DATE_ROUND"] {
            let date = call(name, &arguments).unwrap();
            prop_assert!(date.is_null() || date.as_str().is_some_and(|date| date.len() == 24), "{date:?}");
        }
    }
}
