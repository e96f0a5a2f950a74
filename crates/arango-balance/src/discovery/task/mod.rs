//! The discovery task.

use std::fmt;
use std::future::Future;
use std::hash::Hash;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::{Notify, oneshot};
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::{Instant, timeout, timeout_at};

use crate::discovery::policy::DiscoveryPolicy;
use crate::discovery::state_machine::{DiscoveryState, DiscoveryStep, Identity, MemberOrigin};
use crate::health::state::MemberState;
use crate::members::membership::CommittedChange;
use crate::members::set::Members;

/// Finds members from lists that members return; see [`DiscoveryPolicy`] for how often.
///
/// The keys that a set was built with are its seeds: they are never removed. A listed key is added as an
/// unverified member, and becomes a member when it has been identified. A member that two
/// consecutive lists from two different members lack is [removed](Members::remove).
///
/// A refresh is due at once, but at most every two seconds, when a member is ejected or starts draining, and after
/// [`Members::refresh_discovery`].
///
/// It sends nothing until [`ensure_running`](Self::ensure_running) is called. Its task holds nothing while it sleeps,
/// survives panics and timeouts of its callbacks, and ends when this is dropped.
pub struct DiscoveryTask<K>(Arc<Shared<K>>);

struct Shared<K> {
    members: Members<K>,
    discovery: Mutex<DiscoveryState<K>>,
    timeout: Duration,
    list: Query<K, Vec<K>>,
    identify: Query<K, Identity>,
    refresh_requested: Arc<Notify>,
    is_running: Arc<AtomicBool>,
    has_ended: AtomicBool,
    task: Mutex<Option<AbortHandle>>,
}

/// A callback that sends a query to a member.
type Query<K, T> = Arc<dyn Fn(K) -> QueryFuture<T> + Send + Sync>;
type QueryFuture<T> = Pin<Box<dyn Future<Output = Result<T, String>> + Send>>;

impl<K: Eq + Hash + Clone + fmt::Debug + Send + Sync + 'static> DiscoveryTask<K> {
    /// Discovers members of this set. Its current members are the seeds.
    ///
    /// `list` requests the keys of all members from one; `identify` requests the identity of the member with a key, by
    /// requests that are pinned to it. Both return the reason of a failure as text; a panic counts as a failure, too.
    pub fn new<L, FL, I, FI>(members: Members<K>, policy: DiscoveryPolicy, list: L, identify: I) -> Self
    where
        L: Fn(K) -> FL + Send + Sync + 'static,
        FL: Future<Output = Result<Vec<K>, String>> + Send + 'static,
        I: Fn(K) -> FI + Send + Sync + 'static,
        FI: Future<Output = Result<Identity, String>> + Send + 'static,
    {
        let seeds: Vec<_> = members.snapshot().iter().map(|member| member.key().clone()).collect();
        let policy = policy.clamped();
        let shared = Arc::new(Shared {
            members,
            timeout: policy.timeout,
            discovery: Mutex::new(DiscoveryState::new(policy, seeds, Instant::now())),
            list: Arc::new(move |key| Box::pin(list(key))),
            identify: Arc::new(move |key| Box::pin(identify(key))),
            refresh_requested: Arc::default(),
            is_running: Arc::default(),
            has_ended: AtomicBool::new(false),
            task: Mutex::default(),
        });
        let weak = Arc::downgrade(&shared);
        shared.members.set_discovery(move || {
            if let Some(shared) = weak.upgrade() {
                shared.request_refresh();
            }
        });
        Self(shared)
    }

    /// Starts the task unless it is running.
    ///
    /// It may have ended with its runtime. Cheap if it is running.
    ///
    /// Does nothing outside of a tokio runtime.
    #[inline]
    pub fn ensure_running(&self) {
        if !self.0.is_running.load(Ordering::Relaxed) {
            self.start();
        }
    }

    #[cold]
    fn start(&self) {
        let Ok(runtime) = Handle::try_current() else { return };
        let mut task = self.0.task();
        if self.0.has_ended.load(Ordering::SeqCst) || self.0.is_running.swap(true, Ordering::SeqCst) {
            return;
        }
        let running = RunningGuard(Arc::clone(&self.0.is_running));
        let (shared, refresh_requested) = (Arc::downgrade(&self.0), Arc::clone(&self.0.refresh_requested));
        let run: Pin<Box<dyn Future<Output = ()> + Send>> = Box::pin(run(shared, refresh_requested, running));
        *task = Some(runtime.spawn(run).abort_handle());
    }

    /// Replaces the seeds.
    ///
    /// A former seed that is still listed stays, as a discovered member.
    pub fn replace_seeds(&self, seeds: &[K]) {
        let mut discovery = self.0.discovery();
        let mut change = self.0.members.change();
        change.set(discovery.replace_seeds(seeds, Instant::now()));
        let changed = change.commit();
        drop(discovery);
        changed.notify();
        self.0.refresh_requested.notify_one();
    }

    /// Returns where a key comes from; `None` if it is not known.
    pub fn origin(&self, key: &K) -> Option<MemberOrigin<K>> {
        self.0.discovery().origin(key)
    }

    /// Ends the task for good.
    pub fn stop(&self) {
        // First, so that a concurrent start either sees it or its task is found here.
        self.0.has_ended.store(true, Ordering::SeqCst);
        let task = self.0.task().take();
        if let Some(task) = task {
            task.abort();
        }
    }
}

