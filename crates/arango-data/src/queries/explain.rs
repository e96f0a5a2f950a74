//! Plans of queries.

use arango_protocol::{ApiResponse, BuildError, Metadata, Operation, OutputError, RequestBuilder, Scope};
use bytes::Bytes;
use http::Request;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt;

use serde_json::value::RawValue;

use super::aql::Aql;
use super::extra::Warning;
use super::options::QueryOptions;

/// Returns the plan of a query, without executing it.
///
/// All parameters must be bound. The plan tells whether the query writes.
///
/// # Errors
///
/// As [`CreateCursor`](crate::CreateCursor), as far as the server finds them without executing the query.
#[derive(Debug, Clone)]
pub struct ExplainQuery {
    query: Aql,
    options: QueryOptions,
    all_plans: bool,
}

/// The plans of a query.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Explanation {
    /// The plans, the best first; only one unless all were asked for.
    pub plans: Vec<ExecutionPlan>,
    /// The warnings.
    pub warnings: Vec<Warning>,
    /// Whether the result could be cached, if the server says so.
    #[serde(rename = "cacheable")]
    pub is_cacheable: Option<bool>,
}

/// How the server would execute a query.
#[derive(Clone, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ExecutionPlan {
    /// The nodes, as JSON: their attributes depend on their type.
    ///
    /// They contain the values of bind parameters. `Debug` omits them, and `Serialize` does not.
    #[serde(default)]
    pub nodes: Vec<Value>,
    /// The rules of the optimizer that were applied.
    #[serde(default)]
    pub rules: Vec<String>,
    /// The collections that are read or written.
    #[serde(default)]
    pub collections: Vec<PlanCollection>,
    /// The estimated cost.
    #[serde(default)]
    pub estimated_cost: f64,
    /// The estimated number of rows.
    #[serde(default)]
    pub estimated_nr_items: f64,
    /// Whether the query writes.
    pub is_modification_query: bool,
}

// Without the nodes, which contain the values of bind parameters.
impl fmt::Debug for ExecutionPlan {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExecutionPlan")
            .field("nodes", &self.nodes.len())
            .field("rules", &self.rules)
            .field("collections", &self.collections)
            .field("estimated_cost", &self.estimated_cost)
            .field("estimated_nr_items", &self.estimated_nr_items)
            .field("is_modification_query", &self.is_modification_query)
            .finish()
    }
}

/// A collection that a query uses.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[non_exhaustive]
pub struct PlanCollection {
    /// The name.
    pub name: String,
    /// How it is used, such as `read` or `write`.
    #[serde(rename = "type", default)]
    pub access: String,
}

impl Explanation {
    /// Returns whether the query writes.
    #[inline]
    pub fn is_modification(&self) -> bool {
        self.plans.iter().any(|plan| plan.is_modification_query)
    }
}

impl ExplainQuery {
    /// Explains this query.
    #[must_use]
    pub fn new(query: impl Into<Aql>) -> Self {
        Self { query: query.into(), options: QueryOptions::new(), all_plans: false }
    }

    /// Sets how the query would be executed.
    #[must_use]
    #[inline]
    pub fn options(mut self, options: QueryOptions) -> Self {
        self.options = options;
        self
    }

    /// Returns all plans that the optimizer has compared.
    #[must_use]
    pub fn all_plans(mut self) -> Self {
        self.all_plans = true;
        self
    }
}

impl Operation for ExplainQuery {
    type Output = Explanation;

    const METADATA: Metadata =
        Metadata::post("query.explain", "/_api/explain").safe().scope(Scope::Database).collections_in_body();

    #[inline]
    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Body<'a> {
            query: &'a str,
            #[serde(skip_serializing_if = "BTreeMap::is_empty")]
            bind_vars: &'a BTreeMap<String, Box<RawValue>>,
            #[serde(skip_serializing_if = "Value::is_null")]
            options: Value,
        }
        self.query.check()?;
        self.options.check()?;
        let mut options = serde_json::to_value(&self.options).map_err(BuildError::Body)?;
        if self.all_plans {
            options["allPlans"] = true.into();
        }
        if options.as_object().is_some_and(serde_json::Map::is_empty) {
            options = Value::Null;
        }
        RequestBuilder::new(Self::METADATA)
            .json(&Body { query: self.query.text(), bind_vars: &self.query.binds, options })
            .build()
    }

    #[inline]
    fn output(&self, response: ApiResponse) -> Result<Explanation, OutputError> {
        #[derive(Deserialize)]
        struct Body {
            plan: Option<ExecutionPlan>,
            #[serde(default)]
            plans: Vec<ExecutionPlan>,
            #[serde(default)]
            warnings: Vec<Warning>,
            cacheable: Option<bool>,
        }
        let Body { plan, mut plans, warnings, cacheable } = response.json()?;
        plans.splice(0..0, plan);
        if plans.is_empty() {
            return Err(response.invalid("no plan"));
        }
        Ok(Explanation { plans, warnings, is_cacheable: cacheable })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_request_with_body, read, response};

    const PLAN: &str = r#"{"nodes":[{"type":"SingletonNode","id":1}],"rules":["use-indexes"],
        "collections":[{"name":"books","type":"write"}],"variables":[],"estimatedCost":2.5,"estimatedNrItems":1,
        "isModificationQuery":true}"#;

    #[test]
    fn a_plan_tells_whether_a_query_writes() {
        let explain = ExplainQuery::new(Aql::new("REMOVE @k IN books").bind("k", "dune"));
        let body = r#"{"query":"REMOVE @k IN books","bindVars":{"k":"dune"}}"#;
        assert_request_with_body(&explain, "POST", "/_api/explain", body);
        let text = format!(r#"{{"plan":{PLAN},"cacheable":false,"warnings":[],"error":false,"code":200}}"#);
        let explanation = read(&explain, &text);
        assert!(explanation.is_modification());
        let plan = &explanation.plans[0];
        assert_eq!((plan.rules.as_slice(), plan.estimated_cost), (&["use-indexes".to_owned()][..], 2.5));
        assert_eq!(plan.collections[0].access, "write");
        assert!(explain.output(response(200, r#"{"error":false,"code":200}"#)).is_err());
    }

    #[test]
    fn all_plans_are_returned_on_request() {
        let explain = ExplainQuery::new("RETURN 1").all_plans();
        let body = r#"{"query":"RETURN 1","options":{"allPlans":true}}"#;
        assert_request_with_body(&explain, "POST", "/_api/explain", body);
        let text = format!(r#"{{"plans":[{PLAN},{PLAN}],"warnings":[],"error":false,"code":200}}"#);
        assert_eq!(read(&explain, &text).plans.len(), 2);
    }

    #[test]
    fn a_plan_is_written_under_the_names_of_the_server() {
        let text =
            format!(r#"{{"plan":{PLAN},"cacheable":false,"warnings":[{{"code":1563,"message":"m"}}]}}"#);
        let explanation = read(&ExplainQuery::new("RETURN 1"), &text);
        let written = serde_json::to_value(&explanation).unwrap();
        assert_eq!((&written["cacheable"], &written["warnings"][0]["code"]), (&false.into(), &1563.into()));
        let plan = &written["plans"][0];
        assert_eq!(
            (&plan["isModificationQuery"], &plan["collections"][0]["type"]),
            (&true.into(), &"write".into())
        );
        assert_eq!(serde_json::from_value::<ExecutionPlan>(plan.clone()).unwrap(), explanation.plans[0]);
    }
}
