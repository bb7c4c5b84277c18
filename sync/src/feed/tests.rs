use kart_wire::FeedHead;
use uuid::Uuid;

use super::*;

fn asked() -> Feed {
    let cursor = Some("c".to_owned());
    Feed { session: Uuid::nil(), cursor, whole: vec![], wait_ms: 0, sums: false }
}

fn row(key: &str, row: Option<&str>) -> FeedRow {
    let (table, key) = ("public.oee_systems".to_owned(), key.to_owned());
    FeedRow { scope: Scope::Site, table, key, row: row.map(str::to_owned) }
}

fn fed(whole: &[Scope], rows: Vec<FeedRow>) -> Fed {
    let head = FeedHead {
        cursor: "d".to_owned(),
        whole: whole.to_vec(),
        rows: rows.len(),
        applied_through: 0,
        server_us: 0,
        quarantined: vec![],
        sums: vec![],
    };
    Fed { head, rows }
}

#[test]
fn an_answer_that_fits_is_one() {
    let good = fed(&[], vec![row("1", Some(r#"{"id":"1","name":null}"#)), row("2", None)]);
    assert_eq!(check(&asked(), &good), Ok(()));
    let everything = Feed { cursor: None, ..asked() };
    assert_eq!(check(&everything, &fed(&SCOPES, vec![row("1", Some("{}"))])), Ok(()));
}

#[test]
fn an_answer_that_does_not_fit_is_none() {
    let twice = fed(&[], vec![row("1", None), row("1", Some("{}"))]);
    assert!(check(&asked(), &twice).unwrap_err().contains("twice"));
    let gone = fed(&[Scope::Site], vec![row("1", None)]);
    assert!(check(&asked(), &gone).unwrap_err().contains("gone"));
    for text in ["{", "[]", r#"{"a":1}"#, r#"{"a":{}}"#] {
        assert!(check(&asked(), &fed(&[], vec![row("1", Some(text))])).is_err(), "{text}");
    }
    assert!(check(&asked(), &fed(&[Scope::Org, Scope::Org], vec![])).is_err());
    let everything = Feed { cursor: None, ..asked() };
    assert!(check(&everything, &fed(&[Scope::Site], vec![])).is_err());
    let site = Feed { whole: vec![Scope::Site], ..asked() };
    assert!(check(&site, &fed(&[Scope::Org], vec![])).is_err());
    assert!(check(&Feed { sums: true, ..asked() }, &fed(&[], vec![])).is_err());
}

#[test]
fn a_headquarters_that_holds_less_than_it_said_was_restored() {
    let mut answer = fed(&[], vec![]);
    answer.head.applied_through = 5;
    assert!(whole_log(5, &answer).is_ok());
    // Acknowledged by a push that overtook the answer.
    assert!(whole_log(4, &answer).is_ok());
    let failure = whole_log(6, &answer).unwrap_err();
    assert!(matches!(failure, Failure::Restored { said: 6, holds: 5 }), "{failure}");
    assert_eq!(failure.remedy(), crate::Remedy::Hello);
}

fn sum(scope: Scope, sum: &str) -> ScopeSum {
    ScopeSum { scope, rows: 1, sum: sum.to_owned() }
}

#[tokio::test]
async fn what_asking_again_does_not_mend_is_left_alone() {
    let (here, there) = ([sum(Scope::Site, "1")], [sum(Scope::Site, "2")]);
    let due = Instant::now();
    let mut wish =
        Wish { whole: BTreeSet::new(), anew: false, sums_at: due, repeats: 0, wait_ms: 0 };
    for _ in 1..MOST_REPEATS {
        wish.compared(differing(&there, &here));
        assert_eq!(wish.whole, BTreeSet::from([Scope::Site]));
        assert_eq!(wish.sums_at, due);
        wish.whole.clear();
    }
    wish.compared(differing(&there, &here));
    assert!(wish.whole.is_empty() && wish.sums_at > due);
    assert!(differing(&here, &here).is_empty());
}
