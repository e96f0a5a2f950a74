//! Moving shards, and the jobs that do it.

use std::time::Duration;

use arango::cluster::{
    AgencyJob, JobId, JobStatus, JobType, Leaders, MoveShard, ServerId, SetServerCount, Target,
};
use arango::protocol::DatabaseName;
use arango::{Cluster, ErrorKind};
use arango_test_cluster::TestCluster;
use tokio::time::{Instant, sleep};

use crate::support::{CreateDatabase, client, cluster};

/// Waits until a job is over.
async fn over(admin: &Cluster, id: &JobId) -> AgencyJob {
    loop {
        let job = admin.agency_job(id).await.unwrap();
        if job.is_over() {
            return job;
        }
        sleep(Duration::from_millis(200)).await;
    }
}

/// A shard of `books`: its id, who leads, who follows, and who has no copy, by their short names.
async fn a_shard(admin: &Cluster) -> (String, ServerId, ServerId, Option<ServerId>) {
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
async fn a_shard_is_moved_by_a_job_that_can_be_followed_to_its_end() {
    let cluster = cluster().await;
    let admin = client(&cluster).cluster();
    let (shard, leader, _, free) = a_shard(&admin).await;
    let free = free.unwrap();
    let id = admin.move_shard(MoveShard::new("books", &shard, &leader, &free)).await.unwrap();
    let begun = admin.agency_job(&id).await.unwrap();
    assert_eq!((begun.id.clone(), begun.kind.clone()), (id.clone(), JobType::MoveShard));
    assert_eq!((begun.shard.as_deref(), begun.is_leader), (Some(shard.as_str()), Some(true)));

    let job = over(&admin, &id).await;
    assert_eq!(job.status, JobStatus::Finished, "{:?}", job.reason);
    assert!(job.time_finished.unwrap().time() >= job.time_started.unwrap().time());
    let after = admin.shard_distribution().await.unwrap();
    assert_eq!(after.collections["books"].plan[&shard].leader, free);
}

#[tokio::test(start_paused = true)]
async fn a_job_that_is_over_cannot_be_cancelled_and_one_that_is_not_ends_as_failed() {
    let cluster = cluster().await;
    let admin = client(&cluster).cluster();
    let (shard, leader, _, free) = a_shard(&admin).await;
    let id = admin.move_shard(MoveShard::new("books", &shard, &leader, &free.unwrap())).await.unwrap();
    admin.cancel_agency_job(&id).await.unwrap();
    let job = over(&admin, &id).await;
    assert_eq!((job.status, job.reason.as_deref()), (JobStatus::Failed, Some("Killed via API")));

    let error = admin.cancel_agency_job(&id).await.unwrap_err();
    assert_eq!((error.status().unwrap().as_u16(), error.error_number().unwrap().0), (400, 10));
    let unknown = admin.agency_job(&"987654321".into()).await.unwrap_err();
    assert_eq!(unknown.kind(), ErrorKind::NotFound);
}

#[tokio::test(start_paused = true)]
async fn a_db_server_is_emptied_listed_and_taken_back_into_use() {
    let cluster = cluster().await;
    let admin = client(&cluster).cluster();
    let server = ServerId::from(cluster.db_server_ids().remove(0));
    let resigned = admin.resign_leadership(&server, Leaders::Return).await.unwrap();
    assert_eq!(over(&admin, &resigned).await.kind, JobType::ResignLeadership);
    let by_server = admin.shard_statistics_by_server().await.unwrap();
    assert_eq!(by_server[&server].leaders, 0, "it leads nothing any more");

    let id = admin.clean_out_server(&server).await.unwrap();
    let job = over(&admin, &id).await;
    assert_eq!((job.kind, job.server.as_ref()), (JobType::CleanOutServer, Some(&server)));
    assert_eq!(job.status, JobStatus::Finished, "{:?}", job.reason);
    assert_eq!(admin.server_count().await.unwrap().cleaned, std::slice::from_ref(&server));

    let back = SetServerCount { cleaned: Some(&[]), db_servers: Some(Target::Count(5)), coordinators: None };
    admin.set_server_count(back).await.unwrap();
    let count = admin.server_count().await.unwrap();
    assert_eq!((count.cleaned.len(), count.db_servers, count.coordinators), (0, Some(5), Some(3)));
}

#[tokio::test(start_paused = true)]
async fn a_coordinator_that_has_failed_is_removed_and_one_that_has_not_keeps_the_call_waiting() {
    let cluster = cluster().await;
    let client = client(&cluster);
    let admin = client.cluster();
    let alive = ServerId::from(cluster.coordinator(1).id());
    let began = Instant::now();
    let error = admin.remove_server(&alive).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PreconditionFailed, "{}", error.report());
    assert_eq!((began.elapsed().as_secs(), error.attempts().len()), (60, 1), "as long as the server tries");

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
async fn shards_are_counted_in_system_whichever_database_a_handle_is_of() {
    for version in ["3.10", "3.11", "3.12", "4.0"] {
        let cluster =
            TestCluster::builder().version(version).seed(3).in_memory().skewed_shards().start().await;
        let cluster = cluster.unwrap();
        let client = client(&cluster);
        let whole = client.cluster().shard_statistics(None).await.unwrap();
        assert_eq!(whole.servers, Some(3), "{version}");
        let elsewhere = client.db("nowhere").cluster().shard_statistics(None).await.unwrap();
        assert_eq!(elsewhere, whole, "{version}");
        let by_database = client.cluster().shard_statistics_by_database().await.unwrap();
        let shards: u64 = by_database.values().map(|of_one| of_one.shards).sum();
        assert_eq!(shards, whole.shards, "{version}");
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
async fn where_shards_lie_is_told_of_the_database_that_a_handle_is_of() {
    let cluster = cluster().await;
    let client = client(&cluster);
    let shop = DatabaseName::new("shop").unwrap();
    client.db("_system").execute(CreateDatabase(&shop)).await.unwrap();
    let of_shop = client.db("shop").cluster().shard_distribution().await.unwrap();
    assert!(!of_shop.collections.contains_key("books"));
    assert!(client.cluster().shard_distribution().await.unwrap().collections.contains_key("books"));
    let error = client.db("shop").cluster().collection_shard_distribution("books").await.unwrap_err();
    assert_eq!((error.kind(), error.error_number().unwrap().0), (ErrorKind::NotFound, 1203));
}

#[tokio::test(start_paused = true)]
async fn the_rebalance_of_old_says_how_many_moves_it_begins() {
    let cluster = TestCluster::builder().seed(3).in_memory().skewed_shards().start().await.unwrap();
    let client = client(&cluster);
    let shards = client.cluster().shard_distribution().await.unwrap();
    assert!(!shards.collections.is_empty());
    let begun = client.cluster().rebalance_shards().await.unwrap();
    assert!(begun <= 10, "{begun}");
}
