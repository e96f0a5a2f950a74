use std::process::ExitCode; pub(crate) async fn run(_: &[String]) -> Result<ExitCode, String> { Err(String::new()) }
