//! `cargo bench --package kart-tests --bench machines [-- DEVICES [MESSAGES]]`: what a real daemon needs for many devices
//! at once, and how fast it takes a broker's backlog in beside mosquitto's own client that only acknowledges it. Needs the
//! daemon of the same profile: `cargo build --release --bin kartd`. Prints figures beside what is aimed at, and fails for
//! none. 0 leaves a part out.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use kart_sim::Framing;
use kart_tests::broker::{Access, Broker};
use kart_tests::child::Child;
use kart_tests::wait::try_for;
use kart_tests::world::layout::alone;
use kart_tests::world::terminal::Terminal;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::timeout;

const DEVICES: usize = 200;
const REGISTERS: u16 = 100;
/// Questions to each device before the measuring, and meanwhile.
const WARM_UP: usize = 10;
const WATCHED: usize = 30;
const MESSAGES: usize = 100_000;
const LIMIT: Duration = Duration::from_secs(300);
/// Processor ticks per second, as /proc counts them.
const TICKS: f64 = 100.0;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    rustls::crypto::ring::default_provider().install_default().ok();
    let given: Vec<usize> = std::env::args().filter_map(|argument| argument.parse().ok()).collect();
    let number = |place: usize, usual: usize| given.get(place).copied().unwrap_or(usual);
    let (devices, messages) = (number(0, DEVICES), number(1, MESSAGES));
    if devices > 0 {
        polled(devices).await?;
    }
    if messages > 0 {
        taken_in(messages).await?;
    }
    Ok(())
}

#[expect(clippy::print_stdout, reason = "figures are what this program is for")]
fn line(what: &str, figure: impl std::fmt::Display, aim: &str) {
    println!("{what:<58} {figure:>12}   {aim}");
}

/// Devices that are each read once a second, all registers of each as signals of their own.
async fn polled(devices: usize) -> anyhow::Result<()> {
    let mut served = JoinSet::new();
    let answered = Arc::new(watch::Sender::new(0));
    let mut ports = Vec::new();
    for _ in 0..devices {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        ports.push(listener.local_addr()?.port());
        served.spawn(serve(listener, Arc::clone(&answered)));
    }
    let mut terminal = Terminal::prepare(|data| plant(data, &ports))?;
    terminal.start().await?;
    let client = terminal.client()?;
    // Told by the devices: whoever asked the daemon would be part of the figure.
    let mut told = answered.subscribe();
    let each = |times: usize| move |answers: &usize| *answers >= times * devices;
    timeout(LIMIT, told.wait_for(each(WARM_UP))).await??;
    let before = processor(terminal.daemon()?)?;
    let facts = client.health().await?.head;
    let began = Instant::now();
    timeout(LIMIT, told.wait_for(each(WARM_UP + WATCHED))).await??;
    let seconds = began.elapsed().as_secs_f64();
    let used = processor(terminal.daemon()?)? - before;
    let facts = client.health().await?.head - facts;
    #[expect(clippy::cast_precision_loss, reason = "figures for people")]
    let rate = facts as f64 / seconds;
    line("devices with 100 registers each, at 1 s", devices, "");
    line("facts a second", format!("{rate:.0}"), "one part of each device");
    let share = format!("{:.1} %", 100.0 * used / seconds);
    line("kartd, of one core", share, "aim: at most 15 %");
    let kib = terminal.resident_kib()?;
    line("kartd, resident", format!("{:.1} MiB", kib as f64 / 1024.0), "aim: at most 40 MiB");
    terminal.stop().await
}

/// Seconds of processor time that a program has used.
fn processor(child: &Child) -> anyhow::Result<f64> {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", child.id()))?;
    let (_, after) = stat.rsplit_once(')').context("a program's name")?;
    let fields: Vec<&str> = after.split_whitespace().collect();
    let ticks = |place: usize| -> anyhow::Result<f64> {
        Ok(fields.get(place).context("fields of stat")?.parse()?)
    };
    // The 14th and 15th field of all; two stand before the closing bracket.
    Ok((ticks(11)? + ticks(12)?) / TICKS)
}

