//! T04 with the real network: connects are never answered.

use std::time::{Duration, Instant};

use arango::StoppedBy;
use arango::{ErrorKind, Limits, Outcome};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::time::timeout;

use super::{builder, cluster, with_timeout};
use crate::support::{CLASSES, insert};

const LIMIT: Duration = Duration::from_millis(300);

/// A listener with a full backlog, so the kernel drops further connects.
struct BlackHole {
    listener: TcpListener,
    _backlog: Vec<TcpStream>,
}

impl BlackHole {
    async fn open() -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let listener = socket.listen(1).unwrap();
        let address = listener.local_addr().unwrap();
        let mut backlog = Vec::new();
        // A connect that fits into the backlog succeeds immediately.
        while let Ok(stream) = timeout(LIMIT, TcpStream::connect(address)).await {
            backlog.push(stream.unwrap());
            assert!(backlog.len() < 100, "this kernel has no backlog that can be filled");
        }
        Self { listener, _backlog: backlog }
    }
}

#[tokio::test]
#[cfg_attr(not(target_os = "linux"), ignore = "on other systems a full backlog refuses connections")]
async fn a_black_holed_coordinator_costs_one_connect_timeout() {
    let cluster = with_timeout(cluster()).await;
    let hole = with_timeout(BlackHole::open()).await;
    let url = format!("http://{}", hole.listener.local_addr().unwrap());
    for class in CLASSES {
        let client = builder(&cluster)
            .hosts([url.clone(), cluster.coordinator(0).url()])
            .limits(Limits::default().connect(LIMIT))
            .build()
            .unwrap();
        cluster.journal().clear();
        let start = Instant::now();
        with_timeout(client.db("_system").execute(insert("m", class))).await.unwrap();
        // One connect timeout, as the single attempt below shows. The rest depends on the load of the machine.
        assert!(start.elapsed() >= LIMIT, "{:?}", start.elapsed());
        assert_eq!(cluster.journal().executions("m"), 1);
        let attempts: Vec<u64> = client.coordinators().iter().map(|state| state.requests).collect();
        assert_eq!(attempts, [1, 1]);

        let unresponsive = client.coordinators()[0].address.clone();
        let error =
            with_timeout(client.coordinator(&unresponsive).execute(insert("m", class))).await.unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::ConnectTimeout, Outcome::NotExecuted));
        assert_eq!(error.stopped_by(), StoppedBy::NoAlternative);
    }
}
