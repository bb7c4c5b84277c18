//! Headquarters is put back to a state before a terminal's new life.

use super::*;

#[tokio::test]
async fn a_life_that_headquarters_has_lost_comes_again_in_another_one() {
    let _turn = turn().await;
    let (mut world, former) = stopped().await;
    let early = tempfile::tempdir().unwrap();
    copy(&world.terminal.data(), early.path());
    world.terminal.start().await.unwrap();
    parts(&mut world, 2).await;
    world.terminal.confirmed().await.unwrap();
    let saved = world.headquarters.as_mut().unwrap().cluster.save().unwrap();
    let then = number(&world, "SELECT max(watermark) FROM edge.terminals").await;
    let mut anna = Operator::new(world.client().unwrap(), "1001");
    anna.clock_in(STATION).await.unwrap();
    world.terminal.confirmed().await.unwrap();
    world.terminal.kill().unwrap();

    put_back(&world.terminal, early.path());
    world.terminal.start().await.unwrap();
    renewed(&world.terminal, &former).await;
    let life = incarnation(&world.terminal);
    let end = number(&world, "SELECT watermark FROM edge.lives").await;
    anna.start_batch(PRESS, PRODUCT).await.unwrap();
    parts(&mut world, 2).await;
    world.terminal.confirmed().await.unwrap();

    world.headquarters.as_mut().unwrap().cluster.restore(&saved).unwrap();
    assert_eq!(number(&world, "SELECT count(*) FROM edge.lives").await, 0);
    let granted = "SELECT count(*) FROM edge.audit WHERE action = 'grant lost'";
    wait_for("a lost grant", LIMIT, async || match number(&world, granted).await {
        1 => Ok(()),
        other => Err(format!("{other} notes")),
    })
    .await;
    renewed(&world.terminal, &life).await;
    // That she is there was told by facts that are lost on both sides.
    anna.clock_in(STATION).await.unwrap();
    anna.complete_batch(PRESS).await.unwrap();
    anna.clock_out().await.unwrap();
    let totals = world.rest().await.unwrap();

    let gap = "SELECT gap_from * 1000 + gap_to FROM edge.lives";
    assert_eq!(number(&world, gap).await, (then + 1) * 1000 + end, "what is lost is named");
    let lost = "SELECT count(*) FROM edge.audit WHERE action = 'facts lost'";
    assert_eq!(number(&world, lost).await, 1);
    let headquarters = world.headquarters.as_ref().unwrap();
    assert_eq!(u64::try_from(counted(headquarters).await), Ok(made(&totals)), "counters tell");
    let batches = "SELECT count(*) FROM oee_batch_details WHERE status = 'completed'";
    assert_eq!(number(&world, batches).await, 1);
    assert_eq!(number(&world, "SELECT count(*) FROM edge.quarantine").await, 0);
}
