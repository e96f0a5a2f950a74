//! Finds changed lines by means of git.

use std::fmt;

use anyhow::{Result, ensure};

use crate::interruption::Interruptions;
use crate::program::Program;
use crate::workspace;

/// The commit that the working tree is compared with.
#[derive(Debug)]
pub(super) struct Base {
    /// Name to display.
    name: String,
    commit: String,
}

impl fmt::Display for Base {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.name, &self.commit[..self.commit.len().min(10)])
    }
}

/// Returns the merge base with `origin/main`, or else `main`; on these branches, the previous commit.
///
/// `None` if there is none, as in a clone with a single commit.
pub(super) async fn base(interruptions: &mut Interruptions) -> Result<Option<Base>> {
    let head = git(&["rev-parse", "--verify", "--quiet", "HEAD"], interruptions).await?;
    for branch in ["origin/main", "main"] {
        let commit = git(&["merge-base", "HEAD", branch], interruptions).await?;
        if let Some(commit) = commit.filter(|commit| Some(commit) != head.as_ref()) {
            return Ok(Some(Base { name: format!("the merge base with {branch}"), commit }));
        }
    }
    let commit = git(&["rev-parse", "--verify", "--quiet", "HEAD~1"], interruptions).await?;
    Ok(commit.map(|commit| Base { name: "HEAD~1".to_owned(), commit }))
}

/// Returns the diff of the working tree, committed or not, against `base`. Untracked files are not in it.
pub(super) async fn since(base: &Base, interruptions: &mut Interruptions) -> Result<String> {
    let form = ["--no-ext-diff", "--no-color", "--src-prefix=a/", "--dst-prefix=b/"];
    let arguments: Vec<&str> = ["diff"].into_iter().chain(form).chain([base.commit.as_str()]).collect();
    let changes = git(&arguments, interruptions).await?;
    ensure!(changes.is_some(), "git cannot report what has changed since {base}");
    Ok(changes.unwrap_or_default())
}

/// Runs git and returns its stdout, if it succeeds.
async fn git(arguments: &[&str], interruptions: &mut Interruptions) -> Result<Option<String>> {
    let mut lines = Vec::new();
    let program = Program::new("git").arguments(["-C"]).arguments([workspace::root()]).arguments(arguments);
    let exit = program.without_stderr().run_with_lines(interruptions, |line| lines.push(line)).await?;
    Ok(exit.is_success().then(|| lines.join("\n")))
}
