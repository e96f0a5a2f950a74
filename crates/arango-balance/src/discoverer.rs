//! The task that looks for other members.

use std::fmt;
use std::future::Future;
use std::hash::Hash;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::Notify;
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::{Instant, timeout, timeout_at};

use crate::discovery::{DiscoveryState, DiscoveryStep};
use crate::membership::CommittedChange;
use crate::{DiscoveryPolicy, Identity, MemberOrigin, MemberState, Members};

/// Looks for other members, by lists that members give; see [`DiscoveryPolicy`] for how often.
///
/// The keys that a set was built with are its seeds: they stay, whatever a list says. A key that a list names is
/// tried out [aside](Members::try_out), and becomes a member once it was found out who answers there. One that two
/// lists in a row lack, by two members that gave them, is [removed](Members::remove).
///
/// It looks at once, but no more often than every two seconds, when a member is ejected or begins to leave, and when
/// somebody has it [look around](Members::look_around).
///
/// It asks nobody until it is [woken](Self::wake). Its task holds nothing while it sleeps, outlives whatever the
/// lists and those who are asked do, and ends with the discoverer.
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

/// Asks a member something.
type Query<K, T> = Arc<dyn Fn(K) -> QueryFuture<T> + Send + Sync>;
type QueryFuture<T> = Pin<Box<dyn Future<Output = Result<T, String>> + Send>>;

