//! Prints the metadata of every operation as tab-separated lines, from which `cargo xtask operations` builds a table.
#![expect(clippy::print_stdout, reason = "printing is the purpose of the program")]

use arango::protocol::{Metadata, Operation, Permission, RequestClass, Scope};
use arango::{cluster, data};

fn main() {
    println!(
        "{}",
        [
            "part",
            "operation",
            "name",
            "method",
            "path",
            "scope",
            "class",
            "server timeout",
            "allowed",
            "since",
            "removed in"
        ]
        .join("\t")
    );
    cluster::for_each_operation(&mut Print);
    data::for_each_operation(&mut Print);
}

struct Print;

impl cluster::OperationVisitor for Print {
    fn visit<O: Operation>(&mut self, _: O) {
        print::<O>("administration");
    }
}

impl data::OperationVisitor for Print {
    fn visit<O>(&mut self, _: O)
    where
        O: Operation<Output: Send> + Send + Sync + 'static,
    {
        print::<O>("data");
    }
}

fn print<O: Operation>(part: &str) {
    println!("{part}\t{}", line(short_name(std::any::type_name::<O>()), &O::METADATA));
}

/// Returns the name of a type without its path and lifetimes.
fn short_name(path: &'static str) -> &'static str {
    let path = path.split('<').next().unwrap_or(path);
    path.rsplit("::").next().unwrap_or(path)
}

fn line(operation: &str, metadata: &Metadata) -> String {
    let scope = match metadata.scope {
        Scope::Cluster if metadata.system_only => "cluster, in `_system`",
        Scope::Cluster => "cluster",
        Scope::Database => "database",
        Scope::Coordinator => "coordinator",
    };
    let class = match metadata.class {
        RequestClass::Safe => "safe",
        RequestClass::Fenced => "fenced",
        RequestClass::Idempotent => "idempotent",
        RequestClass::NonIdempotent => "not idempotent",
    };
    let allowed = match metadata.permission {
        Permission::None => "no login",
        Permission::Authenticated => "any user",
        Permission::Write => "writing there",
        Permission::Admin => "admin",
        Permission::Superuser => "superuser",
        other => unreachable!("{other:?} has no label yet"),
    };
    let server_timeout =
        metadata.server_timeout.map_or_else(String::new, |server_timeout| match server_timeout.as_secs() {
            seconds if seconds % 3600 == 0 => format!("{} h", seconds / 3600),
            seconds => format!("{seconds} s"),
        });
    let since: Vec<_> = metadata.backported_to.iter().copied().chain(metadata.since).collect();
    let removed_in = metadata.removed_in.unwrap_or_default();
    [
        operation,
        metadata.name,
        metadata.method.as_str(),
        metadata.path,
        scope,
        class,
        &server_timeout,
        allowed,
        &since.join(", "),
        removed_in,
    ]
    .join("\t")
}
