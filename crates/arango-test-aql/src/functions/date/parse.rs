//! Texts to times and durations.

use super::calendar::Day;

/// Reads a date with or without a time; returns milliseconds since 1970.
pub(super) fn parse_date(text: &str) -> Option<i64> {
    let white_space = [' ', '\t', '\r', '\n'];
    let text = text.trim_start_matches(white_space);
    let mut reader = Reader { rest: text.strip_prefix('+').unwrap_or(text).trim_end_matches(white_space) };

    let mut day = Day { year: reader.year()?, month: 1, day: 1 };
    if reader.skip(&['-']).is_some() {
        day.month = reader.number(2, 1..=12)?;
        if reader.skip(&['-']).is_some() {
            day.day = reader.number(2, 1..=31)?;
        }
    }
    let mut milliseconds = day.milliseconds();
    if reader.skip(&['T', ' ']).is_some() {
        milliseconds += reader.number(2, 0..=23)? * 3_600_000;
        reader.skip(&[':'])?;
        milliseconds += reader.number(2, 0..=59)? * 60_000;
        if reader.skip(&[':']).is_some() {
            milliseconds += reader.number(2, 0..=59)? * 1000;
            if reader.skip(&['.']).is_some() {
                milliseconds += reader.thousandths()?;
            }
        }
    }
    if reader.skip(&['z', 'Z']).is_none()
        && let Some(sign) = reader.skip(&['+', '-'])
    {
        let hours = reader.number(2, 0..=23)?;
        reader.skip(&[':'])?;
        // The sign belongs to the hours alone, as a server has it.
        let hours = if sign == '-' { -hours } else { hours };
        let offset = hours * 60 + reader.number(2, 0..=59)?;
        milliseconds -= offset * 60_000;
    }
    let is_valid = reader.rest.is_empty() && (0..=9999).contains(&Day::of(milliseconds).year);
    is_valid.then_some(milliseconds)
}

/// A duration: months, which differ in length, and milliseconds.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct IsoDuration {
    pub(super) months: i64,
    pub(super) milliseconds: i64,
}

/// Reads a duration such as `P1Y2M3W4DT5H6M7.5S`.
pub(super) fn parse_duration(text: &str) -> Option<IsoDuration> {
    const DATE_UNITS: &[(char, i64, i64)] =
        &[('Y', 12, 0), ('M', 1, 0), ('W', 0, 604_800_000), ('D', 0, 86_400_000)];
    const TIME_UNITS: &[(char, i64, i64)] = &[('H', 0, 3_600_000), ('M', 0, 60_000), ('S', 0, 1000)];

    let mut reader = Reader { rest: text.strip_prefix('P').filter(|rest| !rest.is_empty())? };
    let mut duration = IsoDuration::default();
    let mut units = DATE_UNITS.iter();
    while !reader.rest.is_empty() {
        if units.as_slice().last().is_none_or(|last| last.0 == 'D') && reader.skip(&['T']).is_some() {
            units = TIME_UNITS.iter();
            continue;
        }
        let count = reader.number(9, 0..=999_999_999)?;
        let thousandths = match reader.skip(&['.', ',']) {
            Some(_) if reader.digits() <= 3 => Some(reader.thousandths()?),
            Some(_) => return None,
            None => None,
        };
        // Units stand in their order, each at most once.
        let (unit, months, milliseconds) = units.find(|unit| reader.rest.starts_with(unit.0))?;
        reader.skip(&[*unit])?;
        if thousandths.is_some() && *unit != 'S' {
            return None;
        }
        duration.months += count * months;
        duration.milliseconds += count * milliseconds + thousandths.unwrap_or_default();
    }
    Some(duration)
}

struct Reader<'a> {
    rest: &'a str,
}

impl Reader<'_> {
    /// Skips one of some characters, and returns it.
    fn skip(&mut self, chars: &[char]) -> Option<char> {
        let char = self.rest.chars().next().filter(|char| chars.contains(char))?;
        self.rest = &self.rest[char.len_utf8()..];
        Some(char)
    }

    fn digits(&self) -> usize {
        self.rest.bytes().take_while(u8::is_ascii_digit).count()
    }

    fn take(&mut self, count: usize) -> Option<i64> {
        let (number, rest) = self.rest.split_at(count);
        self.rest = rest;
        number.parse().ok()
    }

    fn number(&mut self, max_digits: usize, range: std::ops::RangeInclusive<i64>) -> Option<i64> {
        let digits = self.digits();
        (1..=max_digits).contains(&digits).then_some(())?;
        self.take(digits).filter(|number| range.contains(number))
    }

    /// Reads a year of up to four digits behind any number of zeros.
    fn year(&mut self) -> Option<i64> {
        let digits = self.digits();
        self.take(digits).filter(|year| (0..=9999).contains(year))
    }

    /// Reads the digits behind a decimal point as thousandths; further digits do not count.
    fn thousandths(&mut self) -> Option<i64> {
        let digits = self.digits();
        let thousandths = format!("{:0<3}", &self.rest[..digits.min(3)]);
        self.rest = &self.rest[digits..];
        (digits > 0).then(|| thousandths.parse().ok())?
    }
}

#[cfg(test)]
mod tests {
    use super::{IsoDuration, parse_date, parse_duration};

    #[test]
    fn dates_are_read_in_all_their_forms() {
        let expected = [
            ("1970-01-01", 0),
            ("1970", 0),
            ("1970-1-2", 86_400_000),
            (" +1970-01-01T00:00:01Z ", 1000),
            ("1970-01-01 00:00", 0),
            ("1970-01-01T01:00:00+01:00", 0),
            ("1969-12-31T23:00:00-01:00", 0),
            ("1970-01-01T00:00:00.5", 500),
            ("1970-01-01T00:00:00.12345Z", 123),
            ("2000-02-31", 951_955_200_000),
        ];
        for (text, milliseconds) in expected {
            assert_eq!(parse_date(text), Some(milliseconds), "{text}");
        }
    }

    #[test]
    fn other_texts_are_no_dates() {
        for text in [
            "",
            "abc",
            "-1970",
            "1970-13",
            "1970-01-32",
            "1970-01-01T24:00",
            "1970-01-01T1",
            "10000",
            "1970x",
        ] {
            assert_eq!(parse_date(text), None, "{text}");
        }
    }

    #[test]
    fn durations_have_their_units_in_order() {
        let expected = IsoDuration { months: 14, milliseconds: 3 * 604_800_000 + 4 * 86_400_000 + 5500 };
        assert_eq!(parse_duration("P1Y2M3W4DT5.5S"), Some(expected));
        assert_eq!(parse_duration("PT1M"), Some(IsoDuration { months: 0, milliseconds: 60_000 }));
        for text in ["", "P", "1Y", "P1", "P1D1Y", "PT1Y", "P1.5D", "PT1H1H"] {
            assert_eq!(parse_duration(text), None, "{text}");
        }
    }
}
