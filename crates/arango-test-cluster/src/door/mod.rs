//! The doors of a coordinator: who may come in, and how everybody is shown out at once.

mod connection;
mod frozen;
pub(crate) mod goodbye;
mod last_words;
mod tcp;
mod tls;
mod wire;

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::runtime::Handle;

use self::tcp::{Listening, Port};
use self::wire::{Stream, Wire};
use crate::handler::Handler;

/// How much may be under way in each direction of an in-memory connection.
const IN_MEMORY: usize = 256 * 1024;

/// Accepts connections, or does not.
#[derive(Debug)]
pub(crate) struct Door {
    runtime: Handle,
    keep_alive: Duration,
    /// `None`: there is no socket, only memory.
    port: Option<Port>,
    gate: Arc<Mutex<Gate>>,
    accepted: AtomicUsize,
}

#[derive(Debug, Default)]
struct Gate {
    /// Whether new connections are let in.
    open: bool,
    listening: Option<Listening>,
    live: BTreeMap<u64, Wire>,
    last: u64,
}

/// Keeps a connection counted; gone when dropped.
struct Ticket {
    gate: Arc<Mutex<Gate>>,
    number: u64,
}

impl Door {
    /// Reserves the port; nobody is let in yet.
    pub(crate) fn new(
        address: SocketAddr,
        in_memory: bool,
        keep_alive: Duration,
        runtime: &Handle,
    ) -> io::Result<Self> {
        let port = if in_memory { None } else { Some(Port::reserve(address)?) };
        Ok(Self {
            runtime: runtime.clone(),
            keep_alive,
            port,
            gate: Arc::default(),
            accepted: AtomicUsize::new(0),
        })
    }

    /// The address where clients knock, which for a made-up one is `made_up`.
    pub(crate) fn address(&self, made_up: SocketAddr) -> SocketAddr {
        self.port.as_ref().map_or(made_up, Port::address)
    }

    /// Lets new connections in.
    pub(crate) fn open(&self, handler: &Handler) -> io::Result<()> {
        let mut gate = lock(&self.gate);
        if gate.open {
            return Ok(());
        }
        if let Some(port) = &self.port {
            let _context = self.runtime.enter();
            gate.listening = Some(port.listen(handler.clone())?);
        }
        gate.open = true;
        Ok(())
    }

    /// Refuses new connections; those that are there stay.
    pub(crate) fn refuse(&self) {
        let mut gate = lock(&self.gate);
        gate.open = false;
        gate.listening = None;
    }

    /// Refuses new connections and drops those that are there, before it returns.
    pub(crate) fn slam(&self) {
        let mut gate = lock(&self.gate);
        gate.open = false;
        gate.listening = None;
        for wire in std::mem::take(&mut gate.live).into_values() {
            wire.cut();
        }
    }

    /// Makes a connection through memory.
    pub(crate) fn dial(&self, handler: &Handler) -> io::Result<tokio::io::DuplexStream> {
        let (client, server) = tokio::io::duplex(IN_MEMORY);
        if self.let_in(Stream::Any(Box::new(server)), handler) {
            Ok(client)
        } else {
            Err(io::ErrorKind::ConnectionRefused.into())
        }
    }

    /// Talks to whatever stream it is given.
    pub(crate) fn serve(&self, io: impl wire::Bytestream, handler: &Handler) {
        self.let_in(Stream::Any(Box::new(io)), handler);
    }

    pub(crate) fn open_connections(&self) -> usize {
        lock(&self.gate).live.len()
    }

    pub(crate) fn connections_accepted(&self) -> usize {
        self.accepted.load(Ordering::Relaxed)
    }

    /// Serves a stream, unless the gate has closed since it came.
    fn let_in(&self, stream: Stream, handler: &Handler) -> bool {
        let mut gate = lock(&self.gate);
        if !gate.open {
            return false;
        }
        gate.last += 1;
        let number = gate.last;
        let wire = Wire::new(stream);
        gate.live.insert(number, wire.clone());
        drop(gate);
        self.accepted.fetch_add(1, Ordering::Relaxed);
        let ticket = Ticket { gate: Arc::clone(&self.gate), number };
        let (handler, keep_alive) = (handler.clone(), self.keep_alive);
        // Not joined: the task ends with its wire, which `slam` can cut at any time.
        self.runtime.spawn(async move {
            connection::run(wire, handler, keep_alive).await;
            drop(ticket);
        });
        true
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        lock(&self.gate).live.remove(&self.number);
    }
}

fn lock(gate: &Mutex<Gate>) -> MutexGuard<'_, Gate> {
    gate.lock().unwrap_or_else(PoisonError::into_inner)
}