/// Answers every read: the first register counts the questions, the others follow it more slowly.
async fn serve(listener: TcpListener, answered: Arc<watch::Sender<usize>>) -> anyhow::Result<()> {
    let mut questions = 0_u16;
    loop {
        let (mut stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        while converse(&mut stream, &mut questions).await? {
            answered.send_modify(|answers| *answers += 1);
        }
    }
}

/// One exchange; false at the end of the connection.
async fn converse(stream: &mut TcpStream, questions: &mut u16) -> anyhow::Result<bool> {
    let mut bytes = Vec::new();
    let request = loop {
        match Framing::Tcp.take_request(&mut bytes) {
            Ok(Some(request)) => break request,
            Ok(None) if stream.read_buf(&mut bytes).await? == 0 => return Ok(false),
            Ok(None) => {},
            Err(fault) => anyhow::bail!("the client sent what is no question: {fault}"),
        }
    };
    *questions = questions.wrapping_add(1);
    let &[a0, a1, c0, c1] = request.data.as_slice() else { anyhow::bail!("{request:?}") };
    let (start, count) = (u16::from_be_bytes([a0, a1]), u16::from_be_bytes([c0, c1]));
    let words = (start..start + count).flat_map(|address| {
        let word = if address == 0 { *questions } else { *questions / (1 + address) };
        word.to_be_bytes()
    });
    let bytes = u8::try_from(count * 2)?;
    let pdu: Vec<u8> = [request.function, bytes].into_iter().chain(words).collect();
    stream.write_all(&request.wrap(&pdu)).await?;
    Ok(true)
}

/// A terminal with a machine at each of these ports, and its site.
fn plant(data: &Path, ports: &[u16]) -> anyhow::Result<String> {
    let site = data.with_file_name("site.toml");
    let mut text = "[site]\norganization = \"cedar-works\"\ncode = \"cedar\"\nname = \"Cedar\"\ntime_zone = \"Europe/Berlin\"\n".to_owned();
    let mut config = String::new();
    for (n, port) in ports.iter().enumerate() {
        write!(
            text,
            "[[machine]]\ncode = \"M-{n}\"\nname = \"Machine {n}\"\nterminal = \"T-07\"\n"
        )?;
        write!(config, "[[device]]\nname = \"D-{n}\"\naddress = \"127.0.0.1:{port}\"\n")?;
        write!(config, "[[machine]]\ncode = \"M-{n}\"\notherwise = \"stopped\"\n")?;
        config.push_str("rule = [{ name = \"runs\", when = [{ signal = \"s1\", at_least = 0 }], state = \"running\" }]\n");
        config.push_str("counter = [{ signal = \"s0\", kind = \"good\", width = 16, max_per_s = 100.0 }]\nsignal = [\n");
        for register in 0..REGISTERS {
            writeln!(
                config,
                "{{ name = \"s{register}\", device = \"D-{n}\", table = \"holding\", address = {register}, type = \"u16\", interval_ms = 1000 }},"
            )?;
        }
        config.push_str("]\n");
    }
    std::fs::write(&site, text)?;
    Ok(alone(data, &site, &config))
}

/// What a broker kept, durable in the daemon, and only acknowledged by mosquitto's client.
async fn taken_in(messages: usize) -> anyhow::Result<()> {
    let mut access = Access::default();
    access
        .lines
        .push_str("max_queued_messages 0\nautosave_on_changes false\nautosave_interval 600\n");
    let broker = Broker::start_for(access).await?;
    let address = broker.address();
    let mut terminal = Terminal::prepare(|data| listener(data, &address.to_string()))?;
    terminal.start().await?;
    let client = terminal.client()?;
    let made = async |what: &str, wanted: i64| {
        try_for(what, LIMIT, async || {
            let view = client.snapshot().await.map_err(|fault| fault.to_string())?;
            let good = view.machines.first().map_or(0, |machine| machine.good);
            (good >= wanted).then_some(()).ok_or_else(|| good.to_string())
        })
        .await
    };
    let acknowledge = |end: &str| -> anyhow::Result<Child> {
        Child::spawn(
            Command::new("/usr/bin/mosquitto_sub")
                .args(["-h", "127.0.0.1", "-p", &address.port().to_string(), "-q", "1", "-c"])
                .args(["-i", "raw", "-t", "press/good"])
                .args(end.split_whitespace()),
        )
    };
    // Both have a session that the broker keeps for them.
    acknowledge("-E")?.end(LIMIT).await?;
    broker.publish("press/good", "1", false).await?;
    broker.publish("press/good", "2", false).await?;
    made("the first part", 1).await?;
    acknowledge("-C 2")?.end(LIMIT).await?;
    terminal.stop().await?;
    let lines: Vec<String> = (3..3 + messages).map(|n| n.to_string()).collect();
    broker.publish_lines("press/good", &lines).await?;
    let began = Instant::now();
    acknowledge(&format!("-C {messages}"))?.end(LIMIT).await?;
    let raw = began.elapsed();
    let began = Instant::now();
    terminal.start().await?;
    made("all parts", i64::try_from(messages)?).await?;
    let ours = began.elapsed();
    #[expect(clippy::cast_precision_loss, reason = "figures for people")]
    let rate = |took: Duration| messages as f64 / took.as_secs_f64();
    line("messages that the broker kept", messages, "");
    line("mosquitto_sub, acknowledged a second", format!("{:.0}", rate(raw)), "");
    line(
        "kartd, durable a second, its start included",
        format!("{:.0}", rate(ours)),
        "all of them",
    );
    line("ratio", format!("{:.2}", rate(ours) / rate(raw)), "");
    terminal.stop().await
}

/// A terminal with a machine that counts by messages, and its site.
fn listener(data: &Path, address: &str) -> anyhow::Result<String> {
    let site = data.with_file_name("site.toml");
    std::fs::write(
        &site,
        "[site]\norganization = \"cedar-works\"\ncode = \"cedar\"\nname = \"Cedar\"\ntime_zone = \"Europe/Berlin\"\n[[machine]]\ncode = \"M-1\"\nname = \"Machine\"\nterminal = \"T-07\"\n",
    )?;
    let map = format!(
        r#"
[[broker]]
name = "hall"
address = "{address}"
[[machine]]
code = "M-1"
otherwise = "stopped"
signal = [{{ name = "good", broker = "hall", topic = "press/good", format = "plain" }}]
counter = [{{ signal = "good", kind = "good", max_per_s = 1000000.0 }}]
rule = [{{ name = "runs", when = [{{ signal = "good", at_least = 0 }}], state = "running" }}]
"#
    );
    Ok(alone(data, &site, &map))
}
