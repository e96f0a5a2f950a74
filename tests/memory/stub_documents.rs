//! A coordinator that stores nothing: it returns the same successes for each array of documents, and keeps no body.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufStream};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::sleep;

use crate::stub_cursor::read_headers;

const PROPERTIES: &str = r#"{"error":false,"code":200,"id":"10042","name":"books","type":2,"status":3,
"globallyUniqueId":"c10042/","isSystem":false,"statusString":"loaded","waitForSync":false,
"keyOptions":{"allowUserKeys":true,"type":"traditional"},"shardKeys":["_key"],"numberOfShards":3}"#;

/// Listens, and answers each array of documents with this text, after a pause.
pub(crate) async fn start(successes: String, pause: Duration) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let successes: &'static str = successes.leak();
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream, successes, pause));
        }
    });
    address
}

async fn serve(stream: TcpStream, successes: &'static str, pause: Duration) -> std::io::Result<()> {
    let mut stream = BufStream::new(stream);
    let mut line = String::new();
    loop {
        line.clear();
        stream.read_line(&mut line).await?;
        if line.is_empty() {
            return Ok(());
        }
        let is_read = line.starts_with("GET ");
        let length = read_headers(&mut stream, &mut line).await?;
        let mut body = (&mut stream).take(length as u64);
        tokio::io::copy(&mut body, &mut tokio::io::sink()).await?;
        let (status, text) = if is_read { ("200 OK", PROPERTIES) } else { ("202 Accepted", successes) };
        if !is_read {
            sleep(pause).await;
        }
        let head = format!(
            "HTTP/1.1 {status}\r\nServer: ArangoDB\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            text.len()
        );
        stream.write_all(head.as_bytes()).await?;
        stream.write_all(text.as_bytes()).await?;
        stream.flush().await?;
    }
}
