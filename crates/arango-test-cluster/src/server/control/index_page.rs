//! The index page of the control API, for people with a browser.

use std::fmt::{self, Display, Formatter, Write as _};

use super::calls::CALLS;
use super::injected::FaultRow;
use crate::journal::Entry;

/// What the page shows.
pub(super) struct Index {
    /// The path of the page, without a slash at its end: a slash and the token.
    pub(super) base: String,
    pub(super) version: String,
    pub(super) coordinators: Vec<CoordinatorRow>,
    pub(super) db_servers: Vec<ServerRow>,
    pub(super) agents: Vec<String>,
    pub(super) faults: Vec<FaultRow>,
    /// The latest entries of the journal, oldest first.
    pub(super) recent: Vec<Entry>,
    /// How many requests were executed in all.
    pub(super) executed: usize,
}

/// A coordinator.
pub(super) struct CoordinatorRow {
    pub(super) server: ServerRow,
    pub(super) url: String,
    pub(super) connections: usize,
    pub(super) requests: usize,
}

/// A coordinator or a DB-Server.
pub(super) struct ServerRow {
    pub(super) id: String,
    pub(super) short_name: String,
    pub(super) state: &'static str,
}

// Colours of both schemes, from the browser; no script, and nothing is loaded.
const HEAD: &str = r#"<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>Test cluster</title>
<style>
:root { color-scheme: light dark; }
body { font: 16px/1.45 system-ui, sans-serif; max-width: 68rem; margin: 1.5rem auto; padding: 0 1rem; }
section { overflow-x: auto; }
table { border-collapse: collapse; }
th, td { text-align: left; vertical-align: top; padding: .2rem 1.2rem .2rem 0; border-bottom: 1px solid #8884; }
td.number, th.number { text-align: right; }
td:nth-child(2) a { white-space: nowrap; }
code { font-family: ui-monospace, monospace; font-size: .9em; }
</style>
</head>
<body>
"#;

/// Renders the page.
pub(super) fn render(index: &Index) -> String {
    let mut page = HEAD.to_owned();
    write_page(&mut page, index).expect("writing to a string cannot fail");
    page
}

fn write_page(page: &mut String, index: &Index) -> fmt::Result {
    writeln!(page, "<h1>Test cluster, version {}</h1>", Escaped(&index.version))?;
    writeln!(
        page,
        "<p>An embedded ArangoDB cluster: {} coordinators, {} DB-Servers, {} agents, all in one process. Only the \
         coordinators listen. This is its control address; reload the page for the present state.</p>",
        index.coordinators.len(),
        index.db_servers.len(),
        index.agents.len(),
    )?;
    write_servers(page, index)?;
    write_faults(page, index)?;
    write_journal(page, index)?;
    write_calls(page, &index.base)?;
    page.push_str("</body>\n</html>\n");
    Ok(())
}

fn write_servers(page: &mut String, index: &Index) -> fmt::Result {
    page.push_str("<section><h2>Coordinators</h2>\n<table><tr><th class=\"number\">i</th><th>URL</th><th>name</th><th>id</th><th>state</th><th class=\"number\">connections</th><th class=\"number\">requests</th></tr>\n");
    for (i, CoordinatorRow { server, url, connections, requests }) in index.coordinators.iter().enumerate() {
        let url = Escaped(url);
        writeln!(
            page,
            "<tr><td class=\"number\">{i}</td><td><a href=\"{url}/_api/version\">{url}</a></td><td>{}</td>\
             <td><code>{}</code></td><td>{}</td><td class=\"number\">{connections}</td>\
             <td class=\"number\">{requests}</td></tr>",
            Escaped(&server.short_name),
            Escaped(&server.id),
            server.state,
        )?;
    }
    page.push_str("</table></section>\n<section><h2>DB-Servers</h2>\n<table><tr><th class=\"number\">i</th><th>name</th><th>id</th><th>state</th></tr>\n");
    for (i, server) in index.db_servers.iter().enumerate() {
        writeln!(
            page,
            "<tr><td class=\"number\">{i}</td><td>{}</td><td><code>{}</code></td><td>{}</td></tr>",
            Escaped(&server.short_name),
            Escaped(&server.id),
            server.state,
        )?;
    }
    page.push_str("</table></section>\n");
    Ok(())
}

fn write_faults(page: &mut String, index: &Index) -> fmt::Result {
    page.push_str("<section><h2>Faults in force</h2>\n");
    if index.faults.is_empty() {
        page.push_str("<p>None that were injected by this API.</p></section>\n");
        return Ok(());
    }
    page.push_str("<table><tr><th class=\"number\">id</th><th>where</th><th>fault</th><th class=\"number\">requests affected</th></tr>\n");
    for FaultRow { id, coordinator, fault, hits } in &index.faults {
        let place = coordinator.map_or_else(|| "the cluster".to_owned(), |i| format!("coordinator {i}"));
        let fault = fault.to_string();
        writeln!(
            page,
            "<tr><td class=\"number\">{id}</td><td>{place}</td><td><code>{}</code></td><td class=\"number\">{hits}</td></tr>",
            Escaped(&fault),
        )?;
    }
    page.push_str("</table></section>\n");
    Ok(())
}

fn write_journal(page: &mut String, index: &Index) -> fmt::Result {
    writeln!(
        page,
        "<section><h2>Latest requests</h2>\n<p>{} executed in all. Latest first.</p>",
        index.executed
    )?;
    if index.recent.is_empty() {
        page.push_str("<p>No request was read yet.</p></section>\n");
        return Ok(());
    }
    page.push_str("<table><tr><th class=\"number\">coordinator</th><th>method</th><th>path</th><th>database</th><th>executed</th><th>status</th></tr>\n");
    for entry in index.recent.iter().rev() {
        let status = entry.status.map_or_else(|| "–".to_owned(), |status| status.to_string());
        writeln!(
            page,
            "<tr><td class=\"number\">{}</td><td>{}</td><td><code>{}</code></td><td>{}</td><td>{}</td><td>{status}</td></tr>",
            entry.coordinator,
            Escaped(entry.method.as_str()),
            Escaped(&entry.path),
            Escaped(&entry.database),
            if entry.executed { "yes" } else { "no" },
        )?;
    }
    page.push_str("</table></section>\n");
    Ok(())
}

fn write_calls(page: &mut String, base: &str) -> fmt::Result {
    page.push_str("<section><h2>Calls</h2>\n<p>Paths are below the URL of this page; bodies are JSON.</p>\n<table><tr><th>request</th><th>effect</th></tr>\n");
    for call in &CALLS {
        let requests = Escaped(call.requests);
        page.push_str("<tr><td>");
        if let Some(link) = call.link {
            write!(page, "<a href=\"{}{link}\"><code>{requests}</code></a>", Escaped(base))?;
        } else {
            write!(page, "<code>{requests}</code>")?;
        }
        writeln!(page, "</td><td>{}</td></tr>", Escaped(call.effect))?;
    }
    page.push_str("</table></section>\n");
    Ok(())
}

/// Text within HTML, in elements and in quoted attributes.
struct Escaped<'a>(&'a str);

