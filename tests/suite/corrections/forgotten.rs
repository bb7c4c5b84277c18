//! A person asks what is held about them, and to be forgotten.

use super::*;

/// The terminal has erased all texts, and every chain still holds; answers how many logs
/// headquarters has.
async fn erased_and_whole(shift: &Shift) -> usize {
    let facts = shift.world.terminal.facts().unwrap();
    let left = "SELECT count(*) FROM fact_texts WHERE text IS NOT NULL OR salt <> ''";
    wait_for("the terminal to have erased its texts", LIMIT, async || {
        let left: i64 = facts.query_row(left, [], |row| row.get(0)).unwrap();
        if left == 0 { Ok(()) } else { Err(left) }
    })
    .await;
    let file = shift.world.terminal.data().join("facts.db").display().to_string();
    verified(&["--db", &file]).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let logs = logs(shift.headquarters(), folder.path()).await;
    for log in &logs {
        verified(&["--db", log]).await.unwrap();
    }
    logs.len()
}

#[tokio::test]
async fn a_person_is_exported_and_forgotten_and_every_chain_verifies() {
    let _turn = turn().await;
    let mut shift = Shift::begun().await;
    shift.operator.complete_batch(PRESS).await.unwrap();
    shift.operator.clock_out().await.unwrap();
    shift.world.settled().await.unwrap();
    let labor = shift.operator.confirmed.clocked_in[0].0;
    let wish = json!({ "record": labor, "reason": "Ada was ill", "void": true });
    assert_eq!(shift.correct(wish).await.0, 200);
    shift.shown("Ada was ill").await;
    let organization = ["--organization", "cedar-works"];

    let export = [&["person", "export"], &organization[..], &["--person", "1001"]].concat();
    let record = administer(shift.headquarters(), &export).await;
    let record: Value = serde_json::from_str(&record).unwrap();
    let held = &record["held"];
    assert_eq!(held["users"][0]["display_name"], "Ada Brandt");
    let count = |name: &str| held[name].as_array().unwrap().len();
    let counts = ["people", "labor_entries", "batch_operators", "corrections"].map(count);
    assert_eq!(counts, [1, 1, 1, 1], "{held}");
    let text = record.to_string();
    assert!(text.contains("seen by hand: "), "what the person wrote: {text}");
    assert!(text.contains("clocked_in") && text.contains("batch_completed"), "facts: {text}");

    for person in ["1001", "1005"] {
        let erase = [&["person", "erase"], &organization[..], &["--person", person]].concat();
        let told = administer(shift.headquarters(), &erase).await;
        assert!(told.contains("Person ") && told.contains("; 1 texts erased"), "{told}");
    }
    let gone = "SELECT count(*) FROM edge.fact_texts WHERE text IS NOT NULL OR salt IS NOT NULL";
    assert_eq!(shift.number(gone).await, 0);
    let named =
        "SELECT count(*) FROM users WHERE display_name LIKE 'Ada%' OR display_name LIKE 'Sabine%'";
    assert_eq!(shift.number(named).await, 0);
    let badges = "SELECT count(*) FROM edge.people WHERE badge IN ('1001', '1005')";
    assert_eq!(shift.number(badges).await, 0);
    assert_eq!(shift.text("SELECT reason FROM edge.corrections").await, "");

    let stored = "SELECT count(*) FROM edge.sites
                  WHERE snapshot::text LIKE '%Ada Brandt%' OR snapshot::text LIKE '%Sabine%'";
    assert_eq!(shift.number(stored).await, 0, "nor do they stand in the site as one document");

    // The terminal forgets too: the texts beside its facts, the names and the reason.
    let key = user("1001").0.simple().to_string();
    let pseudonym = format!("Person {}", key.get(..8).unwrap());
    let people = |view: &View| {
        let reference = view.reference.as_ref()?;
        let known = reference.people.iter().any(|person| person.name == pseudonym);
        let reasons = reference.corrections.iter().any(|correction| correction.reason.is_some());
        (known && !reasons).then_some(())
    };
    shift.view("a pseudonym", people).await;
    assert_eq!(erased_and_whole(&shift).await, 2, "the terminal's and headquarters' own");
}

#[tokio::test]
async fn what_a_forgotten_person_wrote_at_a_terminal_that_was_away_goes_when_it_arrives() {
    let _turn = turn().await;
    let mut shift = Shift::begun().await;
    shift.world.settled().await.unwrap();
    shift.world.headquarters.as_mut().unwrap().stop().await.unwrap();
    // Away: a stop is explained with words, and headquarters is told to forget who wrote them.
    shift.world.go().await.unwrap();
    shift.world.plant.stop(PRESS, "fault").await.unwrap();
    shift.operator.explain_next_stop().await.unwrap();
    shift.world.plant.run(PRESS).await.unwrap();
    let erase = ["person", "erase", "--organization", "cedar-works", "--person", "1001"];
    let told = administer(shift.headquarters(), &erase).await;
    assert!(told.contains("; 1 texts erased"), "the one of before: {told}");

    shift.world.headquarters.as_mut().unwrap().start_again().await.unwrap();
    shift.world.rest().await.unwrap();
    let explained = "SELECT count(*) FROM edge.inbox WHERE kind = 'stop_explained'";
    assert_eq!(shift.number(explained).await, 2, "the facts stay");
    let gone = "SELECT count(*) FROM edge.fact_texts WHERE text IS NULL AND salt IS NULL
                AND erased_at IS NOT NULL";
    assert_eq!(shift.number(gone).await, 2);
    assert_eq!(shift.number("SELECT count(*) FROM edge.fact_texts").await, 2);
    assert_eq!(shift.number("SELECT count(*) FROM edge.quarantine").await, 0);
    erased_and_whole(&shift).await;

    // Nor does a site file bring the name back, and the number is nobody else's.
    shift.world.headquarters.as_ref().unwrap().apply_site(&shift.world.site()).await.unwrap();
    let named = "SELECT count(*) FROM users WHERE display_name LIKE 'Ada%'";
    assert_eq!(shift.number(named).await, 0);
    let stored = "SELECT count(*) FROM edge.sites WHERE snapshot::text LIKE '%Ada Brandt%'";
    assert_eq!(shift.number(stored).await, 0);
    let add = ["user", "add", "--number", "1001", "--name", "Ada Brandt"];
    let (code, _, complaint) = said(shift.headquarters(), &[&add, &PLACE[..]].concat()).await;
    assert!(code == Some(1) && complaint.contains("give another number"), "{complaint}");
}

#[tokio::test]
async fn whoever_is_being_forgotten_corrects_nothing_more() {
    let _turn = turn().await;
    let shift = Shift::begun().await;
    let labor = shift.operator.confirmed.clocked_in[0].0;
    // As erasing begins: the name, the badge and the key still stand.
    let forgotten =
        format!("INSERT INTO edge.forgotten VALUES ('cedar-works', '{}')", user("1005").0);
    shift.headquarters().sql(&forgotten, &[]).await.unwrap();
    let wish = json!({ "record": labor, "reason": "Ada was ill", "void": true });
    let (status, problem) = shift.correct(wish).await;
    assert_eq!(status, 403, "{problem}");
    for kept in ["edge.corrections", "edge.fact_texts WHERE field = 'reason'"] {
        assert_eq!(shift.number(&format!("SELECT count(*) FROM {kept}")).await, 0, "{kept}");
    }
}
