//! The inputs that are kept, and those that broke something.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Where cargo-fuzz looks for them too.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz")
}

/// The corpus of a target, in the order of the files' names.
pub(crate) fn of(target: &str) -> io::Result<Vec<Vec<u8>>> {
    let directory = root().join("corpus").join(target);
    let mut paths =
        fs::read_dir(directory)?.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()?;
    paths.sort();
    paths.into_iter().map(fs::read).collect()
}

/// Keeps an input that broke something, and says where.
pub(crate) fn keep(target: &str, seed: u64, number: u64, input: &[u8]) -> io::Result<PathBuf> {
    let directory = root().join("artifacts").join(target);
    fs::create_dir_all(&directory)?;
    let path = directory.join(format!("seed-{seed}-{number}"));
    fs::write(&path, input)?;
    path.canonicalize()
}
