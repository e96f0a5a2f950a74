//! The printed table.

/// One measured value of both clients.
pub(crate) struct Row {
    pub(crate) what: String,
    pub(crate) facade: f64,
    pub(crate) raw: f64,
    pub(crate) decimals: usize,
}

const WIDTH: usize = 60;

pub(crate) fn print(rows: &[Row]) {
    anstream::println!("{:<WIDTH$} {:>10} {:>10} {:>8}", "", "facade", "raw", "ratio");
    for Row { what, facade, raw, decimals } in rows {
        let ratio = facade / raw;
        anstream::println!("{what:<WIDTH$} {facade:>10.decimals$} {raw:>10.decimals$} {ratio:>8.3}");
    }
}
