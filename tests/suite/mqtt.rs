//! MQTT between the terminal and mosquitto: how one gets in, what a message may look like, and what happens to what is
//! known when sessions, clients and brokers come and go.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use kart_api::{DeviceLink, Machine};
use kart_core::signal::{Quality, Value};
use kart_tests::broker::{Access, Broker};
use kart_tests::child::Child;
use kart_tests::programs::repository;
use kart_tests::wait::wait_for;
use kart_tests::world::layout::alone;
use kart_tests::world::terminal::Terminal;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};

use crate::turn::turn;

mod numbers;

const LIMIT: Duration = Duration::from_secs(30);

/// A terminal at a broker: `broker` are lines of that table, `machine` the tables after it.
struct Floor {
    terminal: Terminal,
    broker: Broker,
}

fn configuration(data: &Path, address: &str, broker: &str, machine: &str) -> String {
    let map = format!(
        r#"
[[broker]]
name = "hall"
address = "{address}"
{broker}
[[machine]]
code = "EQ-211"
otherwise = "stopped"
{machine}
"#
    );
    alone(data, &repository().join("config/demo/site.toml"), &map)
}

const SECURITY: &str = "/usr/lib/x86_64-linux-gnu/mosquitto_dynamic_security.so";

const COUNTING: &str = r#"
signal = [
    { name = "good", broker = "hall", topic = "press/good", format = "plain" },
    { name = "state", broker = "hall", topic = "press/state", format = "plain" },
]
counter = [{ signal = "good", kind = "good", max_per_s = 100000.0 }]
rule = [{ name = "runs", when = [{ signal = "state", is = "run" }], state = "running" }]
"#;

impl Floor {
    async fn start(access: Access, lines: &str, machine: &str) -> Self {
        rustls::crypto::ring::default_provider().install_default().ok();
        let broker = Broker::start_for(access).await.unwrap();
        let address = format!("localhost:{}", broker.address().port());
        let mut terminal =
            Terminal::prepare(|data| Ok(configuration(data, &address, lines, machine))).unwrap();
        terminal.start().await.unwrap();
        Self { terminal, broker }
    }

    async fn shown<T>(&self, what: &str, wanted: impl Fn(&Machine) -> Option<T>) -> T {
        self.terminal.shown(what, wanted).await.unwrap()
    }

    async fn up(&self) {
        self.shown("its link up", |machine| (machine.link == DeviceLink::Up).then_some(())).await;
    }

    async fn down(&self, words: &str) {
        let found = |machine: &Machine| match &machine.link {
            DeviceLink::Down { reason, .. } if reason.contains(words) => Some(()),
            _ => None,
        };
        self.shown(words, found).await;
    }

    async fn state(&self, state: &str) {
        self.shown(state, |machine| (machine.state.word() == state).then_some(())).await;
    }

    async fn made(&self, parts: i64) {
        self.shown(&format!("{parts} parts"), |machine| (machine.good == parts).then_some(()))
            .await;
    }

    async fn value(&self, signal: &str, wanted: Value, quality: Quality) {
        let found = |machine: &Machine| {
            let shown = machine.signals.iter().find(|shown| shown.name == signal)?;
            (shown.value.as_ref()? == &wanted && shown.quality == quality).then_some(())
        };
        self.shown(&format!("{signal} at {wanted:?}"), found).await;
    }
}

/// An authority, and certificates of it in `folder`: `broker` and `terminal`.
fn certificates(folder: &Path) {
    let mut params = CertificateParams::new(vec![]).unwrap();
    params.distinguished_name.push(rcgen::DnType::CommonName, folder.display().to_string());
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    std::fs::write(folder.join("ca.pem"), authority.pem()).unwrap();
    for name in ["broker", "terminal"] {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec!["localhost".into()]).unwrap();
        let certificate = params.signed_by(&key, &authority).unwrap();
        std::fs::write(folder.join(format!("{name}.pem")), certificate.pem()).unwrap();
        std::fs::write(folder.join(format!("{name}.key")), key.serialize_pem()).unwrap();
    }
}

