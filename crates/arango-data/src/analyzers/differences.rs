//! Comparing an analyzer with what it should be.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::definition::Analyzer;
use super::info::AnalyzerInfo;
use crate::json_covers::covers;
use crate::property_difference::PropertyDifference;

impl Analyzer {
    /// Returns how an existing analyzer differs from what was set.
    ///
    /// An analyzer never changes: one that differs can only be removed.
    #[inline]
    pub fn differences(&self, existing: &AnalyzerInfo) -> Vec<PropertyDifference> {
        let mut found = Vec::new();
        let kind = existing.analyzer_type.as_str();
        if self.kind != kind {
            found.push(PropertyDifference::fixed("type", self.kind.as_str().into(), kind.into()));
        }
        for (name, expected) in &self.properties {
            let actual = existing.properties.get(name).unwrap_or(&Value::Null);
            if !covers(actual, expected) {
                let property = format!("properties.{name}");
                found.push(PropertyDifference::fixed(property, expected.clone(), actual.clone()));
            }
        }
        let names = |features: &[_]| features.iter().map(ToString::to_string).collect::<BTreeSet<_>>();
        let (expected, actual) = (names(&self.features), names(&existing.features));
        if expected != actual {
            found.push(PropertyDifference::fixed("features", json!(expected), json!(actual)));
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::indexes::AnalyzerFeature;

    fn existing(features: &[&str]) -> AnalyzerInfo {
        let properties = json!({ "locale": "en", "case": "lower", "stemming": false, "stopwords": ["a"] });
        let body = json!({ "name": "library::words", "type": "text", "properties": properties, "features": features });
        serde_json::from_value(body).unwrap()
    }

    #[test]
    fn what_was_set_is_compared_in_whatever_order() {
        let words = || Analyzer::text("en").with("stemming", false);
        let features = [AnalyzerFeature::Position, AnalyzerFeature::Frequency];
        assert!(words().features(features).differences(&existing(&["frequency", "position"])).is_empty());
        let found = words().with("case", "upper").with("accent", true).differences(&existing(&["frequency"]));
        let found: Vec<_> = found.iter().map(ToString::to_string).collect();
        let expected = [
            "properties.accent is null, expected true",
            r#"properties.case is "lower", expected "upper""#,
            r#"features is ["frequency"], expected []"#,
        ];
        assert_eq!(found, expected);
        let other = Analyzer::delimiter(",").differences(&existing(&[]));
        assert_eq!((&*other[0].property, other.len()), ("type", 2));
    }
}
