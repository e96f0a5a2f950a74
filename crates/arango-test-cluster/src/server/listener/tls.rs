//! The TLS handshake of a connection, which a condition may make fail.

use std::sync::Arc;

use tokio::io::AsyncReadExt as _;
use tokio_rustls::TlsAcceptor;

use super::shared_stream::SharedStream;
use crate::faults::effect::Close;
use crate::server::coordinator::CoordinatorInner;
use crate::tls::{Certificates, HandshakeFault};

/// Runs the handshake. `None` if it fails.
pub(super) async fn accept(
    stream: &SharedStream,
    certificates: &Certificates,
    coordinator: &CoordinatorInner,
) -> Option<SharedStream> {
    coordinator.until_resumed().await;
    let fault = coordinator.cluster.state().conditions.handshake(coordinator.index);
    let Some(config) = certificates.server_config(fault) else {
        // Waits for the client to begin, so that the failure occurs within the handshake.
        let mut hello = [0; 1024];
        while stream.clone().read(&mut hello).await.is_ok_and(|read| read > 0)
            && fault == Some(HandshakeFault::Hang)
        {}
        stream.close(Close::Fin);
        return None;
    };
    match TlsAcceptor::from(Arc::clone(&config)).accept(stream.clone()).await {
        Ok(stream) => Some(SharedStream::encrypted(stream)),
        Err(error) => {
            tracing::debug!(%error, "handshake failed");
            None
        }
    }
}
