//! Maps as a picture.

use std::fmt::Write;

use crate::map::{ShardMap, Shards};
use crate::terminal::{ALL, numbers};

const CELL: (usize, usize) = (108, 26);
const NAMES: usize = 190;
const TOP: usize = 64;
/// Legible on a light and on a dark background.
const TEXT: &str = "#768390";
/// The colours of a cell without leaders and of one with most. Not transparent: numbers must be legible in each.
const HEAT: [[usize; 3]; 2] = [[231, 245, 255], [24, 100, 171]];

/// Returns an SVG file with the maps beside each other. They have the same collections.
pub(crate) fn svg(maps: &[(&str, &ShardMap)]) -> String {
    let (wide, high) = CELL;
    let rows = maps.iter().map(|(_, map)| map.rows.len()).max().unwrap_or_default();
    let most = maps.iter().map(|(_, map)| map.most_leaders()).max().unwrap_or_default().max(1);
    let map_width = |map: &ShardMap| map.servers.len() * wide + 24;
    let width = NAMES + maps.iter().map(|(_, map)| map_width(map)).sum::<usize>();
    let height = TOP + (rows + 1) * high + 40;
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" font-family=\"sans-serif\" \
         font-size=\"13\" fill=\"{TEXT}\">\n<title>Shards of each collection on each DB-Server</title>\n"
    );
    let mut write = |line: std::fmt::Arguments<'_>| {
        text.write_fmt(format_args!("{line}\n")).expect("writing to a string cannot fail");
    };
    if let Some((_, map)) = maps.first() {
        for (index, name) in map.rows.iter().map(|(name, _)| name.as_str()).chain([ALL]).enumerate() {
            let y = TOP + index * high + 18;
            let name = escaped(name);
            write(format_args!(r#"<text x="{}" y="{y}" text-anchor="end">{name}</text>"#, NAMES - 10));
        }
    }
    let mut left = NAMES;
    for (title, map) in maps {
        let middle = left + map.servers.len() * wide / 2;
        let title = escaped(title);
        write(format_args!(
            r#"<text x="{middle}" y="22" text-anchor="middle" font-size="14" font-weight="bold">{title}</text>"#
        ));
        for (index, server) in map.servers.iter().enumerate() {
            let (x, server) = (left + index * wide + wide / 2, escaped(server));
            write(format_args!(r#"<text x="{x}" y="{}" text-anchor="middle">{server}</text>"#, TOP - 12));
        }
        for (row, (_, cells)) in map.rows.iter().enumerate() {
            for (column, shards) in cells.iter().enumerate() {
                let (x, y) = (left + column * wide, TOP + row * high);
                write(format_args!("{}", cell(x, y, *shards, most)));
            }
        }
        for (column, shards) in map.total().into_iter().enumerate() {
            let (x, y) = (left + column * wide + wide / 2, TOP + map.rows.len() * high + 18);
            write(format_args!(
                r#"<text x="{x}" y="{y}" text-anchor="middle" font-weight="bold">{}</text>"#,
                numbers(shards)
            ));
        }
        left += map_width(map);
    }
    write(format_args!(
        r#"<text x="{NAMES}" y="{}">leaders + followers; the more leaders, the darker the colour</text>"#,
        height - 12
    ));
    text + "</svg>\n"
}

/// A cell, and its numbers.
fn cell(x: usize, y: usize, shards: Shards, most: usize) -> String {
    let (wide, high) = CELL;
    let [none, full] = HEAT;
    let mix = |index: usize| (none[index] * (most - shards.leaders) + full[index] * shards.leaders) / most;
    format!(
        "<rect x=\"{x}\" y=\"{y}\" width=\"{}\" height=\"{}\" rx=\"3\" fill=\"rgb({},{},{})\"/>\n\
         <text x=\"{}\" y=\"{}\" text-anchor=\"middle\" fill=\"{}\">{}</text>",
        wide - 3,
        high - 3,
        mix(0),
        mix(1),
        mix(2),
        x + wide / 2,
        y + 17,
        if shards.leaders * 2 > most { "#ffffff" } else { "#1b3a57" },
        numbers(shards)
    )
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::map::sample;

    #[test]
    fn a_cell_is_the_darker_the_more_leaders_it_has() {
        let picture = svg(&[("before", &sample())]);

        let fills: Vec<_> = picture
            .split("fill=\"rgb(")
            .skip(1)
            .map(|rest| rest.split(')').next().unwrap().to_owned())
            .collect();
        assert_eq!(fills, ["24,100,171", "231,245,255", "179,208,234", "179,208,234"]);
    }

    #[test]
    fn names_are_escaped() {
        let picture = svg(&[("a < b", &sample())]);

        assert!(picture.contains("shop/&lt;&amp;&gt;") && picture.contains("a &lt; b"), "{picture}");
    }
}
