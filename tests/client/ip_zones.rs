//! IPv6 addresses with a zone.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use arango::Client;
use arango::transport::{BoxFuture, Connect, Io, Resolve};
use tokio::io::{AsyncReadExt as _, DuplexStream, duplex};

/// Records the address of a connect together with the other end of the connection.
#[derive(Clone, Default)]
struct RecordingConnector(Arc<Mutex<Option<(SocketAddr, DuplexStream)>>>);

impl Connect for RecordingConnector {
    fn connect(&self, address: SocketAddr) -> BoxFuture<'_, io::Result<Box<dyn Io>>> {
        let (client_end, server_end) = duplex(1 << 16);
        *self.0.lock().unwrap() = Some((address, server_end));
        Box::pin(async { Ok(Box::new(client_end) as Box<dyn Io>) })
    }
}

/// Panics if it is called. Only the system's resolver knows the interfaces of this machine.
struct PanickingResolver;

impl Resolve for PanickingResolver {
    fn resolve<'a>(&'a self, name: &'a str, _: u16) -> BoxFuture<'a, io::Result<Vec<SocketAddr>>> {
        unreachable!("{name} is resolved")
    }
}

/// Returns the address to which a request to this host is sent, and its head.
async fn capture_request(host: &str) -> (SocketAddr, String) {
    let recorder = RecordingConnector::default();
    let client =
        Client::builder().hosts(host).connect(recorder.clone()).resolve(PanickingResolver).build().unwrap();
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
async fn a_numbered_zone_becomes_the_scope_id_and_is_not_sent() {
    for host in ["http://[fe80::1%257]:8530", "http://[fe80::1%7]:8530"] {
        let (address, request) = capture_request(host).await;
        let SocketAddr::V6(address) = address else { panic!("{address}") };
        assert_eq!((address.scope_id(), address.port()), (7, 8530));
        assert!(request.contains("host: [fe80::1]:8530\r\n"), "{request}");
    }
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn the_name_of_an_interface_is_resolved_by_the_system_despite_a_custom_resolver() {
    let (address, request) = capture_request("http://[fe80::1%25lo]").await;
    let SocketAddr::V6(address) = address else { panic!("{address}") };
    assert_ne!(address.scope_id(), 0);
    assert!(request.contains("host: [fe80::1]:8529\r\n"), "{request}");
}
