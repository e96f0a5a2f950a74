//! Comparing an index for search with what it should be.

use serde_json::{Map, Value, json};

use super::info::IndexInfo;
use crate::json_covers::covers;
use crate::names::is_same_analyzer;

/// Returns whether an option of an index for search is as it was set.
pub(super) fn covers_inverted(existing: &IndexInfo, option: &str, actual: &Value, expected: &Value) -> bool {
    match option {
        "fields" => covers_fields(actual, expected, &overlay(defaults(), &existing.other)),
        _ => covers_option(option, actual, expected),
    }
}

/// What an index has that does not set it. The features are those of its analyzer.
fn defaults() -> Map<String, Value> {
    let defaults = json!({
        "analyzer": "identity", "includeAllFields": false, "searchField": false, "trackListPositions": false,
        "cache": false,
    });
    defaults.as_object().cloned().unwrap_or_default()
}

/// Returns the options of a field, or of an index, with those that it inherits.
fn overlay(mut inherited: Map<String, Value>, own: &Map<String, Value>) -> Map<String, Value> {
    let own = own.iter().filter(|(option, _)| *option == "features" || inherited.contains_key(*option));
    let own: Vec<_> = own.map(|(option, value)| (option.clone(), value.clone())).collect();
    inherited.extend(own);
    inherited
}

/// Returns whether both have the same fields, in whatever order, and those of the server have all that was set.
fn covers_fields(actual: &Value, expected: &Value, inherited: &Map<String, Value>) -> bool {
    let (Some(actual), Some(expected)) = (actual.as_array(), expected.as_array()) else { return false };
    let find = |name: &Value| actual.iter().find(|field| name_of(field) == name);
    actual.len() == expected.len()
        && expected.iter().all(|expected| {
            find(name_of(expected)).is_some_and(|actual| covers_field(actual, expected, inherited))
        })
}

/// Returns the name of a field, which is a string or an object.
fn name_of(field: &Value) -> &Value {
    field.get("name").unwrap_or(field)
}

/// Returns whether a field of the server has all that was set.
///
/// The server reports only the options in which a field differs from its index, or from the field around it.
fn covers_field(actual: &Value, expected: &Value, inherited: &Map<String, Value>) -> bool {
    let no_options = Map::new();
    let actual = actual.as_object().unwrap_or(&no_options);
    let effective = overlay(inherited.clone(), actual);
    let mut expected = expected.as_object().into_iter().flatten().filter(|(option, _)| *option != "name");
    expected.all(|(option, expected)| {
        let Some(actual) = effective.get(option).or_else(|| actual.get(option)) else { return false };
        match option.as_str() {
            "nested" => covers_fields(actual, expected, &effective),
            _ => covers_option(option, actual, expected),
        }
    })
}

