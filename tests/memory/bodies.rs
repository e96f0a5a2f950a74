//! Response bodies that arrive in many parts, or not at all.

use arango::protocol::{Metadata, RequestClass, RequestProperties};
use arango::transport::Call;
use arango::{Client, ErrorKind, Limits, PoolLimits};
use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt, Full};
use stats_alloc::Region;
use tokio::io::AsyncWriteExt;

use crate::in_memory::{client, read_request, respond};
use crate::{ALLOCATOR, MIB, alone};

fn request() -> Request<Full<Bytes>> {
    Request::get("/").body(Full::default()).unwrap()
}

#[test]
fn a_streamed_body_does_not_allocate_a_timer_for_each_wait() {
    alone(async {
        const PARTS: usize = 4000;
        let (client, mut peers) = client(Limits::default(), PoolLimits::default());
        let server = tokio::spawn(async move {
            let mut peer = peers.recv().await.unwrap();
            read_request(&mut peer).await;
            respond(&mut peer, PARTS, b"").await;
            for _ in 0..PARTS {
                // The client waits for each byte.
                tokio::task::yield_now().await;
                peer.write_all(b"x").await.unwrap();
            }
            peer
        });
        let call = Call::with_name("parts").streaming();
        let mut body = client.transport().send(request(), call).await.unwrap().into_body();
        let (mut bytes, mut frames) = (0, 0);
        let region = Region::new(ALLOCATOR);
        while let Some(frame) = body.frame().await {
            bytes += frame.unwrap().into_data().unwrap().len();
            frames += 1;
        }
        let allocations = region.change().allocations;
        drop(server.await.unwrap());
        anstream::println!("{allocations} allocations for a body of {frames} parts");
        assert_eq!(bytes, PARTS);
        assert!(frames > PARTS / 2, "the client has waited for {frames} parts");
        assert!(allocations < frames / 10, "{allocations} allocations for {frames} parts");
    });
}

async fn get(client: &Client) -> Result<Bytes, arango::Error> {
    let properties = RequestProperties::with_class(RequestClass::NonIdempotent);
    let call = Call::new(&Metadata::get("body", "/"), properties);
    client.transport().send_and_decode(request(), call, |response| Ok(response.bytes().clone())).await
}

#[test]
fn an_announced_length_allocates_nothing_before_the_body_arrives() {
    alone(async {
        // The connection reads into buffers of at most this size.
        let (client, mut peers) = client(Limits::default().head_bytes(16 << 10), PoolLimits::default());
        let server = tokio::spawn(async move {
            let mut peer = peers.recv().await.unwrap();
            read_request(&mut peer).await;
            respond(&mut peer, MIB, &[b'x'; 1000]).await;
            tokio::task::yield_now().await;
            peer.write_all(&[b'x'; 1000]).await.unwrap();
        });
        let region = Region::new(ALLOCATOR);
        let error = get(&client).await.unwrap_err();
        let allocated = region.change().bytes_allocated;
        server.await.unwrap();
        assert_eq!(error.kind(), ErrorKind::BodyInterrupted);
        anstream::println!("{allocated} bytes were allocated for a body of 2000, announced as {MIB}");
        // All allocations on both ends, those of connecting and of the error too.
        assert!(allocated < MIB / 4, "{allocated} bytes were allocated for a body of 2000");
    });
}

#[test]
fn a_body_of_many_parts_is_whole() {
    alone(async {
        let (client, mut peers) = client(Limits::default().head_bytes(16 << 10), PoolLimits::default());
        let sent: Vec<u8> = (0..=250).cycle().take(3 * MIB + 17).collect();
        let expected = sent.clone();
        let server = tokio::spawn(async move {
            let mut peer = peers.recv().await.unwrap();
            read_request(&mut peer).await;
            respond(&mut peer, sent.len(), &sent).await;
            peer
        });
        assert_eq!(get(&client).await.unwrap(), expected);
        drop(server.await.unwrap());
    });
}
