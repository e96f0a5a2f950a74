//! Shard moves, their jobs, and the shard distribution.

use std::time::Duration;

use arango::cluster::{
    AgencyJob, JobId, JobStatus, JobType, MoveShard, ResignedLeaders, ServerCountTarget, ServerId,
    SetServerCount,
};
use arango::protocol::DatabaseName;
use arango::{Cluster, ErrorKind};
use arango_test_cluster::TestCluster;
use tokio::time::{Instant, sleep};

use crate::support::{CreateDatabase, client, cluster};

/// Waits until a job has ended and returns it.
async fn wait_for_job(admin: &Cluster, id: &JobId) -> AgencyJob {
    loop {
        let job = admin.agency_job(id).await.unwrap();
        if job.is_over() {
            return job;
        }
        sleep(Duration::from_millis(200)).await;
    }
}

/// Returns a shard of `books` and its servers. These are the short names of its leader, of a follower, and of a server
/// without a copy.
async fn first_shard(admin: &Cluster) -> (String, ServerId, ServerId, Option<ServerId>) {
    let books = admin.collection_shard_distribution("books").await.unwrap();
    let (shard, servers) = books.collections["books"].plan.first_key_value().unwrap();
    let all = admin.health().await.unwrap();
    let all: Vec<_> =
        all.db_servers().filter_map(|(_, server)| server.short_name.clone()).map(ServerId::from).collect();
    let follower = servers
        .followers
        .first()
        .cloned()
        .unwrap_or_else(|| all.iter().find(|server| **server != servers.leader).unwrap().clone());
    let free =
        all.into_iter().find(|server| *server != servers.leader && !servers.followers.contains(server));
    (shard.clone(), servers.leader.clone(), follower, free)
}

#[tokio::test(start_paused = true)]
async fn moving_a_shard_creates_a_job_that_finishes() {
    let cluster = cluster().await;
    let admin = client(&cluster).cluster();
    let (shard, leader, _, free) = first_shard(&admin).await;
    let free = free.unwrap();
    let id = admin.move_shard(MoveShard::new("books", &shard, &leader, &free)).await.unwrap();
    let started = admin.agency_job(&id).await.unwrap();
    assert_eq!((started.id.clone(), started.kind.clone()), (id.clone(), JobType::MoveShard));
    assert_eq!((started.shard.as_deref(), started.is_leader), (Some(shard.as_str()), Some(true)));

    let job = wait_for_job(&admin, &id).await;
    assert_eq!(job.status, JobStatus::Finished, "{:?}", job.reason);
    assert!(job.time_finished.unwrap().time() >= job.time_started.unwrap().time());
    let after = admin.shard_distribution().await.unwrap();
    assert_eq!(after.collections["books"].plan[&shard].leader, free);
}

#[tokio::test(start_paused = true)]
async fn cancelling_fails_a_pending_job_and_is_refused_for_a_finished_one() {
    let cluster = cluster().await;
    let admin = client(&cluster).cluster();
    let (shard, leader, _, free) = first_shard(&admin).await;
    let id = admin.move_shard(MoveShard::new("books", &shard, &leader, &free.unwrap())).await.unwrap();
    admin.cancel_agency_job(&id).await.unwrap();
    let job = wait_for_job(&admin, &id).await;
    assert_eq!((job.status, job.reason.as_deref()), (JobStatus::Failed, Some("Killed via API")));

    let error = admin.cancel_agency_job(&id).await.unwrap_err();
    assert_eq!((error.status().unwrap().as_u16(), error.error_number().unwrap().0), (400, 10));
    let unknown = admin.agency_job(&"987654321".into()).await.unwrap_err();
    assert_eq!(unknown.kind(), ErrorKind::NotFound);
}

