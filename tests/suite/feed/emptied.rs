//! Tables that somebody empties at once: no trigger sees the rows that go, and every mirror gets to know.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn an_emptied_table_is_empty_in_every_mirror() {
    let _turn = turn().await;
    let (headquarters, presses, packer) = plant().await;
    change(&headquarters, &queued(1, "EQ-311", 1)).await;
    let (mut one, mut two) = (fresh(&presses).await, fresh(&packer).await);
    let (links, queue) = ("public.ops_station_connections", "public.oee_batch_queue");
    assert_eq!((one.keys(links).len(), two.keys(queue).len()), (1, 1));

    let waiting = one.request(&presses, WAIT_MS);
    let emptied = async {
        parked(&presses, 1).await;
        change(&headquarters, "TRUNCATE ops_station_connections").await;
        Instant::now()
    };
    let ((fed, arrived), emptied) =
        tokio::join!(async { (ask(&presses, &waiting).await, Instant::now()) }, emptied);
    one.apply(&fed.unwrap());
    tell(&format!("an emptied table was known after {:?}", arrived - emptied));
    assert!(arrived - emptied < SOON);
    assert_eq!(one.keys(links).len(), 0);
    // Sums are compared whenever nothing is waited for.
    one.follow(&presses, 0).await;

    change(&headquarters, "TRUNCATE oee_batch_queue, organization_feature_flags CASCADE").await;
    two.follow(&packer, 0).await;
    one.follow(&presses, 0).await;
    for mirror in [&one, &two] {
        assert_eq!(mirror.keys(links).len(), 0);
        assert_eq!(mirror.keys(queue).len(), 0);
        assert_eq!(mirror.keys("public.organization_feature_flags").len(), 0);
    }

    // Every table that is followed is followed in this too.
    let unfollowed = "SELECT count(*) FROM pg_trigger f WHERE f.tgname = 'change_feed_insert' AND NOT EXISTS
        (SELECT FROM pg_trigger t WHERE t.tgrelid = f.tgrelid AND t.tgname = 'change_feed_truncate')";
    assert_eq!(headquarters.number(unfollowed).await.unwrap(), 0);
}
