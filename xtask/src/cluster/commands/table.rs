//! The description of a cluster for people.

use std::fmt::Write as _;

use owo_colors::OwoColorize as _;

use crate::cluster::{ClusterInfo, environment};
use crate::columns::lines;

/// Returns two tables: the servers, and the URLs and credentials.
///
/// The text contains colours; the caller removes them where they cannot be shown.
pub(crate) fn table(info: &ClusterInfo) -> String {
    let title = match info.backend.as_str() {
        "embedded" => format!("An embedded ArangoDB cluster, version {}", info.version),
        backend => format!("An ArangoDB cluster ({backend}), version {}", info.version),
    };
    let mut text = format!("{}\n\n", title.bold());
    text += &columns(["ROLE", "ID", "URL"], servers(info));
    text.push('\n');
    text += &columns(["ACCESS", ""], access(info));
    text.push('\n');
    // To be pasted into a shell, so there is no margin and no colour.
    for (name, value) in environment(info) {
        _ = writeln!(text, "export {name}={}", quoted(&value));
    }
    text
}

fn servers(info: &ClusterInfo) -> Vec<[String; 3]> {
    let others = [("DB-Server", &info.db_servers), ("agent", &info.agents)];
    let others = others.into_iter().flat_map(|(role, ids)| ids.iter().map(move |id| [role, id, "-"]));
    let coordinators =
        info.coordinators.iter().map(|coordinator| ["coordinator", &coordinator.id, &coordinator.url]);
    coordinators.chain(others).map(|row| row.map(str::to_owned)).collect()
}

fn access(info: &ClusterInfo) -> Vec<[String; 2]> {
    let credentials = info.credentials.as_ref();
    let user = credentials.map_or("root", |known| &known.user);
    let password = credentials.map_or(&info.root_password, |known| &known.password);
    let rows = [
        ("user", Some(user.to_owned())),
        ("password", password.clone()),
        ("token", credentials.and_then(|known| known.token.clone())),
        ("JWT secret", info.jwt_secret.clone()),
        ("superuser token", info.superuser_token.clone()),
        ("control", info.control.clone()),
        ("authority", info.ca_file.clone()),
        ("behind proxies", (!info.behind_proxies.is_empty()).then(|| info.behind_proxies.join(","))),
        ("discovery", info.discovery_off.then(|| "off: it would lead round the proxies".to_owned())),
    ];
    rows.into_iter().filter_map(|(name, value)| Some([name.to_owned(), value?])).collect()
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

/// Quotes a value for the shell.
fn quoted(value: &str) -> String {
    format!("'{}'", value.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain() -> String {
        anstream::adapter::strip_str(&table(&ClusterInfo::sample())).to_string()
    }

    #[test]
    fn columns_are_aligned() {
        let text = plain();
        let starts: Vec<_> =
            text.lines().filter_map(|line| line.find("http://127.0.0.1:85")).take(2).collect();

        assert!(matches!(starts[..], [first, second] if first == second), "{text}");
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
    fn a_pipe_gets_the_same_text_without_colours() {
        assert!(table(&ClusterInfo::sample()).contains("\u{1b}["));
        assert!(!plain().contains('\u{1b}'));
    }

    #[test]
    fn a_quote_in_a_password_does_not_end_the_word() {
        assert_eq!(quoted("it's"), r"'it'\''s'");
    }
}
