//! A small HTTP server: one request for each connection.

use std::path::Path;
use std::sync::Arc;

use serde_json::Value;
use tokio::io::{
    AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, BufReader,
};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// A request.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) authorization: String,
    pub(crate) body: Value,
}

/// Serves requests for ever.
pub(crate) async fn serve(
    listener: TcpListener,
    key_file: Option<&Path>,
    respond: impl Fn(&Request) -> (u16, Value) + Send + Sync + 'static,
) {
    let tls = key_file.map(acceptor);
    let respond = Arc::new(respond);
    loop {
        let Ok((stream, _)) = listener.accept().await else { continue };
        let (tls, respond) = (tls.clone(), Arc::clone(&respond));
        tokio::spawn(async move {
            match tls {
                None => exchange(stream, &*respond).await,
                Some(tls) => exchange(tls.accept(stream).await.ok()?, &*respond).await,
            }
        });
    }
}

async fn exchange(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    respond: &(impl Fn(&Request) -> (u16, Value) + Sync),
) -> Option<()> {
    let mut stream = BufReader::new(stream);
    let mut line = String::new();
    stream.read_line(&mut line).await.ok()?;
    let mut words = line.split_whitespace();
    let (method, path) = (words.next()?.to_owned(), words.next()?.to_owned());
    let (mut authorization, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await.ok()?;
        let Some((name, value)) = line.trim().split_once(':') else { break };
        match name.to_ascii_lowercase().as_str() {
            "authorization" => value.trim().clone_into(&mut authorization),
            "content-length" => length = value.trim().parse().ok()?,
            _ => {}
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    let body = serde_json::from_slice(&body).unwrap_or(Value::Null);
    let (status, body) = respond(&Request { method, path, authorization, body });
    let body = body.to_string();
    let head = format!("HTTP/1.1 {status} x\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
    stream.write_all((head + &body).as_bytes()).await.ok()?;
    stream.shutdown().await.ok()
}

fn acceptor(key_file: &Path) -> TlsAcceptor {
    let pem = std::fs::read(key_file).unwrap();
    let key = PrivateKeyDer::from_pem_slice(&pem).unwrap();
    let certificates = CertificateDer::pem_slice_iter(&pem).collect::<Result<_, _>>().unwrap();
    let config = ServerConfig::builder().with_no_client_auth().with_single_cert(certificates, key).unwrap();
    TlsAcceptor::from(Arc::new(config))
}
