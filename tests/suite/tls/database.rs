//! TLS between the gateway and Postgres: with an authority of one's own, and to no other server.

use std::net::Ipv4Addr;

use super::*;

/// `kart-hq terminals` by this configuration: whether it succeeds, and what it complains of.
async fn asks(folder: &Path, ca: &Path, url: &str) -> (bool, String) {
    let config = folder.join("asks.toml");
    let text = format!("[database]\nurl = '{url}'\nca_file = '{}'\n", ca.display());
    std::fs::write(&config, text).unwrap();
    let mut command = Command::new(program("kart-hq").unwrap());
    command.arg("--config").arg(&config);
    command.args(["terminals", "--organization", "cedar-works", "--site", "cedar"]);
    let mut child = Child::spawn(&mut command).unwrap();
    let ended = child.end(LIMIT).await.unwrap();
    (ended.success(), child.stderr())
}

#[tokio::test]
async fn the_database_is_reached_over_tls_and_a_wrong_authority_fails_closed() {
    let _turn = turn().await;
    let folder = tempfile::tempdir().unwrap();
    let (ours, other) = (folder.path().join("ours"), folder.path().join("other"));
    let dir = authority(&ours).await;
    authority(&other).await;
    let mut headquarters = Headquarters::start(&demo_site()).await.unwrap();
    headquarters.stop().await.unwrap();
    // An address of this test alone, so that the port may be the usual one.
    let address = Ipv4Addr::new(127, 77, rand::random(), rand::random_range(1..255));
    headquarters.cluster.speak_tls(&ours.join("hq.pem"), &ours.join("hq.key"), address).unwrap();

    // Whoever comes over the network without TLS is sent away.
    let url_of = |login: &str, host: &str| {
        format!("postgresql:///kartorium?user={login}&port=5432&host={host}&hostaddr={address}")
    };
    let url = |host: &str| url_of("postgres", host);
    let plain = tokio_postgres::connect(&url("127.0.0.1"), tokio_postgres::NoTls).await;
    let refused = plain.err().unwrap().to_string();
    assert!(refused.contains("db error"), "{refused}");

    let config = folder.path().join("hq.toml");
    let text = format!(
        "[database]\nurl = '{}'\nca_file = '{dir}/ca.pem'\n",
        url_of("kart_hq", "localhost")
    );
    std::fs::write(&config, text).unwrap();
    let gateway = Gateway::start("", Some(&config)).await.unwrap();
    let mut terminal = terminal(&format!("http://{}", gateway.address()), &ours.join("ca.pem"));
    let code = headquarters.enrollment_code("T-07").await.unwrap();
    terminal.enroll(&code).await.unwrap();
    terminal.start().await.unwrap();
    terminal.confirmed().await.unwrap();
    terminal.stop().await.unwrap();
    let over_tls = "SELECT count(*) FROM pg_stat_ssl s JOIN pg_stat_activity a USING (pid)
        WHERE a.usename = 'kart_hq' AND s.ssl AND s.version = 'TLSv1.3'";
    assert!(headquarters.number(over_tls).await.unwrap() > 0);

    let (asked, said) = asks(folder.path(), &ours.join("ca.pem"), &url("127.0.0.1")).await;
    assert!(asked, "its address stands in the certificate too: {said}");
    let (asked, said) = asks(folder.path(), &other.join("ca.pem"), &url("localhost")).await;
    assert!(!asked, "{said}");
    assert!(said.contains("no authority in database.ca_file has signed"), "{said}");
    let (asked, said) =
        asks(folder.path(), &ours.join("ca.pem"), &url("localhost.localdomain")).await;
    assert!(!asked && said.contains("is for another name"), "{said}");
    drop(gateway);

    headquarters.cluster.speak_plainly(address).unwrap();
    let (asked, said) = asks(folder.path(), &ours.join("ca.pem"), &url("localhost")).await;
    assert!(!asked, "{said}");
    assert!(said.contains("TLS"), "{said}");
}
