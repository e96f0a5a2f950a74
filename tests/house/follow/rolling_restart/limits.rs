//! Restarts for which the time is short.

use std::sync::Arc;

use arango::cluster::ServerId;
use arango::follow::Stopped;

use super::{Fate, Order, executions, pace, plan, run, skewed};

#[tokio::test(start_paused = true)]
async fn who_is_passed_over_has_to_be_a_server() {
    let cluster = Arc::new(skewed().await);
    let order = Order::default();
    let wrong = ServerId::from("PRMR-nobody");
    let known = ServerId::from(cluster.db_server_ids().remove(0));
    let wrongly = plan(&cluster).skipping([known, wrong.clone()]);
    let stopped = run(wrongly, pace(), &cluster, &order, |_| Fate::Returns).finished().await.unwrap_err();
    assert!(matches!(stopped.why(), Stopped::UnknownServer(server) if *server == wrong), "{stopped}");
    assert!(order.lock().unwrap().is_empty());
    assert_eq!(executions(&cluster, "resignLeadership"), 0);
}
