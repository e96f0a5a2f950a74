//! Tests of values.

use std::cmp::Ordering;

use proptest::prelude::*;

use super::number::write_double;
use super::{Arithmetic, Object, Value, ValueMap};

fn json(text: &str) -> Value {
    Value::from_json(text.as_bytes()).unwrap()
}

#[test]
fn an_index_counts_from_the_end_if_it_is_negative() {
    let array = json("[1,2,3]");

    assert_eq!(array.element(-1), Value::Int(3));
    assert!(array.element(3).is_null());
    assert!(array.element(-4).is_null());
    assert!(json("\"abc\"").element(0).is_null());
}

#[test]
fn types_precede_each_other_and_values_are_ordered_within_a_type() {
    let ascending = [
        "null",
        "false",
        "true",
        "-1",
        "0",
        "0.5",
        "9007199254740992",
        "9007199254740993",
        "18446744073709551615",
        "1e30",
        "\"\"",
        "\" \"",
        "\"1\"",
        "\"a\"",
        "[]",
        "[0]",
        "[0,1]",
        "[1]",
        "{}",
        "{\"b\":1}",
        "{\"a\":1}",
    ];
    for (left, lower) in ascending.iter().enumerate() {
        for (right, upper) in ascending.iter().enumerate() {
            assert_eq!(json(lower).compare(&json(upper)), left.cmp(&right), "{lower} and {upper}");
        }
    }
}

