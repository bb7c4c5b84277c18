//! The servers that we did not write start, serve, go away and come back; every other test stands on that.

use std::time::Duration;

use kart_tests::broker::Broker;
use kart_tests::modbus::ModbusServer;
use kart_tests::postgres::Cluster;
use kart_tests::wait::{accepts, wait_for};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

const LIMIT: Duration = Duration::from_secs(20);

async fn ask(url: &str, statement: &str) -> Result<i64, tokio_postgres::Error> {
    let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls).await?;
    tokio::select! {
        row = client.query_one(statement, &[]) => row?.try_get(0),
        ended = connection => Err(ended.expect_err("a connection ends early by a fault only")),
    }
}

/// One request of Modbus TCP by hand, so that the server is not judged by our own client.
async fn read(server: &ModbusServer, function: u8, address: u16, count: u8) -> Vec<u16> {
    let mut stream = TcpStream::connect(server.address()).await.expect("the server accepts");
    let [high, low] = address.to_be_bytes();
    stream.write_all(&[0, 1, 0, 0, 0, 6, 1, function, high, low, 0, count]).await.expect("sent");
    let mut answer = vec![0; 9 + 2 * usize::from(count)];
    stream.read_exact(&mut answer).await.expect("an answer of the expected length");
    assert_eq!(answer[7], function, "no exception");
    answer[9..].chunks(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]])).collect()
}

#[tokio::test]
async fn postgres_keeps_its_rows_over_an_outage() {
    let mut cluster = Cluster::start().unwrap();
    let url = cluster.database("plant").unwrap();
    cluster
        .psql("plant", "CREATE TABLE punch (n bigint); INSERT INTO punch VALUES (41), (1)")
        .unwrap();
    assert_eq!(ask(&url, "SELECT sum(n)::bigint FROM punch").await.unwrap(), 42);
    assert_eq!(cluster.database("plant").unwrap(), url, "a database is created once");

    cluster.stop().unwrap();
    ask(&url, "SELECT 1::bigint").await.expect_err("nobody is there");
    cluster.start_again().unwrap();
    assert_eq!(ask(&url, "SELECT sum(n)::bigint FROM punch").await.unwrap(), 42);
}

#[tokio::test]
async fn two_clusters_do_not_meet() {
    let one = Cluster::start().unwrap();
    let other = Cluster::start().unwrap();
    one.database("here").unwrap();
    assert_eq!(
        other.psql("postgres", "SELECT count(*) FROM pg_database WHERE datname = 'here'").unwrap(),
        "0"
    );
    let address = other.psql("postgres", "SHOW listen_addresses").unwrap();
    assert_eq!(address, "", "no port is open");
}

#[tokio::test]
async fn mosquitto_keeps_retained_values_over_a_restart() {
    let mut broker = Broker::start().await.unwrap();
    broker.publish("press/1/parts", "17", true).await.unwrap();
    assert_eq!(broker.receive("press/1/parts", 1).await.unwrap(), ["17"]);

    let address = broker.address();
    broker.stop().await.unwrap();
    accepts(address).await.expect_err("nobody is there");
    broker.start_again().await.unwrap();
    assert_eq!(broker.address(), address);
    assert_eq!(broker.receive("press/1/parts", 1).await.unwrap(), ["17"]);
}

#[tokio::test]
async fn pymodbus_serves_what_it_is_told() {
    let mut server = ModbusServer::start().await.unwrap();
    server.set_holding(10, &[1, 65535]).await.unwrap();
    server.set_input(10, &[7]).await.unwrap();
    assert_eq!(read(&server, 3, 9, 3).await, [0, 1, 65535]);
    assert_eq!(read(&server, 4, 10, 1).await, [7]);
    server.set_holding(999, &[1, 2]).await.expect_err("beyond the last register");

    server.stop().unwrap();
    accepts(server.address()).await.expect_err("nobody is there");
    server.start_again().await.unwrap();
    assert_eq!(read(&server, 3, 10, 2).await, [0, 0]);
}

#[tokio::test]
async fn a_dropped_guard_leaves_nothing_behind() {
    let broker = Broker::start().await.unwrap();
    let address = broker.address();
    drop(broker);
    wait_for("the end of the broker", LIMIT, async || match accepts(address).await {
        Ok(()) => Err("it still accepts"),
        Err(_refused) => Ok(()),
    })
    .await;

    let cluster = Cluster::start().unwrap();
    let url = cluster.database("gone").unwrap();
    drop(cluster);
    ask(&url, "SELECT 1::bigint").await.expect_err("the cluster went with its guard");
}

#[tokio::test]
#[should_panic(expected = "last seen: the light is red")]
async fn waiting_in_vain_says_what_was_seen_last() {
    wait_for("a green light", Duration::from_millis(50), async || Err::<(), _>("the light is red"))
        .await;
}
