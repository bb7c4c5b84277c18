use super::*;

fn row(columns: &[(&str, &str)]) -> Columns {
    columns.iter().map(|(name, text)| ((*name).to_owned(), Some((*text).to_owned()))).collect()
}

fn id(n: u128) -> String {
    Uuid::from_u128(n).to_string()
}

/// A site with one line, two stations and one machine.
fn small() -> Rows {
    let (site, line, machine) = (id(1), id(2), id(3));
    let station = |n: u128, code: &str, order: &str| {
        row(&[
            ("id", &id(n)),
            ("system_id", &line),
            ("code", code),
            ("name", code),
            ("machine_only", "f"),
            ("sort_order", order),
            ("is_active", "t"),
        ])
    };
    let tables = [
        (
            "public.oee_sites",
            vec![row(&[
                ("id", &site),
                ("organization_id", "o"),
                ("code", "cedar"),
                ("name", "Cedar"),
                ("availability_mode", "standard"),
            ])],
        ),
        ("edge.sites", vec![row(&[("time_zone", "Europe/Berlin"), ("version", "4")])]),
        (
            "public.oee_systems",
            vec![row(&[("id", &line), ("code", "L2"), ("name", "Line 2"), ("is_active", "t")])],
        ),
        ("public.ops_stations", vec![station(5, "A", "1"), station(4, "B", "0")]),
        (
            "public.oee_equipment",
            vec![row(&[
                ("id", &machine),
                ("code", "EQ"),
                ("name", "Press"),
                ("ideal_cycle_time_seconds", "0.25"),
                ("is_archived", "f"),
            ])],
        ),
        (
            "public.ops_station_equipment",
            vec![row(&[("station_id", &id(4)), ("equipment_id", &machine), ("sort_order", "0")])],
        ),
        (
            "edge.sources",
            vec![row(&[("equipment_id", &machine), ("source", "*"), ("terminal_code", "T-07")])],
        ),
    ];
    tables.into_iter().map(|(table, rows)| (table.to_owned(), rows)).collect()
}

fn change(rows: &mut Rows, table: &str, column: &str, text: &str) {
    for row in rows.get_mut(table).unwrap() {
        row.insert(column.to_owned(), Some(text.to_owned()));
    }
}

#[test]
fn lists_stand_in_order() {
    let reference = assemble(&small()).unwrap();
    let codes: Vec<&str> = reference.stations.iter().map(|s| s.code.as_str()).collect();
    assert_eq!(codes, ["B", "A"]);
    assert_eq!(reference.stations[0].machines, [reference.machines[0].id]);
    assert_eq!(reference.machines[0].terminal.as_deref(), Some("T-07"));
    assert_eq!((reference.version, reference.organization.as_str()), (4, "o"));
}

#[test]
fn what_is_switched_off_is_left_out() {
    let mut rows = small();
    change(&mut rows, "public.oee_equipment", "is_archived", "t");
    change(&mut rows, "public.oee_systems", "is_active", "f");
    let reference = assemble(&rows).unwrap();
    assert!(reference.machines.is_empty() && reference.systems.is_empty());
    assert!(reference.stations[0].machines.is_empty());
}

#[test]
fn a_group_is_switched_off_with_its_last_reason() {
    let mut rows = small();
    let group = |n: u128, name: &str| row(&[("id", &id(n)), ("name", name), ("type", "idle")]);
    rows.insert("public.oee_downtime_groups".into(), vec![group(10, "old"), group(11, "empty")]);
    let reason = row(&[
        ("id", &id(12)),
        ("group_id", &id(10)),
        ("code", "F"),
        ("name", "F"),
        ("is_active", "t"),
    ]);
    rows.insert("public.oee_downtime_reasons".into(), vec![reason]);
    let names = |rows: &Rows| {
        let groups = assemble(rows).unwrap().downtime_groups;
        groups.into_iter().map(|group| group.name).collect::<Vec<String>>()
    };
    assert_eq!(names(&rows), ["empty", "old"]);
    change(&mut rows, "public.oee_downtime_reasons", "is_active", "f");
    assert_eq!(names(&rows), ["empty"]);
}

#[test]
fn people_who_left_stay_inactive() {
    let mut rows = small();
    let person = [("user_id", id(20)), ("role", "lead".into()), ("is_active", "t".into())];
    let person: Vec<(&str, &str)> = person.iter().map(|(k, v)| (*k, v.as_str())).collect();
    rows.insert("edge.people".into(), vec![row(&person)]);
    let user = row(&[("id", &id(20)), ("display_name", "Ada"), ("is_active", "f")]);
    rows.insert("public.users".into(), vec![user]);
    let reference = assemble(&rows).unwrap();
    let ada = &reference.people[0];
    assert_eq!((ada.name.as_str(), ada.role, ada.active), ("Ada", Role::Lead, false));
    assert_eq!(reference.person_by_badge(""), None);
}

