//! The corpus of inputs, and the inputs that caused failures.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Returns the folder that cargo-fuzz uses too.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz")
}

/// Returns the corpus of a target, in the order of the file names.
pub(crate) fn load(target: &str) -> io::Result<Vec<Vec<u8>>> {
    let directory = root().join("corpus").join(target);
    let mut paths =
        fs::read_dir(directory)?.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()?;
    paths.sort();
    paths.into_iter().map(fs::read).collect()
}

/// Saves an input that caused a failure, and returns its path.
pub(crate) fn save_failing_input(target: &str, seed: u64, number: u64, input: &[u8]) -> io::Result<PathBuf> {
    let directory = root().join("artifacts").join(target);
    fs::create_dir_all(&directory)?;
    let path = directory.join(format!("seed-{seed}-{number}"));
    fs::write(&path, input)?;
    path.canonicalize()
}
