//! Times to texts.

use super::calendar::{DAY, Day};

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const WEEKDAYS: [&str; 7] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

/// Returns a time in the form of servers; `None` if its year has more than four digits.
pub(in crate::functions) fn iso8601(milliseconds: i64) -> Option<String> {
    let day = Day::of(milliseconds);
    let time = Time::of(milliseconds);
    (0..=9999).contains(&day.year).then(|| {
        let (Day { year, month, day }, Time { hour, minute, second, millisecond }) = (day, time);
        format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millisecond:03}Z")
    })
}

/// A time of a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Time {
    pub(super) hour: i64,
    pub(super) minute: i64,
    pub(super) second: i64,
    pub(super) millisecond: i64,
}

impl Time {
    pub(super) fn of(milliseconds: i64) -> Self {
        let time = milliseconds.rem_euclid(DAY);
        Self {
            hour: time / 3_600_000,
            minute: time / 60_000 % 60,
            second: time / 1000 % 60,
            millisecond: time % 1000,
        }
    }
}

/// Replaces the placeholders of a format.
pub(super) fn format(format: &str, milliseconds: i64) -> String {
    // Longer ones first: the first one that fits counts.
    const PLACEHOLDERS: &[&str] = &[
        "%&", "%yyyyyy", "%mmmm", "%yyyy", "%wwww", "%mmm", "%www", "%fff", "%xxx", "%yy", "%mm", "%dd",
        "%hh", "%ii", "%ss", "%kk", "%t", "%z", "%w", "%y", "%m", "%d", "%h", "%i", "%s", "%f", "%x", "%k",
        "%l", "%q", "%a", "%%", "%",
    ];
    let mut text = String::new();
    let mut rest = format;
    while let Some(start) = rest.find('%') {
        text.push_str(&rest[..start]);
        rest = &rest[start..];
        let placeholder = PLACEHOLDERS.iter().find(|known| rest.starts_with(**known)).copied().unwrap_or("%");
        text.push_str(&placeholder_text(placeholder, milliseconds));
        rest = &rest[placeholder.len()..];
    }
    text + rest
}

fn placeholder_text(placeholder: &str, milliseconds: i64) -> String {
    let day = Day::of(milliseconds);
    let time = Time::of(milliseconds);
    let name = |names: &[&str], index: i64, length: usize| {
        let name =
            usize::try_from(index).ok().and_then(|index| names.get(index)).copied().unwrap_or_default();
        name[..length.min(name.len())].to_owned()
    };
    match placeholder {
        "%yyyyyy" => format!("{:+07}", day.year),
        "%yyyy" => format!("{:04}", day.year),
        "%yy" => format!("{:02}", day.year % 100),
        "%y" => day.year.to_string(),
        "%mmmm" => name(&MONTHS, day.month - 1, usize::MAX),
        "%mmm" => name(&MONTHS, day.month - 1, 3),
        "%mm" => format!("{:02}", day.month),
        "%m" => day.month.to_string(),
        "%wwww" => name(&WEEKDAYS, day.day_of_week(), usize::MAX),
        "%www" => name(&WEEKDAYS, day.day_of_week(), 3),
        "%w" => day.day_of_week().to_string(),
        "%dd" => format!("{:02}", day.day),
        "%d" => day.day.to_string(),
        "%hh" => format!("{:02}", time.hour),
        "%h" => time.hour.to_string(),
        "%ii" => format!("{:02}", time.minute),
        "%i" => time.minute.to_string(),
        "%ss" => format!("{:02}", time.second),
        "%s" => time.second.to_string(),
        "%fff" => format!("{:03}", time.millisecond),
        "%f" => time.millisecond.to_string(),
        "%xxx" => format!("{:03}", day.day_of_year()),
        "%x" => day.day_of_year().to_string(),
        "%kk" => format!("{:02}", day.iso_week().1),
        "%k" => day.iso_week().1.to_string(),
        "%t" => milliseconds.to_string(),
        "%z" => iso8601(milliseconds).unwrap_or_default(),
        "%l" => i64::from(day.is_leap_year()).to_string(),
        "%q" => day.quarter().to_string(),
        "%a" => day.days_in_month().to_string(),
        "%%" => "%".to_owned(),
        // `%&` ends a placeholder, and a single percent sign stands for nothing.
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::{format, iso8601};

    #[test]
    fn placeholders_are_replaced_and_all_else_stays() {
        let time = 1_078_069_445_006; // 2004-02-29T15:44:05.006Z
        let expected = [
            ("%yyyy-%mm-%dd", "2004-02-29"),
            ("%yyyyyy %yy %y", "+002004 04 2004"),
            ("%mmmm %mmm %m%&m", "February Feb 2m"),
            ("%wwww %www %w", "Sunday Sun 0"),
            ("%hh:%ii:%ss.%fff", "15:44:05.006"),
            ("%h %i %s %f", "15 44 5 6"),
            ("%xxx %x %kk %q %a %l", "060 60 09 1 29 1"),
            ("%t %z", "1078069445006 2004-02-29T15:44:05.006Z"),
            ("100%% of ü %", "100% of ü "),
        ];
        for (pattern, text) in expected {
            assert_eq!(format(pattern, time), text);
        }
    }

    #[test]
    fn years_have_four_digits() {
        assert_eq!(iso8601(-1).as_deref(), Some("1969-12-31T23:59:59.999Z"));
        assert_eq!(iso8601(253_402_300_800_000), None);
    }
}