#[test]
fn what_is_missing_counts_as_null() {
    assert_eq!(json("{}"), json(r#"{"a":null}"#));
    assert_eq!(json("[1]"), json("[1,null]"));
    assert_eq!(json(r#"{"a":1,"b":2}"#), json(r#"{"b":2,"a":1}"#));
    assert_ne!(json("1"), json("\"1\""));
    assert_ne!(json("0"), json("false"));
}

#[test]
fn numbers_of_different_kinds_are_compared_exactly() {
    assert_eq!(json("1"), json("1.0"));
    assert_eq!(json("9007199254740993").compare(&json("9007199254740992.0")), Ordering::Greater);
    assert_eq!(json("18446744073709551615").compare(&json("18446744073709551616.0")), Ordering::Less);
    assert_eq!(json("-1").compare(&json("-1.5")), Ordering::Greater);
}

#[test]
fn equal_values_of_the_same_size_are_one_key() {
    let values = [
        "1",
        "1.0",
        "[1]",
        "[1.0]",
        "[1,null]",
        "{}",
        r#"{"a":null}"#,
        r#"{"b":0.0,"a":1}"#,
        r#"{"a":1,"b":-0.0}"#,
        "null",
    ];
    let mut distinct = ValueMap::new();
    for value in values {
        distinct.entry(json(value), || value);
    }

    let first = ["1", "[1]", "[1,null]", "{}", r#"{"a":null}"#, r#"{"b":0.0,"a":1}"#, "null"];
    assert_eq!(distinct.len(), first.len());
    assert!(distinct.iter().map(|(_, first)| *first).eq(first));
    assert_eq!(distinct.get(&json("1.0")), Some(&"1"));
    assert_eq!(distinct.get(&json("[0]")), None);
}

#[test]
fn a_stored_document_is_written_as_it_is_and_parsed_on_demand() {
    let document = Value::document(br#"{ "b": 1.0, "a": 2 }"#.as_slice());

    let mut written = Vec::new();
    Value::array(vec![document.clone()]).write_json(&mut written);
    assert_eq!(written, br#"[{ "b": 1.0, "a": 2 }]"#);
    assert_eq!(document.to_json_string(), r#"{"b":1,"a":2}"#);
    assert_eq!(document.attribute("a"), Value::Int(2));
    assert_eq!(document, json(r#"{"a":2,"b":1}"#));
    assert_eq!(document.type_name(), "object");
    assert!(Value::document(b"no JSON".as_slice()).is_null());
}

#[test]
fn objects_keep_the_order_of_their_attributes_even_if_there_are_many() {
    let names: Vec<String> = (0..40).rev().map(|number| format!("a{number}")).collect();
    let mut object = Object::new();
    for name in &names {
        object.set(name.clone(), Value::Null);
    }
    object.set("a7", Value::Int(7));
    assert_eq!(object.remove("a39"), Some(Value::Null));

    assert!(object.iter().map(|(name, _)| &**name).eq(names[1..].iter().map(String::as_str)));
    assert_eq!(object.get("a7"), Some(&Value::Int(7)));
    assert_eq!(object.get("a0"), Some(&Value::Null));
    assert!(!object.contains("a39"));
}

#[test]
fn doubles_are_written_in_the_form_of_a_server() {
    let expected = [
        (1.0, "1"),
        (-1.5, "-1.5"),
        (0.1, "0.1"),
        (100.0, "100"),
        (1e7, "10000000"),
        (1e8, "1e+8"),
        (12_345_678_900.0, "12345678900"),
        (1e21, "1e+21"),
        (1.5e300, "1.5e+300"),
        (0.000_001, "0.000001"),
        (0.000_000_1, "1e-7"),
        (0.000_1, "0.0001"),
        (0.001_234_56, "0.00123456"),
        (0.000_123_456, "1.23456e-4"),
        (123_456.789, "123456.789"),
        (0.0, "0"),
        (-0.0, "-0"),
    ];
    for (number, text) in expected {
        assert_eq!(write_double(number), text);
    }
}

#[test]
fn operands_are_converted_to_numbers() {
    let expected = [
        ("null", "0"),
        ("true", "1"),
        ("\" 12.5 \"", "12.5"),
        ("\"0x1f\"", "31"),
        ("\"\"", "0"),
        ("\"12a\"", "0"),
        ("\"1e400\"", "0"),
        ("[]", "0"),
        ("[\"7\"]", "7"),
        ("[1,2]", "0"),
        ("{\"a\":1}", "0"),
    ];
    for (operand, number) in expected {
        assert_eq!(json(operand).to_number(), json(number), "{operand}");
    }
}

#[test]
fn positions_are_whole_numbers_at_the_begin_of_a_text() {
    assert_eq!(json("\"12abc\"").to_integer(), 12);
    assert_eq!(json("\" -3.9\"").to_integer(), -3);
    assert_eq!(json("\"abc\"").to_integer(), 0);
    assert_eq!(json("-3.9").to_integer(), -3);
}

#[test]
fn large_integers_are_exact_only_among_constants() {
    let (left, right) = (json("9007199254740993"), json("0"));

    assert_eq!(Arithmetic::Add.calculate_constants(&left, &right), Some(left.clone()));
    assert_eq!(Arithmetic::Add.calculate(&left, &right), Some(json("9007199254740992")));
    let too_large = Arithmetic::Add.calculate(&json("9223372036854775807"), &json("1")).unwrap();
    assert_eq!(too_large.to_json_string(), "9223372036854776000");
}

#[test]
fn a_division_by_zero_has_no_result() {
    assert_eq!(Arithmetic::Divide.calculate(&json("1"), &json("0")), None);
    assert_eq!(Arithmetic::Modulo.calculate(&json("1"), &json("null")), None);
    assert_eq!(Arithmetic::Divide.calculate_constants(&json("1"), &json("\"x\"")), None);
    assert_eq!(Arithmetic::Divide.calculate(&json("7"), &json("2")), Some(json("3.5")));
    assert_eq!(Arithmetic::Modulo.calculate(&json("-7"), &json("3")), Some(json("-1")));
}

#[test]
fn a_result_that_no_number_can_hold_is_null() {
    assert_eq!(Arithmetic::Multiply.calculate(&json("1e308"), &json("10")), Some(Value::Null));
    assert_eq!(json("-9223372036854775808").negate(), json("9223372036854775808"));
}

fn any_value() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        (-5i64..5).prop_map(Into::into),
        any::<f64>().prop_map(Into::into),
        "[a-cA-C ü_]{0,3}".prop_map(Into::into),
    ];
    leaf.prop_recursive(2, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Into::into),
            prop::collection::hash_map("[a-c]", inner, 0..4)
                .prop_map(|object| serde_json::Value::Object(object.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn the_order_is_total(a in any_value(), b in any_value(), c in any_value()) {
        let mut values = [Value::from(a), Value::from(b), Value::from(c)];
        values.sort_by(Value::compare);
        for (left, right) in [(0, 1), (1, 2), (0, 2)] {
            prop_assert_ne!(values[left].compare(&values[right]), Ordering::Greater);
            prop_assert_eq!(values[left].compare(&values[right]), values[right].compare(&values[left]).reverse());
        }
    }

    #[test]
    fn written_json_is_read_and_written_as_the_same_text(json in any_value()) {
        let value = Value::from(json);
        let text = value.to_json_string();
        let read: serde_json::Value = serde_json::from_str(&text).unwrap();
        prop_assert_eq!(Value::from(read.clone()).to_json_string(), text);
        prop_assert_eq!(read, value.to_json());
    }
}
