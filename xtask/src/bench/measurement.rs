//! One measurement, and its limit.

/// An upper limit for the client's cost.
enum Limit {
    /// As a ratio to the cost of the program by hand.
    Ratio(f64),
    /// As a figure.
    Figure(f64),
}

const LIMITS: [(&str, Limit); 15] = [
    ("version: instructions per call", Limit::Ratio(1.25)),
    ("health: instructions per call", Limit::Ratio(1.03)),
    ("version, three coordinators: instructions per call", Limit::Ratio(1.16)),
    ("insert, three coordinators: instructions per call", Limit::Ratio(1.12)),
    ("get, three coordinators: instructions per call", Limit::Ratio(1.12)),
    ("rows: µs of CPU per row", Limit::Figure(2.4)),
    ("rows, three coordinators: µs of CPU per row", Limit::Figure(2.4)),
    ("rows, borrowed: µs of CPU per row", Limit::Figure(0.8)),
    ("rows, borrowed, three coordinators: µs of CPU per row", Limit::Figure(0.8)),
    ("import: µs of CPU per document", Limit::Figure(2.5)),
    ("import, three coordinators: µs of CPU per document", Limit::Figure(2.5)),
    ("version over TLS: instructions per call", Limit::Ratio(1.15)),
    ("health over TLS: instructions per call", Limit::Ratio(1.15)),
    ("version over HTTP/2: instructions per call", Limit::Ratio(1.15)),
    ("health over HTTP/2: instructions per call", Limit::Ratio(1.15)),
];

/// One line of the benchmark's table.
#[derive(Debug, PartialEq)]
pub(super) struct Measurement {
    pub(super) what: String,
    pub(super) facade: f64,
    pub(super) raw: f64,
}

impl Measurement {
    /// Reads `version: instructions per call   27468  21632  1.270`.
    pub(super) fn read(line: &str) -> Option<Self> {
        let mut words = line.rsplit(' ').filter(|word| !word.is_empty());
        let _ratio: f64 = words.next()?.parse().ok()?;
        let raw = words.next()?.parse().ok()?;
        let facade = words.next()?.parse().ok()?;
        let what: Vec<_> = words.collect();
        let what: Vec<_> = what.into_iter().rev().collect();
        (!what.is_empty()).then(|| Self { what: what.join(" "), facade, raw })
    }

    pub(super) fn ratio(&self) -> f64 {
        self.facade / self.raw
    }

    /// The upper limit, and whether it is met.
    fn limit(&self) -> Option<String> {
        let (_, limit) = LIMITS.iter().find(|(what, _)| *what == self.what)?;
        let (limit, is_met, unit) = match limit {
            Limit::Ratio(limit) => (limit, self.ratio() <= *limit, ""),
            Limit::Figure(limit) => (limit, self.facade <= *limit, " µs"),
        };
        Some(format!("{limit:.2}{unit}, {}", if is_met { "met" } else { "missed" }))
    }

    pub(super) fn cells(&self) -> [String; 5] {
        let limit = self.limit().unwrap_or_default();
        let ratio = format!("{:.3}", self.ratio());
        [self.what.clone(), self.facade.to_string(), self.raw.to_string(), ratio, limit]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn measurements_are_parsed_from_the_output() {
        let measurement =
            Measurement::read("version: instructions per call        27468      21632    1.270").unwrap();
        assert_eq!(measurement.what, "version: instructions per call");
        assert_eq!((measurement.facade, measurement.raw), (27_468.0, 21_632.0));
        assert_eq!(measurement.limit().unwrap(), "1.25, missed");
        let rows = Measurement::read("rows: µs of CPU per row    1.20   1.30    0.923").unwrap();
        assert_eq!(rows.limit().unwrap(), "2.40 µs, met");
        assert_eq!(Measurement::read("                      facade        raw    ratio"), None);
        assert_eq!(Measurement::read("instructions per call: skipped: valgrind is not installed"), None);
    }
}
