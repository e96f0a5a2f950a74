//! Tests of every operation.

use arango_protocol::{
    Affinity::{self, Any, Owner, OwnerThenForward},
    ApiResponse, Operation, Permission,
    RequestClass::{self, Fenced, Idempotent, NonIdempotent, Safe},
    Scope::{Cluster, Database},
};
use proptest::prelude::*;

use crate::testing::response;
use crate::{OperationVisitor, for_each_operation};

type Row = (&'static str, RequestClass, Affinity, &'static [u16]);

/// Collects the metadata and properties of each operation.
#[derive(Default)]
struct Rows(Vec<Row>);

impl OperationVisitor for Rows {
    fn visit<O: Operation>(&mut self, operation: O) {
        let (metadata, properties) = (O::METADATA, operation.properties());
        let scope = if metadata.system_only { Cluster } else { Database };
        assert_eq!(metadata.scope, scope, "{}", metadata.name);
        assert!(!metadata.is_version_dependent(), "{}", metadata.name);
        self.0.push((metadata.name, properties.class, properties.affinity, metadata.success_statuses));
    }
}

#[test]
fn every_operation_has_the_expected_class_and_affinity() {
    let mut rows = Rows::default();
    for_each_operation(&mut rows);
    // Those of the sample values: a key that was not generated, and no condition.
    #[rustfmt::skip]
    let expected: [Row; 81] = [
        ("document.insert",              NonIdempotent, Any,              &[]),
        ("document.read",                Safe,          Any,              &[404]),
        ("document.read_changed",        Safe,          Any,              &[304, 404]),
        ("document.read_existing",       Safe,          Any,              &[]),
        ("document.exists",              Safe,          Any,              &[]),
        ("document.update",              NonIdempotent, Any,              &[]),
        ("document.replace",             NonIdempotent, Any,              &[]),
        ("document.remove",              NonIdempotent, Any,              &[404]),
        ("document.insert_many",         NonIdempotent, Any,              &[]),
        ("document.read_many",           Safe,          Any,              &[]),
        ("document.read_each",           Safe,          Any,              &[]),
        ("document.update_many",         NonIdempotent, Any,              &[]),
        ("document.replace_many",        NonIdempotent, Any,              &[]),
        ("document.remove_many",         NonIdempotent, Any,              &[]),
        ("collection.list",              Safe,          Any,              &[]),
        ("collection.get",               Safe,          Any,              &[]),
        ("collection.properties",        Safe,          Any,              &[]),
        ("collection.create",            NonIdempotent, Any,              &[]),
        ("collection.ensure",            Fenced,        Any,              &[]),
        ("collection.set_properties",    NonIdempotent, Any,              &[]),
        ("collection.count",             Safe,          Any,              &[]),
        ("collection.count_by_shard",    Safe,          Any,              &[]),
        ("collection.figures",           Safe,          Any,              &[]),
        ("collection.shards",            Safe,          Any,              &[]),
        ("collection.responsible_shard", Safe,          Any,              &[]),
        ("collection.truncate",          NonIdempotent, Any,              &[]),
        ("collection.drop",              NonIdempotent, Any,              &[404]),
        ("index.list",                   Safe,          Any,              &[]),
        ("index.get",                    Safe,          Any,              &[]),
        ("index.ensure",                 Fenced,        Any,              &[]),
        ("index.drop",                   Fenced,        Any,              &[404]),
        ("view.list",                    Safe,          Any,              &[]),
        ("view.get",                     Safe,          Any,              &[404]),
        ("view.create",                  NonIdempotent, Any,              &[]),
        ("view.ensure",                  Fenced,        Any,              &[]),
        ("view.update",                  NonIdempotent, Any,              &[]),
        ("view.drop",                    NonIdempotent, Any,              &[404]),
        ("analyzer.list",                Safe,          Any,              &[]),
        ("analyzer.get",                 Safe,          Any,              &[404]),
        ("analyzer.ensure",              Fenced,        Any,              &[]),
        ("analyzer.remove",              NonIdempotent, Any,              &[404]),
        ("graph.list",                   Safe,          Any,              &[]),
        ("graph.get",                    Safe,          Any,              &[404]),
        ("graph.create",                 NonIdempotent, Any,              &[]),
        ("graph.ensure",                 Fenced,        Any,              &[]),
        ("graph.add_edges",              NonIdempotent, Any,              &[]),
        ("graph.replace_edges",          NonIdempotent, Any,              &[]),
        ("graph.remove_edges",           NonIdempotent, Any,              &[]),
        ("graph.add_orphan",             NonIdempotent, Any,              &[]),
        ("graph.remove_orphan",          NonIdempotent, Any,              &[]),
        ("graph.drop",                   NonIdempotent, Any,              &[404]),
        ("graph.remove_vertex",          NonIdempotent, Any,              &[404]),
        ("database.list",                Safe,          Any,              &[]),
        ("database.list_accessible",     Safe,          Any,              &[]),
        ("database.current",             Safe,          Any,              &[]),
        ("database.create",              NonIdempotent, Any,              &[]),
        ("database.drop",                NonIdempotent, Any,              &[]),
        ("query.create_cursor",          Safe,          Any,              &[]),
        ("query.next_batch",             Fenced,        OwnerThenForward, &[]),
        ("query.close_cursor",           Fenced,        OwnerThenForward, &[404]),
        ("query.explain",                Safe,          Any,              &[]),
        ("query.parse",                  Safe,          Any,              &[]),
        ("query.list_running",           Safe,          Any,              &[]),
        ("query.list_slow",              Safe,          Any,              &[]),
        ("query.kill",                   Fenced,        Any,              &[404]),
        ("query.clear_slow",             Idempotent,    Any,              &[]),
        ("transaction.begin",            NonIdempotent, Any,              &[]),
        ("transaction.get",              Safe,          OwnerThenForward, &[]),
        ("transaction.commit",           NonIdempotent, Owner,            &[]),
        ("transaction.abort",            Fenced,        OwnerThenForward, &[404, 410]),
        ("transaction.list",             Safe,          Any,              &[]),
        ("transaction.abort_writing",    NonIdempotent, Any,              &[]),
        ("user.list",                     Safe,          Any,              &[]),
        ("user.get",                      Safe,          Any,              &[404]),
        ("user.create",                   NonIdempotent, Any,              &[409]),
        ("user.update",                   NonIdempotent, Any,              &[]),
        ("user.remove",                   NonIdempotent, Any,              &[404]),
        ("user.list_access",              Safe,          Any,              &[]),
        ("user.access",                   Safe,          Any,              &[]),
        ("user.grant",                    NonIdempotent, Any,              &[]),
        ("user.revoke",                   NonIdempotent, Any,              &[]),
    ];
    for (row, expected) in rows.0.iter().zip(&expected) {
        assert_eq!(row, expected);
    }
    assert_eq!(rows.0.len(), expected.len());
}

