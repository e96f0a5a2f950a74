//! Tokens and secrets that change while a program runs, without a failed call: a superuser's secret file, a token file, and
//! a login.
//!
//! ```text
//! cargo run -p arango --features jwt-sign --example jwt
//! ```
//!
//! It starts an embedded cluster, because it replaces the secret of all coordinators. With a real cluster an operator does
//! that: each server gets another file in its folder of secrets, and `reload_jwt_secrets` of its handle makes it read the
//! folder again.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::{Context, Result};
use arango::{Client, Credentials, Superuser, TokenFile};
use arango_test_cluster::TestCluster;
use tokio::task::JoinHandle;

const OLD: &str = "the-old-secret";
const NEW: &str = "the-new-secret";
/// Lifetime of a user's token in the file.
const LIFETIME: Duration = Duration::from_secs(12 * 60 * 60);

#[tokio::main]
async fn main() -> Result<()> {
    let cluster = TestCluster::builder().jwt_secret(OLD).start().await?;
    let folder = tempfile::tempdir()?;
    let (secret, token) = (folder.path().join("secret"), folder.path().join("token"));
    replace(&secret, OLD)?;
    replace(&token, &user_token(OLD).await?)?;

    // Each client gets its tokens in another way. The files are read again when they are needed.
    let client = || Client::builder().hosts(cluster.urls());
    let clients = [
        ("superuser", client().credentials(Credentials::from_source(Superuser::from_file(&secret))).build()?),
        ("token file", client().credentials(Credentials::from_source(TokenFile::new(&token))).build()?),
        ("login", client().jwt_auth("root", cluster.root_password()).build()?),
    ];
    let superuser = clients[0].1.clone();
    let mut programs: Vec<_> =
        clients.into_iter().map(|(name, client)| Program::start(name, client)).collect();
    progress(&mut programs).await?;
    show("one secret", &superuser).await?;

    // 1. All coordinators accept the new secret, and still sign with the old one. This must be the first step: a token
    //    that is signed with the new secret is sent to any of them.
    set_secrets(&cluster, OLD, Some(NEW));
    show("the new one is accepted", &superuser).await?;

    // 2. Programs and coordinators sign with the new one. Tokens that were signed before are still accepted.
    replace(&secret, NEW)?;
    set_secrets(&cluster, NEW, Some(OLD));
    replace(&token, &user_token(NEW).await?)?;
    show("the new one signs", &superuser).await?;
    progress(&mut programs).await?;

    // 3. The old one is no longer accepted. Each client has a token that it has signed. The first coordinator that
    //    rejects it makes the client sign, read or fetch another one, and the same call goes on with that.
    set_secrets(&cluster, NEW, None);
    show("the old one is gone", &superuser).await?;
    progress(&mut programs).await?;

    // A login is repeated just as well when its token expires early, and no secret has changed.
    cluster.tokens().expire_all();
    progress(&mut programs).await?;

    for program in programs {
        let (name, calls) = program.stop().await?;
        anstream::println!("{name}: {calls} calls, none has failed");
    }
    Ok(())
}

/// Replaces a file as a whole, so that no reader sees a part of it.
fn replace(path: &Path, content: &str) -> Result<()> {
    let next = path.with_extension("next");
    fs::write(&next, content)
        .and_then(|()| fs::rename(&next, path))
        .with_context(|| path.display().to_string())
}

/// Signs a token, as the service does that puts it into the file. Another cluster with the same secret accepts it.
async fn user_token(secret: &str) -> Result<String> {
    let signer = TestCluster::builder().jwt_secret(secret).in_memory().start().await?;
    Ok(signer.user_token("root", LIFETIME))
}

/// What an operator does with the files of all servers, and a reload of each.
fn set_secrets(cluster: &TestCluster, active: &str, passive: Option<&str>) {
    for coordinator in cluster.coordinators() {
        coordinator.set_secrets(active, passive);
    }
}

/// Prints which secrets the coordinators have, by their fingerprints. Only a superuser may read them.
async fn show(step: &str, client: &Client) -> Result<()> {
    let coordinator = client.coordinators().into_iter().next().context("there are coordinators")?;
    let secrets = client.coordinator(&coordinator.address).jwt_secrets().await?;
    let (fingerprint, _) = secrets.active.sha256.split_at_checked(8).context("a fingerprint is longer")?;
    anstream::println!("{step}: signs with {fingerprint}…, accepts {} more", secrets.passive.len());
    Ok(())
}

/// A program that sends one call after another.
struct Program {
    name: &'static str,
    calls: Arc<AtomicUsize>,
    stopped: Arc<AtomicBool>,
    task: JoinHandle<Result<(), arango::Error>>,
}

impl Program {
    fn start(name: &'static str, client: Client) -> Self {
        let (calls, stopped) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
        let (counted, is_stopped) = (Arc::clone(&calls), Arc::clone(&stopped));
        let task = tokio::spawn(async move {
            while !is_stopped.load(Ordering::Relaxed) {
                client.databases().await?;
                counted.fetch_add(1, Ordering::Relaxed);
            }
            Ok(())
        });
        Self { name, calls, stopped, task }
    }

    async fn stop(self) -> Result<(&'static str, usize)> {
        self.stopped.store(true, Ordering::Relaxed);
        self.task.await?.with_context(|| format!("a call of {} has failed", self.name))?;
        Ok((self.name, self.calls.load(Ordering::Relaxed)))
    }
}

/// Waits until each program has completed some more calls, so that each has met every coordinator.
async fn progress(programs: &mut [Program]) -> Result<()> {
    for program in programs {
        let goal = program.calls.load(Ordering::Relaxed) + 20;
        while program.calls.load(Ordering::Relaxed) < goal {
            if program.task.is_finished() {
                (&mut program.task)
                    .await?
                    .with_context(|| format!("a call of {} has failed", program.name))?;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
    Ok(())
}
