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
mod link;
mod print;

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
}
