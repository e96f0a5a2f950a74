//! IPv6 addresses within a zone of this machine.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use arango::Client;
use arango::transport::{BoxFuture, Connect, Io, Resolve};
use tokio::io::{AsyncReadExt as _, DuplexStream, duplex};

/// Hands out the other end of a connection, and notes where it was to lead.
#[derive(Clone, Default)]
struct Recorder(Arc<Mutex<Option<(SocketAddr, DuplexStream)>>>);

impl Connect for Recorder {
    fn connect(&self, address: SocketAddr) -> BoxFuture<'_, io::Result<Box<dyn Io>>> {
        let (ours, theirs) = duplex(1 << 16);
        *self.0.lock().unwrap() = Some((address, theirs));
        Box::pin(async { Ok(Box::new(ours) as Box<dyn Io>) })
    }
}

/// Must not be asked: no resolver but the system's knows this machine's interfaces.
struct NoResolver;

impl Resolve for NoResolver {
    fn resolve<'a>(&'a self, name: &'a str, _: u16) -> BoxFuture<'a, io::Result<Vec<SocketAddr>>> {
        unreachable!("{name} is resolved")
    }
}

/// Where a request to this host is sent, and its head.
async fn sent(host: &str) -> (SocketAddr, String) {
    let recorder = Recorder::default();
    let client = Client::builder().hosts(host).connect(recorder.clone()).resolve(NoResolver).build().unwrap();
    let call = tokio::spawn(async move { client.db("_system").version().await });
    let mut request = vec![0; 1024];
    let address = loop {
        let connected = recorder.0.lock().unwrap().take();
        if let Some((address, mut stream)) = connected {
            let length = stream.read(&mut request).await.unwrap();
            request.truncate(length);
            break address;
        }
        tokio::task::yield_now().await;
    };
    call.abort();
    (address, String::from_utf8(request).unwrap())
}

#[tokio::test]
async fn a_numbered_zone_becomes_the_scope_of_the_address_and_is_told_to_no_server() {
    for host in ["http://[fe80::1%257]:8530", "http://[fe80::1%7]:8530"] {
        let (address, request) = sent(host).await;
        let SocketAddr::V6(address) = address else { panic!("{address}") };
        assert_eq!((address.scope_id(), address.port()), (7, 8530));
        assert!(request.contains("host: [fe80::1]:8530\r\n"), "{request}");
    }
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn the_name_of_an_interface_is_resolved_by_the_system_whatever_resolver_was_given() {
    let (address, request) = sent("http://[fe80::1%25lo]").await;
    let SocketAddr::V6(address) = address else { panic!("{address}") };
    assert_ne!(address.scope_id(), 0);
    assert!(request.contains("host: [fe80::1]:8529\r\n"), "{request}");
}
