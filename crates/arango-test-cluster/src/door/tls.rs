//! The handshake before the first word, good or not.

use std::sync::Arc;

use tokio::io::AsyncReadExt as _;
use tokio_rustls::TlsAcceptor;

use super::wire::Wire;
use crate::coordinator::Inner;
use crate::fault::Close;
use crate::tls::{Certificates, Handshake};

/// Makes the handshake; `None` if it comes to nothing.
pub(super) async fn accept(wire: &Wire, certificates: &Certificates, coordinator: &Inner) -> Option<Wire> {
    coordinator.awake().await;
    let wrong = coordinator.cluster.state().conditions.handshake(coordinator.index);
    let Some(config) = certificates.shown(wrong) else {
        // Not before the client has begun: then the fault is in the handshake and not before it.
        let mut hello = [0; 1024];
        while wire.clone().read(&mut hello).await.is_ok_and(|read| read > 0) && wrong == Some(Handshake::Hang)
        {
        }
        wire.close(Close::Fin);
        return None;
    };
    match TlsAcceptor::from(Arc::clone(&config)).accept(wire.clone()).await {
        Ok(stream) => Some(Wire::encrypted(stream)),
        Err(error) => {
            tracing::debug!(%error, "handshake");
            None
        }
    }
}
