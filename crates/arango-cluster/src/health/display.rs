//! The health of a cluster as a table.

use std::fmt;

use crate::health::{ClusterHealth, ServerHealth};
use crate::server::ServerId;

const HEADINGS: [&str; 5] = ["STATUS", "ROLE", "NAME", "ID", "ENDPOINT"];

/// Writes one line for each server, below the headings, in aligned columns. Nothing follows the last line.
impl fmt::Display for ClusterHealth {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows: Vec<_> = self.servers().map(cells).collect();
        let mut widths = HEADINGS.map(str::len);
        for row in &rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(cell.chars().count());
            }
        }
        write_row(f, &HEADINGS, &widths)?;
        for row in &rows {
            f.write_str("\n")?;
            write_row(f, row, &widths)?;
        }
        Ok(())
    }
}

#[inline]
fn cells<'a>((id, server): (&'a ServerId, &'a ServerHealth)) -> [&'a str; 5] {
    let name = server.short_name.as_deref().filter(|name| !name.is_empty());
    let endpoint = server.client_endpoint();
    [server.status.as_str(), server.role.as_str(), name.unwrap_or("-"), id.as_str(), endpoint.unwrap_or("-")]
}

/// Writes the cells of a row. The last one is not padded, so that no line ends in spaces.
#[inline]
fn write_row(f: &mut fmt::Formatter<'_>, row: &[&str; 5], widths: &[usize; 5]) -> fmt::Result {
    let [first @ .., last] = row;
    for (cell, width) in first.iter().zip(widths) {
        write!(f, "{cell:<width$}  ")?;
    }
    f.write_str(last)
}

#[cfg(test)]
mod tests {
    use crate::health::GetHealth;
    use crate::testing::read;

    #[test]
    fn servers_are_written_in_aligned_columns() {
        let health = read(
            &GetHealth,
            r#"{"ClusterId":"c","Health":{
                "CRDN-1":{"Role":"Coordinator","Status":"FAILED","ShortName":"Coordinator0001",
                    "Endpoint":"tcp://10.0.0.11:8529","AdvertisedEndpoint":"ssl://db1.example.com:8529"},
                "AGNT-1":{"Role":"Agent","Status":"GOOD","Endpoint":""}}}"#,
        );
        assert_eq!(
            health.to_string(),
            "STATUS  ROLE         NAME             ID      ENDPOINT\n\
             GOOD    Agent        -                AGNT-1  -\n\
             FAILED  Coordinator  Coordinator0001  CRDN-1  ssl://db1.example.com:8529"
        );
    }
}
