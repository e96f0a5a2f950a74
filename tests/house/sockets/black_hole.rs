//! T04 as the network makes it: whoever connects is never answered.

use std::time::{Duration, Instant};

use arango::transport::StoppedBy;
use arango::{ErrorKind, Limits, Outcome};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::time::timeout;

use super::{builder, cluster, in_time};
use crate::support::{CLASSES, insert};

const LIMIT: Duration = Duration::from_millis(300);

/// A listener whose backlog is full: the kernel drops whatever else comes.
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
        // Who is let into the backlog is connected at once.
        while let Ok(stream) = timeout(LIMIT, TcpStream::connect(address)).await {
            backlog.push(stream.unwrap());
            assert!(backlog.len() < 100, "this kernel has no backlog that can be filled");
        }
        Self { listener, _backlog: backlog }
    }
}

#[tokio::test]
#[cfg_attr(not(target_os = "linux"), ignore = "elsewhere a full backlog refuses")]
async fn a_coordinator_that_swallows_whoever_knocks_costs_one_limit_and_the_next_is_asked() {
    let cluster = in_time(cluster()).await;
    let hole = in_time(BlackHole::open()).await;
    let url = format!("http://{}", hole.listener.local_addr().unwrap());
    for class in CLASSES {
        let client = builder(&cluster)
            .hosts([url.clone(), cluster.coordinator(0).url()])
            .limits(Limits::default().connect(LIMIT))
            .build()
            .unwrap();
        cluster.journal().clear();
        let began = Instant::now();
        in_time(client.db("_system").execute(insert("m", class))).await.unwrap();
        // One limit, as one attempt says below; how much more depends on what else the machine does.
        assert!(began.elapsed() >= LIMIT, "{:?}", began.elapsed());
        assert_eq!(cluster.journal().executions("m"), 1);
        let tried: Vec<u64> = client.coordinators().iter().map(|state| state.requests).collect();
        assert_eq!(tried, [1, 1]);

        let swallowing = client.coordinators()[0].address.clone();
        let error = in_time(client.coordinator(&swallowing).execute(insert("m", class))).await.unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::ConnectTimeout, Outcome::NotExecuted));
        assert_eq!(error.stopped_by(), StoppedBy::NoAlternative);
    }
}
