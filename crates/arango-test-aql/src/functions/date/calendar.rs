//! The proleptic Gregorian calendar, in UTC.

/// Milliseconds of a day.
pub(super) const DAY: i64 = 86_400_000;

/// A day of the calendar. Months and days may lie beyond their usual range; see [`Day::milliseconds`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(clippy::struct_field_names, reason = "a date is a year, a month and a day")]
pub(super) struct Day {
    pub(super) year: i64,
    pub(super) month: i64,
    pub(super) day: i64,
}

impl Day {
    /// Returns the day of a time in milliseconds since 1970.
    pub(super) fn of(milliseconds: i64) -> Self {
        // Counted from 0000-03-01, so that the leap day is the last one of its year.
        let days = milliseconds.div_euclid(DAY) + 719_468;
        let era = days.div_euclid(146_097);
        let day_of_era = days.rem_euclid(146_097);
        let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted_month = (5 * day_of_year + 2) / 153;
        let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
        Self {
            year: era * 400 + year_of_era + i64::from(month <= 2),
            month,
            day: day_of_year - (153 * shifted_month + 2) / 5 + 1,
        }
    }

    /// Returns the begin of the day in milliseconds since 1970.
    ///
    /// Days beyond the end of a month count on into the next one, and so do months.
    pub(super) fn milliseconds(self) -> i64 {
        let months = self.month - 1;
        let (year, month) = (self.year + months.div_euclid(12), months.rem_euclid(12) + 1);
        let year = year - i64::from(month <= 2);
        let shifted_month = if month > 2 { month - 3 } else { month + 9 };
        let day_of_year = (153 * shifted_month + 2) / 5 + self.day - 1;
        let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
        let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
        (era * 146_097 + day_of_era - 719_468) * DAY
    }

    /// Adds months, and leaves the day as it is, even if its month is shorter.
    pub(super) fn add_months(self, months: i64) -> Self {
        let total = self.year * 12 + self.month - 1 + months;
        Self { year: total.div_euclid(12), month: total.rem_euclid(12) + 1, ..self }
    }

    pub(super) fn is_leap_year(self) -> bool {
        self.year % 4 == 0 && (self.year % 100 != 0 || self.year % 400 == 0)
    }

    pub(super) fn days_in_month(self) -> i64 {
        match self.month {
            2 => 28 + i64::from(self.is_leap_year()),
            4 | 6 | 9 | 11 => 30,
            _ => 31,
        }
    }

    /// Returns the number of the day in its year, counted from 1.
    pub(super) fn day_of_year(self) -> i64 {
        let begin = Self { month: 1, day: 1, ..self };
        (self.milliseconds() - begin.milliseconds()) / DAY + 1
    }

    /// Returns the day of the week: 0 is Sunday.
    pub(super) fn day_of_week(self) -> i64 {
        (self.milliseconds() / DAY + 4).rem_euclid(7)
    }

    /// Returns year and number of the ISO week, which begins on Monday and belongs to the year of its Thursday.
    pub(super) fn iso_week(self) -> (i64, i64) {
        let days_since_monday = (self.day_of_week() + 6) % 7;
        let thursday = Self::of(self.milliseconds() + (3 - days_since_monday) * DAY);
        (thursday.year, (thursday.day_of_year() - 1) / 7 + 1)
    }

    pub(super) fn quarter(self) -> i64 {
        (self.month + 2) / 3
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{DAY, Day};

    #[test]
    fn known_days_have_known_numbers() {
        let day = |year, month, day| Day { year, month, day }.milliseconds() / DAY;
        assert_eq!(day(1970, 1, 1), 0);
        assert_eq!(day(2000, 3, 1), 11_017);
        assert_eq!(day(0, 1, 1), -719_528);
        assert_eq!(day(9999, 12, 31), 2_932_896);
    }

    #[test]
    fn days_beyond_a_month_count_on() {
        let day = Day { year: 2023, month: 2, day: 31 };
        assert_eq!(Day::of(day.milliseconds()), Day { year: 2023, month: 3, day: 3 });
        let day = Day { year: 2023, month: 13, day: 1 };
        assert_eq!(Day::of(day.milliseconds()), Day { year: 2024, month: 1, day: 1 });
    }

    #[test]
    fn iso_weeks_belong_to_the_year_of_their_thursday() {
        assert_eq!(Day { year: 2021, month: 1, day: 3 }.iso_week(), (2020, 53));
        assert_eq!(Day { year: 2024, month: 12, day: 30 }.iso_week(), (2025, 1));
        assert_eq!(Day { year: 1970, month: 1, day: 1 }.iso_week(), (1970, 1));
    }

    proptest! {
        #[test]
        fn each_day_is_the_day_of_its_begin(number in -719_528i64..2_932_897) {
            let day = Day::of(number * DAY);
            prop_assert_eq!(day.milliseconds(), number * DAY);
            prop_assert!((1..=12).contains(&day.month) && (1..=day.days_in_month()).contains(&day.day));
        }
    }
}