impl<K> Drop for DiscoveryTask<K> {
    fn drop(&mut self) {
        if let Some(task) = self.0.task().take() {
            task.abort();
        }
    }
}

/// Clears the flag when the task ends for any reason.
struct RunningGuard(Arc<AtomicBool>);

impl Drop for RunningGuard {
    fn drop(&mut self) {
        self.0.store(false, Ordering::SeqCst);
    }
}

async fn run<K>(shared: Weak<Shared<K>>, refresh_requested: Arc<Notify>, _running: RunningGuard)
where
    K: Eq + Hash + Clone + fmt::Debug + Send + Sync + 'static,
{
    loop {
        let Some(due) = shared.upgrade().map(|shared| shared.discovery().due()) else { return };
        // In both cases a step may be due.
        let (Ok(()) | Err(_)) = timeout_at(due, refresh_requested.notified()).await;
        let Some(shared) = shared.upgrade() else { return };
        shared.refresh().await;
        shared.identify_unverified().await;
        shared.members.removed();
    }
}

impl<K: Eq + Hash + Clone + fmt::Debug + Send + Sync + 'static> Shared<K> {
    /// Requests a list, if one is due.
    async fn refresh(&self) {
        let (now, members) = (Instant::now(), self.members.snapshot());
        let healthy = members.iter().filter(|member| member.state() == MemberState::Healthy);
        let mut sources: Vec<_> = healthy.map(|member| member.key().clone()).collect();
        if sources.is_empty() {
            // No member is healthy: any may still respond.
            sources = members.iter().map(|member| member.key().clone()).collect();
        }
        let source = self.discovery().refresh(&sources, now, self.members.random());
        let Some(source) = source else { return };
        let (_, list) = self.query(&self.list, [source.clone()]).next().await;
        let failures = {
            let mut discovery = self.discovery();
            let listed = list.as_ref().ok().cloned();
            let steps = discovery.listed(&source, listed, Instant::now());
            let (changed, failures) = (self.apply(steps), discovery.failures());
            drop(discovery);
            changed.notify();
            failures
        };
        match list {
            Ok(list) => tracing::debug!(?source, listed = list.len(), "received a list of members"),
            Err(error) if failures == 3 => {
                tracing::warn!(
                    ?source,
                    error,
                    "discovery failed three times: no member returns a list of members"
                );
            }
            Err(error) => tracing::debug!(?source, error, "received no list of members"),
        }
    }

    /// Identifies seeds and unverified members that are due: all seeds, and at least the first unverified members. The
    /// others wait for the next list if one is due.
    ///
    /// Without that limit no list would be requested while more addresses do not respond than can be tried within an
    /// interval: and only a list removes them.
    async fn identify_unverified(&self) {
        loop {
            let unknown = self.discovery().next_to_identify(Instant::now());
            if unknown.is_empty() {
                return;
            }
            let are_seeds = self.discovery().origin(&unknown[0]) == Some(MemberOrigin::Seed);
            let mut queries = self.query(&self.identify, unknown);
            while !queries.is_empty() {
                let (key, result) = queries.next().await;
                match &result {
                    Ok(identity) => tracing::debug!(?key, ?identity, "identified a member"),
                    Err(error) => tracing::debug!(?key, error, "could not identify a member"),
                }
                let mut discovery = self.discovery();
                let steps = discovery.identified(&key, result, Instant::now());
                let changed = self.apply(steps);
                drop(discovery);
                changed.notify();
            }
            if !are_seeds && self.discovery().is_list_due(Instant::now()) {
                return;
            }
        }
    }

    /// Applies steps. The caller holds the lock of the discovery, so that they stay in order, and notifies afterwards.
    fn apply(&self, steps: Vec<DiscoveryStep<K>>) -> CommittedChange<'_, K> {
        let mut change = self.members.change();
        for step in steps {
            match step {
                DiscoveryStep::AddUnverified(key) => drop(change.add_unverified(key)),
                DiscoveryStep::Admit(key) => {
                    tracing::debug!(?key, "discovered a member");
                    change.insert(key);
                }
                DiscoveryStep::Remove(key) => {
                    if change.remove(&key).is_some() {
                        tracing::debug!(
                            ?key,
                            "removed a member: it is no longer listed, or has the identity of another"
                        );
                    }
                }
                DiscoveryStep::SetShared(key, shared) => change.set_shared(&key, shared),
                DiscoveryStep::NoneUsable => tracing::warn!(
                    "none of the discovered members is usable: only the seeds are used. \
                     The listed addresses may belong to a network that is not reachable from here"
                ),
            }
        }
        change.commit()
    }

    fn query<T: Send + 'static>(
        &self,
        query: &Query<K, T>,
        keys: impl IntoIterator<Item = K>,
    ) -> PendingQueries<K, T> {
        let mut pending = PendingQueries { tasks: JoinSet::new(), queries: Vec::new() };
        for key in keys {
            let (query, limit, target) = (Arc::clone(query), self.timeout, key.clone());
            pending.spawn(key, async move {
                let timed_out = |_| Err("timed out".to_owned());
                timeout(limit, async { query(target).await }).await.unwrap_or_else(timed_out)
            });
        }
        pending
    }

    fn request_refresh(&self) {
        self.discovery().request_refresh(Instant::now());
        self.refresh_requested.notify_one();
    }

    fn discovery(&self) -> MutexGuard<'_, DiscoveryState<K>> {
        self.discovery.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K> Shared<K> {
    fn task(&self) -> MutexGuard<'_, Option<AbortHandle>> {
        self.task.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Queries in flight.
struct PendingQueries<K, T> {
    tasks: JoinSet<()>,
    queries: Vec<PendingQuery<K, T>>,
}

struct PendingQuery<K, T> {
    task: tokio::task::Id,
    key: K,
    result: oneshot::Receiver<Result<T, String>>,
}

impl<K, T: Send + 'static> PendingQueries<K, T> {
    /// Runs a query as a separate task, because the callback may panic.
    fn spawn(&mut self, key: K, query: impl Future<Output = Result<T, String>> + Send + 'static) {
        let (sender, result) = oneshot::channel();
        // One type of future for all queries: tokio compiles a task for each.
        let task: Pin<Box<dyn Future<Output = ()> + Send>> = Box::pin(async move {
            sender.send(query.await).ok();
        });
        let task = self.tasks.spawn(task).id();
        self.queries.push(PendingQuery { task, key, result });
    }

    fn is_empty(&self) -> bool {
        self.tasks.is_empty()
    }

    /// Waits for the next result.
    async fn next(&mut self) -> (K, Result<T, String>) {
        let ended = self.tasks.join_next_with_id().await.expect("a query is in flight");
        let id = ended.map_or_else(|error| error.id(), |(id, ())| id);
        let index = self.queries.iter().position(|query| query.task == id);
        let mut query = self.queries.swap_remove(index.expect("each task has a query"));
        let panicked = |_| Err("the query panicked".to_owned());
        (query.key, query.result.try_recv().unwrap_or_else(panicked))
    }
}

impl<K> fmt::Debug for DiscoveryTask<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DiscoveryTask").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
