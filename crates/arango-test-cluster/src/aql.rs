//! The little AQL that is understood: a few forms of queries, word by word, and nothing that would have to be optimised.
//!
//! | query | |
//! |---|---|
//! | `RETURN 1`, `RETURN @x` | one value, in JSON or bound |
//! | `FOR i IN 1..9 RETURN i` | integers, up or down |
//! | `FOR d IN books RETURN d`, `… IN @@books …` | the documents of a collection |
//! | `INSERT {"a": 1} INTO books`, `INSERT @d INTO @@books` | a new document |

mod reader;

use serde_json::{Map, Value};

use self::reader::Reader;

/// As many integers as a range may have here.
const WIDEST: u64 = 1_000_000;

/// A query that is understood, its parameters still open.
#[derive(Debug, PartialEq)]
pub(crate) enum Query {
    Return(Operand),
    Range { from: i64, to: i64 },
    Scan { collection: Operand },
    Insert { document: Operand, into: Operand },
}

/// A value or the name of a collection, or the bind parameter that stands for it.
#[derive(Debug, PartialEq)]
pub(crate) enum Operand {
    Given(Value),
    /// Named as in `bindVars`: with an `@` of its own if a collection is meant.
    Bound(String),
}

/// What is to be done, with nothing left open.
#[derive(Debug, PartialEq)]
pub(crate) enum Plan {
    Rows(Vec<Value>),
    Scan { collection: String },
    Insert { document: Value, into: String },
}

/// Bind parameters that do not fit the query.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Unbound {
    Missing(String),
    Surplus(String),
    /// Stands for a collection, and is no text.
    NoName(String),
}

impl Query {
    /// Reads a query; `None` means that it is none of ours, not that it is wrong.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut reader = Reader::new(text);
        let query = match reader.word()?.to_ascii_uppercase().as_str() {
            "RETURN" => Self::Return(reader.value()?),
            "INSERT" => {
                let document = reader.value()?;
                reader.keyword("INTO")?;
                Self::Insert { document, into: reader.collection()? }
            }
            "FOR" => {
                let variable = reader.word()?;
                reader.keyword("IN")?;
                let query = match reader.range() {
                    Some((from, to)) if from.abs_diff(to) < WIDEST => Self::Range { from, to },
                    Some(_) => return None,
                    None => Self::Scan { collection: reader.collection()? },
                };
                reader.keyword("RETURN")?;
                reader.word().filter(|word| *word == variable)?;
                query
            }
            _ => return None,
        };
        reader.is_at_end().then_some(query)
    }

    /// Puts the values of `variables` where the query leaves room for them.
    pub(crate) fn bind(self, mut variables: Map<String, Value>) -> Result<Plan, Unbound> {
        let plan = match self {
            Self::Return(value) => Plan::Rows(vec![value.value(&mut variables)?]),
            Self::Range { from, to } if from <= to => Plan::Rows((from..=to).map(Value::from).collect()),
            Self::Range { from, to } => Plan::Rows((to..=from).rev().map(Value::from).collect()),
            Self::Scan { collection } => Plan::Scan { collection: collection.name(&mut variables)? },
            Self::Insert { document, into } => {
                Plan::Insert { document: document.value(&mut variables)?, into: into.name(&mut variables)? }
            }
        };
        match variables.into_iter().next() {
            Some((name, _)) => Err(Unbound::Surplus(name)),
            None => Ok(plan),
        }
    }
}

impl Operand {
    fn value(self, variables: &mut Map<String, Value>) -> Result<Value, Unbound> {
        match self {
            Self::Given(value) => Ok(value),
            Self::Bound(name) => variables.remove(&name).ok_or(Unbound::Missing(name)),
        }
    }

    fn name(self, variables: &mut Map<String, Value>) -> Result<String, Unbound> {
        let parameter = match &self {
            Self::Bound(name) => name.clone(),
            Self::Given(_) => String::new(),
        };
        match self.value(variables)? {
            Value::String(name) => Ok(name),
            _ => Err(Unbound::NoName(parameter)),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn rows(text: &str) -> Option<Vec<Value>> {
        match Query::parse(text)?.bind(Map::new()).ok()? {
            Plan::Rows(rows) => Some(rows),
            _ => None,
        }
    }

    fn variables(value: &Value) -> Map<String, Value> {
        value.as_object().unwrap().clone()
    }

    #[test]
    fn a_literal_is_any_json() {
        assert_eq!(rows("return null"), Some(vec![Value::Null]));
        assert_eq!(rows(" RETURN\n{\"a\": [1, \"IN\"]} "), Some(vec![json!({ "a": [1, "IN"] })]));
    }

    #[test]
    fn a_range_runs_either_way() {
        assert_eq!(rows("FOR i IN 1..3 RETURN i"), Some(vec![1.into(), 2.into(), 3.into()]));
        assert_eq!(rows("for x in 1 .. -1 return x"), Some(vec![1.into(), 0.into(), (-1).into()]));
    }

    #[test]
    fn a_parameter_stands_for_a_value_or_for_a_collection() {
        let query = || Query::parse("INSERT @doc INTO @@c").unwrap();
        let bound = query().bind(variables(&json!({ "doc": {}, "@c": "books" })));
        assert_eq!(bound, Ok(Plan::Insert { document: json!({}), into: "books".into() }));

        let bind = |given| query().bind(variables(&given));
        assert_eq!(bind(json!({ "doc": {} })), Err(Unbound::Missing("@c".into())));
        assert_eq!(bind(json!({ "doc": {}, "@c": 7 })), Err(Unbound::NoName("@c".into())));
        assert_eq!(bind(json!({ "doc": {}, "@c": "c", "x": 1 })), Err(Unbound::Surplus("x".into())));
    }

    #[test]
    fn whatever_else_is_written_is_not_guessed_at() {
        for text in [
            "",
            "RETURN",
            "RETURN 1 + 1",
            "RETURN @",
            "RETURN @@c",
            "RETURN SLEEP(1)",
            "RETURNS 1",
            "FOR i IN 1..3 RETURN j",
            "FOR i IN 1..3 FILTER i > 1 RETURN i",
            "FOR i IN 1..99999999999 RETURN i",
            "FOR d IN books RETURN d.name",
            "INSERT {} INTO books RETURN NEW",
            "INSERT {} IN @c",
            "UPDATE {} IN books",
        ] {
            assert_eq!(Query::parse(text), None, "{text}");
        }
    }
}
