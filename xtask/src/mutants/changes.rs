//! Which lines have changed, as far as a clone can know.

use std::fmt;

use anyhow::{Result, ensure};

use crate::interruption::Interruptions;
use crate::program::Program;
use crate::workspace;

/// What the tree is compared with.
#[derive(Debug)]
pub(super) struct Base {
    /// What it is called.
    name: String,
    commit: String,
}

impl fmt::Display for Base {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.name, &self.commit[..self.commit.len().min(10)])
    }
}

/// Where the branch began: where it left `origin/main`, or else `main`; on these themselves the commit before, which a
/// clone of one commit does not have.
pub(super) async fn base(interruptions: &mut Interruptions) -> Result<Option<Base>> {
    let head = git(&["rev-parse", "--verify", "--quiet", "HEAD"], interruptions).await?;
    for branch in ["origin/main", "main"] {
        let commit = git(&["merge-base", "HEAD", branch], interruptions).await?;
        if let Some(commit) = commit.filter(|commit| Some(commit) != head.as_ref()) {
            return Ok(Some(Base { name: format!("where {branch} was left"), commit }));
        }
    }
    let commit = git(&["rev-parse", "--verify", "--quiet", "HEAD~1"], interruptions).await?;
    Ok(commit.map(|commit| Base { name: "HEAD~1".to_owned(), commit }))
}

/// What the tree has, committed or not, that `base` has not; files that git does not know are not in it.
pub(super) async fn since(base: &Base, interruptions: &mut Interruptions) -> Result<String> {
    let form = ["--no-ext-diff", "--no-color", "--src-prefix=a/", "--dst-prefix=b/"];
    let arguments: Vec<&str> = ["diff"].into_iter().chain(form).chain([base.commit.as_str()]).collect();
    let changes = git(&arguments, interruptions).await?;
    ensure!(changes.is_some(), "git does not tell what has changed since {base}");
    Ok(changes.unwrap_or_default())
}

/// What git says, if it succeeds.
async fn git(arguments: &[&str], interruptions: &mut Interruptions) -> Result<Option<String>> {
    let mut lines = Vec::new();
    let program = Program::new("git").arguments(["-C"]).arguments([workspace::root()]).arguments(arguments);
    let ending = program.unheard().hear(interruptions, |line| lines.push(line)).await?;
    Ok(ending.is_success().then(|| lines.join("\n")))
}
