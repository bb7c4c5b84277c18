//! What the demo and the benches measure can be measured: the plain loop writes the tables as they are now. No speed is
//! expected.

use std::time::Duration;

use kart_tests::measure::store_speed;

#[tokio::test]
async fn the_plain_loop_beside_the_store_writes_the_same_tables() {
    let speed = store_speed(2, 1, Duration::from_millis(200)).await.unwrap();
    assert!(speed.store > 0.0 && speed.plain > 0.0, "{speed:?}");
}
