//! The subset of AQL that is supported: a few forms of queries, parsed word by word, without an optimiser.
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

/// The maximum number of integers in a range.
const MAX_RANGE: u64 = 1_000_000;

/// A parsed query with unbound parameters.
#[derive(Debug, PartialEq)]
pub(crate) enum Query {
    Return(Operand),
    Range { from: i64, to: i64 },
    Scan { collection: Operand },
    Insert { document: Operand, into: Operand },
}

/// A value or a collection's name, or the bind parameter for it.
#[derive(Debug, PartialEq)]
pub(crate) enum Operand {
    Literal(Value),
    /// The name as in `bindVars`, with an additional `@` for a collection.
    Parameter(String),
}

/// A query with all parameters bound.
#[derive(Debug, PartialEq)]
pub(crate) enum Plan {
    Rows(Vec<Value>),
    Scan { collection: String },
    Insert { document: Value, into: String },
}

/// Bind parameters that do not fit the query.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum BindError {
    Missing(String),
    Undeclared(String),
    /// The value of a collection parameter is no string.
    InvalidCollectionName(String),
}

impl Query {
    /// Parses a query. `None` means that it is not supported, not that it is invalid.
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
                    Some((from, to)) if from.abs_diff(to) < MAX_RANGE => Self::Range { from, to },
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

    /// Binds the parameters to the values of `variables`.
    pub(crate) fn bind(self, mut variables: Map<String, Value>) -> Result<Plan, BindError> {
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
            Some((name, _)) => Err(BindError::Undeclared(name)),
            None => Ok(plan),
        }
    }
}

impl Operand {
    fn value(self, variables: &mut Map<String, Value>) -> Result<Value, BindError> {
        match self {
            Self::Literal(value) => Ok(value),
            Self::Parameter(name) => variables.remove(&name).ok_or(BindError::Missing(name)),
        }
    }

    fn name(self, variables: &mut Map<String, Value>) -> Result<String, BindError> {
        let parameter = match &self {
            Self::Parameter(name) => name.clone(),
            Self::Literal(_) => String::new(),
        };
        match self.value(variables)? {
            Value::String(name) => Ok(name),
            _ => Err(BindError::InvalidCollectionName(parameter)),
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
    fn a_parameter_is_replaced_by_a_value_or_a_collection() {
        let query = || Query::parse("INSERT @doc INTO @@c").unwrap();
        let bound = query().bind(variables(&json!({ "doc": {}, "@c": "books" })));
        assert_eq!(bound, Ok(Plan::Insert { document: json!({}), into: "books".into() }));

        let bind = |given| query().bind(variables(&given));
        assert_eq!(bind(json!({ "doc": {} })), Err(BindError::Missing("@c".into())));
        assert_eq!(bind(json!({ "doc": {}, "@c": 7 })), Err(BindError::InvalidCollectionName("@c".into())));
        assert_eq!(bind(json!({ "doc": {}, "@c": "c", "x": 1 })), Err(BindError::Undeclared("x".into())));
    }

    #[test]
    fn unsupported_queries_are_not_parsed() {
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
