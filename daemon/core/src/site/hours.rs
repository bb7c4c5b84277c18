//! How hours are shown, in a site file: entries to rules and back, and what can be wrong with them.

use super::entry;
use crate::hours::{Hours, Period, Rules};

/// What is wrong, by the key path where it stands.
type Faults = Vec<(String, String)>;

/// No rule moves a time by more than half of this, minutes.
const MOST_ROUND: u32 = 60;

/// Nobody is late by more and counts as on time, minutes.
const MOST_GRACE: u32 = 60;

/// A day has no more minutes.
const DAY: u32 = 1_440;

/// What a file says, or all that is wrong with it.
pub(super) fn read(told: Option<&entry::Hours>) -> Result<Hours, Faults> {
    let Some(told) = told else { return Ok(Hours::default()) };
    let mut faults = Faults::new();
    let period = period(told, &mut faults);
    for (n, rules) in told.view.iter().enumerate() {
        let named = |other: &Rules| other.name == rules.name;
        let before = told.view.iter().take(n).any(named);
        for (key, message) in wrong(rules, before) {
            faults.push((format!("hours.view[{n}].{key}"), message.to_owned()));
        }
    }
    if faults.is_empty() { Ok(Hours { period, views: told.view.clone() }) } else { Err(faults) }
}

fn period(told: &entry::Hours, faults: &mut Faults) -> Period {
    let day = told.period_from.as_deref().map(str::parse);
    let mut fault = |key: &str, message: &str| faults.push((key.to_owned(), message.to_owned()));
    match (told.period.as_str(), day) {
        ("month", None) => Period::Month,
        ("week", None) => Period::Week,
        ("two_weeks", Some(Ok(from))) => Period::TwoWeeks { from },
        (_, Some(Err(_))) => {
            fault("hours.period_from", "is not a day such as 2026-01-05");
            Period::Month
        },
        ("two_weeks", None) => {
            fault("hours.period_from", "two weeks need a day on which they begin");
            Period::Month
        },
        ("month" | "week", Some(_)) => {
            fault("hours.period_from", "is for two_weeks only");
            Period::Month
        },
        _ => {
            fault("hours.period", "must be month, week or two_weeks");
            Period::Month
        },
    }
}

fn wrong(rules: &Rules, before: bool) -> Vec<(&'static str, &'static str)> {
    let mut wrong = Vec::new();
    if rules.name.trim().is_empty() || rules.name.chars().count() > 50 {
        wrong.push(("name", "must have 1 to 50 characters"));
    } else if before {
        wrong.push(("name", "stands here twice"));
    }
    let fits = |step: u32| step > 0 && step <= MOST_ROUND && MOST_ROUND.is_multiple_of(step);
    if rules.round_minutes.is_some_and(|step| !fits(step)) {
        wrong.push(("round_minutes", "must divide the hour, for example 5, 6, 15 or 30"));
    }
    if rules.grace_minutes.is_some_and(|grace| grace == 0 || grace > MOST_GRACE) {
        wrong.push(("grace_minutes", "must be 1 to 60"));
    }
    if rules.meal.is_some_and(|meal| meal.minutes == 0 || meal.minutes > DAY) {
        wrong.push(("meal.minutes", "must be 1 to 1440"));
    }
    if rules.meal.is_some_and(|meal| meal.after_minutes < meal.minutes) {
        wrong.push(("meal.after_minutes", "must be no less than the meal itself"));
    }
    if rules.round_minutes.is_none() && rules.grace_minutes.is_none() && rules.meal.is_none() {
        wrong.push(("name", "is the name of no rule at all"));
    }
    wrong
}

/// As a person writes it.
pub(super) fn print(hours: &Hours) -> Option<entry::Hours> {
    let (period, from) = match hours.period {
        Period::Month => ("month", None),
        Period::Week => ("week", None),
        Period::TwoWeeks { from } => ("two_weeks", Some(from.to_string())),
    };
    let entry =
        entry::Hours { period: period.to_owned(), period_from: from, view: hours.views.clone() };
    (!hours.is_usual()).then_some(entry)
}

#[cfg(test)]
mod tests {
    use crate::{hours::Period, site::parse};

    const SITE: &str = "[site]\norganization = 'o'\ncode = 'c'\nname = 'C'\ntime_zone = 'UTC'\n";

    fn faults(hours: &str) -> Vec<String> {
        let faults = parse("site.toml", &format!("{SITE}{hours}")).unwrap_err().0;
        faults.into_iter().map(|fault| fault.path).collect()
    }

    #[test]
    fn views_are_off_by_default_and_read_and_printed_alike() {
        assert!(parse("site.toml", SITE).unwrap().hours.is_usual());
        let told = "[hours]\nperiod = 'two_weeks'\nperiod_from = '2026-01-05'\n\
            [[hours.view]]\nname = 'agreement'\nround_minutes = 15\ngrace_minutes = 5\n\
            meal = { minutes = 30, after_minutes = 360 }\n";
        let reference = parse("site.toml", &format!("{SITE}{told}")).unwrap();
        assert_eq!(
            reference.hours.period,
            Period::TwoWeeks { from: "2026-01-05".parse().unwrap() }
        );
        assert_eq!(reference.hours.views[0].meal.unwrap().after_minutes, 360);
        let printed = crate::site::print(&reference).unwrap();
        assert_eq!(parse("site.toml", &printed).unwrap(), reference, "{printed}");
    }

    #[test]
    fn what_is_wrong_is_said_where_it_stands() {
        assert_eq!(faults("[hours]\nperiod = 'year'"), ["hours.period"]);
        assert_eq!(faults("[hours]\nperiod = 'two_weeks'"), ["hours.period_from"]);
        assert_eq!(faults("[hours]\nperiod_from = '2026-01-05'"), ["hours.period_from"]);
        let view = |rules: &str| faults(&format!("[[hours.view]]\nname = 'x'\n{rules}"));
        assert_eq!(view("round_minutes = 7"), ["hours.view[0].round_minutes"]);
        assert_eq!(view("grace_minutes = 0"), ["hours.view[0].grace_minutes"]);
        let meal = view("meal = { minutes = 30, after_minutes = 10 }");
        assert_eq!(meal, ["hours.view[0].meal.after_minutes"]);
        assert_eq!(view(""), ["hours.view[0].name"]);
        assert_eq!(
            view("grace_minutes = 5\n[[hours.view]]\nname = 'x'\ngrace_minutes = 6"),
            ["hours.view[1].name"]
        );
    }
}