#[tokio::test]
async fn tls_and_a_password_let_in_and_anything_else_is_said() {
    let _turn = turn().await;
    let folder = tempfile::tempdir().unwrap();
    let (ours, theirs) = (folder.path().join("ours"), folder.path().join("theirs"));
    for folder in [&ours, &theirs] {
        std::fs::create_dir(folder).unwrap();
        certificates(folder);
    }
    let users = folder.path().join("users");
    let mut passwd = Command::new("/usr/bin/mosquitto_passwd");
    passwd.args(["-c", "-b"]).arg(&users).args(["terminal", "correct horse"]);
    assert!(Child::spawn(&mut passwd).unwrap().end(LIMIT).await.unwrap().success());
    let file = |name: &str| ours.join(name).display().to_string();
    let lines = format!(
        "cafile {}\ncertfile {}\nkeyfile {}\nrequire_certificate true\nallow_anonymous false\npassword_file {}\n",
        file("ca.pem"),
        file("broker.pem"),
        file("broker.key"),
        users.display()
    );
    let arguments = [
        "--cafile",
        &file("ca.pem"),
        "--cert",
        &file("terminal.pem"),
        "--key",
        &file("terminal.key"),
        "--insecure",
        "-u",
        "terminal",
        "-P",
        "correct horse",
    ]
    .map(str::to_owned)
    .to_vec();
    // What is there is wrong, one thing after the other; the terminal finds out by itself.
    let used = folder.path().join("used");
    std::fs::create_dir(&used).unwrap();
    let put = |name: &str, from: &Path| std::fs::copy(from.join(name), used.join(name)).unwrap();
    for (name, from) in [("ca.pem", &theirs), ("terminal.pem", &theirs), ("terminal.key", &theirs)]
    {
        put(name, from);
    }
    std::fs::write(used.join("password"), "wrong battery\n").unwrap();
    let place = used.display();
    let broker = format!(
        "user = \"terminal\"\npassword_file = \"{place}/password\"\nca_file = \"{place}/ca.pem\"\n\
         cert_file = \"{place}/terminal.pem\"\nkey_file = \"{place}/terminal.key\""
    );
    let mut floor = Floor::start(Access { lines, arguments }, &broker, COUNTING).await;
    floor.down("not signed by the authority in ca_file").await;
    put("ca.pem", &ours);
    floor.down("the broker does not know the authority of our client certificate").await;
    put("terminal.pem", &ours);
    floor.down("key_file").await;
    put("terminal.key", &ours);
    floor.down("user, password or client id is not authorised").await;
    std::fs::write(used.join("password"), "correct horse\n").unwrap();
    floor.up().await;
    floor.broker.publish("press/state", "run", false).await.unwrap();
    floor.state("running").await;
    let daemon = floor.terminal.daemon().unwrap();
    let line = std::fs::read(format!("/proc/{}/cmdline", daemon.id())).unwrap();
    let told = format!("{}{}{}", daemon.stdout(), daemon.stderr(), String::from_utf8_lossy(&line));
    for secret in ["correct horse", "wrong battery", "PRIVATE KEY"] {
        assert!(!told.contains(secret), "{secret} was said");
    }
}

