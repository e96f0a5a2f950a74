//! Compares the shapes of bodies.

use std::collections::BTreeMap;

use super::{Difference, Grade};
use crate::contract::shape::{FURTHER_KEYS, Field, Scalar, Shape, Type};

/// Compares the shape of a body with the expected one.
pub(super) fn compare(id: &str, expected: &Shape, found: &Shape) -> Vec<Difference> {
    let mut comparison = Comparison { id, differences: Vec::new() };
    comparison.shapes("", expected, found);
    comparison.differences
}

struct Comparison<'a> {
    id: &'a str,
    differences: Vec<Difference>,
}

impl Comparison<'_> {
    fn shapes(&mut self, path: &str, expected: &Shape, found: &Shape) {
        if expected.scalars.contains(&Scalar::Any) || found.is_empty() {
            return;
        }
        // Nothing is known of the elements of an empty array.
        if expected.is_empty() {
            self.add(path, Grade::Value, "empty", short(found));
            return;
        }
        for scalar in &found.scalars {
            if !expected.scalars.iter().any(|one| one.includes(scalar)) {
                let same_type =
                    expected.scalars.iter().any(|one| is_read_alike(one.type_of(), scalar.type_of()));
                let grade = if same_type { Grade::Value } else { Grade::Shape };
                self.add(path, grade, short(expected), scalar.to_string());
            }
        }
        match (&expected.object, &found.object) {
            (Some(expected), Some(found)) => self.objects(path, expected, found),
            (None, Some(_)) => self.add(path, Grade::Shape, short(expected), "an object"),
            (_, None) => {}
        }
        match (&expected.array, &found.array) {
            (Some(expected), Some(found)) => self.shapes(&format!("{path}/*"), expected, found),
            (None, Some(_)) => self.add(path, Grade::Shape, short(expected), "an array"),
            (_, None) => {}
        }
    }

    fn objects(&mut self, path: &str, expected: &BTreeMap<String, Field>, found: &BTreeMap<String, Field>) {
        for (key, field) in expected.iter().filter(|(key, _)| *key != FURTHER_KEYS) {
            let path = format!("{path}/{key}");
            match found.get(key) {
                None if field.is_optional => {}
                None => self.add(&path, Grade::Shape, short(&field.shape), "missing"),
                Some(other) => {
                    if other.is_optional && !field.is_optional {
                        self.add(&path, Grade::Shape, short(&field.shape), "sometimes missing");
                    }
                    self.shapes(&path, &field.shape, &other.shape);
                }
            }
        }
        if expected.contains_key(FURTHER_KEYS) {
            return;
        }
        for (key, field) in found.iter().filter(|(key, _)| !expected.contains_key(*key)) {
            self.add(&format!("{path}/{key}"), Grade::Extra, "missing", short(&field.shape));
        }
    }

    fn add(&mut self, path: &str, grade: Grade, expected: impl Into<String>, found: impl Into<String>) {
        let path = if path.is_empty() { "the body" } else { path };
        self.differences.push(Difference::new(self.id, path, grade, expected, found));
    }
}

/// Returns whether a client that expects one type can read the other.
fn is_read_alike(expected: Type, found: Type) -> bool {
    expected == found || (expected == Type::Number && found == Type::Integer)
}

/// A shape in a few words.
fn short(shape: &Shape) -> String {
    let scalars = shape.scalars.iter().map(Scalar::to_string);
    let object = shape.object.iter().map(|_| "an object".to_owned());
    let array = shape.array.iter().map(|_| "an array".to_owned());
    scalars.chain(object).chain(array).collect::<Vec<_>>().join(" | ")
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn differences(expected: &Value, found: &Value) -> Vec<String> {
        let (expected, found) = (Shape::from_json(expected).unwrap(), Shape::from_json(found).unwrap());
        let line = |one: Difference| format!("{:?} {} {} {}", one.grade, one.place, one.expected, one.found);
        compare("a: b", &expected, &found).into_iter().map(line).collect()
    }

    #[test]
    fn equal_shapes_do_not_differ() {
        let shape = json!({ "a": ["integer"], "b?": "string | null", "c": { "d": "=GOOD" } });
        assert_eq!(differences(&shape, &shape), Vec::<String>::new());
    }

    #[test]
    fn a_wrong_type_and_a_missing_key_are_graded_as_shape() {
        let expected = json!({ "a": "integer", "b": "string", "c": { "d": "bool" }, "e": ["string"] });
        let found = json!({ "a": "string", "c": { "d": "null" }, "e": "string" });
        assert_eq!(
            differences(&expected, &found),
            [
                "Shape /a integer string",
                "Shape /b string missing",
                "Shape /c/d bool null",
                "Shape /e an array string",
            ]
        );
    }

    #[test]
    fn an_extra_key_and_another_value_are_less_grave() {
        let expected = json!({ "a": "=GOOD", "n": "digits" });
        let found = json!({ "a": "=BAD", "n": "string", "x": "null" });
        assert_eq!(
            differences(&expected, &found),
            ["Value /a =GOOD =BAD", "Value /n digits string", "Extra /x missing null"]
        );
    }

    #[test]
    fn what_is_a_case_of_the_expected_does_not_differ() {
        let expected = json!({ "a": "=GOOD | =BAD", "b": "number", "c": "string | null", "d": "any", "e?": "bool", "…": "any" });
        let found = json!({ "a": "=BAD", "b": "integer", "c": "null", "d": [{}], "further": "bool" });
        assert_eq!(differences(&expected, &found), Vec::<String>::new());
    }

    #[test]
    fn an_integer_that_has_a_fraction_is_a_wrong_type() {
        assert_eq!(differences(&json!("integer"), &json!("number")), ["Shape the body integer number"]);
    }

    #[test]
    fn a_key_that_only_some_elements_have_is_as_bad_as_a_missing_one() {
        assert_eq!(
            differences(&json!([{ "a": "bool" }]), &json!([{ "a?": "bool" }])),
            ["Shape /*/a bool sometimes missing"]
        );
    }

    #[test]
    fn an_empty_array_says_nothing_about_its_elements() {
        assert_eq!(differences(&json!(["string"]), &json!([])), Vec::<String>::new());
        assert_eq!(differences(&json!([]), &json!(["string"])), ["Value /* empty string"]);
    }
}
