//! Tokens and the secrets that sign them, as tests change them.

use std::fmt;
use std::time::Duration;

use crate::server::cluster::{ClusterInner, TestCluster};
use crate::server::coordinator::Coordinator;
use crate::state::sessions::Keys;

/// The tokens of a cluster; see [`TestCluster::tokens`].
pub struct Tokens<'a> {
    shared: &'a ClusterInner,
}

impl<'a> Tokens<'a> {
    pub(crate) fn new(shared: &'a ClusterInner) -> Self {
        Self { shared }
    }

    /// Refuses all tokens that logins and renewals have issued so far.
    ///
    /// They get 401 with error number 11. Their `exp` is still in the future, so a client cannot know before it gets
    /// the refusal. Tokens made without a login, as by [`TestCluster::user_token`], stay valid.
    pub fn expire_all(&self) {
        self.shared.state().sessions.expire_all();
    }

    /// Sets the lifetime of future login tokens, in whole seconds.
    ///
    /// See [`Builder::token_lifetime`].
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
    /// Returns the tokens of this cluster.
    pub fn tokens(&self) -> Tokens<'_> {
        Tokens::new(&self.shared)
    }

    /// Gives all coordinators another secret. Tokens signed with the old one are refused.
    ///
    /// [`superuser_token`](Self::superuser_token) and [`user_token`](Self::user_token) use the new secret from now on.
    pub fn rotate_secret(&self, secret: impl Into<String>) {
        self.shared.state().sessions.rotate(&secret.into());
    }
}

impl Coordinator {
    /// Returns the secret with which this coordinator signs tokens now.
    pub fn jwt_secret(&self) -> String {
        self.inner.cluster.state().sessions.keys(self.inner.index).active.secret().to_owned()
    }

    /// Gives this coordinator alone another secret.
    ///
    /// It has the effect of a new key file and a reload. The coordinator refuses tokens signed with the old secret, and
    /// the other coordinators refuse those that it signs. A restart does not undo the change.
    pub fn rotate_secret(&self, secret: impl Into<String>) {
        self.set_secrets(secret, Vec::<String>::new());
    }

    /// Gives this coordinator alone other secrets.
    ///
    /// It has the effect of a folder of keys and a reload. The coordinator signs with the active secret and accepts
    /// tokens signed with any of them.
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
