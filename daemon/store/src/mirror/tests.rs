use super::*;
use kart_core::pin;

const SECRET: Secret = [7; 32];

fn open(folder: &Path) -> Mirror {
    Mirror::open(folder).unwrap()
}

fn row(scope: Scope, table: &str, key: &str, row: Option<&str>) -> MirrorRow {
    MirrorRow { scope, table: table.into(), key: key.into(), row: row.map(Into::into), kept: None }
}

fn delivery(cursor: &str, whole: &[Scope], rows: Vec<MirrorRow>) -> Delivery {
    let (session, cursor) = (Uuid::from_u128(1), cursor.to_owned());
    let base = Some("a".to_owned());
    Delivery { session, base, cursor, applied_through: 3, whole: whole.to_vec(), rows }
}

fn take(mirror: &Mirror, delivery: &Delivery) {
    mirror.apply(delivery, &SECRET, |_| Ok(())).unwrap();
}

const SYSTEMS: &str = "public.oee_systems";

fn first() -> Delivery {
    let rows = vec![
        row(Scope::Site, SYSTEMS, "1", Some(r#"{"id":"1","code":"L1"}"#)),
        row(Scope::Site, SYSTEMS, "2", Some(r#"{"id":"2","code":null}"#)),
        row(Scope::Org, "public.organization_prefixes", "9", Some(r#"{"id":"9"}"#)),
    ];
    delivery("a", &[Scope::Org, Scope::Site, Scope::Terminal], rows)
}

/// A read-only look at the file with the sqlite of a stranger.
fn look(folder: &Path, sql: &str) -> Vec<Option<String>> {
    let connection = Connection::open_with_flags(
        folder.join("reference.db"),
        rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY,
    );
    let connection = connection.unwrap();
    let mut select = connection.prepare(sql).unwrap();
    let rows = select.query_map([], |row| row.get(0)).unwrap();
    rows.map(Result::unwrap).collect()
}

#[test]
fn a_delivery_is_there_with_its_cursor() {
    let folder = tempfile::tempdir().unwrap();
    let mirror = open(folder.path());
    assert_eq!((mirror.load().unwrap(), mirror.cursor().unwrap()), (None, None));
    take(&mirror, &first());
    let changed = row(Scope::Site, SYSTEMS, "1", Some(r#"{"id":"1","code":"L7"}"#));
    let gone = row(Scope::Site, SYSTEMS, "2", None);
    take(&mirror, &delivery("b", &[], vec![changed, gone]));
    drop(mirror);
    let mirror = open(folder.path());
    assert_eq!(mirror.cursor().unwrap().as_deref(), Some("b"));
    assert_eq!(mirror.document_cursor().unwrap(), None);
    assert_eq!(mirror.sessions().unwrap(), [(Uuid::from_u128(1), "b".to_owned())]);
    assert_eq!(mirror.applied_through().unwrap(), 3);
    let codes = look(folder.path(), "SELECT code FROM oee_systems ORDER BY id");
    assert_eq!(codes, [Some("L7".to_owned())]);
}

#[test]
fn a_whole_scope_replaces_its_rows_and_no_others() {
    let folder = tempfile::tempdir().unwrap();
    let mirror = open(folder.path());
    take(&mirror, &first());
    let only = row(Scope::Site, SYSTEMS, "3", Some(r#"{"id":"3"}"#));
    take(&mirror, &delivery("b", &[Scope::Site], vec![only]));
    let keys = look(folder.path(), "SELECT pk FROM rows ORDER BY pk");
    assert_eq!(keys, [Some("3".to_owned()), Some("9".to_owned())]);
}

#[test]
fn what_makes_no_sense_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mirror = open(folder.path());
    take(&mirror, &first());
    let before = mirror.sums(&SECRET).unwrap();
    let refused = mirror.apply(&delivery("b", &[Scope::Site], vec![]), &SECRET, |written| {
        assert_eq!(written.rows().unwrap().len(), 1);
        Err::<(), String>("no site".to_owned())
    });
    assert!(matches!(refused, Err(StoreError::Senseless(_))));
    assert_eq!(mirror.cursor().unwrap().as_deref(), Some("a"));
    assert_eq!(mirror.sums(&SECRET).unwrap(), before);
}

#[test]
fn changes_of_another_state_are_not_taken_over() {
    let folder = tempfile::tempdir().unwrap();
    let mirror = open(folder.path());
    let changes = delivery("b", &[Scope::Site], vec![]);
    assert!(matches!(mirror.apply(&changes, &SECRET, |_| Ok(())), Err(StoreError::Senseless(_))));
    take(&mirror, &first());
    take(&mirror, &changes);
    assert!(matches!(mirror.apply(&changes, &SECRET, |_| Ok(())), Err(StoreError::Senseless(_))));
    assert_eq!(mirror.cursor().unwrap().as_deref(), Some("b"));
}

#[test]
fn a_document_gives_way_to_rows_and_the_reverse() {
    let folder = tempfile::tempdir().unwrap();
    let mirror = open(folder.path());
    let site = "[site]\norganization = 'o'\ncode = 'c'\nname = 'C'\ntime_zone = 'UTC'\n";
    let site = kart_core::site::parse("site.toml", site).unwrap();
    let holds = |cursor: Option<&str>, document: Option<&str>| {
        assert_eq!(mirror.cursor().unwrap().as_deref(), cursor);
        assert_eq!(mirror.document_cursor().unwrap().as_deref(), document);
    };
    mirror.save(&site, Some("a")).unwrap();
    holds(None, Some("a"));
    assert_eq!(mirror.load().unwrap(), Some(Mirrored::Document(Box::new(site.clone()))));
    let changes = delivery("b", &[], vec![]);
    assert!(matches!(mirror.apply(&changes, &SECRET, |_| Ok(())), Err(StoreError::Senseless(_))));
    take(&mirror, &first());
    holds(Some("a"), None);
    assert!(matches!(mirror.load().unwrap(), Some(Mirrored::Rows(_))));
    mirror.save(&site, None).unwrap();
    holds(None, None);
    assert_eq!(mirror.sums(&SECRET).unwrap().iter().map(|sum| sum.rows).sum::<u64>(), 0);
}

#[test]
fn sums_do_not_depend_on_the_order() {
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let mut turned = first();
    turned.rows.reverse();
    let [a, b] = [(&folders[0], first()), (&folders[1], turned)].map(|(folder, delivery)| {
        let mirror = open(folder.path());
        take(&mirror, &delivery);
        mirror.sums(&SECRET).unwrap()
    });
    assert_eq!(a, b);
    assert_eq!(a.iter().map(|sum| sum.rows).collect::<Vec<u64>>(), [1, 2, 0]);
    // SHA-256 of the one row of the organisation, computed elsewhere.
    assert_eq!(a[0].sum, 0xcb3c_8469_2df5_1683);
}

#[test]
fn rows_of_a_table_of_a_later_release_are_kept_and_counted() {
    let folder = tempfile::tempdir().unwrap();
    let mirror = open(folder.path());
    take(&mirror, &first());
    let before = mirror.sums(&SECRET).unwrap();
    let told = Some(r#"{"id":"7","said":"something"}"#);
    let row = |told| vec![row(Scope::Site, "edge.of_tomorrow", "7", told)];
    take(&mirror, &delivery("b", &[], row(told)));
    let Some(Mirrored::Rows(rows)) = mirror.load().unwrap() else { panic!("rows") };
    assert_eq!(rows["edge.of_tomorrow"][0]["said"].as_deref(), Some("something"));
    assert_eq!(mirror.sums(&SECRET).unwrap()[1].rows, before[1].rows + 1);
    take(&mirror, &Delivery { base: Some("b".into()), ..delivery("c", &[], row(None)) });
    assert_eq!(mirror.sums(&SECRET).unwrap(), before);
}

#[test]
fn a_row_that_decayed_changes_the_sum() {
    let folder = tempfile::tempdir().unwrap();
    let mirror = open(folder.path());
    take(&mirror, &first());
    let before = mirror.sums(&SECRET).unwrap();
    let decay = "UPDATE rows SET row = replace(row, 'L1', 'L2')";
    mirror.connection.lock().unwrap().execute(decay, []).unwrap();
    let after = mirror.sums(&SECRET).unwrap();
    assert_ne!(before[1], after[1]);
    assert_eq!((&before[0], &before[2]), (&after[0], &after[2]));
}

#[test]
fn what_is_withheld_counts_as_if_it_were_there() {
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let mut less = first();
    less.rows[0].kept = Some(r#"{"id":"1","code":"sealed"}"#.to_owned());
    let [a, b] = [(&folders[0], first()), (&folders[1], less)].map(|(folder, delivery)| {
        let mirror = open(folder.path());
        take(&mirror, &delivery);
        mirror
    });
    assert_eq!(a.sums(&SECRET).unwrap(), b.sums(&SECRET).unwrap());
    assert!(
        look(folders[1].path(), "SELECT code FROM oee_systems").contains(&Some("sealed".into()))
    );
    let decay = "UPDATE rows SET row = replace(row, 'sealed', 'opened')";
    b.connection.lock().unwrap().execute(decay, []).unwrap();
    assert_ne!(a.sums(&SECRET).unwrap(), b.sums(&SECRET).unwrap());
}

/// The row of somebody with this PIN, as it comes.
fn person(name: &str, pin: &str) -> String {
    let hash = pin::hash(pin, &[1; 16]).unwrap();
    format!(r#"{{"name":"{name}","pin_hash":"{hash}"}}"#)
}

/// What the file says that its row lacks, without the mask where `secret` is known.
fn remainder(folder: &Path, secret: Option<&Secret>) -> (String, u64) {
    let people = "FROM rows WHERE tbl = 'edge.people'";
    let read = |what: &str| {
        let found = look(folder, &format!("SELECT CAST({what} AS TEXT) {people}"));
        found.into_iter().next().flatten().unwrap()
    };
    let (kept, lacks) = (read("row"), read("withheld").parse::<i64>().unwrap().cast_unsigned());
    let mask = secret.map_or(0, |secret| pin::mask(secret, "edge.people", "1", &kept));
    (kept, lacks.wrapping_sub(mask))
}

/// What the row as it came adds to the sum beyond what is kept.
fn lacks(came: &str, kept: &str) -> u64 {
    let zero = |row| sum::share([b"edge.people", b"1", str::as_bytes(row)]);
    zero(came).wrapping_sub(zero(kept))
}

#[test]
fn the_file_alone_does_not_tell_a_right_pin_from_a_wrong_one() {
    let folder = tempfile::tempdir().unwrap();
    let mirror = open(folder.path());
    let brings = |cursor: &str, name: &str| {
        let came = person(name, "4829");
        let kept = Some(pin::seal_row(&SECRET, "edge.people", &came).unwrap());
        let person = MirrorRow { kept, ..row(Scope::Site, "edge.people", "1", Some(&came)) };
        take(&mirror, &delivery(cursor, &[Scope::Org, Scope::Site, Scope::Terminal], vec![person]));
        (remainder(folder.path(), None), remainder(folder.path(), Some(&SECRET)))
    };
    let ((kept, stolen), (_, known)) = brings("a", "Ada");
    let ((kept_later, stolen_later), _) = brings("b", "Ada Brandt");
    for guess in ["0000", "4829", "4830"] {
        // Salt and cost stand in the row; whoever has it can make a row for each guess.
        let one = lacks(&person("Ada", guess), &kept);
        assert_ne!(stolen, one, "{guess}");
        let later = lacks(&person("Ada Brandt", guess), &kept_later);
        // Nor do two copies of it, taken at two times.
        assert_ne!(stolen.wrapping_sub(stolen_later), one.wrapping_sub(later), "{guess}");
        // The same attack with the device's secret finds the PIN: the test can see.
        assert_eq!(known == one, guess == "4829", "{guess}");
    }
}

#[test]
fn damage_and_strange_files_are_begun_anew() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("reference.db");
    for damage in ["no database at all", ""] {
        std::fs::write(&path, damage).unwrap();
        let mirror = open(folder.path());
        assert_eq!(mirror.cursor().unwrap(), None);
        take(&mirror, &first());
        drop(mirror);
    }
    let mirror = open(folder.path());
    mirror.connection.lock().unwrap().execute("UPDATE rows SET row = '{'", []).unwrap();
    assert!(mirror.load().is_err());
    assert_eq!((mirror.load().unwrap(), mirror.cursor().unwrap()), (None, None));
    take(&mirror, &first());
    std::fs::remove_file(&path).unwrap();
    assert_eq!(mirror.cursor().unwrap(), None);
    take(&mirror, &first());
    assert_eq!(mirror.cursor().unwrap().as_deref(), Some("a"));
}

#[test]
fn only_the_last_sessions_are_remembered() {
    let folder = tempfile::tempdir().unwrap();
    let mirror = open(folder.path());
    take(&mirror, &first());
    for n in 1..=40 {
        let session = Uuid::from_u128(n);
        take(&mirror, &Delivery { session, ..delivery("a", &[], vec![]) });
    }
    let sessions = mirror.sessions().unwrap();
    assert_eq!(sessions.len(), 32);
    assert!(sessions.iter().all(|(session, _)| session.as_u128() > 8));
}

#[test]
fn a_file_of_the_format_before_keeps_its_rows_and_loses_what_it_told() {
    let folder = tempfile::tempdir().unwrap();
    let mirror = open(folder.path());
    take(&mirror, &first());
    let before = mirror.load().unwrap();
    mirror
        .connection
        .lock()
        .unwrap()
        .execute_batch("UPDATE rows SET withheld = 815; PRAGMA user_version = 2;")
        .unwrap();
    drop(mirror);
    let mirror = open(folder.path());
    assert_eq!(mirror.load().unwrap(), before);
    assert_eq!(mirror.cursor().unwrap().as_deref(), Some("a"));
    drop(mirror);
    let kept = "SELECT cast(withheld AS text) FROM rows WHERE withheld IS NOT NULL";
    assert_eq!(look(folder.path(), kept), Vec::<Option<String>>::new());
    assert_eq!(look(folder.path(), "SELECT code FROM oee_systems ORDER BY 1").len(), 2);
}
