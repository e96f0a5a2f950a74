//! The paths from one vertex, one after the other.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;

use super::edge_index::Edge;
use super::graphs::Plan;
use super::options::{EdgeUniqueness, Uniqueness};
use crate::error::{QueryError, number};
use crate::execute::Run;
use crate::value::{Object, Value};

/// The most paths that are visited from one vertex. A server has no such limit, but one of memory.
const MOST_PATHS: usize = 1_000_000;

/// The paths from one vertex. Each is the step that ends it.
pub(super) struct Walk {
    plan: Arc<Plan>,
    steps: Vec<Step>,
    /// Steps that were not visited yet.
    frontier: VecDeque<usize>,
    /// Vertices that were visited, if each is visited only once.
    seen: HashSet<Arc<str>>,
    /// Missing vertices for which there was a warning.
    warned: HashSet<Arc<str>>,
}

/// The end of a path.
struct Step {
    id: Arc<str>,
    /// The vertex; `null` if it does not exist, or before it is read.
    vertex: Value,
    edge: Option<Arc<Edge>>,
    /// The step before. The first step is its own.
    parent: usize,
    depth: u64,
}

impl Walk {
    pub(super) fn new(plan: Arc<Plan>, id: Arc<str>, vertex: Value) -> Self {
        let seen = HashSet::from([id.clone()]);
        let first = Step { id, vertex, edge: None, parent: 0, depth: 0 };
        Self { plan, steps: vec![first], frontier: VecDeque::from([0]), seen, warned: HashSet::new() }
    }

    /// Returns the next path to visit.
    pub(super) fn next(&mut self) -> Option<usize> {
        if self.plan.options.is_breadth_first { self.frontier.pop_front() } else { self.frontier.pop_back() }
    }

    /// Reads the vertex at the end of a path.
    pub(super) fn read(&mut self, step: usize, run: &Run<'_>) -> Result<(), QueryError> {
        let step = &mut self.steps[step];
        if step.edge.is_some() {
            step.vertex = run.graphs.vertex(run.store, &step.id)?.unwrap_or(Value::Null);
        }
        Ok(())
    }

    pub(super) fn is_result(&self, step: usize) -> bool {
        self.steps[step].depth >= self.plan.min
    }

    /// Adds the paths that go on from the end of this one.
    ///
    /// # Errors
    /// If there are too many paths.
    pub(super) fn expand(&mut self, step: usize) -> Result<(), QueryError> {
        if self.steps[step].depth >= self.plan.max {
            return Ok(());
        }
        let first = self.steps.len();
        for (edge, id) in self.plan.clone().neighbours(&self.steps[step].id)? {
            if !self.may_go_on(step, &edge, &id) {
                continue;
            }
            if self.steps.len() >= MOST_PATHS {
                return Err(QueryError::not_implemented(format_args!(
                    "traversal of more than {MOST_PATHS} paths from one vertex"
                )));
            }
            let depth = self.steps[step].depth + 1;
            self.steps.push(Step { id, vertex: Value::Null, edge: Some(edge), parent: step, depth });
        }
        let added = first..self.steps.len();
        if self.plan.options.is_breadth_first {
            self.frontier.extend(added);
        } else {
            self.frontier.extend(added.rev());
        }
        Ok(())
    }

    /// Whether a path may go on along an edge.
    fn may_go_on(&mut self, step: usize, edge: &Arc<Edge>, id: &Arc<str>) -> bool {
        let options = &self.plan.options;
        let is_used = |used: &Step| used.edge.as_ref().is_some_and(|used| Arc::ptr_eq(used, edge));
        if options.edges == EdgeUniqueness::Path && self.back_from(step).any(is_used) {
            return false;
        }
        match options.vertices {
            Uniqueness::None => true,
            Uniqueness::Path => !self.back_from(step).any(|visited| visited.id == *id),
            Uniqueness::Global => self.seen.insert(id.clone()),
        }
    }

    /// Returns the steps of a path, the last one first.
    fn back_from(&self, step: usize) -> impl Iterator<Item = &Step> {
        let before = |step: &&Step| step.edge.is_some().then(|| &self.steps[step.parent]);
        std::iter::successors(Some(&self.steps[step]), before)
    }

    pub(super) fn vertex(&self, step: usize) -> Value {
        self.steps[step].vertex.clone()
    }

    /// Returns the last edge of a path; `null` if it has none.
    pub(super) fn edge(&self, step: usize) -> Value {
        self.steps[step].edge.as_ref().map_or(Value::Null, |edge| edge.document.clone())
    }

    /// Returns a path as an object. Without weights, each edge counts 1.
    pub(super) fn path(&self, step: usize) -> Value {
        let (mut vertices, mut edges, mut weights) = (Vec::new(), Vec::new(), Vec::new());
        for step in self.back_from(step) {
            vertices.push(step.vertex.clone());
            edges.extend(step.edge.as_ref().map(|edge| edge.document.clone()));
            weights.push(Value::from(step.depth));
        }
        let mut path = Object::with_capacity(3);
        for (name, mut values) in [("vertices", vertices), ("edges", edges), ("weights", weights)] {
            values.reverse();
            path.set(name, Value::array(values));
        }
        Value::object(path)
    }

    /// Warns if the vertex at the end of a path does not exist, or any on it if the query sees the path.
    pub(super) fn warn_of_missing(&mut self, step: usize, sees_path: bool, run: &mut Run<'_>) {
        let count = if sees_path { usize::MAX } else { 1 };
        let missing = self.back_from(step).take(count).filter(|step| step.vertex.is_null());
        let missing: Vec<Arc<str>> = missing.map(|step| step.id.clone()).collect();
        for id in missing {
            if self.warned.insert(id.clone()) {
                run.warn(number::DOCUMENT_NOT_FOUND, format!("vertex '{id}' not found"));
            }
        }
    }
}
