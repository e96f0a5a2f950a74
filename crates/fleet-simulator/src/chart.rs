//! A line chart, written as SVG: one panel for each line, side by side, so that no line hides another.

use std::fmt::{self, Write as _};

/// Width and height of the image; the constants below are its margins.
const SIZE: (f64, f64) = (760.0, 320.0);
const LEFT: f64 = 60.0;
const RIGHT: f64 = 14.0;
const TOP: f64 = 58.0;
const BOTTOM: f64 = 72.0;
/// Space between two panels.
const GAP: f64 = 20.0;
/// Legible on a light and on a dark background, as the colours of lines must be.
pub(crate) const TEXT_COLOUR: &str = "#768390";

pub(crate) struct Chart {
    pub(crate) title: String,
    pub(crate) x: Axis,
    pub(crate) y: Axis,
    pub(crate) shaded: Option<Shaded>,
    /// A line in every panel, to compare the others with.
    pub(crate) reference: Option<Line>,
    /// One for each panel.
    pub(crate) lines: Vec<Line>,
}

/// Spans of the horizontal axis, and what they mean.
pub(crate) struct Shaded {
    pub(crate) name: &'static str,
    pub(crate) spans: Vec<(f64, f64)>,
}

pub(crate) struct Axis {
    pub(crate) name: &'static str,
    /// The labelled values; the first and the last are the ends of the axis.
    pub(crate) ticks: Vec<(f64, String)>,
    pub(crate) scale: Scale,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scale {
    Linear,
    Logarithmic,
}

pub(crate) struct Line {
    pub(crate) name: &'static str,
    pub(crate) colour: &'static str,
    pub(crate) points: Vec<(f64, f64)>,
}

impl Axis {
    /// Returns an axis whose labels are its values.
    pub(crate) fn new(name: &'static str, scale: Scale, ticks: &[f64]) -> Self {
        Self { name, ticks: ticks.iter().map(|tick| (*tick, tick.to_string())).collect(), scale }
    }

    /// Returns the position of a value, from 0 to 1. The first tick may be the larger end.
    fn position(&self, value: f64) -> f64 {
        let scaled = |value: f64| if self.scale == Scale::Logarithmic { value.ln() } else { value };
        let (first, last) = (self.ticks[0].0, self.ticks[self.ticks.len() - 1].0);
        let value = value.clamp(first.min(last), first.max(last));
        (scaled(value) - scaled(first)) / (scaled(last) - scaled(first))
    }
}

/// One panel: its left and right end.
struct Panel<'a> {
    chart: &'a Chart,
    left: f64,
    right: f64,
}

