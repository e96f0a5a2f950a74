//! The structure of the workspace: dependencies of crates, imports between folders, and the words of names and texts.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod check_scripts;
mod crates;
mod features;
mod folders;
mod imports;
mod lazy_compilation;
mod links;
mod migration;
mod packages;
mod refusals;
mod vocabulary;
mod workflows;