#[tokio::test(start_paused = true)]
async fn a_db_server_can_be_cleaned_out_and_reused() {
    let cluster = cluster().await;
    let admin = client(&cluster).cluster();
    let server = ServerId::from(cluster.db_server_ids().remove(0));
    let resigned = admin.resign_leadership(&server, ResignedLeaders::MoveBack).await.unwrap();
    assert_eq!(wait_for_job(&admin, &resigned).await.kind, JobType::ResignLeadership);
    let by_server = admin.shard_statistics_by_server().await.unwrap();
    assert_eq!(by_server[&server].leaders, 0, "the server leads no shard");

    let id = admin.clean_out_server(&server).await.unwrap();
    let job = wait_for_job(&admin, &id).await;
    assert_eq!((job.kind, job.server.as_ref()), (JobType::CleanOutServer, Some(&server)));
    assert_eq!(job.status, JobStatus::Finished, "{:?}", job.reason);
    assert_eq!(admin.server_count().await.unwrap().cleaned, std::slice::from_ref(&server));

    let back = SetServerCount {
        cleaned: Some(&[]),
        db_servers: Some(ServerCountTarget::Count(5)),
        coordinators: None,
    };
    admin.set_server_count(back).await.unwrap();
    let count = admin.server_count().await.unwrap();
    assert_eq!((count.cleaned.len(), count.db_servers, count.coordinators), (0, Some(5), Some(3)));
}

#[tokio::test(start_paused = true)]
async fn removing_a_server_waits_until_it_has_failed() {
    let cluster = cluster().await;
    let client = client(&cluster);
    let admin = client.cluster();
    let alive = ServerId::from(cluster.coordinator(1).id());
    let start = Instant::now();
    let error = admin.remove_server(&alive).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PreconditionFailed, "{}", error.report());
    assert_eq!((start.elapsed().as_secs(), error.attempts().len()), (60, 1), "the server retries for 60 s");

    cluster.coordinator(2).kill();
    sleep(Duration::from_secs(30)).await;
    let dead = ServerId::from(cluster.coordinator(2).id());
    admin.remove_server(&dead).await.unwrap();
    assert_eq!(
        admin.remove_server(&ServerId::from("CRDN-none")).await.unwrap_err().kind(),
        ErrorKind::NotFound
    );
}

#[tokio::test(start_paused = true)]
async fn shard_statistics_ignore_the_database_of_the_handle() {
    for version in ["3.10", "3.11", "3.12", "4.0"] {
        let cluster =
            TestCluster::builder().version(version).seed(3).in_memory().skewed_shards().start().await;
        let cluster = cluster.unwrap();
        let client = client(&cluster);
        let total = client.cluster().shard_statistics(None).await.unwrap();
        assert_eq!(total.servers, Some(3), "{version}");
        let from_unknown = client.db("unknown").cluster().shard_statistics(None).await.unwrap();
        assert_eq!(from_unknown, total, "{version}");
        let by_database = client.cluster().shard_statistics_by_database().await.unwrap();
        let shards: u64 = by_database.values().map(|of_one| of_one.shards).sum();
        assert_eq!(shards, total.shards, "{version}");
        let server = ServerId::from(cluster.db_server_ids().remove(0));
        let of_one = client.cluster().shard_statistics(Some(&server)).await.unwrap();
        assert_eq!(
            of_one.leaders,
            client.cluster().shard_statistics_by_server().await.unwrap()[&server].leaders
        );
        assert!(client.cluster().shard_distribution().await.unwrap().is_in_sync());
    }
}

#[tokio::test(start_paused = true)]
async fn shard_distribution_is_that_of_the_handles_database() {
    let cluster = cluster().await;
    let client = client(&cluster);
    let shop = DatabaseName::new("shop").unwrap();
    client.db("_system").execute(CreateDatabase(&shop)).await.unwrap();
    let of_shop = client.db("shop").cluster().shard_distribution().await.unwrap();
    assert!(!of_shop.collections.contains_key("books"));
    assert!(client.cluster().shard_distribution().await.unwrap().collections.contains_key("books"));
    let error = client.db("shop").cluster().collection_shard_distribution("books").await.unwrap_err();
    assert_eq!((error.kind(), error.error_number().unwrap().0), (ErrorKind::CollectionNotFound, 1203));
}

#[tokio::test(start_paused = true)]
async fn rebalance_shards_returns_the_number_of_moves() {
    let cluster = TestCluster::builder().seed(3).in_memory().skewed_shards().start().await.unwrap();
    let client = client(&cluster);
    let shards = client.cluster().shard_distribution().await.unwrap();
    assert!(!shards.collections.is_empty());
    let started = client.cluster().rebalance_shards().await.unwrap();
    assert!(started <= 10, "{started}");
}
