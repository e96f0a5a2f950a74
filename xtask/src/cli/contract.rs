//! The command line of the contract.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::cluster::Flags;
use crate::consent::ConsentFlags;
use crate::contract::Grade;

#[derive(Debug, Subcommand)]
pub(crate) enum Contract {
    /// Sends the script to a cluster, and writes what it responds: status, headers, the shape of the body.
    ///
    /// Also checks the open questions about servers, and prints what was found out.
    Record(Box<Record>),

    /// Compares two recordings, or a recording with what is documented.
    ///
    /// The exit code is 0 without differences, 1 with some, 2 if the comparison is not possible.
    Check(Check),

    /// Records embedded clusters of each version, and compares them with what is documented and with the snapshot.
    ///
    /// The exit code is as that of `check`.
    Embedded(Embedded),

    /// Lists the open questions about servers, which `record` checks.
    Questions(Questions),
}

#[derive(Debug, Args)]
pub(crate) struct Record {
    #[command(flatten)]
    pub(crate) cluster: Flags,

    #[command(flatten)]
    pub(crate) consent: ConsentFlags,

    /// Write the recording into this file. Default: stdout.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,

    /// Also check the questions that take minutes.
    #[arg(long)]
    pub(crate) slow: bool,

    /// Only list what would be sent.
    #[arg(long)]
    pub(crate) list: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Check {
    /// The recording that is expected; with `--documented`, the one that is checked.
    pub(crate) expected: PathBuf,

    /// The recording that is checked.
    #[arg(required_unless_present = "documented", conflicts_with = "documented")]
    pub(crate) found: Option<PathBuf>,

    /// Compare with the documented shapes instead of a second recording.
    #[arg(long)]
    pub(crate) documented: bool,

    #[command(flatten)]
    pub(crate) report: Report,
}

#[derive(Debug, Args)]
pub(crate) struct Embedded {
    /// Write the snapshot instead of comparing with it.
    #[arg(long)]
    pub(crate) write: bool,

    #[command(flatten)]
    pub(crate) report: Report,
}

#[derive(Debug, Args)]
pub(crate) struct Report {
    /// Print a JSON array.
    #[arg(long)]
    pub(crate) json: bool,

    /// Differences of a lower grade are neither printed nor counted.
    #[arg(long, value_name = "GRADE", value_enum, default_value = "value")]
    pub(crate) at_least: Grade,
}

#[derive(Debug, Args)]
pub(crate) struct Questions {
    /// Print a JSON array.
    #[arg(long)]
    pub(crate) json: bool,
}
