//! Paths of this workspace.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// The root directory of the workspace.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("this package is in the workspace")
}

/// The target directory of cargo, also for files of tasks that may be deleted with it.
pub(crate) fn target() -> PathBuf {
    // Relative to the working directory of cargo, which is also ours.
    env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

/// The cargo that started this process, so that a toolchain chosen by `cargo +nightly xtask` is kept.
pub(crate) fn cargo() -> OsString {
    env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}