impl<K: Eq + Hash + Clone + fmt::Debug + Send + Sync + 'static> DiscoveryTask<K> {
    /// Looks for members of this set, whose seeds are those that it has now.
    ///
    /// `list` asks a member for the keys of all, `identify` asks who answers under a key, by requests that are
    /// pinned to it. Both say in words what went wrong; a panic is such a word, too.
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

    /// Starts the task unless it runs: its runtime may have gone since. Cheap where it does.
    ///
    /// Without a runtime it does nothing.
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
        let (shared, nudged) = (Arc::downgrade(&self.0), Arc::clone(&self.0.refresh_requested));
        *task = Some(runtime.spawn(run(shared, nudged, running)).abort_handle());
    }

    /// Replaces the seeds. One that was a seed and is still in the lists stays, as one that was found.
    pub fn replace_seeds(&self, seeds: &[K]) {
        let mut discovery = self.0.discovery();
        let mut change = self.0.members.change();
        change.set(discovery.replace_seeds(seeds, Instant::now()));
        let changed = change.commit();
        drop(discovery);
        changed.notify();
        self.0.refresh_requested.notify_one();
    }

    /// What is known of a key.
    pub fn origins(&self, key: &K) -> Option<MemberOrigin<K>> {
        self.0.discovery().known(key)
    }

    /// Ends the task, and starts no other.
    pub fn end(&self) {
        // First, so that one who starts either sees it or has its task found here.
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

/// Notes that the task is over, in whatever way.
struct RunningGuard(Arc<AtomicBool>);

impl Drop for RunningGuard {
    fn drop(&mut self) {
        self.0.store(false, Ordering::SeqCst);
    }
}

async fn run<K>(shared: Weak<Shared<K>>, nudged: Arc<Notify>, _running: RunningGuard)
where
    K: Eq + Hash + Clone + fmt::Debug + Send + Sync + 'static,
{
    loop {
        let Some(due) = shared.upgrade().map(|shared| shared.discovery().due()) else { return };
        // Whichever it was, it is time to look.
        let (Ok(()) | Err(_)) = timeout_at(due, nudged.notified()).await;
        let Some(shared) = shared.upgrade() else { return };
        shared.refresh().await;
        shared.identify_unverified().await;
        shared.members.leaving();
    }
}

impl<K: Eq + Hash + Clone + fmt::Debug + Send + Sync + 'static> Shared<K> {
    /// Asks for a list, if one is due.
    async fn refresh(&self) {
        let (now, members) = (Instant::now(), self.members.snapshot());
        let well = members.iter().filter(|member| member.state() == MemberState::Healthy);
        let mut able: Vec<_> = well.map(|member| member.key().clone()).collect();
        if able.is_empty() {
            // Nobody is: then whoever answers nevertheless.
            able = members.iter().map(|member| member.key().clone()).collect();
        }
        let by = self.discovery().refresh(&able, now, self.members.random());
        let Some(by) = by else { return };
        let (_, list) = self.query(&self.list, [by.clone()]).next().await;
        let failures = {
            let mut discovery = self.discovery();
            let known = list.as_ref().ok().cloned();
            let steps = discovery.listed(&by, known, Instant::now());
            let (changed, failures) = (self.apply(steps), discovery.failures());
            drop(discovery);
            changed.notify();
            failures
        };
        match list {
            Ok(list) => tracing::debug!(?by, listed = list.len(), "asked who there is"),
            Err(error) if failures == 3 => {
                tracing::warn!(?by, error, "members cannot be looked for: nobody gives a list of them");
            }
            Err(error) => tracing::debug!(?by, error, "gave no list of members"),
        }
    }

    /// Finds out about those that are not known well enough.
    async fn identify_unverified(&self) {
        loop {
            let unknown = self.discovery().unknown(Instant::now());
            if unknown.is_empty() {
                return;
            }
            let mut asked = self.query(&self.identify, unknown);
            while !asked.is_empty() {
                let (key, answer) = asked.next().await;
                match &answer {
                    Ok(identity) => tracing::debug!(?key, ?identity, "found out who answers"),
                    Err(error) => tracing::debug!(?key, error, "could not find out who answers"),
                }
                let mut discovery = self.discovery();
                let steps = discovery.identified(&key, answer, Instant::now());
                let changed = self.apply(steps);
                drop(discovery);
                changed.notify();
            }
        }
    }

    /// Takes steps; whoever calls holds the discovery, so that they are taken in order, and tells of them afterwards.
    fn apply(&self, steps: Vec<DiscoveryStep<K>>) -> CommittedChange<'_, K> {
        let mut change = self.members.change();
        for step in steps {
            match step {
                DiscoveryStep::AddUnverified(key) => drop(change.add_unverified(key)),
                DiscoveryStep::Admit(key) => {
                    tracing::debug!(?key, "a member was found");
                    change.insert(key);
                }
                DiscoveryStep::Remove(key) => {
                    if change.remove(&key).is_some() {
                        tracing::debug!(
                            ?key,
                            "a member is in the lists no more, or is another's second name"
                        );
                    }
                }
                DiscoveryStep::SetShared(key, shared) => change.set_shared(&key, shared),
                DiscoveryStep::NoneUsable => tracing::warn!(
                    "members were found, and none of them can be used: only those that were named are. \
                     Their addresses may be of a network that is not this one"
                ),
            }
        }
        change.commit()
    }

    fn query<T: Send + 'static>(
        &self,
        ask: &Query<K, T>,
        keys: impl IntoIterator<Item = K>,
    ) -> PendingQueries<K, T> {
        let mut asked = PendingQueries { tasks: JoinSet::new(), keys: Vec::new() };
        for key in keys {
            let (ask, limit, of) = (Arc::clone(ask), self.timeout, key.clone());
            // In a task of its own, which may panic.
            let task = asked.tasks.spawn(async move {
                let late = |_| Err("it took too long".to_owned());
                timeout(limit, async { ask(of).await }).await.unwrap_or_else(late)
            });
            asked.keys.push((task.id(), key));
        }
        asked
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

/// Those that are being asked.
struct PendingQueries<K, T> {
    tasks: JoinSet<Result<T, String>>,
    keys: Vec<(tokio::task::Id, K)>,
}

impl<K, T: 'static> PendingQueries<K, T> {
    fn is_empty(&self) -> bool {
        self.tasks.is_empty()
    }

    /// The next answer.
    async fn next(&mut self) -> (K, Result<T, String>) {
        let ended = self.tasks.join_next_with_id().await.expect("somebody is being asked");
        let (id, answer) = match ended {
            Ok((id, answer)) => (id, answer),
            Err(error) => (error.id(), Err("asking panicked".to_owned())),
        };
        let index = self.keys.iter().position(|(task, _)| *task == id);
        (self.keys.swap_remove(index.expect("each task has a key")).1, answer)
    }
}

impl<K> fmt::Debug for DiscoveryTask<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Discoverer").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
