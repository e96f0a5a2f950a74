//! Stands in for `arangod`, `docker` and the starter `arangodb`, depending on the name of this file.
//!
//! They behave like these programs as far as readiness, signals, logs and wrong flags go. They check what they are
//! given, and record it in a directory. They store no data.
#![allow(clippy::unwrap_used, reason = "a stand-in that cannot go on fails, and with it the test")]

#[cfg(unix)]
mod arangod;
#[cfg(unix)]
mod arangod_flags;
#[cfg(unix)]
mod containers;
#[cfg(unix)]
mod http;
#[cfg(unix)]
mod record;
#[cfg(unix)]
mod starter;

use std::process::ExitCode;

#[cfg(unix)]
#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let name = std::env::current_exe().ok().and_then(|path| Some(path.file_stem()?.to_owned()));
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let result = match name.as_deref().and_then(|name| name.to_str()) {
        Some("arangod") => arangod::run(&arguments).await,
        Some("docker" | "podman") => containers::run(&arguments),
        Some("arangodb") => starter::run(&arguments).await,
        _ => Err("this program stands in for others: it has to have their name".to_owned()),
    };
    result.unwrap_or_else(|reason| {
        anstream::eprintln!("{reason}");
        ExitCode::FAILURE
    })
}

#[cfg(not(unix))]
fn main() -> ExitCode {
    ExitCode::FAILURE
}
