//! Every endpoint in every version: its response, its permission, and the response where it does not exist.

mod checks;
mod endpoint;
mod table;

use arango_test_cluster::TestCluster;
use http::Method;
use serde_json::json;

use self::endpoint::{Absent, Access};
use crate::client::{Session, basic};

/// Versions before and after each change.
const VERSIONS: [&str; 18] = [
    "3.10.0", "3.10.1", "3.10.12", "3.10.13", "3.11.6", "3.11.7", "3.11.10", "3.11.11", "3.12.0", "3.12.1",
    "3.12.2", "3.12.4", "3.12.5", "3.12.5-3", "3.12.6", "3.12.8", "3.12.10", "4.0.0",
];

/// A cluster with everything that the rows refer to.
struct Fixture {
    cluster: TestCluster,
    names: Vec<(&'static str, String)>,
}

impl Fixture {
    async fn start(version: &str) -> Self {
        let cluster = TestCluster::builder().version(version).in_memory().seed(1).start().await;
        let cluster = cluster.expect("a cluster in memory starts");
        let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
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
        let free_server = ids.iter().find(|id| !copies.contains(id)).expect("a third server").clone();
        let job = session.post("/_admin/cluster/resignLeadership", &json!({ "server": ids[2] })).await.json();
        let names = vec![
            ("{crdn}", cluster.coordinator(1).id().to_owned()),
            ("{prmr}", ids[0].clone()),
            ("{shard}", shard),
            ("{from}", copies[0].clone()),
            ("{to}", free_server),
            ("{job}", job["id"].as_str().expect("an id").to_owned()),
        ];
        Self { cluster, names }
    }

    fn fill(&self, text: &str) -> String {
        self.names.iter().fold(text.to_owned(), |text, (name, value)| text.replace(name, value))
    }

    /// Sends a request on a new connection, since some responses close theirs.
    async fn request(
        &self,
        method: &Method,
        path: &str,
        body: &str,
        authorization: &str,
    ) -> crate::client::TestResponse {
        let mut session =
            Session::connect_in_memory(self.cluster.coordinator(0)).await.with_authorization(authorization);
        let response = session.request(method.clone(), &self.fill(path), &self.fill(body)).await;
        response.expect("a response")
    }

    /// Returns what a request could have changed: the agency with its jobs, users, databases and settings.
    async fn state(&self) -> Vec<String> {
        let mut state = vec![format!("{:?}", self.cluster.agency_jobs().list())];
        for path in [
            "/_api/cluster/agency-dump",
            "/_admin/cluster/shardDistribution",
            "/_admin/cluster/maintenance",
            "/_api/database",
            "/_api/user",
            "/_admin/server/mode",
            "/_admin/license",
            "/_admin/log/level",
            "/_admin/shutdown",
        ] {
            let response = self.request(&Method::GET, path, "", &self.superuser()).await;
            assert_eq!(response.status, 200, "{path}");
            state.push(format!("{path}: {}", response.json()));
        }
        state
    }

    fn superuser(&self) -> String {
        format!("bearer {}", self.cluster.superuser_token())
    }