fn covers_option(option: &str, actual: &Value, expected: &Value) -> bool {
    match (option, actual, expected) {
        ("analyzer", Value::String(actual), Value::String(expected)) => is_same_analyzer(actual, expected),
        // A server keeps the features as a set.
        ("features", Value::Array(actual), Value::Array(expected)) => {
            let contains = |all: &[Value], some: &[Value]| some.iter().all(|feature| all.contains(feature));
            contains(actual, expected) && contains(expected, actual)
        }
        _ => covers(actual, expected),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::read;
    use crate::{AnalyzerFeature, GetIndex, Index, IndexId, InvertedField, InvertedIndex};

    /// Returns the differences from an index as a server reports it, with some options changed.
    fn differences(index: InvertedIndex, changed: &Value) -> Vec<String> {
        let mut body = json!({
            "error": false, "code": 200, "id": "books/7", "name": "i", "type": "inverted", "unique": false,
            "sparse": true, "analyzer": "identity", "features": ["frequency", "norm"], "includeAllFields": false,
            "searchField": false, "trackListPositions": false, "cache": false, "primaryKeyCache": false,
            "primarySort": { "fields": [], "compression": "lz4" }, "storedValues": [], "version": 1,
            "fields": [{ "name": "a" }],
        });
        body.as_object_mut().unwrap().extend(changed.as_object().unwrap().clone());
        let existing = read(&GetIndex { id: IndexId::new("books/7").unwrap() }, &body.to_string());
        let found = Index::from(index).differences(&existing);
        found.into_iter().map(|one| one.property.into_owned()).collect()
    }

    #[test]
    fn an_option_that_a_field_has_from_its_index_is_no_difference() {
        let field = InvertedField::new("a").analyzer("identity");
        let field = field.features([AnalyzerFeature::Norm, AnalyzerFeature::Frequency]);
        assert_eq!(differences(InvertedIndex::new([field]), &json!({})), [""; 0]);

        let words = json!({ "analyzer": "words", "searchField": true, "trackListPositions": true });
        let field = || InvertedField::new("a").analyzer("words").search_field().track_list_positions();
        assert_eq!(differences(InvertedIndex::new([field()]), &words), [""; 0]);
        assert_eq!(differences(InvertedIndex::new([field()]), &json!({})), ["fields"]);
        let own = json!({ "analyzer": "words", "searchField": true, "trackListPositions": true,
            "fields": [{ "name": "a", "analyzer": "identity" }] });
        assert_eq!(differences(InvertedIndex::new([field()]), &own), ["fields"]);
    }

    #[test]
    fn a_nested_field_has_the_options_of_the_field_around_it() {
        let inner = || InvertedField::new("b").analyzer("text_en").include_all_fields();
        let nested = InvertedIndex::new([InvertedField::new("a").nested([inner()])]);
        let reported = |outer: Value| json!({ "fields": [outer] });
        let inherited = json!({ "name": "a", "analyzer": "text_en", "includeAllFields": true, "nested": [{ "name": "b" }] });
        assert_eq!(differences(nested.clone(), &reported(inherited)), [""; 0]);
        let other = json!({ "name": "a", "nested": [{ "name": "b", "analyzer": "text_en" }] });
        assert_eq!(differences(nested.clone(), &reported(other)), ["fields"]);
        assert_eq!(differences(nested, &json!({})), ["fields"]);
    }

    #[test]
    fn the_order_of_fields_and_features_does_not_matter() {
        let index = || InvertedIndex::new(["a", "b"]);
        assert_eq!(differences(index(), &json!({ "fields": [{ "name": "b" }, { "name": "a" }] })), [""; 0]);
        for fields in
            [json!([{ "name": "a" }]), json!([{ "name": "a" }, { "name": "c" }]), json!(["a", "b", "c"])]
        {
            assert_eq!(differences(index(), &json!({ "fields": fields })), ["fields"], "{fields}");
        }
        let features = |features: &[AnalyzerFeature]| InvertedIndex::new(["a"]).features(features.to_vec());
        assert_eq!(
            differences(features(&[AnalyzerFeature::Norm, AnalyzerFeature::Frequency]), &json!({})),
            [""; 0]
        );
        assert_eq!(differences(features(&[AnalyzerFeature::Norm]), &json!({})), ["features"]);
    }

    #[test]
    fn an_analyzer_is_compared_with_the_prefix_of_its_database_and_without() {
        for (set, reported) in
            [("library::words", "words"), ("_system::words", "::words"), ("words", "words")]
        {
            let field = InvertedField::new("a").analyzer(set);
            let of_field = json!({ "fields": [{ "name": "a", "analyzer": reported }] });
            assert_eq!(differences(InvertedIndex::new([field]), &of_field), [""; 0], "{set}");
            let of_index = InvertedIndex::new(["a"]).analyzer(set);
            assert_eq!(differences(of_index, &json!({ "analyzer": reported })), [""; 0], "{set}");
        }
        let other = InvertedIndex::new(["a"]).analyzer("library::words");
        assert_eq!(differences(other, &json!({ "analyzer": "::words" })), ["analyzer"]);
    }
}
