//! A coordinator that sends batches of a cursor from one prepared text, without allocating for each of them.

use std::fmt::Write as _;
use std::net::SocketAddr;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufStream};
use tokio::net::{TcpListener, TcpStream};

/// Listens, and serves a cursor of so many batches, whose `result` is this text.
pub(crate) async fn start(batches: u32, result: String) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let result: &'static str = result.leak();
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream, batches, result));
        }
    });
    address
}

async fn serve(stream: TcpStream, batches: u32, result: &'static str) -> std::io::Result<()> {
    let mut stream = BufStream::new(stream);
    let (mut line, mut end) = (String::new(), String::new());
    loop {
        // `POST /_api/cursor` creates the cursor, `POST /_api/cursor/1/<number>` reads a batch.
        line.clear();
        stream.read_line(&mut line).await?;
        let Some(path) = line.split(' ').nth(1).map(str::to_owned) else { return Ok(()) };
        let length = read_headers(&mut stream, &mut line).await?;
        let mut body = vec![0; length];
        stream.read_exact(&mut body).await?;
        let number: u32 = path.strip_prefix("/_api/cursor/1/").map_or(1, |number| number.parse().unwrap());
        end.clear();
        let next = number + 1;
        if next <= batches {
            write!(end, r#","hasMore":true,"id":"1","nextBatchId":"{next}""#).unwrap();
        } else {
            end.push_str(r#","hasMore":false"#);
        }
        end.push_str(r#","error":false,"code":200}"#);
        let length = r#"{"result":"#.len() + result.len() + end.len();
        let head = format!(
            "HTTP/1.1 200 OK\r\nServer: ArangoDB\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
        );
        for part in [head.as_str(), r#"{"result":"#, result, &end] {
            stream.write_all(part.as_bytes()).await?;
        }
        stream.flush().await?;
    }
}

/// Reads the headers, and returns the length of the body.
pub(crate) async fn read_headers(
    stream: &mut BufStream<TcpStream>,
    line: &mut String,
) -> std::io::Result<usize> {
    let mut length = 0;
    loop {
        line.clear();
        stream.read_line(line).await?;
        if line.trim().is_empty() {
            return Ok(length);
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
    }
}
