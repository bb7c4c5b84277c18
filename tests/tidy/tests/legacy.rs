//! Tables that Kartorium has left behind exist at headquarters so that its schema is whole. Nothing of ours touches them.

use kart_tidy::{line, none, tree, whole_words};

const LEGACY: [&str; 4] =
    ["oee_stations", "oee_station_equipment", "oee_product_families", "oee_products"];

/// Where the schema is built, listed, and compared with the list.
const PLACES: [&str; 4] =
    ["migrations/hq", "tests/entity-map.tsv", "tests/suite/registry.rs", "tests/tidy"];

#[test]
fn legacy_tables_are_not_named() {
    let mut faults = Vec::new();
    for file in tree().iter().filter(|file| !PLACES.iter().any(|place| file.is_under(place))) {
        for name in LEGACY {
            let found = whole_words(&file.text, name)
                .map(|at| format!("{}:{}: {name}", file.path, line(&file.text, at)));
            faults.extend(found);
        }
    }
    none("A legacy table is named:", &faults);
}
