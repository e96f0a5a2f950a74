//! A line chart, written as SVG.

use std::fmt::{self, Write as _};

/// Width and height of the image; the constants below are its margins.
const SIZE: (f64, f64) = (720.0, 300.0);
const LEFT: f64 = 56.0;
const RIGHT: f64 = 118.0;
const TOP: f64 = 34.0;
const BOTTOM: f64 = 42.0;
/// Colours of the lines, legible on a light and on a dark background.
const COLOURS: [&str; 4] = ["#e8590c", "#1c7ed6", "#2f9e44", "#ae3ec9"];
const TEXT_COLOUR: &str = "#868e96";

pub(crate) struct Chart {
    pub(crate) title: String,
    pub(crate) x: Axis,
    pub(crate) y: Axis,
    /// Spans of the horizontal axis with a fault.
    pub(crate) shaded: Vec<(f64, f64)>,
    pub(crate) lines: Vec<Line>,
}

pub(crate) struct Axis {
    pub(crate) name: &'static str,
    /// The labelled values; the first and the last are the ends of the axis.
    pub(crate) ticks: Vec<f64>,
    pub(crate) scale: Scale,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scale {
    Linear,
    Logarithmic,
}

pub(crate) struct Line {
    pub(crate) name: &'static str,
    pub(crate) points: Vec<(f64, f64)>,
}

impl Axis {
    /// Returns the position of a value, from 0 to 1.
    fn position(&self, value: f64) -> f64 {
        let scaled = |value: f64| if self.scale == Scale::Logarithmic { value.ln() } else { value };
        let (min, max) = (self.ticks[0], self.ticks[self.ticks.len() - 1]);
        let value = value.clamp(min, max);
        (scaled(value) - scaled(min)) / (scaled(max) - scaled(min))
    }
}

impl fmt::Display for Chart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (width, height) = SIZE;
        let x = |value: f64| LEFT + self.x.position(value) * (width - LEFT - RIGHT);
        let y = |value: f64| height - BOTTOM - self.y.position(value) * (height - TOP - BOTTOM);
        let (right, bottom) = (width - RIGHT, height - BOTTOM);
        writeln!(
            f,
            r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="12" fill="{TEXT_COLOUR}">"#
        )?;
        writeln!(
            f,
            "<title>{0}</title>\n<text x=\"{LEFT}\" y=\"18\" font-size=\"14\">{0}</text>",
            self.title
        )?;
        for (from, to) in &self.shaded {
            let (from, to) = (x(*from), x(*to));
            let (wide, high) = (to - from, bottom - TOP);
            writeln!(
                f,
                r#"<rect x="{from:.0}" y="{TOP}" width="{wide:.0}" height="{high}" fill="{TEXT_COLOUR}" opacity="0.18"/>"#
            )?;
        }
        for tick in &self.y.ticks {
            let at = y(*tick);
            writeln!(
                f,
                r#"<path d="M{LEFT} {at:.1}H{right}" stroke="{TEXT_COLOUR}" stroke-width="0.5" opacity="0.5"/>"#
            )?;
            writeln!(f, r#"<text x="{}" y="{:.1}" text-anchor="end">{tick}</text>"#, LEFT - 6.0, at + 4.0)?;
        }
        for tick in &self.x.ticks {
            writeln!(
                f,
                r#"<text x="{:.1}" y="{}" text-anchor="middle">{tick}</text>"#,
                x(*tick),
                bottom + 16.0
            )?;
        }
        writeln!(
            f,
            r#"<text x="{:.1}" y="{}" text-anchor="middle">{}</text>"#,
            LEFT.midpoint(right),
            height - 8.0,
            self.x.name
        )?;
        writeln!(
            f,
            r#"<text transform="translate(14 {:.1}) rotate(-90)" text-anchor="middle">{}</text>"#,
            TOP.midpoint(bottom),
            self.y.name
        )?;
        for (index, line) in self.lines.iter().enumerate() {
            let colour = COLOURS[index % COLOURS.len()];
            let mut points = String::new();
            for (x_value, y_value) in &line.points {
                write!(points, "{:.1},{:.1} ", x(*x_value), y(*y_value))?;
            }
            let points = points.trim_end();
            writeln!(f, r#"<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"/>"#)?;
            let row = TOP + 12.0 + 18.0 * f64::from(u32::try_from(index).unwrap_or(u32::MAX));
            writeln!(f, r#"<text x="{}" y="{row}" fill="{colour}">{}</text>"#, right + 8.0, line.name)?;
        }
        writeln!(f, "</svg>")
    }
}
