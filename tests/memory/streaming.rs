//! A response that is larger than memory should be.

use arango::cluster::GetMetrics;
use arango::{Limits, PoolLimits};
use bytes::Bytes;
use tokio::io::AsyncWriteExt;
use tokio::task::JoinHandle;

use crate::in_memory::{Peers, client, read_request, respond};
use crate::{MIB, alone, live_bytes};

/// Responds with this text, so often.
fn serve(mut peers: Peers, text: Bytes, times: usize) -> JoinHandle<()> {
    tokio::spawn(async move {
        let mut peer = peers.recv().await.unwrap();
        read_request(&mut peer).await;
        respond(&mut peer, text.len() * times, b"").await;
        for _ in 0..times {
            peer.write_all(&text).await.unwrap();
        }
    })
}

#[test]
fn a_response_of_a_gibibyte_is_read_in_a_mebibyte() {
    alone(async {
        const PARTS: usize = 16 << 10;
        let (client, peers) = client(Limits::default(), PoolLimits::default());
        let text = Bytes::from(vec![b'x'; 64 << 10]);
        let before = live_bytes();
        let server = serve(peers, text.clone(), PARTS);
        let mut metrics = client.db("_system").execute_streaming(GetMetrics::default()).await.unwrap();
        let (mut bytes, mut peak) = (0, 0);
        while let Some(part) = metrics.try_next().await.unwrap() {
            bytes += part.len();
            peak = peak.max(live_bytes() - before);
        }
        server.await.unwrap();
        anstream::println!("1 GiB was read with {peak} bytes on the heap");
        assert_eq!(bytes, 1 << 30);
        assert!(peak < MIB, "{peak} bytes were in memory");
    });
}

#[test]
fn a_response_of_many_lines_is_read_in_a_mebibyte() {
    alone(async {
        const PARTS: usize = 512;
        const LINES: usize = 600;
        let (client, peers) = client(Limits::default(), PoolLimits::default());
        // A line never ends with a part of the body.
        let text = Bytes::from(r#"{"name":"arangodb_client_connections","value":17,"labels":{"role":"COORDINATOR","shortname":"Coordinator0001"}}
"#.repeat(LINES));
        let before = live_bytes();
        let server = serve(peers, text.clone(), PARTS);
        let metrics = client.db("_system").execute_streaming(GetMetrics::default()).await.unwrap();
        let mut lines = metrics.json_lines::<Sample>();
        let (mut count, mut peak) = (0, 0);
        while let Some(Sample { value }) = lines.try_next().await.unwrap() {
            count += 1;
            assert_eq!(value, 17);
            peak = peak.max(live_bytes() - before);
        }
        server.await.unwrap();
        assert_eq!(count, PARTS * LINES);
        assert!(peak < MIB, "{peak} bytes were in memory");
    });
}

#[derive(serde::Deserialize)]
struct Sample {
    value: u64,
}
