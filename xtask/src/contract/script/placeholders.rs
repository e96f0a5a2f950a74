//! Placeholders of the script: `{database}`.

use std::collections::BTreeMap;

use serde_json::Value;

/// Values that are known while the script runs.
#[derive(Debug, Clone, Default)]
pub(crate) struct Placeholders(BTreeMap<String, String>);

impl Placeholders {
    /// Those that are known before the first step: names, and ids of servers as health lists them.
    #[cfg(test)]
    pub(crate) const INITIAL: [&str; 8] =
        ["database", "user", "password", "coordinator", "db_server", "other_db_server", "agent", "cluster"];

    pub(crate) fn set(&mut self, name: &str, value: impl Into<String>) {
        self.0.insert(name.to_owned(), value.into());
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// Returns the text with the values.
    ///
    /// # Errors
    /// The name of a placeholder whose value is not known.
    pub(crate) fn fill(&self, text: &str) -> Result<String, String> {
        let mut filled = text.to_owned();
        for name in names_in(text) {
            let value = self.get(&name).ok_or_else(|| name.clone())?;
            filled = filled.replace(&format!("{{{name}}}"), value);
        }
        Ok(filled)
    }

    /// Returns the value with the values in its strings and keys.
    ///
    /// # Errors
    /// As [`fill`](Self::fill).
    pub(crate) fn fill_value(&self, value: &Value) -> Result<Value, String> {
        Ok(match value {
            Value::String(text) => Value::String(self.fill(text)?),
            Value::Array(elements) => Value::Array(
                elements.iter().map(|element| self.fill_value(element)).collect::<Result<_, _>>()?,
            ),
            Value::Object(object) => Value::Object(
                object
                    .iter()
                    .map(|(key, value)| Ok((self.fill(key)?, self.fill_value(value)?)))
                    .collect::<Result<_, String>>()?,
            ),
            other => other.clone(),
        })
    }
}

/// The names of the placeholders in a text: lower-case letters, digits and underscores between braces.
pub(crate) fn names_in(text: &str) -> Vec<String> {
    let ends = text.split('{').skip(1).filter_map(|rest| rest.split_once('}'));
    let is_name = |name: &str| {
        name.starts_with(|letter: char| letter.is_ascii_lowercase())
            && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
    };
    ends.map(|(name, _)| name).filter(|name| is_name(name)).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn placeholders_are_filled_in_texts_and_bodies() {
        let mut placeholders = Placeholders::default();
        placeholders.set("id", "7");
        let filled = placeholders.fill_value(&json!({ "a": ["x{id}", 1], "{id}": null }));

        assert_eq!(filled, Ok(json!({ "a": ["x7", 1], "7": null })));
        assert_eq!(placeholders.fill("/_api/{id}/{batch}"), Err("batch".to_owned()));
    }

    #[test]
    fn braces_of_queries_are_no_placeholders() {
        assert_eq!(names_in("RETURN { a: 1 }"), Vec::<String>::new());
        assert_eq!(names_in("FOR d IN {name} RETURN {d: 1}"), ["name"]);
    }
}
