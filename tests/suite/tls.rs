//! TLS with an authority of one's own: a terminal that trusts it syncs, any other keeps recording and says why it does
//! not.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use kart_tests::child::Child;
use kart_tests::programs::program;
use kart_tests::wait::wait_for;
use kart_tests::world::gateway::Gateway;
use kart_tests::world::headquarters::Headquarters;
use kart_tests::world::layout::Layout;
use kart_tests::world::terminal::Terminal;
use rcgen::{CertificateParams, Issuer, KeyPair, date_time_ymd};

use crate::headquarters::demo_site;
use crate::turn::turn;

mod database;

const LIMIT: Duration = Duration::from_secs(30);

async fn hq(arguments: &[&str]) {
    let mut command = Command::new(program("kart-hq").unwrap());
    let mut child = Child::spawn(command.args(arguments)).unwrap();
    assert!(child.end(LIMIT).await.unwrap().success(), "{}", child.tail());
}

pub(crate) async fn authority(folder: &Path) -> String {
    let dir = folder.display().to_string();
    hq(&["tls", "init", "--dir", &dir, "--name", "localhost", "--address", "127.0.0.1"]).await;
    dir
}

/// The configuration of a gateway with the certificate of `dir`.
pub(crate) fn configuration(folder: &Path, dir: &str, database: &str) -> PathBuf {
    let path = folder.join("headquarters.toml");
    let text = format!(
        "[tls]\ncertificate = '{dir}/hq.pem'\nkey = '{dir}/hq.key'\n[database]\nurl = '{database}'\n"
    );
    std::fs::write(&path, text).unwrap();
    path
}

async fn health(url: &str, ca: &Path) -> Result<u16, String> {
    rustls::crypto::ring::default_provider().install_default().ok();
    let pem = std::fs::read(ca).unwrap();
    let client = reqwest::Client::builder()
        .tls_certs_only(reqwest::Certificate::from_pem_bundle(&pem).unwrap())
        .timeout(LIMIT)
        .build()
        .unwrap();
    let chain = |fault: reqwest::Error| {
        let mut cause: &dyn std::error::Error = &fault;
        while let Some(next) = cause.source() {
            cause = next;
        }
        cause.to_string()
    };
    client
        .get(format!("{url}/health"))
        .send()
        .await
        .map(|answer| answer.status().as_u16())
        .map_err(chain)
}

/// A terminal with no machine that trusts `ca`.
fn terminal(url: &str, ca: &Path) -> Terminal {
    Terminal::prepare(|data| {
        let site = demo_site();
        let layout = Layout {
            data,
            machines: &[],
            interval: None,
            fastest: 1.0,
            broker: None,
            headquarters: Some(url.to_owned()),
            site: &site,
        };
        let mut file: toml::Table = layout.configuration()?.parse()?;
        let headquarters = file["headquarters"].as_table_mut().unwrap();
        headquarters.insert("ca_file".into(), ca.display().to_string().into());
        Ok(toml::to_string(&file)?)
    })
    .unwrap()
}

/// What the screen says of the link, once it is down.
async fn down(terminal: &Terminal) -> String {
    let client = terminal.client().unwrap();
    wait_for("the link to be down", LIMIT, async || {
        let view = client.snapshot().await.map_err(|fault| fault.to_string())?;
        match view.sync.link {
            kart_api::HqLink::Down { reason, .. } => Ok(reason),
            link => Err(format!("{link:?}")),
        }
    })
    .await
}

