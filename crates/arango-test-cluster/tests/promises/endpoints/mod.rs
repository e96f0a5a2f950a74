//! Every endpoint in every version: what it answers, to whom, and how it is not there.

mod checks;
mod row;
mod rows;

use arango_test_cluster::TestCluster;
use http::Method;
use serde_json::json;

use self::row::{Absent, May};
use crate::session::{Session, basic};

/// Before and after each gate.
const VERSIONS: [&str; 18] = [
    "3.10.0", "3.10.1", "3.10.12", "3.10.13", "3.11.6", "3.11.7", "3.11.10", "3.11.11", "3.12.0", "3.12.1",
    "3.12.2", "3.12.4", "3.12.5", "3.12.5-3", "3.12.6", "3.12.8", "3.12.10", "4.0.0",
];

/// A cluster that has everything that rows speak of.
struct Stage {
    cluster: TestCluster,
    names: Vec<(&'static str, String)>,
}

impl Stage {
    async fn set(version: &str) -> Self {
        let cluster = TestCluster::builder().version(version).in_memory().seed(1).start().await;
        let cluster = cluster.expect("a cluster in memory starts");
        let mut session = Session::dial(cluster.coordinator(0)).await;
        let users = json!([{ "username": "anna", "passwd": "x" }]);
        assert_eq!(
            session.post("/_api/database", &json!({ "name": "shop", "users": users })).await.status,
            201
        );
        let books = json!({ "name": "books", "replicationFactor": 2 });
        assert_eq!(session.post("/_db/shop/_api/collection", &books).await.status, 200);
        assert_eq!(session.post("/_api/collection", &books).await.status, 200);
        let (shard, copies) = session.shard_of("books").await;
        let ids = cluster.db_server_ids();
        let spare = ids.iter().find(|id| !copies.contains(id)).expect("a third server").clone();
        let job = session.post("/_admin/cluster/resignLeadership", &json!({ "server": ids[2] })).await.json();
        let names = vec![
            ("{crdn}", cluster.coordinator(1).id().to_owned()),
            ("{prmr}", ids[0].clone()),
            ("{shard}", shard),
            ("{from}", copies[0].clone()),
            ("{to}", spare),
            ("{job}", job["id"].as_str().expect("an id").to_owned()),
        ];
        Self { cluster, names }
    }

    fn filled(&self, text: &str) -> String {
        self.names.iter().fold(text.to_owned(), |text, (name, value)| text.replace(name, value))
    }

    /// On a connection of its own: some answers end theirs.
    async fn ask(
        &self,
        method: &Method,
        path: &str,
        body: &str,
        authorization: &str,
    ) -> crate::session::Answer {
        let mut session = Session::dial(self.cluster.coordinator(0)).await.authorized(authorization);
        let answer = session.ask(method.clone(), &self.filled(path), &self.filled(body)).await;
        answer.expect("an answer")
    }

    fn superuser(&self) -> String {
        format!("bearer {}", self.cluster.superuser_token())
    }

