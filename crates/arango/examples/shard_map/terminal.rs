//! A map on a terminal.

use std::fmt::Write;

use owo_colors::{OwoColorize, Rgb};

use crate::map::{ShardMap, Shards};

/// Returns the table. The more leaders, the stronger the colour; without colours the numbers remain.
pub(crate) fn table(map: &ShardMap) -> String {
    let longest = map.rows.iter().map(|(name, _)| name.len()).max().unwrap_or_default().max(ALL.len());
    let width = map.servers.iter().map(String::len).max().unwrap_or_default().max(8);
    let mut text = String::new();
    let mut write =
        |line: std::fmt::Arguments<'_>| text.write_fmt(line).expect("writing to a string cannot fail");
    write(format_args!("{:longest$}", ""));
    for server in &map.servers {
        write(format_args!(" {:^width$}", server.dimmed()));
    }
    write(format_args!("\n"));
    for (name, row) in &map.rows {
        write(format_args!("{name:longest$}"));
        for shards in row {
            write(format_args!(
                " {}",
                cell(*shards, width).on_color(colour(shards.leaders, map.most_leaders()))
            ));
        }
        write(format_args!("\n"));
    }
    write(format_args!("{ALL:longest$}"));
    for shards in map.total() {
        write(format_args!(" {}", cell(shards, width).bold()));
    }
    write(format_args!("\n{:longest$} leaders + followers\n", ""));
    text
}

/// The name of the last row.
pub(crate) const ALL: &str = "all collections";

/// The numbers of a cell: leaders and followers.
pub(crate) fn numbers(shards: Shards) -> String {
    format!("{} + {}", shards.leaders, shards.followers)
}

fn cell(shards: Shards, width: usize) -> String {
    format!("{:^width$}", numbers(shards))
}

/// From black to blue, dark enough for the default colour of text.
fn colour(leaders: usize, most: usize) -> Rgb {
    let part = |full: usize| u8::try_from(full * leaders / most.max(1)).unwrap_or(u8::MAX);
    Rgb(part(20), part(90), part(170))
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::map::sample;

    #[test]
    fn each_collection_has_a_row_and_the_last_one_is_the_sum() {
        let plain = anstream::adapter::strip_str(&table(&sample())).to_string();

        expect![[r"
                              DBServer0001 DBServer0002
              shop/orders        4 + 0        0 + 4    
              shop/<&>           1 + 1        1 + 1    
              all collections    5 + 1        1 + 5    
                              leaders + followers
        "]]
        .assert_eq(&plain);
    }
}