    /// Returns the credentials of a caller with exactly this permission.
    fn credentials(&self, credentials: Access) -> String {
        match credentials {
            Access::Anonymous => String::new(),
            Access::User => basic("anna", "x"),
            Access::Admin => basic("root", "passwd"),
            Access::Superuser => self.superuser(),
        }
    }
}

/// Returns the path in the database `shop`, for a user who has no other permission.
fn in_shop(path: &str) -> String {
    format!("/_db/shop{path}")
}

#[tokio::test(start_paused = true)]
async fn every_endpoint_responds_in_its_envelope_from_its_version_on_and_is_absent_before() {
    for version in VERSIONS {
        let fixture = Fixture::start(version).await;
        for row in table::ALL {
            let credentials = fixture.credentials(row.access);
            let path = if row.access == Access::User { in_shop(row.path) } else { row.path.to_owned() };
            let response = fixture.request(&row.method(), &path, row.body, &credentials).await;
            let what = format!("{version}: {} {}", row.method, row.path);
            match row.absent_in(version) {
                None => checks::present(row, &response, &what),
                Some(absent) => checks::absent(absent, &response, &what),
            }
        }
        assert_eq!(fixture.cluster.unsupported(), Vec::<String>::new(), "{version}");
    }
}

#[tokio::test(start_paused = true)]
async fn missing_permission_gets_the_error_of_the_endpoint() {
    let fixture = Fixture::start("3.12.10").await;
    for row in table::ALL {
        let what = format!("{} {}", row.method, row.path);
        if row.access != Access::Anonymous {
            let anonymous = fixture.request(&row.method(), row.path, row.body, "").await;
            assert_eq!((anonymous.status, anonymous.error_num()), (401, 11), "{what}");
            assert_eq!(anonymous.headers.get_all("www-authenticate").iter().count(), 2, "{what}");
        }
        if matches!(row.access, Access::Admin | Access::Superuser) {
            let path = in_shop(row.path);
            let user =
                fixture.request(&row.method(), &path, row.body, &fixture.credentials(Access::User)).await;
            let number = user.error_num();
            // Some handlers check the database first.
            assert!(user.status == 403 && [11, 403, 1230].contains(&number), "{what}: {number}");
        }
        if row.access == Access::Superuser {
            let root =
                fixture.request(&row.method(), row.path, row.body, &fixture.credentials(Access::Admin)).await;
            assert_eq!((root.status, root.error_num()), (403, 11), "{what}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_method_that_an_endpoint_does_not_have_is_refused_and_changes_nothing() {
    for version in ["3.10.14", "3.12.10", "4.0.0"] {
        let fixture = Fixture::start(version).await;
        let before = fixture.state().await;
        let mut refused = 0;
        let known = |path: &str, method: &str| {
            table::ALL.iter().any(|row| {
                row.bare_path() == path && row.method == method && row.absent_in(version).is_none()
            })
        };
        for row in table::ALL.iter().filter(|row| row.absent_in(version).is_none() && row.has_own_methods) {
            for method in ["GET", "POST", "PUT", "PATCH", "DELETE"] {
                if known(row.bare_path(), method) {
                    continue;
                }
                refused += 1;
                let named = Method::from_bytes(method.as_bytes()).unwrap();
                let response = fixture.request(&named, row.path, row.body, &fixture.superuser()).await;
                let expected = row.wrong_method();
                assert_eq!(
                    (response.status, response.error_num()),
                    expected,
                    "{version}: {method} {}",
                    row.path
                );
            }
        }
        assert!(refused > 100, "{version}: {refused}");
        assert_eq!(fixture.state().await, before, "{version}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_parameter_or_header_that_no_endpoint_has_is_refused_by_name_and_changes_nothing() {
    for version in ["3.10.14", "3.12.10", "4.0.0"] {
        let fixture = Fixture::start(version).await;
        let before = fixture.state().await;
        for row in table::ALL.iter().filter(|row| row.absent_in(version).is_none()) {
            let what = format!("{version}: {} {}", row.method, row.path);
            let separator = if row.path.contains('?') { '&' } else { '?' };
            let path = format!("{}{separator}misspelt=1", row.path);
            let refused = fixture.request(&row.method(), &path, row.body, &fixture.superuser()).await;
            assert_eq!((refused.status, refused.error_num()), (501, 9), "{what}");
            let message = refused.json()["errorMessage"].clone();
            assert!(message.as_str().unwrap().contains("the query parameter `misspelt` of"), "{message}");

            let request = http::Request::builder().method(row.method()).uri(fixture.fill(row.path));
            let request = request.header("x-arango-trx-id", "4");
            let mut session = Session::connect_in_memory(fixture.cluster.coordinator(0)).await;
            session = session.with_authorization(fixture.superuser());
            let refused = session.send(request, &fixture.fill(row.body)).await.unwrap();
            assert_eq!((refused.status, refused.error_num()), (501, 9), "{what}");
        }
        assert_eq!(fixture.state().await, before, "{version}");
    }
}

#[tokio::test(start_paused = true)]
async fn commands_that_no_version_has_are_named_in_the_refusal() {
    for version in VERSIONS {
        let fixture = Fixture::start(version).await;
        for (path, number, text) in [
            ("/_admin/cluster/moveServer", 400, "invalid command 'moveServer'"),
            ("/_admin/cluster/failureOracle", 400, "invalid command 'failureOracle'"),
            ("/_admin/cluster/agency-dump", 400, "invalid command 'agency-dump'"),
            ("/_admin/cluster/rebalance_execute", 400, "invalid command 'rebalance_execute'"),
            ("/_admin/cluster/a/b", 400, "invalid command 'a', expecting 'rebalance' or 'maintenance'"),
            ("/_admin/cluster", 601, "expecting URL /_admin/cluster/<command>"),
            ("/_admin/cluster/a/b/c", 601, "expecting URL /_admin/cluster/<command>"),
        ] {
            let response = fixture.request(&Method::GET, path, "", &fixture.superuser()).await;
            let seen = (response.status, response.error_num(), response.json()["errorMessage"].clone());
            assert_eq!(seen, (400, number, json!(text)), "{version}: {path}");
        }
        for path in ["/_admin/server/nothing", "/_api/cluster/nothing", "/_admin/log/nothing"] {
            let response = fixture.request(&Method::GET, path, "", &fixture.superuser()).await;
            assert_eq!((response.status, response.error_num()), (404, 404), "{version}: {path}");
        }
        checks::absent(
            Absent::NoHandler,
            &fixture.request(&Method::GET, "/nothing", "", &fixture.superuser()).await,
            version,
        );
    }
}

#[tokio::test(start_paused = true)]
async fn options_needs_no_login_on_any_path() {
    let fixture = Fixture::start("3.12.10").await;
    for row in table::ALL {
        let response = fixture.request(&Method::OPTIONS, row.path, "", "").await;
        assert_eq!((response.status, response.body.len()), (200, 0), "{}", row.path);
        assert_eq!(response.headers["allow"], "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT", "{}", row.path);
    }
}

#[tokio::test(start_paused = true)]
async fn get_only_endpoints_refuse_head_with_an_empty_body() {
    let fixture = Fixture::start("3.12.10").await;
    let prefixes = ["/_admin/cluster/", "/_api/cluster/", "/_admin/server/availability"];
    let rows: Vec<_> = table::ALL
        .iter()
        .filter(|row| row.method == "GET" && row.has_own_methods)
        .filter(|row| prefixes.iter().any(|prefix| row.path.starts_with(prefix)))
        .collect();
    assert!(rows.len() > 10, "{}", rows.len());
    for row in rows {
        let response = fixture.request(&Method::HEAD, row.path, "", &fixture.superuser()).await;
        assert_eq!((response.status, response.body.len()), (405, 0), "{}", row.path);
    }
}

#[tokio::test(start_paused = true)]
async fn an_endpoint_responds_in_any_database_unless_it_is_for_system_only() {
    let fixture = Fixture::start("3.12.10").await;
    for row in table::ALL {
        let response = fixture
            .request(&row.method(), &in_shop(row.path), row.body, &fixture.credentials(row.access))
            .await;
        if matches!(row.bare_path(), "/_admin/cluster/shardStatistics" | "/_admin/support-info") {
            assert_eq!((response.status, response.error_num()), (403, 1230), "{}", row.path);
        } else {
            checks::present(row, &response, row.path);
        }
    }
}