#[tokio::test]
async fn every_form_of_payload_and_topics_with_captured_levels() {
    let _turn = turn().await;
    let machine = r#"
stale_after_ms = 600000
signal = [
    { name = "good", broker = "hall", topic = "shop/{machine}/{signal}", format = "plain" },
    { name = "scrap", broker = "hall", topic = "shop/{machine}/{signal}", key = "bad", format = "plain" },
    { name = "state", broker = "hall", topic = "+/EQ-211/status/#", pointer = "/now/0/state" },
    { name = "rate", broker = "hall", topic = "line", format = "csv", separator = ";", field = 3 },
    { name = "order", broker = "hall", topic = "line", format = "csv", separator = ";", field = 2 },
    { name = "height", broker = "hall", topic = "raw", format = "binary", scalar = "i16", from_byte = 1, byte_order = "low_first" },
    { name = "level", broker = "hall", topic = "dated", pointer = "/v", time_pointer = "/t", time = "payload" },
]
counter = [{ signal = "good", kind = "good", max_per_s = 1000.0 }, { signal = "scrap", kind = "scrap", max_per_s = 1000.0 }]
rule = [{ name = "runs", when = [{ signal = "state", is = "run" }], state = "running" }]
"#;
    let floor = Floor::start(Access::default(), "max_packet_bytes = 2000", machine).await;
    floor.up().await;
    let broker = &floor.broker;
    broker.publish("shop/EQ-211/good", "5", true).await.unwrap();
    floor.value("good", Value::Whole(5), Quality::Good).await;
    for (topic, payload) in [
        ("shop/EQ-211/good", "12"),
        ("shop/EQ-212/good", "900"),
        ("shop/EQ-211/other", "900"),
        ("shop/EQ-211/scrap", "900"),
        ("shop/EQ-211/bad", "3"),
        ("line", "x;\"A;7\"; 41.5 ;y"),
        ("hall/EQ-211/status/v2/x", r#"{"now":[{"state":"run"}]}"#),
        ("dated", r#"{"v":7,"t":"2026-01-01T06:00:00Z"}"#),
    ] {
        broker.publish(topic, payload, false).await.unwrap();
    }
    broker.publish_bytes("raw", &[9, 0xfe, 0xff, 9]).await.unwrap();
    floor.state("running").await;
    floor.made(7).await;
    floor.value("scrap", Value::Whole(3), Quality::Good).await;
    floor.value("order", Value::Word("A;7".into()), Quality::Good).await;
    floor.value("rate", Value::Measured(41.5), Quality::Good).await;
    floor.value("height", Value::Whole(-2), Quality::Good).await;
    floor.value("level", Value::Whole(7), Quality::Good).await;
    let at = floor.shown("a dated value", |machine| {
        machine.signals.iter().find(|shown| shown.name == "level")?.at_us
    });
    assert_eq!(at.await.rfc3339(), "2026-01-01T06:00:00Z");
    // Too great, and retained: passed over, also at each start.
    let great = format!("{}77", " ".repeat(3000));
    broker.publish("shop/EQ-211/good", &great, true).await.unwrap();
    broker.publish("shop/EQ-211/good", "14", false).await.unwrap();
    floor.made(9).await;
}

#[tokio::test]
async fn a_broker_that_forgets_leaves_a_gap_and_one_that_does_not_leaves_none() {
    let _turn = turn().await;
    let machine = format!("stale_after_ms = 600000\n{COUNTING}");
    let mut floor = Floor::start(Access::default(), "", &machine).await;
    floor.up().await;
    floor.broker.publish("press/good", "100", false).await.unwrap();
    floor.broker.publish("press/state", "run", false).await.unwrap();
    floor.state("running").await;
    floor.broker.stop().await.unwrap();
    floor.broker.start_again().await.unwrap();
    floor.broker.publish("press/good", "110", false).await.unwrap();
    floor.made(10).await;
    floor.state("running").await;
    floor.broker.stop().await.unwrap();
    floor.broker.forget().unwrap();
    floor.broker.start_again().await.unwrap();
    floor.state("unknown").await;
    let log = floor.terminal.daemon().unwrap().stderr();
    assert!(log.contains("the broker has lost our session"), "{log}");
    floor.broker.publish("press/good", "120", false).await.unwrap();
    floor.broker.publish("press/state", "run", false).await.unwrap();
    floor.state("running").await;
    floor.made(20).await;
}

#[tokio::test]
async fn a_second_client_with_our_name_is_named_to_the_person() {
    let _turn = turn().await;
    let floor = Floor::start(Access::default(), "client_id = \"press-7\"", COUNTING).await;
    floor.up().await;
    let other = floor.broker.listen("press/#", Some("press-7")).unwrap();
    floor.down("is the client id \"press-7\" used by another client?").await;
    drop(other);
    floor.broker.publish("press/good", "100", false).await.unwrap();
    floor.value("good", Value::Whole(100), Quality::Good).await;
}

/// A role that may not listen to this.
const REFUSED: &str = r#"{
    "defaultACLAccess": { "publishClientSend": true, "publishClientReceive": true, "subscribe": true, "unsubscribe": true },
    "clients": [], "anonymousGroup": "all",
    "groups": [{ "groupname": "all", "roles": [{ "rolename": "some" }] }],
    "roles": [{ "rolename": "some", "acls": [
        { "acltype": "subscribePattern", "topic": "press/state", "priority": 1, "allow": false }
    ] }]
}"#;

#[tokio::test]
async fn a_topic_that_the_broker_refuses_is_named_to_the_person() {
    let _turn = turn().await;
    let folder = tempfile::tempdir().unwrap();
    let roles = folder.path().join("roles.json");
    std::fs::write(&roles, REFUSED).unwrap();
    let mut access = Access::default();
    access
        .lines
        .push_str(&format!("plugin {SECURITY}\nplugin_opt_config_file {}\n", roles.display()));
    let floor = Floor::start(access, "", COUNTING).await;
    let found = |machine: &Machine| match &machine.link {
        DeviceLink::Partly { reason, .. } => Some(reason.clone()),
        _ => None,
    };
    let reason = floor.shown("a link that brings a part", found).await;
    assert!(reason.contains("refuses 1 of 2 topics: press/state"), "{reason}");
    floor.broker.publish("press/good", "100", false).await.unwrap();
    floor.value("good", Value::Whole(100), Quality::Good).await;
    let session =
        std::fs::read_dir(floor.terminal.data()).unwrap().map(|file| file.unwrap().path());
    let session = session.filter(|path| path.extension().is_some_and(|end| end == "session"));
    let kept: Vec<String> = session.map(|path| std::fs::read_to_string(path).unwrap()).collect();
    assert_eq!(kept, ["press/good\n"], "what is not subscribed to is not written down");
}

/// What came while nobody was there, all at once: nothing is lost, nothing is held back, and memory stays small.
#[tokio::test]
async fn a_storm_is_taken_in_to_the_last_message() {
    const MESSAGES: i64 = 10_000;
    let _turn = turn().await;
    let mut access = Access::default();
    access
        .lines
        .push_str("max_queued_messages 0\nautosave_on_changes false\nautosave_interval 600\n");
    let mut floor = Floor::start(access, "", COUNTING).await;
    floor.up().await;
    floor.broker.publish("press/good", "7", false).await.unwrap();
    floor.value("good", Value::Whole(7), Quality::Good).await;
    floor.terminal.stop().await.unwrap();
    let lines: Vec<String> = (1..=MESSAGES).map(|n| (7 + 3 * n).to_string()).collect();
    floor.broker.publish_lines("press/good", &lines).await.unwrap();
    floor.terminal.start().await.unwrap();
    floor.made(3 * MESSAGES).await;
    let kib = floor.terminal.resident_kib().unwrap();
    assert!(kib < 80 * 1024, "{kib} KiB");
}

#[tokio::test]
async fn others_see_what_the_station_does() {
    let _turn = turn().await;
    let lines = "publish = { prefix = \"cedar/oee\" }";
    let mut floor = Floor::start(Access::default(), lines, COUNTING).await;
    let heard = floor.broker.listen("cedar/oee/#", None).unwrap();
    let told = async |line: &str| {
        wait_for(line, LIMIT, async || {
            let heard = heard.stdout();
            heard.lines().any(|told| told.starts_with(line)).then_some(()).ok_or(heard)
        })
        .await;
    };
    told(r#"cedar/oee/T-07/status {"online":true}"#).await;
    told(r#"cedar/oee/EQ-211/state {"state":"unknown""#).await;
    floor.broker.publish("press/good", "100", false).await.unwrap();
    floor.broker.publish("press/good", "130", false).await.unwrap();
    floor.broker.publish("press/state", "run", false).await.unwrap();
    told(r#"cedar/oee/EQ-211/state {"state":"running","since":""#).await;
    told(r#"cedar/oee/EQ-211/counts {"good":30,"scrap":0,"batch":null}"#).await;
    let retained = floor.broker.receive("cedar/oee/EQ-211/counts", 1).await.unwrap();
    assert_eq!(retained, [r#"{"good":30,"scrap":0,"batch":null}"#]);
    floor.terminal.kill().unwrap();
    told(r#"cedar/oee/T-07/status {"online":false}"#).await;
}
