//! Waiting until shards are in sync while some databases return errors.

use arango::Client;
use arango::long_running::StopReason;
use arango::protocol::{
    ApiResponse, BuildError, DatabaseName, Metadata, Operation, OutputError, RequestBuilder,
};
use arango_test_cluster::{Fault, Match};
use bytes::Bytes;
use http::Request;
use tokio::time::sleep;

use super::{SECOND, poll_options, skewed_cluster};
use crate::support::client;

/// Drops a database.
struct DropDatabase<'a>(&'a DatabaseName);

impl Operation for DropDatabase<'_> {
    type Output = ();
    const METADATA: Metadata = Metadata::delete("database.drop", "/_api/database/{database}");

    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        RequestBuilder::new(Self::METADATA).path_param("database", self.0.as_str()).build()
    }

    fn output(&self, response: ApiResponse) -> Result<(), OutputError> {
        response.acknowledged()
    }
}

fn on_shard_distribution(fault: Fault) -> Fault {
    fault.on(Match::get("/_admin/cluster/shardDistribution"))
}

async fn drop_shop(client: &Client) {
    let shop = DatabaseName::new("shop").unwrap();
    client.db("_system").execute(DropDatabase(&shop)).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_dropped_database_is_not_waited_for() {
    let cluster = skewed_cluster().await;
    let client = client(&cluster);
    let admin = client.cluster();
    let slow = cluster.inject(&on_shard_distribution(Fault::latency(SECOND * 2)));
    let dropped = async {
        sleep(SECOND).await;
        drop_shop(&client).await;
    };
    let (in_sync, ()) = tokio::join!(admin.wait_until_in_sync(poll_options()), dropped);
    in_sync.unwrap();
    let has_status = |status| cluster.journal().entries().iter().any(|one| one.status == Some(status));
    assert!(has_status(404), "it was requested after it was dropped");
    drop(slow);
}

#[tokio::test(start_paused = true)]
async fn a_listed_database_unknown_to_a_coordinator_is_not_in_sync() {
    let cluster = skewed_cluster().await;
    let client = client(&cluster);
    let _unknown = cluster.inject(&on_shard_distribution(Fault::response(404, 1228, "database not found")));
    let out_of_sync =
        client.cluster().wait_until_in_sync(poll_options().timeout(SECOND * 30)).await.unwrap_err();
    let StopReason::OutOfSync(databases) = out_of_sync.reason() else { panic!("{out_of_sync}") };
    assert!(databases.iter().any(|one| one == "shop"), "{databases:?}");
}

#[tokio::test(start_paused = true)]
async fn a_database_without_a_readable_response_is_not_in_sync() {
    let html = |status| Fault::raw_response(status, "text/html", "<html>not found</html>");
    for (case, fault) in [
        ("a gateway's 404", html(404)),
        ("a gateway's 403", html(403)),
        ("a gateway's 502", html(502)),
        ("a gateway's 200", html(200)),
        ("404 of another thing", Fault::response(404, 404, "unknown path")),
        ("404 of a collection", Fault::response(404, 1203, "collection not found")),
        ("forbidden", Fault::response(403, 11, "forbidden")),
        ("unknown to this user", Fault::response(401, 11, "not authorized")),
        ("a failed server", Fault::response(500, 4, "internal error")),
        ("no agency", Fault::response(503, 1492, "agency")),
    ] {
        let cluster = skewed_cluster().await;
        let client = client(&cluster);
        let _fault = cluster.inject(&on_shard_distribution(fault));
        let waited = client.cluster().wait_until_in_sync(poll_options().timeout(SECOND * 30)).await;
        assert!(waited.as_ref().is_err_and(|ended| ended.call_error().is_some()), "{case}: {waited:?}");
        let mut poller = client.cluster().rolling_restart().run(
            poll_options().timeout(SECOND * 900),
            |server| async move {
                panic!("{server} is restarted although it is unknown whether shards are in sync");
            },
        );
        assert_eq!(poller.next().await, None, "{case}");
        assert!(poller.wait().await.is_err(), "{case}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_empty_database_list_is_not_in_sync() {
    let cluster = skewed_cluster().await;
    let client = client(&cluster);
    let none = Fault::raw_response(200, "application/json", r#"{"error":false,"code":200,"result":{}}"#);
    let _none = cluster.inject(&none.on(Match::get("/_admin/cluster/shardStatistics")));
    let out_of_sync =
        client.cluster().wait_until_in_sync(poll_options().timeout(SECOND * 30)).await.unwrap_err();
    assert!(
        matches!(out_of_sync.reason(), StopReason::OutOfSync(databases) if databases == &["_system"]),
        "{out_of_sync}"
    );
}
