//! Dates of the proleptic Gregorian calendar as days since 1970-01-01.

/// Seconds in a day of 24 hours.
pub(super) const DAY: i64 = 86_400;
/// Days in 400 years, after which the calendar repeats.
const ERA: i64 = 146_097;
/// Days from 0000-03-01, where an era begins, to 1970-01-01. Years that begin in March have their leap day last, so it shifts no
/// month.
const EPOCH: i64 = 719_468;

/// Returns the day that falls on `year`-`month`-01.
pub(super) const fn first_of_month(year: i64, month: i64) -> i64 {
    // Months since March; January and February belong to the year before.
    let months = (month + 9) % 12;
    let year = if month <= 2 { year - 1 } else { year };
    // From March on, the months have 31, 30, 31, 30, 31 days over and over: 153 days in five months.
    let in_year = (153 * months + 2) / 5;
    year * 365 + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + in_year - EPOCH
}

/// Returns the year and the month (1 to 12) of a day.
pub(super) const fn year_and_month(day: i64) -> (i64, i64) {
    let since_march = day + EPOCH;
    let in_era = since_march.rem_euclid(ERA);
    // Taking out the leap days that passed leaves 365 days for every year.
    let year_in_era = (in_era - in_era / 1_460 + in_era / 36_524 - in_era / 146_096) / 365;
    let in_year = in_era - (365 * year_in_era + year_in_era / 4 - year_in_era / 100);
    let months = (5 * in_year + 2) / 153;
    let year = since_march.div_euclid(ERA) * 400 + year_in_era;
    if months < 10 { (year, months + 3) } else { (year + 1, months - 9) }
}

/// Returns the days since Monday: 0 on a Monday, 6 on a Sunday.
pub(super) const fn days_since_monday(day: i64) -> i64 {
    // 1970-01-01 was a Thursday.
    (day + 3).rem_euclid(7)
}
