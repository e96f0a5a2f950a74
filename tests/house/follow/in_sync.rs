//! Whether shards are in sync, where some databases do not answer as they should.

use arango::Client;
use arango::follow::Stopped;
use arango::protocol::{
    ApiResponse, BuildError, DatabaseName, DecodeError, Metadata, Operation, RequestBuilder,
};
use arango_test_cluster::{Fault, Match};
use bytes::Bytes;
use http::Request;
use tokio::time::sleep;

use super::{SECOND, everywhere, pace, skewed};
use crate::support::client;

/// Drops a database.
struct DropDatabase<'a>(&'a DatabaseName);

impl Operation for DropDatabase<'_> {
    type Output = ();
    const METADATA: Metadata = Metadata::delete("database.drop", "/_api/database/{database}");

    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        RequestBuilder::new(Self::METADATA).path_param("database", self.0.as_str()).build()
    }

    fn output(&self, answer: ApiResponse) -> Result<(), DecodeError> {
        answer.acknowledged()
    }
}

fn distributions(fault: Fault) -> Fault {
    fault.on(Match::get("/_admin/cluster/shardDistribution"))
}

async fn drop_shop(client: &Client) {
    let shop = DatabaseName::new("shop").unwrap();
    client.db("_system").execute(DropDatabase(&shop)).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_database_that_is_dropped_meanwhile_is_not_waited_for() {
    let cluster = skewed().await;
    let client = client(&cluster);
    let admin = client.cluster();
    let slow = everywhere(&cluster, &distributions(Fault::latency(SECOND * 2)));
    let dropped = async {
        sleep(SECOND).await;
        drop_shop(&client).await;
    };
    let (in_sync, ()) = tokio::join!(admin.wait_until_in_sync(pace()), dropped);
    in_sync.unwrap();
    let refused = |status| cluster.journal().entries().iter().any(|one| one.status == Some(status));
    assert!(refused(404), "it was asked for after it was dropped");
    drop(slow);
}

#[tokio::test(start_paused = true)]
async fn a_database_that_a_coordinator_does_not_know_and_the_list_still_has_is_not_in_sync() {
    let cluster = skewed().await;
    let client = client(&cluster);
    let _unknown = everywhere(&cluster, &distributions(Fault::answer(404, 1228, "database not found")));
    let behind = client.cluster().wait_until_in_sync(pace().limit(SECOND * 30)).await.unwrap_err();
    let Stopped::OutOfSync(databases) = behind.why() else { panic!("{behind}") };
    assert!(databases.iter().any(|one| one == "shop"), "{databases:?}");
}

#[tokio::test(start_paused = true)]
async fn a_database_of_which_no_answer_can_be_read_is_not_in_sync() {
    let html = |status| Fault::answer_raw(status, "text/html", "<html>not found</html>");
    for (what, fault) in [
        ("a gateway's 404", html(404)),
        ("a gateway's 403", html(403)),
        ("a gateway's 502", html(502)),
        ("a gateway's 200", html(200)),
        ("404 of another thing", Fault::answer(404, 404, "unknown path")),
        ("404 of a collection", Fault::answer(404, 1203, "collection not found")),
        ("forbidden", Fault::answer(403, 11, "forbidden")),
        ("unknown to this user", Fault::answer(401, 11, "not authorized")),
        ("a failed server", Fault::answer(500, 4, "internal error")),
        ("no agency", Fault::answer(503, 1492, "agency")),
    ] {
        let cluster = skewed().await;
        let client = client(&cluster);
        let _fault = everywhere(&cluster, &distributions(fault));
        let waited = client.cluster().wait_until_in_sync(pace().limit(SECOND * 30)).await;
        assert!(waited.as_ref().is_err_and(|ended| ended.call().is_some()), "{what}: {waited:?}");
        let mut work =
            client.cluster().rolling_restart().run(pace().limit(SECOND * 900), |server| async move {
                panic!("{server} is restarted, and nobody knows whether shards are in sync");
            });
        assert_eq!(work.next().await, None, "{what}");
        assert!(work.finished().await.is_err(), "{what}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_list_without_databases_tells_nothing_of_shards() {
    let cluster = skewed().await;
    let client = client(&cluster);
    let none = Fault::answer_raw(200, "application/json", r#"{"error":false,"code":200,"result":{}}"#);
    let _none = everywhere(&cluster, &none.on(Match::get("/_admin/cluster/shardStatistics")));
    let behind = client.cluster().wait_until_in_sync(pace().limit(SECOND * 30)).await.unwrap_err();
    assert!(matches!(behind.why(), Stopped::OutOfSync(databases) if databases == &["_system"]), "{behind}");
}
