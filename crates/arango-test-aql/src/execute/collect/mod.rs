//! `COLLECT`.

mod aggregate;

use std::cmp::Ordering;
use std::sync::Arc;

use self::aggregate::Accumulator;
use super::{Operator, Row, Run, Source};
use crate::check::Aggregation;
use crate::error::QueryError;
use crate::syntax::tree::{Collect, ExpressionKind, Into};
use crate::value::{Object, Value, ValueMap};

/// Takes all rows and yields one for each group, in the order of the groups' values.
pub(super) struct CollectRows {
    source: Source,
    collect: Arc<Collect>,
    /// The row with which the query began.
    start: Row,
    groups: Option<std::vec::IntoIter<Row>>,
}

struct Group {
    count: u64,
    aggregates: Vec<Accumulator>,
    items: Vec<Value>,
}

impl CollectRows {
    pub(super) fn new(
        run: &mut Run<'_>,
        source: Source,
        collect: Arc<Collect>,
        start: Row,
    ) -> Result<Self, QueryError> {
        if let Some(options) = &collect.options {
            let position = options.position;
            check_options(&run.evaluate(options, &mut start.clone())?).map_err(|error| error.at(position))?;
        }
        Ok(Self { source, collect, start, groups: None })
    }

    /// Takes all rows. What it needs for each row lives elsewhere: the rows may come from another `COLLECT`.
    fn group(&mut self, run: &mut Run<'_>) -> Result<Vec<Row>, QueryError> {
        let mut groups = Groups::new(self.collect.clone());
        let mut first = None;
        while let Some(mut row) = self.source.next(run)? {
            groups.add(&mut row, run)?;
            first.get_or_insert(row);
        }
        // Variables from before the first loop stay, and are the same in all rows.
        let template = self.source.base().or(first.as_ref()).unwrap_or(&self.start);
        Ok(groups.into_rows(template, run))
    }
}

/// The groups so far, by their values.
struct Groups {
    collect: Arc<Collect>,
    groups: ValueMap<Group>,
}

impl Groups {
    fn new(collect: Arc<Collect>) -> Self {
        let mut groups = ValueMap::new();
        if collect.groups.is_empty() {
            // Without values to group by there is one group, even of no rows.
            groups.entry(Value::empty_array(), || Group::new(&collect));
        }
        Self { collect, groups }
    }

    fn add(&mut self, row: &mut Row, run: &mut Run<'_>) -> Result<(), QueryError> {
        let collect = &*self.collect;
        let values = collect.groups.iter().map(|group| run.evaluate(&group.value, row));
        let values = Value::array(values.collect::<Result<_, _>>()?);
        let group = self.groups.entry(values, || Group::new(collect));
        group.count += 1;
        for (aggregate, accumulator) in collect.aggregates.iter().zip(&mut group.aggregates) {
            let ExpressionKind::Call(call) = &aggregate.value.kind else { continue };
            let value = match call.arguments.first() {
                Some(argument) => run.evaluate(argument, row)?,
                None => Value::Null,
            };
            accumulator.add(value, &mut run.environment.collation);
        }
        if let Some(into) = &collect.into {
            group.items.push(item(run, into, row)?);
        }
        Ok(())
    }

    /// Returns one row for each group, in the order of their values.
    fn into_rows(self, template: &Row, run: &mut Run<'_>) -> Vec<Row> {
        let mut groups = self.groups.into_entries();
        groups.sort_by(|(left, _), (right, _)| compare(left, right, run));
        let rows = groups.into_iter();
        rows.map(|(values, group)| row(&self.collect, template.clone(), &values, group, run)).collect()
    }
}

impl Group {
    fn new(collect: &Collect) -> Self {
        let aggregates = collect.aggregates.iter().map(|aggregate| accumulator(&aggregate.value.kind));
        Self { count: 0, aggregates: aggregates.collect(), items: Vec::new() }
    }
}

fn compare(left: &Value, right: &Value, run: &mut Run<'_>) -> Ordering {
    left.compare_in(right, &mut run.environment.collation)
}

/// Returns what `INTO` keeps of a row.
fn item(run: &mut Run<'_>, into: &Into, row: &mut Row) -> Result<Value, QueryError> {
    if let Some(projection) = &into.projection {
        return run.evaluate(projection, row);
    }
    let captured =
        into.captured.iter().map(|variable| (variable.name.clone(), row.get(variable.slot).clone()));
    Ok(Value::object(captured.collect::<Object>()))
}

/// Puts the variables of a group into a row.
fn row(collect: &Collect, mut row: Row, values: &Value, group: Group, run: &mut Run<'_>) -> Row {
    for (assignment, value) in collect.groups.iter().zip(values.as_array().unwrap_or_default()) {
        row.set(assignment.variable.slot, value.clone());
    }
    for (assignment, accumulator) in collect.aggregates.iter().zip(group.aggregates) {
        row.set(assignment.variable.slot, accumulator.finish(&mut run.environment.collation));
    }
    if let Some(count) = &collect.count {
        row.set(count.variable.slot, Value::from(group.count));
    }
    if let Some(into) = &collect.into {
        row.set(into.variable.slot, Value::array(group.items));
    }
    row
}

fn accumulator(aggregate: &ExpressionKind) -> Accumulator {
    let ExpressionKind::Call(call) = aggregate else { unreachable!("the parser accepts calls only") };
    Accumulator::new(Aggregation::find(&call.name).expect("the check looks up all aggregations"))
}

/// Accepts options that change only how a server groups.
fn check_options(options: &Value) -> Result<(), QueryError> {
    let Some(options) = options.as_object() else { return Ok(()) };
    for (name, value) in options.iter() {
        let is_known = match &**name {
            "method" => matches!(value.as_str(), Some("hash" | "sorted")),
            "disableIndex" => true,
            _ => false,
        };
        if !is_known {
            return Err(QueryError::not_implemented(format_args!(
                "option {name} of COLLECT with this value"
            )));
        }
    }
    Ok(())
}

impl Operator for CollectRows {
    fn next(&mut self, run: &mut Run<'_>) -> Result<Option<Row>, QueryError> {
        if self.groups.is_none() {
            self.groups = Some(self.group(run)?.into_iter());
        }
        Ok(self.groups.as_mut().and_then(Iterator::next))
    }

    fn base(&self) -> Option<&Row> {
        self.source.base()
    }

    fn full_count(&self) -> Option<u64> {
        self.source.full_count()
    }
}
