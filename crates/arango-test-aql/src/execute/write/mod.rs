//! Statements that write.

mod document;
mod key;
mod options;
mod upsert;

use std::sync::Arc;

use self::document::check_document;
use self::key::key_of;
use self::options::Options;
use super::{Operator, Row, Run, Source};
use crate::error::{QueryError, number};
use crate::store::Written;
use crate::syntax::tree::{Expression, Insert, Modify, Remove, Slot, StatementKind, Target, Upsert};
use crate::value::Value;

/// Takes all rows, then writes for each, then yields those that wrote.
///
/// All rows are taken first, so that no loop of the query sees what it writes.
pub(super) struct WriteRows {
    source: Source,
    statement: Write,
    options: Options,
    written: Option<std::vec::IntoIter<Row>>,
}

enum Write {
    Insert(Arc<Insert>),
    Modify(Arc<Modify>),
    Remove(Arc<Remove>),
    Upsert(Arc<Upsert>),
}

/// What a row writes, computed before anything is written.
enum Operation {
    Insert(Value),
    /// What has the key, and the attributes.
    Modify(Value, Value),
    Remove(Value),
    /// Depends on what earlier rows have written.
    Upsert,
}

impl WriteRows {
    pub(super) fn new(
        run: &mut Run<'_>,
        source: Source,
        statement: &StatementKind,
    ) -> Result<Self, QueryError> {
        let (statement, options) = match statement {
            StatementKind::Insert(insert) => (Write::Insert(insert.clone()), &insert.options),
            StatementKind::Modify(modify) => (Write::Modify(modify.clone()), &modify.options),
            StatementKind::Remove(remove) => (Write::Remove(remove.clone()), &remove.options),
            StatementKind::Upsert(upsert) => (Write::Upsert(upsert.clone()), &upsert.options),
            _ => unreachable!("the pipeline passes statements that write"),
        };
        let options = match options {
            Some(options) => {
                let value = run.evaluate(options, &mut Row::new(0))?;
                Options::read(&value).map_err(|error| error.at(options.position))?
            }
            None => Options::default(),
        };
        Ok(Self { source, statement, options, written: None })
    }

    fn write_all(&mut self, run: &mut Run<'_>) -> Result<Vec<Row>, QueryError> {
        let mut prepared = Vec::new();
        while let Some(mut row) = self.source.next(run)? {
            let operation = self.statement.prepare(run, &mut row)?;
            prepared.push((row, operation));
        }
        let collection = run.collection(self.statement.target().collection);
        let mut rows = Vec::new();
        for (mut row, operation) in prepared {
            match self.statement.write(run, &collection, &self.options, operation, &mut row) {
                Ok(written) => {
                    run.stats.writes_executed += 1;
                    self.statement.store(written, &mut row);
                    rows.push(row);
                }
                Err(error) if self.options.ignore_errors && is_ignored(&error) => {
                    run.stats.writes_ignored += 1;
                }
                Err(error) => return Err(error),
            }
        }
        Ok(rows)
    }
}

/// Whether `ignoreErrors` covers an error: one of the document, not of the query, of the store or of this crate.
fn is_ignored(error: &QueryError) -> bool {
    match error.number {
        number::NOT_IMPLEMENTED | number::COLLECTION_NOT_FOUND | number::BACKEND_UNAVAILABLE => false,
        other => other < 1500 || other == number::VALIDATION_FAILED,
    }
}

impl Write {
    fn target(&self) -> &Target {
        match self {
            Self::Insert(insert) => &insert.target,
            Self::Modify(modify) => &modify.target,
            Self::Remove(remove) => &remove.target,
            Self::Upsert(upsert) => &upsert.target,
        }
    }

    fn prepare(&self, run: &mut Run<'_>, row: &mut Row) -> Result<Operation, QueryError> {
        let mut evaluate = |expression: &Expression| run.evaluate(expression, row);
        Ok(match self {
            Self::Insert(insert) => Operation::Insert(evaluate(&insert.document)?),
            Self::Modify(modify) => {
                let document = evaluate(&modify.document)?;
                let key = match &modify.key {
                    Some(key) => evaluate(key)?,
                    None => document.clone(),
                };
                Operation::Modify(key, document)
            }
            Self::Remove(remove) => Operation::Remove(evaluate(&remove.key)?),
            Self::Upsert(_) => Operation::Upsert,
        })
    }

    fn write(
        &self,
        run: &mut Run<'_>,
        collection: &str,
        options: &Options,
        operation: Operation,
        row: &mut Row,
    ) -> Result<Written, QueryError> {
        match (self, operation) {
            (Self::Modify(modify), Operation::Modify(key, document)) => {
                check_document(&document)?;
                let options = options.with_revision(&key);
                let key = key_of(&key)?;
                if modify.replaces {
                    run.store.replace(collection, &key, &document, &options)
                } else {
                    run.store.update(collection, &key, &document, &options)
                }
            }
            (Self::Upsert(upsert), _) => run.upsert(upsert, collection, options, row),
            (_, Operation::Insert(document)) => {
                check_document(&document)?;
                run.store.insert(collection, &document, &options.write)
            }
            (_, Operation::Remove(key)) => {
                let options = options.with_revision(&key);
                run.store.remove(collection, &key_of(&key)?, &options)
            }
            _ => unreachable!("each statement prepares its operation"),
        }
    }

    /// Puts `OLD` and `NEW` into the row.
    fn store(&self, written: Written, row: &mut Row) {
        let (old, new): (Option<Slot>, Option<Slot>) = match self {
            Self::Insert(insert) => (insert.old, Some(insert.new)),
            Self::Modify(modify) => (Some(modify.old), Some(modify.new)),
            Self::Remove(remove) => (Some(remove.old), None),
            Self::Upsert(upsert) => (Some(upsert.old), Some(upsert.new)),
        };
        if let Some(old) = old {
            row.set(old, written.old);
        }
        if let Some(new) = new {
            row.set(new, written.new);
        }
    }
}

impl Operator for WriteRows {
    fn next(&mut self, run: &mut Run<'_>) -> Result<Option<Row>, QueryError> {
        if self.written.is_none() {
            self.written = Some(self.write_all(run)?.into_iter());
        }
        Ok(self.written.as_mut().and_then(Iterator::next))
    }

    fn base(&self) -> Option<&Row> {
        self.source.base()
    }

    fn full_count(&self) -> Option<u64> {
        self.source.full_count()
    }
}
