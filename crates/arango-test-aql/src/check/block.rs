//! Statements: the order of scopes, and what each introduces.

use std::sync::Arc;

use super::fold::check_options;
use super::{Access, Aggregation, Checker};
use crate::error::{QueryError, number};
use crate::functions;
use crate::syntax::tree::{
    Assignment, Block, Collect, Direction, Expression, ExpressionKind, Into, StatementKind, Variable,
};

/// Returns what a tree does not share before it is checked.
fn own<T>(shared: &mut Arc<T>) -> &mut T {
    Arc::get_mut(shared).expect("a tree is shared only after its check")
}

impl Checker {
    pub(super) fn block(&mut self, block: &mut Block) -> Result<(), QueryError> {
        for statement in &mut block.statements {
            let before = self.facts.accesses.len();
            self.statement(&mut statement.kind).map_err(|error| error.at(statement.position))?;
            let accesses = &self.facts.accesses[before..];
            statement.writes = accesses.iter().any(|access| matches!(access, Access::Write(..)));
        }
        Ok(())
    }

    fn statement(&mut self, statement: &mut StatementKind) -> Result<(), QueryError> {
        match statement {
            StatementKind::For(part) => {
                let part = own(part);
                self.source(&mut part.source)?;
                self.record_constant_source(part);
                if let ExpressionKind::Collection(collection) = part.source.kind {
                    self.facts.collections[collection].is_scanned = true;
                }
                self.scopes.begin_loop();
                part.variable.slot = self.declare(&part.variable.name, part.variable.position)?;
                self.record_loop(part);
                self.options(part.options.as_mut())
            }
            StatementKind::Traverse(traversal) => {
                self.traversal(own(traversal))?;
                self.facts.traversals.push(traversal.clone());
                Ok(())
            }
            StatementKind::Filter(condition) => self.filter(own(condition)),
            StatementKind::Let(assignment) => self.assignment(own(assignment)),
            StatementKind::Sort(keys) => {
                for key in own(keys) {
                    self.expression(&mut key.key)?;
                    if let Direction::Value(direction) = &mut key.direction {
                        self.expression(direction)?;
                    }
                }
                Ok(())
            }
            StatementKind::Limit(limit) => {
                let limit = own(limit);
                limit.offset.iter_mut().try_for_each(|offset| self.limit(offset))?;
                self.limit(&mut limit.count)
            }
            StatementKind::Collect(collect) => self.collect(own(collect)),
            StatementKind::Return(last) => {
                let last = own(last);
                if last.distinct && self.scopes.is_base() {
                    let message = "cannot use DISTINCT modifier on top-level query element";
                    return Err(QueryError::new(number::PARSE, message));
                }
                self.expression(&mut last.value)
            }
            StatementKind::Insert(insert) => self.insert(own(insert)),
            StatementKind::Modify(modify) => self.modify(own(modify)),
            StatementKind::Remove(remove) => self.remove(own(remove)),
            StatementKind::Upsert(upsert) => self.upsert(own(upsert)),
        }
    }

    fn assignment(&mut self, assignment: &mut Assignment) -> Result<(), QueryError> {
        self.expression(&mut assignment.value)?;
        let variable = &mut assignment.variable;
        variable.slot = self.declare(&variable.name, variable.position)?;
        self.record_constant(assignment);
        self.record_variable(assignment.variable.slot, assignment.value.nesting);
        Ok(())
    }

    /// Checks an offset or count, which must not depend on a row.
    fn limit(&mut self, value: &mut Expression) -> Result<(), QueryError> {
        self.expression(value)?;
        if value.is_constant {
            return Ok(());
        }
        let message = "LIMIT offset/count values must be constant numeric values";
        Err(QueryError::new(number::NUMBER_OUT_OF_RANGE, message).at(value.position))
    }

    pub(super) fn options(&mut self, options: Option<&mut Expression>) -> Result<(), QueryError> {
        let Some(options) = options else { return Ok(()) };
        check_options(options)?;
        self.expression(options)
    }

    fn collect(&mut self, collect: &mut Collect) -> Result<(), QueryError> {
        let outer = std::mem::take(&mut self.introduced);
        for group in &mut collect.groups {
            self.expression(&mut group.value)?;
            self.introduced.push(group.variable.name.clone());
        }
        for aggregate in &mut collect.aggregates {
            self.aggregate(&mut aggregate.value)?;
        }
        self.introduced.extend(collect.aggregates.iter().map(|aggregate| aggregate.variable.name.clone()));
        if let Some(into) = &mut collect.into {
            self.into(into)?;
        }
        self.introduced = outer;
        // The names are compared with those from before, which end here.
        let assigned = collect.groups.iter_mut().chain(&mut collect.aggregates);
        let mut assigned: Vec<&mut Variable> = assigned.map(|assignment| &mut assignment.variable).collect();
        for variable in &mut assigned {
            variable.slot = self.declare(&variable.name, variable.position)?;
        }
        self.scopes.begin_collect();
        for variable in &assigned {
            self.scopes.add(&variable.name, variable.slot);
        }
        let counted = collect.count.iter_mut().map(|count| &mut count.variable);
        for variable in counted.chain(collect.into.iter_mut().map(|into| &mut into.variable)) {
            variable.slot = self.declare(&variable.name, variable.position)?;
        }
        self.record_groups(collect)?;
        self.options(collect.options.as_mut())
    }

    fn aggregate(&mut self, value: &mut Expression) -> Result<(), QueryError> {
        let position = value.position;
        let ExpressionKind::Call(call) = &mut value.kind else { return self.expression(value) };
        if functions::find(&call.name).is_none() {
            return Err(functions::unknown(&call.name).at(position));
        }
        let Some(aggregation) = Aggregation::find(&call.name) else {
            let message = "unknown aggregate function used";
            return Err(QueryError::new(number::INVALID_AGGREGATE, message).at(position));
        };
        aggregation.check_count(&call.name, call.arguments.len(), position)?;
        call.arguments.iter_mut().try_for_each(|argument| self.aggregated(argument))
    }

    fn into(&mut self, into: &mut Into) -> Result<(), QueryError> {
        if let Some(projection) = &mut into.projection {
            return self.expression(projection);
        }
        into.captured = match &into.keep {
            None => {
                let captured = self.scopes.captured().into_iter();
                captured
                    .map(|(name, slot)| Variable { name, slot, position: into.variable.position })
                    .collect()
            }
            Some(kept) => kept
                .iter()
                .map(|kept| {
                    let Some(slot) = self.variable(&kept.name, kept.position)? else {
                        let message = format!("use of unknown variable '{}' for KEEP", kept.name);
                        return Err(QueryError::new(number::PARSE, message).at(kept.position));
                    };
                    Ok(Variable { slot, ..kept.clone() })
                })
                .collect::<Result<_, _>>()?,
        };
        Ok(())
    }
}
