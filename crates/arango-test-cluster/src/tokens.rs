//! Tokens and the secrets that sign them, as a test changes them.

use std::fmt;
use std::time::Duration;

use crate::cluster::{Shared, TestCluster};
use crate::coordinator::Coordinator;
use crate::state::sessions::Keys;

/// The tokens of a cluster; see [`TestCluster::tokens`].
pub struct Tokens<'a> {
    shared: &'a Shared,
}

impl<'a> Tokens<'a> {
    pub(crate) fn new(shared: &'a Shared) -> Self {
        Self { shared }
    }

    /// Refuses from now on, with 401 and error number 11, every token that a login or a renewal has given so far.
    ///
    /// Their `exp` still says that they hold, so a client cannot know before it is told. Tokens that were made without a
    /// login, as by [`TestCluster::user_token`], go on to hold.
    pub fn expire_all(&self) {
        self.shared.state().sessions.expire_all();
    }

    /// Sets how long the tokens of logins hold from now on, in whole seconds; see [`Builder::token_lifetime`].
    ///
    /// [`Builder::token_lifetime`]: crate::Builder::token_lifetime
    pub fn set_lifetime(&self, lifetime: Duration) {
        self.shared.state().sessions.lifetime = lifetime;
    }
}

impl fmt::Debug for Tokens<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lifetime = self.shared.state().sessions.lifetime;
        f.debug_struct("Tokens").field("lifetime", &lifetime).finish_non_exhaustive()
    }
}

impl TestCluster {
    /// The tokens of this cluster: how long they hold, and that they do not.
    pub fn tokens(&self) -> Tokens<'_> {
        Tokens::new(&self.shared)
    }

    /// Gives all coordinators another secret; tokens that the old one has signed are refused from now on.
    ///
    /// [`superuser_token`](Self::superuser_token) and [`user_token`](Self::user_token) are signed with it from now on.
    pub fn rotate_secret(&self, secret: impl Into<String>) {
        self.shared.state().sessions.rotate(&secret.into());
    }
}

impl Coordinator {
    /// The secret with which this coordinator signs tokens now.
    pub fn jwt_secret(&self) -> String {
        self.inner.cluster.state().sessions.keys(self.inner.index).active.secret().to_owned()
    }

    /// Gives this coordinator alone another secret, as a new key file and a reload do: it refuses tokens that the old one
    /// has signed, and the others refuse those that it signs.
    ///
    /// A restart does not undo it.
    pub fn rotate_secret(&self, secret: impl Into<String>) {
        self.set_secrets(secret, Vec::<String>::new());
    }

    /// Gives this coordinator alone other secrets, as a folder of keys and a reload do: it signs with the active one, and
    /// accepts what any of them has signed.
    pub fn set_secrets<S: Into<String>>(
        &self,
        active: impl Into<String>,
        passive: impl IntoIterator<Item = S>,
    ) {
        let passive: Vec<_> = passive.into_iter().map(Into::into).collect();
        let keys = Keys::new(&active.into(), &passive);
        self.inner.cluster.state().sessions.set_keys(self.inner.index, keys);
    }
}
