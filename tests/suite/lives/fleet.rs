//! What a person does to the fleet: another device takes over, keys are replaced, terminals are locked out.

use super::*;

/// A device beside the first one, with the same configuration and a folder of its own.
fn beside(world: &World) -> Terminal {
    let text = std::fs::read_to_string(world.terminal.config()).unwrap();
    let data = world.terminal.data().display().to_string();
    Terminal::prepare(|folder| Ok(text.replace(&data, &folder.display().to_string()))).unwrap()
}

#[tokio::test]
async fn another_device_takes_over_with_all_that_is_open() {
    let _turn = turn().await;
    let mut world = world().await;
    let mut anna = Operator::new(world.client().unwrap(), "1001");
    anna.clock_in(STATION).await.unwrap();
    anna.start_batch(PRESS, PRODUCT).await.unwrap();
    parts(&mut world, 4).await;
    world.terminal.confirmed().await.unwrap();
    world.terminal.kill().unwrap();
    // Nobody watches for a while.
    parts(&mut world, 2).await;

    let headquarters = world.headquarters.as_ref().unwrap();
    let code = administer(headquarters, &["terminal", "adopt", "--terminal", "T-07"]).await;
    let mut device = beside(&world);
    device.enroll(code.trim()).await.unwrap();
    let first = incarnation(&device);
    device.start().await.unwrap();
    renewed(&device, &first).await;
    std::mem::swap(&mut world.terminal, &mut device);
    let mut old = device;

    // The old box comes back and is told so; what it records stays with it.
    old.start().await.unwrap();
    refused(&old.client().unwrap(), "retired").await;
    parts(&mut world, 3).await;

    let mut anna_again = Operator::new(world.client().unwrap(), "1001");
    let view = world.client().unwrap().snapshot().await.unwrap();
    assert_eq!(view.people.len(), 1, "{:?}", view.people);
    assert!(anna_again.clock_in(STATION).await.is_err(), "she is clocked in already");
    let user = view.people.first().unwrap().user;
    anna_again.goes_on(user);
    anna_again.complete_batch(PRESS).await.unwrap();
    anna_again.clock_out().await.unwrap();
    let totals = world.rest().await.unwrap();
    let headquarters = world.headquarters.as_ref().unwrap();
    assert_eq!(u64::try_from(counted(headquarters).await), Ok(made(&totals)));
    let batches = "SELECT count(*) FROM oee_batch_details WHERE status = 'completed'";
    assert_eq!(number(&world, batches).await, 1);
    let entries = "SELECT count(*) FROM ops_labor_entries WHERE end_ts IS NOT NULL";
    assert_eq!(number(&world, entries).await, 1);
    let said = administer(headquarters, &["terminals"]).await;
    assert_eq!(said.lines().filter(|line| line.starts_with("T-07\t")).count(), 2, "{said}");
    assert!(said.contains("\tretired\t") && said.contains("\tactive\t"), "{said}");
}

#[tokio::test]
async fn a_key_is_replaced_while_the_terminal_works() {
    let _turn = turn().await;
    let mut world = world().await;
    world.terminal.confirmed().await.unwrap();
    let key = world.terminal.data().join("device.key");
    let old = std::fs::read(&key).unwrap();
    rotate(&world.terminal).await;
    let new = std::fs::read(&key).unwrap();
    assert_ne!(old, new);
    parts(&mut world, 2).await;
    world.terminal.confirmed().await.unwrap();

    // The old key is worth nothing now.
    world.terminal.stop().await.unwrap();
    std::fs::write(&key, &old).unwrap();
    world.terminal.start().await.unwrap();
    let client = world.client().unwrap();
    wait_for("a refused key", LIMIT, async || match link(&client).await? {
        HqLink::Down { reason, .. } if reason.contains("not signed by") => Ok(()),
        other => Err(format!("{other:?}")),
    })
    .await;
    std::fs::write(&key, &new).unwrap();
    world.terminal.confirmed().await.unwrap();

    // A key that has ended is good for its successor alone.
    let headquarters = world.headquarters.as_ref().unwrap();
    let end = ["terminal", "rotate-key", "--terminal", "T-07", "--within-days", "0"];
    administer(headquarters, &end).await;
    world.terminal.stop().await.unwrap();
    world.terminal.start().await.unwrap();
    wait_for("an ended key", LIMIT, async || match link(&client).await? {
        HqLink::Down { reason, .. } if reason.contains("rotate-key") => Ok(()),
        other => Err(format!("{other:?}")),
    })
    .await;
    rotate(&world.terminal).await;
    world.rest().await.unwrap();
}

async fn rotate(terminal: &Terminal) {
    let mut rotate = Child::spawn(&mut terminal.kartd("rotate-key").unwrap()).unwrap();
    assert!(rotate.end(LIMIT).await.unwrap().success(), "{}", rotate.tail());
}

#[tokio::test]
async fn a_revoked_terminal_is_locked_out_within_a_second() {
    let _turn = turn().await;
    let mut world = world().await;
    world.rest().await.unwrap();
    let client = world.client().unwrap();
    let headquarters = world.headquarters.as_ref().unwrap();
    administer(headquarters, &["terminal", "revoke", "--terminal", "T-07"]).await;
    let began = Instant::now();
    refused(&client, "revoked").await;
    let locked_out = began.elapsed();
    #[expect(clippy::print_stderr, reason = "the figure of the run")]
    {
        eprintln!("locked out after {locked_out:.2?}, with a parked feed");
    }
    // Recording goes on, and what was recorded is delivered once the same terminal is enrolled again.
    let mut anna = Operator::new(client.clone(), "1001");
    anna.clock_in(STATION).await.unwrap();
    let code = world.headquarters.as_ref().unwrap().enrollment_code("T-07").await.unwrap();
    world.terminal.enroll(&code).await.unwrap();
    world.terminal.confirmed().await.unwrap();
    assert_eq!(number(&world, "SELECT count(*) FROM ops_labor_entries").await, 1);
    assert_eq!(number(&world, "SELECT count(*) FROM edge.lives").await, 0);
}
