//! The site file: the reference data of one site as a person writes it.
//!
//! Headquarters loads it into the central database; a terminal without headquarters reads the
//! same file and works alone. Keys are derived from codes, so both get the same ones. What a file
//! never carries is a PIN.

use crate::{
    document::{Document, Faults},
    reference::Reference,
};

mod entry;
mod check;
mod hours;
mod link;
mod print;
mod roster;

pub use print::{Unprintable, print};

/// Reads the site file `text`; `file` is what faults call it. All faults come together.
pub fn parse(file: &str, text: &str) -> Result<Reference, Faults> {
    let document = Document::read(file, text)?;
    let entries: entry::File = document.parse()?;
    check::check(&document, &entries)?;
    Ok(link::reference(entries))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::reference_id;

    const SMALL: &str = "
[site]
organization = 'o'
code = 'cedar'
name = 'Cedar'
time_zone = 'Europe/Berlin'
[[system]]
code = 'L2'
name = 'Line 2'
[[station]]
code = 'ST-21'
name = 'Presses'
system = 'L2'
machines = ['EQ-211']
[[machine]]
code = 'EQ-211'
name = 'Press'
";

    #[test]
    fn keys_come_from_codes() {
        let reference = parse("site.toml", SMALL).unwrap();
        assert_eq!(reference.stations[0].machines, [reference.machines[0].id]);
        assert_eq!(
            reference.machines[0].id.0,
            reference_id("o", "cedar", "oee_equipment", "EQ-211")
        );
    }

    #[test]
    fn faults_come_together() {
        let text =
            SMALL.replace("Europe/Berlin", "Berlin").replace("system = 'L2'", "system = 'L3'")
                + "[[machine]]\ncode = 'EQ-211'\nname = 'again'\nideal_cycle_s = -1.0\n";
        let faults = parse("site.toml", &text).unwrap_err().0;
        let paths: Vec<&str> = faults.iter().map(|fault| fault.path.as_str()).collect();
        let expect =
            ["site.time_zone", "station[0].system", "machine[1].code", "machine[1].ideal_cycle_s"];
        assert_eq!(paths, expect);
    }

    #[test]
    fn what_is_printed_means_the_same() {
        for text in [
            SMALL.to_owned(),
            include_str!("../../../config/site.toml").to_owned(),
            include_str!("../../../config/demo/site.toml").to_owned(),
        ] {
            let reference = parse("site.toml", &text).unwrap();
            let printed = print(&reference).unwrap();
            assert_eq!(parse("site.toml", &printed).unwrap(), reference, "{printed}");
        }
    }

    #[test]
    fn rows_with_other_keys_are_printed_and_what_no_file_may_say_is_named() {
        let mut reference = parse("site.toml", SMALL).unwrap();
        reference.machines[0].id = crate::id::EquipmentId(uuid::Uuid::from_u128(1));
        reference.stations[0].machines = vec![reference.machines[0].id];
        assert_eq!(parse("site.toml", &print(&reference).unwrap()), parse("site.toml", SMALL),);
        reference.machines[0].code = "EQ".repeat(40);
        let message = print(&reference).unwrap_err().to_string();
        assert!(message.contains("machine[0].code"), "{message}");
    }

    /// The small site with `shifts` behind it.
    fn faults(shifts: &str) -> Vec<(String, String)> {
        let faults = parse("site.toml", &format!("{SMALL}{shifts}")).unwrap_err().0;
        faults.into_iter().map(|fault| (fault.path, fault.message)).collect()
    }

    const SHIFTS: &str = "
[[shift]]
code = 'D'
name = 'Day'
start = '06:00'
end = '18:00'
break = [{ start = '09:00', end = '09:15' }]
[[shift]]
code = 'N'
name = 'Night'
start = '18:00'
end = '06:00:00'
break = [{ start = '23:30', end = '00:15' }, { start = '02:00', end = '02:30' }]
[[shift_pattern]]
from = '2026-01-05'
weeks = [['D N', 'D N', 'D N', 'D N', 'D', '', '']]
";

    #[test]
    fn a_roster_is_read_in_the_order_of_its_days() {
        let text = format!(
            "{SMALL}{SHIFTS}[[shift_pattern]]\nfrom = '2025-01-06'\nweeks = []\n
             [[shift_exception]]\nname = 'b'\nfrom = '2026-02-01'\nclosed = true\n
             [[shift_exception]]\nname = 'a'\nfrom = '2026-02-01'\nextra = ['D']\n"
        );
        let roster = parse("site.toml", &text).unwrap().roster;
        let days: Vec<String> = roster.patterns.iter().map(|p| p.from.to_string()).collect();
        assert_eq!(days, ["2025-01-06", "2026-01-05"]);
        assert_eq!(roster.exceptions[0].name, "a");
        assert_eq!(roster.shifts[1].end, roster.shifts[0].start);
        assert_eq!(parse("site.toml", SMALL).unwrap().calendar().map(drop), None);
    }

    #[test]
    fn what_is_wrong_with_a_shift_is_said_where_it_stands() {
        let wrong = SHIFTS
            .replace("code = 'N'", "code = 'N 1'")
            .replace("'18:00'\nbreak", "'24:00'\nbreak")
            .replace("'09:15'", "'19:00'")
            .replace("'2026-01-05'", "'5 January'")
            .replace("'D N', 'D N', 'D N', 'D N'", "'D D', 'D N', 'D'");
        let found = faults(&wrong);
        let paths: Vec<&str> = found.iter().map(|(path, _)| path.as_str()).collect();
        let expect = [
            "shift[0].end",
            "shift[1].code",
            "shift_pattern[0].from",
            "shift_pattern[0].weeks[0][0]",
            "shift_pattern[0].weeks[0][1]",
            "shift_pattern[0].weeks[0]",
        ];
        for path in expect {
            assert!(paths.contains(&path), "{path} of {found:?}");
        }
        let late = faults(&SHIFTS.replace("'09:15'", "'19:00'"));
        assert_eq!(late[0].0, "shift[0].break[0]", "{late:?}");
    }

    #[test]
    fn what_is_wrong_with_an_exception_is_said_where_it_stands() {
        let exception = |more: &str| {
            let entry = "[[shift_exception]]\nname = 'x'\nfrom = '2026-02-01'\n";
            faults(&format!("{SHIFTS}{entry}{more}"))
        };
        let path = |more| exception(more).swap_remove(0).0;
        assert_eq!(path(""), "shift_exception[0]");
        assert_eq!(path("extra = ['Z']"), "shift_exception[0].extra");
        assert_eq!(path("extra = ['D']\ncrew = 'Red'"), "shift_exception[0].crew");
        assert_eq!(path("closed = true\nuntil = '2026-01-31'"), "shift_exception[0].until");
        assert_eq!(path("closed = true\nuntil = '2036-01-31'"), "shift_exception[0].until");
        let twice = "[[shift]]\ncode = 'X'\nname = 'X'\nstart = '05:00'\nend = '07:00'\n
            [[shift_exception]]\nname = 'x'\nfrom = '2026-02-03'\nextra = ['X']\n";
        let found = faults(&format!("{SHIFTS}{twice}"));
        let message = "N and X are worked at the same time on 2026-02-03";
        assert_eq!(found, [("shift_exception[0].extra".to_owned(), message.to_owned())]);
        let pattern =
            "[[shift_pattern]]\nfrom = '2026-01-05'\nweeks = [['', '', '', '', '', '', '']]";
        assert_eq!(faults(&format!("{SHIFTS}{pattern}"))[0].0, "shift_pattern[1].from");
    }
}