impl Display for Escaped<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for character in self.0.chars() {
            match character {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                other => f.write_char(other)?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use http::Method;
    use serde_json::json;

    use super::*;

    const HOSTILE: &str = r#""><script>alert('x')</script>&"#;

    fn index() -> Index {
        let server = || ServerRow { id: HOSTILE.into(), short_name: HOSTILE.into(), state: "up" };
        Index {
            base: "/t0ken".into(),
            version: HOSTILE.into(),
            coordinators: vec![CoordinatorRow {
                server: server(),
                url: format!("http://{HOSTILE}"),
                connections: 1,
                requests: 2,
            }],
            db_servers: vec![server()],
            agents: vec!["AGNT-1".into()],
            faults: vec![FaultRow {
                id: 7,
                coordinator: Some(0),
                fault: json!({ "kind": "close", "path": HOSTILE }),
                hits: 3,
            }],
            recent: vec![Entry {
                coordinator: 0,
                coordinator_id: HOSTILE.into(),
                method: Method::from_bytes(b"X'&").unwrap(),
                path: format!("/_api/{HOSTILE}"),
                query: "password=hidden".into(),
                database: HOSTILE.into(),
                marker: None,
                length: 0,
                encoding: None,
                executed: true,
                changes: 0,
                status: Some(200),
            }],
            executed: 1,
        }
    }

    #[test]
    fn text_from_outside_is_escaped_wherever_it_is_shown() {
        let page = render(&index());

        assert!(!page.contains("<script"), "{page}");
        assert!(!page.contains("alert('"), "{page}");
        assert!(page.contains("X&#39;&amp;"), "{page}");
        // Version, both servers with two names, URL twice, fault, path, database.
        assert_eq!(page.matches("&lt;script&gt;").count(), 10, "{page}");
    }

    #[test]
    fn queries_are_not_shown() {
        assert!(!render(&index()).contains("hidden"));
    }

    #[test]
    fn each_call_that_reads_is_a_link_below_the_page() {
        let page = render(&index());

        for link in CALLS.iter().filter_map(|call| call.link) {
            assert!(page.contains(&format!("<a href=\"/t0ken{link}\">")), "{link}");
        }
    }

    #[test]
    fn no_other_server_learns_the_address_of_the_page() {
        assert!(render(&index()).contains(r#"<meta name="referrer" content="no-referrer">"#));
    }
}
