//! Faults that are put into the client on purpose, to see that a test notices.
//!
//! Each is an `if cfg!(mutant = "…")` beside the line that it breaks. Only the crates of the workspace are built with
//! it: this program stands in for the compiler there, see [`compile`].

use std::env;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, ExitCode};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use owo_colors::OwoColorize as _;

use crate::columns::lines;
use crate::interruption::Interruptions;
use crate::program::{Ending, Program};
use crate::workspace;

/// A fault, and the test that must notice it.
struct Mutant {
    name: &'static str,
    /// The whole name of the test.
    test: &'static str,
}

const MUTANTS: [Mutant; 7] = [
    Mutant {
        name: "t10-as-safe",
        test: "rows::before_the_head::t10_a_reused_connection_that_closes_in_the_face_of_a_request_is_tried_anew_unless_it_is_a_write::not_idempotent",
    },
    Mutant {
        name: "retry-ignores-class",
        test: "rows::before_the_head::t11_a_fresh_connection_that_breaks_sends_only_what_may_be_repeated_to_another::not_idempotent",
    },
    Mutant {
        name: "permit-ends-with-head",
        test: "connections::a_connection_counts_until_the_body_of_its_answer_has_been_read",
    },
    Mutant {
        name: "a-login-for-each-401",
        test: "rows::login::r11_a_token_that_another_call_has_renewed_already_is_not_renewed_again::safe",
    },
    Mutant {
        name: "tried-set-forgotten",
        test: "rows::connecting::t03_when_every_connection_is_refused_each_coordinator_is_named_and_nothing_was_executed::safe",
    },
    Mutant {
        name: "scope-ignored",
        test: "administration::pinned::what_speaks_of_one_coordinator_is_never_sent_to_another_whatever_happens",
    },
    Mutant {
        name: "version-never-forgotten",
        test: "administration::versions::a_version_is_forgotten_when_the_coordinator_is_upgraded",
    },
];

/// The variable by which this program knows that it stands in for the compiler, and with which fault.
const VARIABLE: &str = "XTASK_MUTANT";

/// How long one test may take once it is built; it needs a second.
const LIMIT: Duration = Duration::from_secs(120);

/// Compiles what cargo asks for with the fault in it, if this process was started by cargo for that.
///
/// Cargo calls a wrapper with the compiler and its arguments, for the crates of the workspace alone.
pub(crate) fn compile() -> Option<ExitCode> {
    let mutant = env::var(VARIABLE).ok()?;
    let mut arguments = env::args_os().skip(1);
    let compiler = arguments.next()?;
    let status = Command::new(compiler)
        .args(arguments)
        .args(["--cfg", &format!("mutant={mutant:?}")])
        .env_remove(VARIABLE)
        .status();
    let code = status.ok().and_then(|status| status.code()).and_then(|code| u8::try_from(code).ok());
    Some(code.map_or(ExitCode::FAILURE, ExitCode::from))
}

/// Builds the client with each fault, and sees that the test of it turns red.
///
/// # Errors
/// If a fault does not compile, or its test is not there.
pub(crate) async fn mutants() -> Result<ExitCode> {
    let mut interruptions = Interruptions::listen()?;
    let mut survivors = 0;
    let mut rows = Vec::new();
    for mutant in &MUTANTS {
        let building =
            mutant.cargo_test()?.arguments(["--no-run", "--quiet"]).run(&mut interruptions).await?;
        if !building.is_success() {
            anstream::eprintln!("{} the fault `{}` does not compile", "error:".red().bold(), mutant.name);
            return Ok(building.exit_code());
        }
        let mut noticed = None;
        let running = mutant.cargo_test()?.arguments(["--", "--exact", mutant.test, "--color=never"]);
        let ending = running
            .limit(LIMIT)
            .unheard()
            .hear(&mut interruptions, |line| match line.strip_prefix(&format!("test {} ... ", mutant.test)) {
                Some("FAILED") => noticed = Some(true),
                Some(_) => noticed = Some(false),
                None => {}
            })
            .await?;
        if !matches!(ending, Ending::Exited(_)) {
            return Ok(ending.exit_code());
        }
        let Some(noticed) = noticed else { bail!("there is no test `{}`", mutant.test) };
        survivors += usize::from(!noticed);
        let result = if noticed { "noticed" } else { "SURVIVED" };
        rows.push([mutant.name.to_owned(), result.to_owned(), mutant.test.to_owned()]);
    }
    for line in lines(["FAULT", "RESULT", "TEST"], rows) {
        anstream::println!("{line}");
    }
    anstream::println!("{} mutants, {survivors} survived", MUTANTS.len());
    Ok(if survivors == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

impl Mutant {
    fn cargo_test(&self) -> Result<Program> {
        let wrapper = self.wrapper()?.to_string_lossy().into_owned();
        let manifest = workspace::root().join("Cargo.toml");
        let variables = [("RUSTC_WORKSPACE_WRAPPER", wrapper), (VARIABLE, self.name.to_owned())];
        Ok(Program::new(workspace::cargo())
            .arguments(["test", "--manifest-path"])
            .arguments([manifest])
            .arguments(["--package", "arango-tests", "--test", "house"])
            .variables(variables))
    }

    /// A copy of this program in a place of its own: cargo tells what is built with one wrapper from what is built with
    /// another by where the wrapper is.
    fn wrapper(&self) -> Result<PathBuf> {
        let folder = workspace::target().join("mutants").join(self.name);
        fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        let folder = folder.canonicalize()?;
        let own = env::current_exe().context("this program does not know where it is")?;
        let copy = folder.join(own.file_name().unwrap_or_default());
        if !copy.exists() {
            fs::copy(&own, &copy).with_context(|| format!("cannot write {}", copy.display()))?;
        }
        Ok(copy)
    }
}