#[test]
fn what_changes_data_needs_write_access() {
    struct Permissions(Vec<(&'static str, Permission)>);
    impl OperationVisitor for Permissions {
        fn visit<O: Operation>(&mut self, _: O) {
            if O::METADATA.permission != Permission::Authenticated {
                self.0.push((O::METADATA.name, O::METADATA.permission));
            }
        }
    }
    let mut permissions = Permissions(Vec::new());
    for_each_operation(&mut permissions);
    let expected = [
        ("document.insert", Permission::Write),
        ("document.update", Permission::Write),
        ("document.replace", Permission::Write),
        ("document.remove", Permission::Write),
        ("document.insert_many", Permission::Write),
        ("document.update_many", Permission::Write),
        ("document.replace_many", Permission::Write),
        ("document.remove_many", Permission::Write),
        ("collection.create", Permission::Write),
        ("collection.ensure", Permission::Write),
        ("collection.set_properties", Permission::Write),
        ("collection.truncate", Permission::Write),
        ("collection.drop", Permission::Write),
        ("index.ensure", Permission::Write),
        ("index.drop", Permission::Write),
        ("view.create", Permission::Write),
        ("view.ensure", Permission::Write),
        ("view.update", Permission::Write),
        ("view.drop", Permission::Write),
        ("analyzer.ensure", Permission::Write),
        ("analyzer.remove", Permission::Write),
        ("graph.create", Permission::Write),
        ("graph.ensure", Permission::Write),
        ("graph.add_edges", Permission::Write),
        ("graph.replace_edges", Permission::Write),
        ("graph.remove_edges", Permission::Write),
        ("graph.add_orphan", Permission::Write),
        ("graph.remove_orphan", Permission::Write),
        ("graph.drop", Permission::Write),
        ("graph.remove_vertex", Permission::Write),
        ("database.create", Permission::Admin),
        ("database.drop", Permission::Admin),
        ("user.list", Permission::Admin),
        ("user.get", Permission::Admin),
        ("user.create", Permission::Admin),
        ("user.update", Permission::Admin),
        ("user.remove", Permission::Admin),
        ("user.list_access", Permission::Admin),
        ("user.access", Permission::Admin),
        ("user.grant", Permission::Admin),
        ("user.revoke", Permission::Admin),
    ];
    assert_eq!(permissions.0, expected);
}

#[test]
fn every_request_follows_its_template_and_no_two_operations_share_a_name() {
    #[derive(Default)]
    struct Requests(Vec<&'static str>);
    impl OperationVisitor for Requests {
        fn visit<O: Operation>(&mut self, operation: O) {
            let metadata = O::METADATA;
            let request = operation.request().unwrap();
            assert_eq!(request.method(), metadata.method, "{}", metadata.name);
            let fits = |(part, template): (&str, &str)| template.starts_with('{') || part == template;
            let (path, template) = (request.uri().path().split('/'), metadata.path.split('/'));
            // The position in a cursor has a second segment, the number of the batch.
            assert!(path.clone().count() - template.clone().count() <= 1, "{}", metadata.name);
            assert!(path.zip(template).all(fits), "{} requests {}", metadata.name, request.uri());
            self.0.push(metadata.name);
        }
    }
    let mut requests = Requests::default();
    for_each_operation(&mut requests);
    let mut names = requests.0.clone();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), requests.0.len());
}

/// Decodes one response with every operation, and records which accept it.
struct Accepting(ApiResponse, Vec<&'static str>);

impl OperationVisitor for Accepting {
    fn visit<O: Operation>(&mut self, operation: O) {
        if operation.output(self.0.clone()).is_ok() {
            self.1.push(O::METADATA.name);
        }
    }
}

fn accepting(status: u16, body: &str) -> Vec<&'static str> {
    let mut accepting = Accepting(response(status, body), Vec::new());
    for_each_operation(&mut accepting);
    accepting.1
}

#[test]
fn no_operation_accepts_the_response_of_another_service() {
    for body in [
        "<html></html>",
        "ok",
        r#"{"status":"ok"}"#,
        r#"{"success":true,"result":null}"#,
        r#"{"name":"billing","version":7,"id":3,"error":null,"data":[]}"#,
        r#"{"error":true,"code":500,"errorNum":1}"#,
        "7",
        "null",
        "[{}]",
        "",
    ] {
        for status in [200, 201, 304, 404, 409] {
            let expected: &[&str] =
                if status == 304 && body.is_empty() { &["document.read_changed"] } else { &[] };
            assert_eq!(accepting(status, body), expected, "{status} {body}");
        }
    }
    // An empty list has no field that another service would not send.
    assert_eq!(accepting(200, "[]"), ["query.list_running", "query.list_slow"]);
}

#[test]
fn no_debug_output_shows_a_document_or_a_bind_value() {
    use crate::testing::{key, name};
    use crate::{Aql, CreateCursor, ExplainQuery, InsertDocument, ReplaceDocument};
    let secret = serde_json::json!({ "pin": "s3cret" });
    let query = Aql::new("RETURN @pin").bind("pin", "s3cret");
    let shown = format!(
        "{:?} {:?} {:?} {:?}",
        InsertDocument::new(&name("books"), &secret),
        ReplaceDocument::new(&name("books"), &key("dune"), &secret),
        CreateCursor::<u8>::new(&query),
        ExplainQuery::new(&query),
    );
    assert!(!shown.contains("s3cret"), "{shown}");
    // The server writes the values into the plan.
    let body =
        r#"{"plan":{"nodes":[{"value":"s3cret"}],"isModificationQuery":false},"error":false,"code":200}"#;
    let explanation = crate::testing::read(&ExplainQuery::new(&query), body);
    assert!(!format!("{explanation:?}").contains("s3cret"), "{explanation:?}");
}

proptest! {
    #[test]
    fn no_body_causes_a_panic(
        text in ".*",
        json in r#"\{("(_key|_id|_rev|result|error|hasMore|id|nextBatchId|extra|shards|plan|errorNum)":("a/b"|"1"|[0-9]|\{\}|\[\]|true|null),){0,8}"error":false\}"#,
    ) {
        for status in [200, 304, 404, 409] {
            accepting(status, &text);
            accepting(status, &json);
        }
    }
}
