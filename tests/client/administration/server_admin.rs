//! Keys, access tokens, licences and metrics of servers.

use std::time::{Duration, SystemTime};

use arango::cluster::{Compact, DatabaseSharding, LicenseStatus, ServerId};
use arango::protocol::RenewToken;
use arango::{Client, Coordinator, Credentials, ErrorKind};
use arango_test_cluster::TestCluster;

use crate::support::{builder, client};

const VERSIONS: [&str; 4] = ["3.10", "3.11", "3.12", "4.0"];

async fn start(version: &str) -> (TestCluster, Client, Client, Coordinator) {
    let cluster = TestCluster::builder().version(version).seed(9).in_memory().start().await.unwrap();
    let root = client(&cluster);
    let superuser = Credentials::token(&cluster.superuser_token()).unwrap();
    let superuser = builder(&cluster).credentials(superuser).build().unwrap();
    let one = cluster.coordinator(0).url().parse().unwrap();
    (cluster, root, superuser, one)
}

#[tokio::test(start_paused = true)]
async fn keys_are_listed_and_reloaded_on_one_coordinator() {
    for version in VERSIONS {
        let (cluster, root, superuser, one) = start(version).await;
        assert_eq!(root.coordinator(&one).jwt_secrets().await.unwrap_err().kind(), ErrorKind::Forbidden);
        let handle = superuser.coordinator(&one);
        let secrets = handle.jwt_secrets().await.unwrap();
        assert_eq!((secrets.active.sha256.len(), secrets.passive.len()), (64, 0));
        assert_eq!(handle.reload_jwt_secrets().await.unwrap(), secrets);
        assert!(root.coordinator(&one).tls().await.unwrap().keyfile.is_none(), "TLS is disabled");
        handle.reload_tls().await.unwrap();
        assert_eq!(cluster.journal().requests_to(1) + cluster.journal().requests_to(2), 0, "{version}");
    }
}

#[tokio::test(start_paused = true)]
async fn metrics_are_read_by_server_id_and_by_coordinator() {
    for version in VERSIONS {
        let (cluster, root, _, one) = start(version).await;
        let server = ServerId::from(cluster.db_server_ids().remove(0));
        let of_server = root.cluster().server_metrics(&server).await.unwrap();
        assert!(of_server.as_str().contains("DBSERVER"), "{version}: {of_server}");
        let of_one = root.coordinator(&one).metrics().await.unwrap();
        assert!(of_one.as_str().contains("COORDINATOR"), "{version}: {of_one}");
        let unknown = root.cluster().server_metrics("PRMR-none").await.unwrap_err();
        assert_eq!(unknown.status().unwrap(), 404);
        let overview = root.coordinator(&one).status_overview().await.unwrap();
        assert!(overview.version.unwrap().starts_with(version));
        let statistics = root.coordinator(&one).statistics().await;
        assert_eq!(statistics.is_ok(), version != "4.0", "{version}");
    }
}

#[tokio::test(start_paused = true)]
async fn deployment_information_can_be_read() {
    for version in VERSIONS {
        let (_cluster, root, superuser, one) = start(version).await;
        let info = root.db("unknown").cluster().support_info().await.unwrap();
        assert_eq!(info.deployment.coordinators, Some(3), "{version}");
        let defaults = root.cluster().database_defaults().await.unwrap();
        assert_eq!((defaults.write_concern, defaults.sharding), (1, DatabaseSharding::Flexible));
        let license = root.cluster().license().await.unwrap();
        if matches!(version, "3.10" | "3.11") {
            assert_eq!(license.status, Some(LicenseStatus::Good));
            assert!(license.features.unwrap().expires.unwrap().time().is_some());
        } else {
            let usage = license.disk_usage.unwrap();
            assert_eq!((usage.status, usage.limit_reached), (Some(LicenseStatus::Good), false));
            assert_eq!((usage.bytes_limit, license.features), (Some(100 << 30), None));
        }
        superuser.coordinator(&one).compact(Compact::new()).await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn an_access_token_is_returned_once_and_can_be_deleted() {
    let (cluster, root, _, _) = start("3.12.10").await;
    let admin = root.cluster();
    let valid_until = SystemTime::now() + Duration::from_secs(86_400 * 365 * 50);
    let new = admin.create_access_token("root", "ci", valid_until).await.unwrap();
    let listed = admin.access_tokens("root").await.unwrap();
    assert_eq!(listed, std::slice::from_ref(&new.info));

    let by_token = builder(&cluster).basic_auth("root", new.token.expose()).build().unwrap();
    by_token.cluster().health().await.unwrap();
    let again = admin.create_access_token("root", "ci", valid_until).await.unwrap_err();
    assert_eq!(again.kind(), ErrorKind::Conflict);

    admin.delete_access_token("root", new.info.id).await.unwrap();
    assert!(admin.access_tokens("root").await.unwrap().is_empty());
    admin.delete_access_token("root", new.info.id).await.unwrap();
    assert_eq!(admin.delete_access_token("unknown", 7).await.unwrap_err().kind(), ErrorKind::NotFound);
}

#[tokio::test(start_paused = true)]
async fn ids_are_reserved_and_sorting_is_migrated_on_supporting_servers() {
    let (_cluster, root, superuser, _) = start("3.12.10").await;
    let first = root.cluster().reserve_unique_ids(100).await.unwrap();
    assert_eq!(first.range().count(), 100);
    let next = root.cluster().reserve_unique_ids(1).await.unwrap();
    assert!(next.smallest > first.largest);
    let raised = root.cluster().raise_unique_ids(next.largest + 1000).await.unwrap();
    assert!(raised.smallest > next.largest + 1000);

    let admin = superuser.cluster();
    assert_eq!(admin.sort_migration().await.unwrap().len(), 3);
    let check = admin.check_sort_migration().await.unwrap();
    assert!(check.values().all(|one| one.result().unwrap().affected.is_empty()));
    let migrated = admin.migrate_sorting().await.unwrap();
    assert!(migrated.values().all(|one| !one.result().unwrap().error));
    assert_eq!(root.cluster().sort_migration().await.unwrap_err().kind(), ErrorKind::Forbidden);
    assert_eq!(root.cluster().deployment_id().await.unwrap().len(), 36);
}

#[tokio::test(start_paused = true)]
async fn a_token_is_renewed_only_shortly_before_it_expires() {
    let (cluster, root, _, _) = start("3.12").await;
    for (lifetime, renewed) in [(Duration::from_secs(100), true), (Duration::from_secs(3000), false)] {
        let token = Credentials::token(&cluster.user_token("root", lifetime)).unwrap();
        let client = builder(&cluster).credentials(token).build().unwrap();
        let new = client.db("_system").execute(RenewToken).await.unwrap();
        assert_eq!(new.is_some(), renewed);
        if let Some(new) = new {
            let client = builder(&cluster).credentials(Credentials::token(&new).unwrap()).build().unwrap();
            client.cluster().health().await.unwrap();
        }
    }
    let error = root.db("_system").execute(RenewToken).await.unwrap_err();
    assert_eq!(error.error_number().unwrap().0, 1703, "a login with a password has no token to renew");
}
