//! The analyzers that every server has.

use serde_json::json;

use crate::state::search::Analyzer;

/// The languages of the built-in analyzers for texts.
const LANGUAGES: [&str; 12] = ["de", "en", "es", "fi", "fr", "it", "nl", "no", "pt", "ru", "sv", "zh"];

/// Returns all of them by name.
pub(super) fn all() -> Vec<(String, Analyzer)> {
    let identity = Analyzer {
        kind: "identity".to_owned(),
        properties: json!({}),
        features: ["frequency", "norm"].map(str::to_owned).into(),
    };
    let text = |language: &&str| {
        let properties = json!({
            "locale": language, "case": "lower", "stopwords": [], "accent": false, "stemming": true,
        });
        let features = ["frequency", "norm", "position"].map(str::to_owned).into();
        (format!("text_{language}"), Analyzer { kind: "text".to_owned(), properties, features })
    };
    let mut all = vec![("identity".to_owned(), identity)];
    all.extend(LANGUAGES.iter().map(text));
    all
}

/// Returns the one with this name.
pub(super) fn find(name: &str) -> Option<Analyzer> {
    all().into_iter().find(|(known, _)| known == name).map(|(_, analyzer)| analyzer)
}
