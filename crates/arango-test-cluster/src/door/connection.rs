//! One connection: requests in their order, until somebody has had enough.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::time::{Instant, sleep_until};
use tower_service::Service as _;

use super::wire::Wire;
use super::{last_words, tls};
use crate::handler::{Cut, Handler};

/// Serves a connection to its end: the client's, the keep-alive timeout's, a fault's, or the coordinator's.
pub(super) async fn run(wire: Wire, handler: Handler, keep_alive: Duration) {
    let activity = Arc::new(Activity::default());
    let cut: Arc<Mutex<Option<Cut>>> = Arc::default();
    let heart = &handler.coordinator().heart;
    let born = heart.pulse().generation;
    let wire = match &handler.coordinator().cluster.certificates {
        None => wire,
        Some(certificates) => tokio::select! {
            biased;
            () = heart.until(|pulse| pulse.generation != born) => return wire.cut(),
            encrypted = tls::accept(&wire, certificates, handler.coordinator()) => match encrypted {
                Some(encrypted) => encrypted,
                None => return,
            },
        },
    };

    let service = service_fn(|request| {
        let (mut handler, activity, slot) = (handler.clone(), Arc::clone(&activity), Arc::clone(&cut));
        async move {
            let _busy = activity.busy();
            handler.call(request).await.map_err(|cut| {
                *slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(cut);
                // hyper writes nothing for a service that fails: what is left to write is ours.
                io::Error::from(io::ErrorKind::ConnectionAborted)
            })
        }
    });
    let mut connection = http1::Builder::new()
        .auto_date_header(false)
        .title_case_headers(true)
        .pipeline_flush(true)
        .serve_connection(TokioIo::new(wire.clone()), service);

    tokio::select! {
        biased;
        () = heart.until(|pulse| pulse.generation != born) => return wire.cut(),
        outcome = &mut connection => {
            if let Err(error) = outcome {
                tracing::debug!(%error, "connection");
            }
        }
        () = activity.idle_for(keep_alive) => return wire.cut(),
    }
    let cut = cut.lock().unwrap_or_else(PoisonError::into_inner).take();
    if let Some(cut) = cut {
        tokio::select! {
            biased;
            () = heart.until(|pulse| pulse.generation != born) => wire.cut(),
            () = last_words::say(cut, &wire, handler.coordinator()) => {}
        }
    }
}

/// When a connection last had something to do.
#[derive(Debug)]
struct Activity {
    state: Mutex<(bool, Instant)>,
}

impl Default for Activity {
    fn default() -> Self {
        Self { state: Mutex::new((false, Instant::now())) }
    }
}

/// Marks the time of a request; idleness counts from its end.
struct Busy(Arc<Activity>);

impl Activity {
    fn busy(self: Arc<Self>) -> Busy {
        self.set(true);
        Busy(self)
    }

    fn set(&self, busy: bool) {
        *self.state.lock().unwrap_or_else(PoisonError::into_inner) = (busy, Instant::now());
    }

    /// Ends once nothing has happened for `limit`. The timer is not touched by requests: it looks when it fires.
    async fn idle_for(&self, limit: Duration) {
        loop {
            let (busy, last) = *self.state.lock().unwrap_or_else(PoisonError::into_inner);
            let now = Instant::now();
            if !busy && now >= last + limit {
                return;
            }
            sleep_until(if busy { now + limit } else { last + limit }).await;
        }
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.set(false);
    }
}