#[tokio::test]
async fn a_terminal_syncs_over_tls_and_a_wrong_authority_fails_closed() {
    let _turn = turn().await;
    let folder = tempfile::tempdir().unwrap();
    let (ours, other) = (folder.path().join("ours"), folder.path().join("other"));
    let dir = authority(&ours).await;
    authority(&other).await;
    let headquarters = Headquarters::start(&demo_site()).await.unwrap();
    let config = configuration(folder.path(), &dir, &headquarters.login());
    let gateway = Gateway::start(&headquarters.login(), Some(&config)).await.unwrap();
    let url = format!("https://localhost:{}", gateway.address().port());

    // What the terminal trusts is what is in this file.
    let trusted = folder.path().join("trusted.pem");
    std::fs::copy(ours.join("ca.pem"), &trusted).unwrap();
    let mut terminal = terminal(&url, &trusted);
    let code = headquarters.enrollment_code("T-07").await.unwrap();
    terminal.enroll(&code).await.unwrap();
    terminal.start().await.unwrap();
    terminal.confirmed().await.unwrap();
    terminal.stop().await.unwrap();

    std::fs::copy(other.join("ca.pem"), &trusted).unwrap();
    terminal.start().await.unwrap();
    let said = down(&terminal).await;
    assert!(said.contains("no authority that this terminal trusts"), "{said}");
    assert!(said.contains("headquarters.ca_file"), "{said}");
    let health = terminal.client().unwrap().health().await.unwrap();
    assert_eq!(health.recording, kart_api::Recording::Yes, "recording goes on");
    assert!(health.head > health.acked, "and nothing was sent");
    terminal.stop().await.unwrap();

    std::fs::write(&trusted, "no certificate").unwrap();
    let mut check = Child::spawn(&mut terminal.kartd("check").unwrap()).unwrap();
    assert!(!check.end(LIMIT).await.unwrap().success());
    assert!(check.stderr().contains("holds no certificate"), "{}", check.stderr());
}

#[tokio::test]
async fn a_certificate_is_renewed_under_a_running_gateway_and_authorities_overlap() {
    let folder = tempfile::tempdir().unwrap();
    let dir = authority(&folder.path().join("hq")).await;
    let headquarters = Headquarters::start(&demo_site()).await.unwrap();
    let config = configuration(folder.path(), &dir, &headquarters.login());
    let gateway = Gateway::start(&headquarters.login(), Some(&config)).await.unwrap();
    let url = format!("https://localhost:{}", gateway.address().port());
    let file = |name: &str| PathBuf::from(&dir).join(name);
    let old = folder.path().join("old.pem");
    std::fs::copy(file("ca.pem"), &old).unwrap();
    assert_eq!(health(&url, &old).await, Ok(200));

    // Both authorities are in the file that terminals get before the certificate changes.
    hq(&["tls", "add-authority", "--dir", &dir]).await;
    assert_eq!(
        health(&url, &file("ca.pem")).await,
        Ok(200),
        "the old certificate is trusted still"
    );
    hq(&["tls", "renew", "--dir", &dir]).await;
    let refused = wait_for("the new certificate", LIMIT, async || match health(&url, &old).await {
        Err(refused) => Ok(refused),
        Ok(status) => Err(status),
    })
    .await;
    assert!(refused.contains("UnknownIssuer"), "{refused}");
    assert_eq!(health(&url, &file("ca.pem")).await, Ok(200));
    hq(&["tls", "drop-authorities", "--dir", &dir]).await;
    assert_eq!(health(&url, &file("ca.pem")).await, Ok(200));
}

#[tokio::test]
async fn an_expired_certificate_is_refused_in_words() {
    let folder = tempfile::tempdir().unwrap();
    let dir = authority(&folder.path().join("hq")).await;
    let file = |name: &str| PathBuf::from(&dir).join(name);
    let read = |name: &str| std::fs::read_to_string(file(name)).unwrap();
    let issuer_key = KeyPair::from_pem(&read("ca.key")).unwrap();
    let issuer = Issuer::from_ca_cert_pem(&read("ca.pem"), issuer_key).unwrap();
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(["localhost".to_owned()]).unwrap();
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(2021, 1, 1);
    std::fs::write(file("hq.pem"), params.signed_by(&key, &issuer).unwrap().pem()).unwrap();
    std::fs::write(file("hq.key"), key.serialize_pem()).unwrap();

    let headquarters = Headquarters::start(&demo_site()).await.unwrap();
    let config = configuration(folder.path(), &dir, &headquarters.login());
    let gateway = Gateway::start(&headquarters.login(), Some(&config)).await.unwrap();
    let url = format!("https://localhost:{}", gateway.address().port());
    let terminal = terminal(&url, &file("ca.pem"));
    let mut enroll = Child::spawn(terminal.kartd("enroll").unwrap().arg("AAAA-BBBB")).unwrap();
    assert!(!enroll.end(LIMIT).await.unwrap().success());
    assert!(enroll.stderr().contains("its certificate has expired"), "{}", enroll.stderr());
}