#[test]
fn a_row_that_cannot_be_read_is_named() {
    let mut rows = small();
    change(&mut rows, "public.oee_equipment", "ideal_cycle_time_seconds", "fast");
    let fault = assemble(&rows).unwrap_err();
    let told = fault.to_string();
    assert!(told.starts_with("public.oee_equipment: row 00000000-"), "{told}");
    assert!(told.ends_with(": ideal_cycle_time_seconds \"fast\" cannot be read"), "{told}");
    assert!(assemble(&Rows::new()).is_err());
}

#[test]
fn what_does_not_concern_is_not_read() {
    let mut rows = small();
    let before = assemble(&rows).unwrap();
    for table in OTHERS {
        assert!(!concerns(table) && crate::down::table(table).is_some(), "{table}");
        // Any reader of it would stumble.
        rows.insert(table.to_owned(), vec![Columns::new()]);
    }
    assert_eq!(assemble(&rows).unwrap(), before);
}

#[test]
fn queues_stand_in_their_order() {
    let mut rows = small();
    let entry = |n: u128, place: &str| {
        let (id, machine) = (id(n), id(3));
        row(&[("id", &id), ("equipment_id", &machine), ("queue_position", place)])
    };
    let entries = vec![entry(30, "2"), entry(31, "1.5"), entry(32, "-10")];
    rows.insert("public.oee_batch_queue".into(), entries);
    let reference = assemble(&rows).unwrap();
    let next = reference.next_on(EquipmentId(Uuid::from_u128(3)));
    let order: Vec<u128> = next.iter().map(|next| next.entry.0.as_u128()).collect();
    assert_eq!(order, [32, 31, 30]);
}

#[test]
fn a_table_of_a_later_release_changes_nothing() {
    let mut rows = small();
    rows.insert("edge.of_tomorrow".to_owned(), vec![row(&[("id", "7"), ("said", "something")])]);
    assert_eq!(assemble(&rows).unwrap(), assemble(&small()).unwrap());
}

#[test]
fn a_roster_is_put_together_in_the_order_of_its_days() {
    let mut rows = small();
    assert!(assemble(&rows).unwrap().calendar().is_none());
    let shift = |code: &str, start: &str, end: &str, order: &str| {
        row(&[
            ("id", &id(7)),
            ("code", code),
            ("name", code),
            ("start_time", start),
            ("end_time", end),
            ("breaks", r#"[{"start": "23:00:00", "end": "23:30:00"}]"#),
            ("sort_order", order),
        ])
    };
    let pattern = |from: &str, crews: &str| {
        let weeks = r#"[[["N"], [], [], [], [], [], []]]"#;
        row(&[("from_date", from), ("weeks", weeks), ("crews", crews)])
    };
    let exception = |name: &str, closed: &str| {
        row(&[
            ("name", name),
            ("from_date", "2026-12-24"),
            ("until_date", "2026-12-26"),
            ("closed", closed),
            ("extra", r#"["N"]"#),
        ])
    };
    let tables = [
        (
            "edge.shifts",
            vec![shift("N", "22:00:00", "06:00:00", "1"), shift("E", "06:00:00", "14:00:00", "0")],
        ),
        (
            "edge.shift_patterns",
            vec![
                pattern("2027-01-04", r#"[{"name": "Red", "week": 1}]"#),
                pattern("2026-01-05", "[]"),
            ],
        ),
        ("edge.shift_exceptions", vec![exception("b", "t"), exception("a", "f")]),
    ];
    rows.extend(tables.map(|(table, rows)| (table.to_owned(), rows)));
    let reference = assemble(&rows).unwrap();
    let roster = &reference.roster;
    let codes: Vec<&str> = roster.shifts.iter().map(|shift| shift.code.as_str()).collect();
    let days: Vec<String> = roster.patterns.iter().map(|p| p.from.to_string()).collect();
    let names: Vec<&str> = roster.exceptions.iter().map(|one| one.name.as_str()).collect();
    assert_eq!((codes, names), (vec!["E", "N"], vec!["a", "b"]));
    assert_eq!(days, ["2026-01-05", "2027-01-04"]);
    assert!(roster.exceptions[1].closed && !roster.exceptions[0].closed);
    let night = reference.calendar().unwrap().on(jiff::civil::date(2027, 1, 4)).swap_remove(0);
    assert_eq!((night.crews.as_slice(), night.breaks.len()), (&["Red".to_owned()][..], 1));
    change(&mut rows, "edge.shifts", "start_time", "24:00:00");
    let fault = assemble(&rows).unwrap_err();
    assert_eq!(fault.table, "edge.shifts");
}
