//! `FOR`.

use std::sync::Arc;

use super::{Operator, Row, Run, Source};
use crate::error::{QueryError, number};
use crate::store::Scan;
use crate::syntax::tree::{ExpressionKind, For};
use crate::value::Value;

/// Repeats each row for all items of a collection, an array or a range.
pub(super) struct ForRows {
    source: Source,
    part: Arc<For>,
    /// The row that is being repeated; the last one is kept when there are no more.
    outer: Option<Row>,
    items: Items,
    /// Whether a server finds the documents by an index.
    is_lookup: bool,
}

enum Items {
    None,
    Documents(Scan),
    Snapshot(Arc<Vec<Value>>, usize),
    Array(Arc<Vec<Value>>, usize),
    /// Next and last number.
    Range(i64, i64),
}

impl ForRows {
    pub(super) fn new(
        run: &mut Run<'_>,
        source: Source,
        part: Arc<For>,
        is_lookup: bool,
    ) -> Result<Self, QueryError> {
        if let Some(options) = &part.options {
            let position = options.position;
            let options = run.evaluate(options, &mut Row::new(0))?;
            check_options(&options).map_err(|error| error.at(position))?;
        }
        Ok(Self { source, part, outer: None, items: Items::None, is_lookup })
    }

    fn items(&self, run: &mut Run<'_>, row: &mut Row) -> Result<Items, QueryError> {
        match &self.part.source.kind {
            ExpressionKind::Collection(collection) => {
                if let Some(documents) = run.snapshots.get(collection) {
                    return Ok(Items::Snapshot(documents.clone(), 0));
                }
                let name = run.collection(*collection);
                Ok(Items::Documents(run.store.scan(&name)?))
            }
            ExpressionKind::Range(parts) => {
                let (low, high) = run.range(parts, row)?;
                Ok(Items::Range(low, high))
            }
            _ => match run.evaluate(&self.part.source, row)? {
                Value::Array(items) => Ok(Items::Array(items, 0)),
                other => {
                    let found = format!("provided a value of type '{}'", other.type_name());
                    Err(array_expected(&found).at(self.part.source.position))
                }
            },
        }
    }
}

fn array_expected(found: &str) -> QueryError {
    let message = format!("collection or array expected as operand to FOR loop; you {found}");
    QueryError::new(number::ARRAY_EXPECTED, message)
}

/// Checks that a constant is an array, before any loop over it is reached.
pub(crate) fn check_constant_source(constant: &Value) -> Result<(), QueryError> {
    let kind = match constant.resolve() {
        Value::Array(_) => return Ok(()),
        Value::Int(_) | Value::UInt(_) => "int",
        Value::Double(_) => "double",
        other => other.type_name(),
    };
    Err(array_expected(&format!("specified type '{kind}' with content '{}'", constant.to_json_string())))
}

/// Accepts options that change only how a server finds documents.
fn check_options(options: &Value) -> Result<(), QueryError> {
    let Some(options) = options.as_object() else { return Ok(()) };
    for (name, value) in options.iter() {
        let is_known = match &**name {
            "indexHint" | "disableIndex" | "useCache" | "maxProjections" | "lookahead" => true,
            // A server fails if it cannot use the index.
            "forceIndexHint" => !value.is_true(),
            _ => false,
        };
        if !is_known {
            return Err(QueryError::not_implemented(format_args!("option {name} of FOR with this value")));
        }
    }
    Ok(())
}

impl Items {
    fn next(&mut self, run: &mut Run<'_>, counts: bool) -> Option<Value> {
        match self {
            Self::None => None,
            Self::Documents(scan) => {
                let document = scan.next()?;
                run.stats.scanned_full += u64::from(counts);
                Some(document)
            }
            Self::Snapshot(documents, index) => {
                let document = documents.get(*index)?.clone();
                *index += 1;
                run.stats.scanned_full += u64::from(counts);
                Some(document)
            }
            Self::Array(items, index) => {
                let item = items.get(*index)?.clone();
                *index += 1;
                Some(item)
            }
            Self::Range(next, last) => {
                let (number, last) = (*next, *last);
                *self = match number {
                    _ if number == last => Self::None,
                    _ if number < last => Self::Range(number + 1, last),
                    _ => Self::Range(number - 1, last),
                };
                Some(Value::Int(number))
            }
        }
    }
}

impl Operator for ForRows {
    fn next(&mut self, run: &mut Run<'_>) -> Result<Option<Row>, QueryError> {
        loop {
            if let Some(item) = self.items.next(run, !self.is_lookup) {
                run.record_visit()?;
                let mut row = self.outer.clone().expect("items belong to a row");
                row.set(self.part.variable.slot, item);
                return Ok(Some(row));
            }
            let Some(mut row) = self.source.next(run)? else { return Ok(None) };
            self.items = self.items(run, &mut row)?;
            self.outer = Some(row);
        }
    }

    fn base(&self) -> Option<&Row> {
        self.source.base().or(self.outer.as_ref())
    }

    fn full_count(&self) -> Option<u64> {
        self.source.full_count()
    }
}
