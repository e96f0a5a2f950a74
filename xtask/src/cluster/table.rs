//! The facts of a cluster as a person reads them.

use std::fmt::Write as _;

use owo_colors::OwoColorize as _;

use crate::cluster::Facts;
use crate::columns::lines;

/// Two tables: who is there, and how to be let in.
///
/// The text carries colours; whoever prints it takes them out where nobody can see them.
pub(crate) fn table(facts: &Facts) -> String {
    let title = format!("An embedded ArangoDB cluster, version {}", facts.version);
    let mut text = format!("{}\n\n", title.bold());
    text += &columns(["ROLE", "ID", "URL"], servers(facts));
    text.push('\n');
    text += &columns(["ACCESS", ""], access(facts));
    text.push('\n');
    // To be pasted into a shell, hence without a margin and without colour.
    for (name, value) in super::environment(facts) {
        _ = writeln!(text, "export {name}={}", quoted(&value));
    }
    text
}

fn servers(facts: &Facts) -> Vec<[String; 3]> {
    let others = [("DB-Server", &facts.db_servers), ("agent", &facts.agents)];
    let others = others.into_iter().flat_map(|(role, ids)| ids.iter().map(move |id| [role, id, "-"]));
    let coordinators = facts.coordinators.iter().map(|one| ["coordinator", &one.id, &one.url]);
    coordinators.chain(others).map(|row| row.map(str::to_owned)).collect()
}

fn access(facts: &Facts) -> Vec<[String; 2]> {
    let always = [
        ["user", "root"],
        ["password", &facts.root_password],
        ["JWT secret", &facts.jwt_secret],
        ["superuser token", &facts.superuser_token],
        ["control", &facts.control],
    ];
    let authority = facts.ca_file.as_ref().map(|file| ["authority", file]);
    always.into_iter().chain(authority).map(|row| row.map(str::to_owned)).collect()
}

fn columns<const N: usize>(header: [&str; N], rows: Vec<[String; N]>) -> String {
    let mut text = String::new();
    for (index, line) in lines(header, rows).into_iter().enumerate() {
        _ = match index {
            0 => writeln!(text, "{}", line.dimmed()),
            _ => writeln!(text, "{line}"),
        };
    }
    text
}

/// A word that a shell reads as it is written, whatever is in it.
fn quoted(value: &str) -> String {
    format!("'{}'", value.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain() -> String {
        anstream::adapter::strip_str(&table(&Facts::made_up())).to_string()
    }

    #[test]
    fn columns_are_aligned() {
        let text = plain();
        let starts: Vec<_> =
            text.lines().filter_map(|line| line.find("http://127.0.0.1:85")).take(2).collect();

        assert!(matches!(starts[..], [one, two] if one == two), "{text}");
    }

    #[test]
    fn every_server_has_a_line() {
        let text = plain();

        for id in ["CRDN-1", "CRDN-22", "PRMR-1", "AGNT-1"] {
            assert_eq!(
                text.lines().filter(|line| line.split_whitespace().nth(1) == Some(id)).count(),
                1,
                "{text}"
            );
        }
    }

    #[test]
    fn colours_are_all_that_a_pipe_loses() {
        assert!(table(&Facts::made_up()).contains("\u{1b}["));
        assert!(!plain().contains('\u{1b}'));
    }

    #[test]
    fn a_quote_in_a_password_does_not_end_the_word() {
        assert_eq!(quoted("it's"), r"'it'\''s'");
    }
}
