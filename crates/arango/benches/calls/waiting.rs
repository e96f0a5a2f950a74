//! The memory of calls that wait for their responses at the same time, each on a connection.

use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, SocketAddr};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::{fs, future};

use anyhow::{Context, ensure};
use arango::{Client, PoolLimits};
use clap::Args;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

use crate::client::{Caller, Task, live_bytes};
use crate::endpoint::Endpoint;
use crate::pool::Pool;
use crate::protocol::Protocol;
use crate::table::{self, Row};

/// How many calls are started before their requests are awaited: no more than a listener keeps in its queue.
const STARTED_TOGETHER: usize = 500;

/// How many calls wait at the same time.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct Waiting {
    #[arg(default_value_t = 10_000)]
    calls: usize,
}

/// The calls of one client process.
#[derive(Debug, Args)]
pub(crate) struct WaitingClient {
    #[arg(value_enum)]
    caller: Caller,
    calls: usize,
    /// Where requests are sent to, and where one byte is received for each request.
    addresses: Vec<SocketAddr>,
}

/// The memory of a process in which all calls wait.
#[derive(Debug, Serialize, Deserialize)]
struct Memory {
    /// On the heap, since the first call.
    live_bytes: usize,
    resident_kib: usize,
    most_resident_kib: usize,
}

impl Waiting {
    /// Compares the client with a minimal pool, each in a new process, and prints a table.
    pub(crate) fn compare(self) -> anyhow::Result<()> {
        let (facade, pool) = (self.measure("facade")?, self.measure("pool")?);
        let calls = self.calls;
        let row = |what: &str, decimals, figure: fn(&Memory) -> usize, divisor: usize| {
            #[expect(clippy::cast_precision_loss, reason = "memory has fewer than 2^52 bytes")]
            let [facade, raw] = [&facade, &pool].map(|memory| figure(memory) as f64 / divisor as f64);
            Row { what: format!("{calls} waiting calls: {what}"), facade, raw, decimals }
        };
        table::print(&[
            row("bytes on the heap per call", 0, |memory| memory.live_bytes, calls),
            row("MiB resident", 1, |memory| memory.resident_kib, 1024),
            row("MiB resident at most", 1, |memory| memory.most_resident_kib, 1024),
        ]);
        Ok(())
    }

    fn measure(self, caller: &str) -> anyhow::Result<Memory> {
        let program = std::env::current_exe()?;
        let mut server = Command::new(&program)
            .arg("wait-server")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("the server process")?;
        let mut addresses = String::new();
        let stdout = server.stdout.take().context("the server has no output")?;
        BufReader::new(stdout).read_line(&mut addresses)?;
        let calls = self.calls.to_string();
        let output = Command::new(&program)
            .args(["wait-client", caller, &calls])
            .args(addresses.split_whitespace())
            .output()
            .context("a client process")?;
        // The process ends when its input is closed.
        drop(server.stdin.take());
        server.wait().context("the server process")?;
        let errors = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "a client process failed: {errors}");
        serde_json::from_slice(&output.stdout).context("the output of a client process")
    }
}

impl WaitingClient {
    /// Starts the calls, and prints the memory when all of them wait.
    pub(crate) async fn run(self) -> anyhow::Result<()> {
        let [requests, received] = self.addresses[..] else { anyhow::bail!("two addresses are needed") };
        let received = TcpStream::connect(received).await?;
        let memory = if self.caller == Caller::Facade {
            let pool = PoolLimits::default().connections(self.calls);
            let client = Client::builder().hosts(format!("http://{requests}")).basic_auth("root", "passwd");
            let system = client.pool(pool).build()?.db("_system");
            self.start(received, || {
                let system = system.clone();
                async move { drop(system.version().await) }
            })
            .await?
        } else {
            let pool = Arc::new(Pool::new(&Task {
                caller: self.caller,
                endpoint: Endpoint::Version,
                protocol: Protocol::Plain,
                calls: 0,
                addresses: vec![requests],
                authority: None,
            })?);
            self.start(received, || {
                let pool = Arc::clone(&pool);
                async move { drop(pool.exchange().await) }
            })
            .await?
        };
        anstream::println!("{}", serde_json::to_string(&memory)?);
        Ok(())
    }

    async fn start<F>(&self, mut received: TcpStream, call: impl Fn() -> F) -> anyhow::Result<Memory>
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let mut bytes = vec![0; STARTED_TOGETHER];
        let before = live_bytes();
        for first in (0..self.calls).step_by(STARTED_TOGETHER) {
            let count = STARTED_TOGETHER.min(self.calls - first);
            for _ in 0..count {
                drop(tokio::spawn(call()));
            }
            received.read_exact(&mut bytes[..count]).await?;
        }
        let status = fs::read_to_string("/proc/self/status").context("the memory is known on Linux only")?;
        Ok(Memory {
            live_bytes: live_bytes() - before,
            resident_kib: kib(&status, "VmRSS:")?,
            most_resident_kib: kib(&status, "VmHWM:")?,
        })
    }
}

fn kib(status: &str, name: &str) -> anyhow::Result<usize> {
    let line = status.lines().find_map(|line| line.strip_prefix(name)).context("a line is missing")?;
    Ok(line.trim().trim_end_matches(" kB").parse()?)
}

/// Receives requests until standard input is closed, and never responds.
pub(crate) async fn serve() -> anyhow::Result<()> {
    let requests = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let received = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    anstream::println!("{} {}", requests.local_addr()?, received.local_addr()?);
    let closed =
        tokio::task::spawn_blocking(|| std::io::copy(&mut std::io::stdin().lock(), &mut std::io::sink()));
    let (sender, mut each_request) = unbounded_channel();
    tokio::spawn(async move {
        let (mut client, _) = received.accept().await?;
        while each_request.recv().await.is_some() {
            client.write_all(&[0]).await?;
        }
        anyhow::Ok(())
    });
    tokio::spawn(async move {
        while let Ok((connection, _)) = requests.accept().await {
            tokio::spawn(receive(connection, sender.clone()));
        }
    });
    closed.await?.map(drop).map_err(Into::into)
}

/// Reads a request, reports it, and keeps the connection open.
async fn receive(mut connection: TcpStream, received: UnboundedSender<()>) -> anyhow::Result<()> {
    let mut end = [0; 4];
    while end != *b"\r\n\r\n" {
        end.rotate_left(1);
        end[3] = connection.read_u8().await?;
    }
    received.send(())?;
    future::pending().await
}
