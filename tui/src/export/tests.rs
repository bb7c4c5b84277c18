use super::*;

fn args(format: &str, decimal: &str) -> ExportArgs {
    ExportArgs {
        table: "stops".into(),
        from: "2026-06-01".into(),
        to: None,
        format: format.into(),
        decimal: decimal.into(),
        zone: "site".into(),
        user: None,
        badge: None,
        view: None,
        equipment: None,
    }
}

fn page(label: &str) -> Page {
    Page {
        time_zone: "Europe/Berlin".into(),
        columns: ["equipment", "start_ts", "end_ts", "duration_minutes", "label", "is_archived"]
            .map(str::to_owned)
            .to_vec(),
        rows: vec![
            vec![
                Cell::Text("EQ-211".into()),
                Cell::Time(Micros(1_780_284_500_250_000)),
                Cell::Nothing,
                Cell::Nothing,
                Cell::Text(label.into()),
                Cell::Flag(false),
            ],
            vec![
                Cell::Text("EQ-212".into()),
                Cell::Time(Micros(1_780_284_500_000_000)),
                Cell::Time(Micros(1_780_284_590_000_000)),
                Cell::Minutes(1.5),
                Cell::Nothing,
                Cell::Flag(true),
            ],
        ],
        next: None,
    }
}

fn file(args: &ExportArgs, pages: &[Page], only: &[(&'static str, String)]) -> (String, String) {
    let mut bytes = Vec::new();
    let zone = TimeZone::get("Europe/Berlin").unwrap();
    let mut written = Written::new(&mut bytes, args, zone);
    for page in pages {
        written.page(page, only).unwrap();
    }
    let said = written.end().unwrap();
    (String::from_utf8(bytes).unwrap(), said)
}

#[test]
fn rows_of_all_pages_stand_under_one_head() {
    let (text, said) = file(&args("csv", "point"), &[page("Infeed jam"), page("Tool")], &[]);
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(
        lines[..3],
        [
            "equipment,start_ts,end_ts,duration_minutes,label,is_archived,time_zone",
            "EQ-211,2026-06-01T05:28:20.25+02:00,,,Infeed jam,false,Europe/Berlin",
            "EQ-212,2026-06-01T05:28:20+02:00,2026-06-01T05:29:50+02:00,1.5000,,true,Europe/Berlin",
        ]
    );
    assert_eq!(lines.len(), 5);
    assert_eq!(
        said,
        "4 rows, times in Europe/Berlin with their offset, columns parted by commas, decimal point"
    );
}

#[test]
fn a_decimal_comma_parts_columns_by_semicolons() {
    let (text, said) = file(&args("csv", "comma"), &[page("a; b, c")], &[]);
    assert!(text.contains(";1,5000;;true;Europe/Berlin\n"), "{text}");
    assert!(text.contains(";\"a; b, c\";"), "{text}");
    assert!(said.ends_with("columns parted by semicolons, decimal comma"), "{said}");
}

#[test]
fn only_rows_that_were_asked_for() {
    let only = [("equipment", "EQ-212".to_owned())];
    let (text, said) = file(&args("csv", "point"), &[page("x")], &only);
    assert!(!text.contains("EQ-211") && text.contains("EQ-212"), "{text}");
    assert!(said.starts_with("1 rows"), "{said}");
    let nobody = [("user", "Anna".to_owned())];
    assert_eq!(file(&args("csv", "point"), &[page("x")], &nobody).0.lines().count(), 1);
}

#[test]
fn json_has_an_object_a_line() {
    let (text, _) = file(&args("json", "point"), &[page("=1+1")], &[]);
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines[0]["label"], "=1+1", "programs read it as it is");
    assert_eq!(lines[0]["end_ts"], Value::Null);
    assert_eq!(lines[1]["duration_minutes"], 1.5);
    assert_eq!(lines[1]["time_zone"], "Europe/Berlin");
}

#[test]
fn what_people_called_things_is_obeyed_by_nobody() {
    for (typed, safe) in [
        ("=HYPERLINK(\"http://x\")", "'=HYPERLINK(\"http://x\")"),
        ("+41", "'+41"),
        ("@x", "'@x"),
        ("\u{1b}[2Jx", "\u{fffd}[2Jx"),
        ("Łukasz", "Łukasz"),
        ("", ""),
    ] {
        assert_eq!(harmless(typed), safe);
    }
}

#[test]
fn a_time_without_an_offset_is_that_of_the_site() {
    let zone = TimeZone::get("Europe/Berlin").unwrap();
    let at = |text: &str| instant(text, &zone).map(Micros::rfc3339);
    assert_eq!(at("2026-06-01T06:00").unwrap(), "2026-06-01T04:00:00Z");
    assert_eq!(at("2026-06-01T06:00:00Z").unwrap(), "2026-06-01T06:00:00Z");
    assert!(at("yesterday").unwrap_err().to_string().contains("no time such as"));
}
