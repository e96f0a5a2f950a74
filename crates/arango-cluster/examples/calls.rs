//! Prints what is known of every operation, one a line, with tabs between: what `cargo xtask calls` makes a table of.
#![expect(clippy::print_stdout, reason = "it is what the program is for")]

use arango_cluster::{Visitor, every_operation};
use arango_protocol::{Metadata, Operation, Permission, RequestClass, Scope};

fn main() {
    println!(
        "{}",
        ["operation", "name", "method", "path", "scope", "class", "patience", "allowed", "since", "gone"]
            .join("\t")
    );
    every_operation(&mut Print);
}

struct Print;

impl Visitor for Print {
    fn visit<O: Operation>(&mut self, _: O) {
        println!("{}", line(short_name(std::any::type_name::<O>()), &O::METADATA));
    }
}

/// The name of a type without where it is and what it borrows.
fn short_name(path: &'static str) -> &'static str {
    let path = path.split('<').next().unwrap_or(path);
    path.rsplit("::").next().unwrap_or(path)
}

fn line(operation: &str, facts: &Metadata) -> String {
    let scope = match facts.scope {
        Scope::Cluster if facts.system_only => "cluster, in `_system`",
        Scope::Cluster => "cluster",
        Scope::Database => "database",
        Scope::Coordinator => "coordinator",
    };
    let class = match facts.class {
        RequestClass::Safe => "safe",
        RequestClass::Idempotent => "idempotent",
        RequestClass::NonIdempotent => "not idempotent",
    };
    let allowed = match facts.permission {
        Permission::None => "nobody logged in",
        Permission::Authenticated => "any user",
        Permission::Write => "writing there",
        Permission::Admin => "admin",
        Permission::Superuser => "superuser",
        other => unreachable!("{other:?} has no word yet"),
    };
    let patience = facts.server_timeout.map_or_else(String::new, |patience| match patience.as_secs() {
        seconds if seconds % 3600 == 0 => format!("{} h", seconds / 3600),
        seconds => format!("{seconds} s"),
    });
    let since: Vec<_> = facts.backported_to.iter().copied().chain(facts.since).collect();
    let gone = facts.removed_in.unwrap_or_default();
    [
        operation,
        facts.name,
        facts.method.as_str(),
        facts.path,
        scope,
        class,
        &patience,
        allowed,
        &since.join(", "),
        gone,
    ]
    .join("\t")
}
