//! Where things are in this workspace.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// The directory of the whole workspace.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("this package lies within the workspace")
}

/// Where cargo puts what it builds, and where we put what may be deleted with it.
pub(crate) fn target() -> PathBuf {
    // Relative to where cargo was called, which is also where it called us.
    env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

/// The cargo that called us, so that a toolchain chosen by `cargo +nightly xtask` is kept.
pub(crate) fn cargo() -> OsString {
    env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}
