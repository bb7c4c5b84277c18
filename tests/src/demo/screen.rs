//! The demo with a screen: `kart` in this window, for as long as a person likes.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use kart_tests::programs::program;
use kart_tests::world::floor::{BADGES, CYCLE};
use kart_tests::world::{World, WorldOptions};
use rustix::process::{Pid, Signal, kill_process};
use tokio::process::Command;
use tokio::time::timeout;

use crate::{INTERRUPTED, asked_to_stop, tell};

/// What the screen may take to put the window back in order.
const LAST_WORDS: Duration = Duration::from_secs(5);

pub(crate) async fn run(options: WorldOptions) -> anyhow::Result<ExitCode> {
    let options = WorldOptions { floor: true, cycle: CYCLE, ..options };
    tell("starting the plant and its terminal");
    let started = tokio::select! {
        world = World::start(&options) => Some(world?),
        asked = asked_to_stop() => asked.map(|()| None)?,
    };
    let Some(mut world) = started else { return Ok(ExitCode::from(INTERRUPTED)) };
    world.after_the_night().await?;
    world.go().await?;
    tell(&addresses(&world)?);
    let mut kart = Command::new(program("kart")?);
    kart.arg("--socket").arg(world.terminal.socket()).args(["--hint", BADGES]).kill_on_drop(true);
    let mut kart = kart.spawn().context("kart cannot be started")?;
    let status = tokio::select! {
        status = kart.wait() => status?,
        asked = asked_to_stop() => {
            asked?;
            let pid = kart.id().and_then(|id| Pid::from_raw(id.try_into().ok()?));
            pid.map_or(Ok(()), |pid| kill_process(pid, Signal::TERM))?;
            timeout(LAST_WORDS, kart.wait()).await.context("kart does not end")??
        },
    };
    drop(world);
    tell("the demo has ended; its plant, its terminal and its headquarters are gone");
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Where the demo can be looked at from another window; also in a file, because the screen hides
/// what was printed before it.
fn addresses(world: &World) -> anyhow::Result<String> {
    let socket = world.terminal.socket();
    let local = format!("curl --unix-socket {} http://kartd/v1/snapshot", socket.display());
    let hq = world.headquarters.as_ref().map(|hq| format!("\npsql '{}'", hq.database()));
    let text = format!("{local}{}", hq.unwrap_or_default());
    let file = program("kart")?.with_file_name("demo.txt");
    std::fs::write(&file, &text).with_context(|| format!("cannot write {}", file.display()))?;
    Ok(format!("from another window (also in {}):\n{text}", file.display()))
}