impl Panel<'_> {
    fn x(&self, value: f64) -> f64 {
        self.left + self.chart.x.position(value) * (self.right - self.left)
    }

    fn points(&self, line: &Line) -> String {
        let mut points = String::new();
        for (x, y) in &line.points {
            write!(points, "{:.1},{:.1} ", self.x(*x), self.chart.y_of(*y))
                .expect("writing to a string cannot fail");
        }
        points.truncate(points.trim_end().len());
        points
    }

    fn draw(&self, f: &mut fmt::Formatter<'_>, line: &Line) -> fmt::Result {
        let (left, right, bottom) = (self.left, self.right, SIZE.1 - BOTTOM);
        for (from, to) in self.chart.shaded.iter().flat_map(|shaded| &shaded.spans) {
            let (from, to) = (self.x(*from), self.x(*to));
            writeln!(
                f,
                r#"<rect x="{from:.1}" y="{TOP}" width="{:.1}" height="{}" fill="{TEXT_COLOUR}" opacity="0.18"/>"#,
                to - from,
                bottom - TOP
            )?;
        }
        for (tick, _) in &self.chart.y.ticks {
            let at = self.chart.y_of(*tick);
            writeln!(
                f,
                r#"<path d="M{left:.1} {at:.1}H{right:.1}" stroke="{TEXT_COLOUR}" stroke-width="0.5" opacity="0.5"/>"#
            )?;
        }
        let last = self.chart.x.ticks.len() - 1;
        for (index, (tick, label)) in self.chart.x.ticks.iter().enumerate() {
            let at = self.x(*tick);
            // The labels at the ends must not meet those of the panels beside this one.
            let anchor = match index {
                0 => "start",
                _ if index == last => "end",
                _ => "middle",
            };
            writeln!(f, r#"<path d="M{at:.1} {bottom}v4" stroke="{TEXT_COLOUR}" stroke-width="0.5"/>"#)?;
            writeln!(f, r#"<text x="{at:.1}" y="{}" text-anchor="{anchor}">{label}</text>"#, bottom + 17.0)?;
        }
        // Wide and pale below the line, so that both are seen where they are equal.
        if let Some(reference) = &self.chart.reference {
            let points = self.points(reference);
            writeln!(
                f,
                r#"<polyline points="{points}" fill="none" stroke="{}" stroke-width="7" stroke-linejoin="round" opacity="0.35"/>"#,
                reference.colour
            )?;
        }
        let (points, colour) = (self.points(line), line.colour);
        writeln!(f, r#"<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"/>"#)?;
        writeln!(
            f,
            r#"<text x="{:.1}" y="{}" text-anchor="middle" font-weight="bold" fill="{colour}">{}</text>"#,
            left.midpoint(right),
            TOP - 12.0,
            line.name
        )
    }
}

impl Chart {
    fn y_of(&self, value: f64) -> f64 {
        SIZE.1 - BOTTOM - self.y.position(value) * (SIZE.1 - TOP - BOTTOM)
    }

    /// The explanations in the last row.
    fn draw_legend(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut left = LEFT;
        let row = SIZE.1 - 14.0;
        let mut entry = |f: &mut fmt::Formatter<'_>, name: &str, high: f64, opacity: f64| {
            writeln!(
                f,
                r#"<rect x="{left}" y="{}" width="24" height="{high}" fill="{TEXT_COLOUR}" opacity="{opacity}"/>"#,
                row - 4.0 - high / 2.0
            )?;
            let text = left + 32.0;
            left += 32.0 + 8.0 * f64::from(u32::try_from(name.len()).unwrap_or(u32::MAX));
            writeln!(f, r#"<text x="{text}" y="{row}">{name}</text>"#)
        };
        if let Some(shaded) = &self.shaded {
            entry(f, shaded.name, 12.0, 0.18)?;
        }
        if let Some(reference) = &self.reference {
            entry(f, reference.name, 7.0, 0.35)?;
        }
        Ok(())
    }
}

impl fmt::Display for Chart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (width, height) = SIZE;
        let bottom = height - BOTTOM;
        writeln!(
            f,
            r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="12" fill="{TEXT_COLOUR}">"#
        )?;
        writeln!(
            f,
            "<title>{0}</title>\n<text x=\"{LEFT}\" y=\"20\" font-size=\"14\">{0}</text>",
            self.title
        )?;
        for (tick, label) in &self.y.ticks {
            let at = self.y_of(*tick);
            writeln!(f, r#"<text x="{}" y="{:.1}" text-anchor="end">{label}</text>"#, LEFT - 6.0, at + 4.0)?;
        }
        writeln!(
            f,
            r#"<text transform="translate(14 {:.1}) rotate(-90)" text-anchor="middle">{}</text>"#,
            TOP.midpoint(bottom),
            self.y.name
        )?;
        let panels = f64::from(u32::try_from(self.lines.len()).unwrap_or(u32::MAX));
        let panel_width = (width - LEFT - RIGHT - GAP * (panels - 1.0)) / panels;
        let mut left = LEFT;
        for line in &self.lines {
            let panel = Panel { chart: self, left, right: left + panel_width };
            panel.draw(f, line)?;
            left += panel_width + GAP;
        }
        writeln!(
            f,
            r#"<text x="{:.1}" y="{}" text-anchor="middle">{}</text>"#,
            LEFT.midpoint(width - RIGHT),
            bottom + 36.0,
            self.x.name
        )?;
        self.draw_legend(f)?;
        writeln!(f, "</svg>")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn axis(first: f64, last: f64, scale: Scale) -> Axis {
        Axis::new("x", scale, &[first, last])
    }

    #[test]
    fn an_axis_may_begin_with_its_larger_end() {
        let percentiles = axis(500.0, 1.0, Scale::Logarithmic);

        assert_eq!((percentiles.position(500.0), percentiles.position(1.0)), (0.0, 1.0));
        assert!(percentiles.position(100.0) < percentiles.position(10.0));
    }

    #[test]
    fn a_value_beyond_the_axis_is_drawn_at_its_end() {
        assert!((axis(0.0, 10.0, Scale::Linear).position(12.0) - 1.0).abs() < f64::EPSILON);
    }

    #[test]
    fn each_line_has_its_own_panel() {
        let line = |name| Line { name, colour: TEXT_COLOUR, points: vec![(0.0, 5.0), (10.0, 5.0)] };
        let chart = Chart {
            title: "t".to_owned(),
            x: axis(0.0, 10.0, Scale::Linear),
            y: axis(0.0, 10.0, Scale::Linear),
            shaded: None,
            reference: None,
            lines: vec![line("a"), line("b")],
        };

        let text = chart.to_string();
        let first_points: Vec<f64> = text
            .split("<polyline points=\"")
            .skip(1)
            .map(|rest| rest.split(',').next().unwrap().parse().unwrap())
            .collect();
        assert_eq!(first_points.len(), 2);
        assert!(first_points[1] > first_points[0] + (SIZE.0 - LEFT - RIGHT) / 2.0, "{first_points:?}");
    }
}
