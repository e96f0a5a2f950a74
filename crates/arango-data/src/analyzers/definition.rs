//! What an analyzer is to be.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::indexes::AnalyzerFeature;

/// What an analyzer is to be.
///
/// ```
/// use arango_data::{Analyzer, AnalyzerFeature};
///
/// let words = Analyzer::text("en").with("stemming", false).features([AnalyzerFeature::Frequency]);
/// let lines = Analyzer::pipeline([Analyzer::delimiter("\n"), Analyzer::norm("en").with("case", "lower")]);
/// # drop((words, lines));
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Analyzer {
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) properties: Map<String, Value>,
    #[serde(default)]
    pub(super) features: Vec<AnalyzerFeature>,
}

impl Analyzer {
    /// Has a type as the server documents it, with the properties of [`with`](Self::with).
    ///
    /// For types without a constructor, such as `aql`, `stopwords`, `geojson`.
    #[must_use]
    pub fn of_type(analyzer_type: impl Into<String>) -> Self {
        Self { kind: analyzer_type.into(), properties: Map::new(), features: Vec::new() }
    }

    /// Takes a value as it is.
    #[must_use]
    pub fn identity() -> Self {
        Self::of_type("identity")
    }

    /// Splits a text at a delimiter.
    #[must_use]
    pub fn delimiter(delimiter: impl Into<String>) -> Self {
        Self::of_type("delimiter").with("delimiter", delimiter.into())
    }

    /// Reduces a word to its stem, in a language such as `en`.
    #[must_use]
    pub fn stem(locale: impl Into<String>) -> Self {
        Self::of_type("stem").with("locale", locale.into())
    }

    /// Normalizes a text as a whole: see the properties `case` and `accent`.
    #[must_use]
    pub fn norm(locale: impl Into<String>) -> Self {
        Self::of_type("norm").with("locale", locale.into())
    }

    /// Splits a text into pieces with so many characters.
    #[must_use]
    #[inline]
    pub fn ngram(min: u64, max: u64) -> Self {
        Self::of_type("ngram").with("min", min).with("max", max).with("preserveOriginal", false)
    }

    /// Splits a text into words, and reduces each to its stem.
    #[must_use]
    pub fn text(locale: impl Into<String>) -> Self {
        Self::of_type("text").with("locale", locale.into())
    }

    /// Applies analyzers one after the other. Their own features do not count.
    #[must_use]
    pub fn pipeline(parts: impl IntoIterator<Item = Self>) -> Self {
        let parts = parts.into_iter().map(|part| json!({ "type": part.kind, "properties": part.properties }));
        Self::of_type("pipeline").with("pipeline", parts.collect::<Value>())
    }

    /// Sets a property of the type by its name on the server.
    #[must_use]
    pub fn with(mut self, property: impl Into<String>, value: impl Into<Value>) -> Self {
        self.properties.insert(property.into(), value.into());
        self
    }

    /// Sets what is stored; by default nothing.
    #[must_use]
    pub fn features(mut self, features: impl IntoIterator<Item = AnalyzerFeature>) -> Self {
        self.features = features.into_iter().collect();
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_has_properties_and_features() {
        let json = |analyzer: &Analyzer| serde_json::to_value(analyzer).unwrap();
        assert_eq!(
            json(&Analyzer::identity()),
            json!({ "type": "identity", "properties": {}, "features": [] })
        );
        let ngram = Analyzer::ngram(2, 3).with("preserveOriginal", true);
        let ngram = ngram.features([AnalyzerFeature::Frequency, AnalyzerFeature::Position]);
        let expected = json!({
            "type": "ngram", "properties": { "min": 2, "max": 3, "preserveOriginal": true },
            "features": ["frequency", "position"],
        });
        assert_eq!(json(&ngram), expected);
        let pipeline = Analyzer::pipeline([Analyzer::delimiter(","), Analyzer::norm("en")]);
        let expected = json!([
            { "type": "delimiter", "properties": { "delimiter": "," } },
            { "type": "norm", "properties": { "locale": "en" } },
        ]);
        assert_eq!(json(&pipeline)["properties"]["pipeline"], expected);
    }
}