    /// Who may do it and no more than that.
    fn credentials(&self, may: May) -> String {
        match may {
            May::Anybody => String::new(),
            May::User => basic("anna", "x"),
            May::Admin => basic("root", "passwd"),
            May::Superuser => self.superuser(),
        }
    }
}

/// In which database a user asks who has the right to nothing else.
fn in_shop(path: &str) -> String {
    format!("/_db/shop{path}")
}

#[tokio::test(start_paused = true)]
async fn every_endpoint_answers_in_its_envelope_from_its_version_on_and_is_not_there_before() {
    for version in VERSIONS {
        let stage = Stage::set(version).await;
        for row in rows::ALL {
            let may = stage.credentials(row.may);
            let path = if row.may == May::User { in_shop(row.path) } else { row.path.to_owned() };
            let answer = stage.ask(&row.method(), &path, row.body, &may).await;
            let what = format!("{version}: {} {}", row.method, row.path);
            match row.absent_in(version) {
                None => checks::present(row, &answer, &what),
                Some(absent) => checks::absent(absent, &answer, &what),
            }
        }
        assert_eq!(stage.cluster.unsupported(), Vec::<String>::new(), "{version}");
    }
}

#[tokio::test(start_paused = true)]
async fn who_may_not_is_refused_in_the_way_of_the_endpoint() {
    let stage = Stage::set("3.12.10").await;
    for row in rows::ALL {
        let what = format!("{} {}", row.method, row.path);
        if row.may != May::Anybody {
            let nobody = stage.ask(&row.method(), row.path, row.body, "").await;
            assert_eq!((nobody.status, nobody.error_num()), (401, 11), "{what}");
            assert_eq!(nobody.headers.get_all("www-authenticate").iter().count(), 2, "{what}");
        }
        if matches!(row.may, May::Admin | May::Superuser) {
            let path = in_shop(row.path);
            let user = stage.ask(&row.method(), &path, row.body, &stage.credentials(May::User)).await;
            let number = user.error_num();
            // Some look at the database first.
            assert!(user.status == 403 && [11, 403, 1230].contains(&number), "{what}: {number}");
        }
        if row.may == May::Superuser {
            let root = stage.ask(&row.method(), row.path, row.body, &stage.credentials(May::Admin)).await;
            assert_eq!((root.status, root.error_num()), (403, 11), "{what}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_method_that_an_endpoint_does_not_have_is_refused_and_changes_nothing() {
    for version in ["3.10.14", "3.12.10", "4.0.0"] {
        let stage = Stage::set(version).await;
        let known = |path: &str, method: &str| {
            rows::ALL.iter().any(|row| {
                row.bare_path() == path && row.method == method && row.absent_in(version).is_none()
            })
        };
        for row in rows::ALL.iter().filter(|row| row.absent_in(version).is_none() && row.has_own_methods) {
            for method in ["GET", "POST", "PUT", "PATCH", "DELETE"] {
                if known(row.bare_path(), method) {
                    continue;
                }
                let named = Method::from_bytes(method.as_bytes()).unwrap();
                let answer = stage.ask(&named, row.path, row.body, &stage.superuser()).await;
                let expected = row.wrong_method();
                assert_eq!((answer.status, answer.error_num()), expected, "{version}: {method} {}", row.path);
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn commands_that_no_version_has_are_named_in_the_refusal() {
    for version in VERSIONS {
        let stage = Stage::set(version).await;
        for (path, number, text) in [
            ("/_admin/cluster/moveServer", 400, "invalid command 'moveServer'"),
            ("/_admin/cluster/failureOracle", 400, "invalid command 'failureOracle'"),
            ("/_admin/cluster/agency-dump", 400, "invalid command 'agency-dump'"),
            ("/_admin/cluster/rebalance_execute", 400, "invalid command 'rebalance_execute'"),
            ("/_admin/cluster/a/b", 400, "invalid command 'a', expecting 'rebalance' or 'maintenance'"),
            ("/_admin/cluster", 601, "expecting URL /_admin/cluster/<command>"),
            ("/_admin/cluster/a/b/c", 601, "expecting URL /_admin/cluster/<command>"),
        ] {
            let answer = stage.ask(&Method::GET, path, "", &stage.superuser()).await;
            let seen = (answer.status, answer.error_num(), answer.json()["errorMessage"].clone());
            assert_eq!(seen, (400, number, json!(text)), "{version}: {path}");
        }
        for path in ["/_admin/server/nothing", "/_api/cluster/nothing", "/_admin/log/nothing"] {
            let answer = stage.ask(&Method::GET, path, "", &stage.superuser()).await;
            assert_eq!((answer.status, answer.error_num()), (404, 404), "{version}: {path}");
        }
        checks::absent(
            Absent::NoHandler,
            &stage.ask(&Method::GET, "/nothing", "", &stage.superuser()).await,
            version,
        );
    }
}

#[tokio::test(start_paused = true)]
async fn options_are_told_on_every_path_without_a_login() {
    let stage = Stage::set("3.12.10").await;
    for row in rows::ALL {
        let answer = stage.ask(&Method::OPTIONS, row.path, "", "").await;
        assert_eq!((answer.status, answer.body.len()), (200, 0), "{}", row.path);
        assert_eq!(answer.headers["allow"], "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT", "{}", row.path);
    }
}

#[tokio::test(start_paused = true)]
async fn what_takes_get_alone_refuses_head_without_a_word() {
    let stage = Stage::set("3.12.10").await;
    let prefixes = ["/_admin/cluster/", "/_api/cluster/", "/_admin/server/availability"];
    let rows = rows::ALL.iter().filter(|row| row.method == "GET" && row.has_own_methods);
    for row in rows.filter(|row| prefixes.iter().any(|prefix| row.path.starts_with(prefix))) {
        let answer = stage.ask(&Method::HEAD, row.path, "", &stage.superuser()).await;
        assert_eq!((answer.status, answer.body.len()), (405, 0), "{}", row.path);
    }
}

#[tokio::test(start_paused = true)]
async fn an_endpoint_answers_in_any_database_but_for_those_of_system_alone() {
    let stage = Stage::set("3.12.10").await;
    for row in rows::ALL {
        let answer =
            stage.ask(&row.method(), &in_shop(row.path), row.body, &stage.credentials(row.may)).await;
        if matches!(row.bare_path(), "/_admin/cluster/shardStatistics" | "/_admin/support-info") {
            assert_eq!((answer.status, answer.error_num()), (403, 1230), "{}", row.path);
        } else {
            checks::present(row, &answer, row.path);
        }
    }
}
