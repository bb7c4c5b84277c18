//! What happens in a world, decided by dice: work, commands of people, faults. And at the end the
//! healing of everything, so that what must come true can come true.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use kart_core::fact::Body;
use kart_core::fact::queue::Ask;
use kart_core::id::{Incarnation, RecordId};
use kart_core::record::{Record, Tenant};
use kart_sync::Tuning;
use rand::Rng;
use tokio::time::{Instant, sleep, timeout_at};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::checks;
use super::device;
use super::disk::Disk;
use super::floor::{self, Press};
use super::line::{Line, carry_out};
use super::port::{Port, reference};
use super::profile::Happening;
use super::station::{Answer, Clock, Fate, Station, Wish};
use super::truth::{Shift, Truth};
use super::world::{Post, World};

mod forge;
mod restore;
mod wish;

const DAY_US: i64 = 86_400 * 1_000_000;
const STEPS: i64 = 110;
const TUNING: Tuning = Tuning {
    first_pause: Duration::from_secs(2),
    longest_pause: Duration::from_secs(2 * 3_600),
    pull_wait: Duration::from_secs(16 * 3_600),
    status_every: Duration::from_secs(12 * 3_600),
};
/// After the last fault everything has had its time by then.
const HEAL: Duration = Duration::from_secs(5 * 3_600);

/// Lives through one world.
pub(super) async fn live(world: &Arc<World>) {
    for number in 0..world.terminals {
        install(world, number);
    }
    world.healed.store(false, Ordering::Relaxed);
    let days = world.profile.days(&mut world.dice());
    let mut left = STEPS;
    while left > 0 && !world.is_over() {
        left -= 1;
        let mean = days * DAY_US / STEPS;
        let gap = {
            let mut dice = world.dice();
            let most = if dice.random_bool(0.5) { 60_000_000 } else { 4 * mean };
            dice.random_range(1_000_000..=most.max(2_000_000))
        };
        pass(world, Duration::from_micros(gap.unsigned_abs())).await;
        step(world).await;
    }
    heal(world).await;
    if !world.is_over() {
        checks::at_rest(world);
    }
    for post in world.posts() {
        end_session(&post).await;
    }
}

/// Time passes; terminals whose log has to begin a new life start anew.
async fn pass(world: &Arc<World>, time: Duration) {
    let until = Instant::now() + time;
    while !world.is_over() && timeout_at(until, world.born.notified()).await.is_ok() {
        for post in world.posts() {
            let Some(life) = post.granted.lock().unwrap().take() else { continue };
            end_session(&post).await;
            let mut station = post.station();
            world.note("life", format_args!("{} {}", station.number, life.common));
            station.begin_life(&life, world.now_us(), &mut world.truth());
            drop(station);
            start(world, &post);
        }
    }
}

/// A new terminal, enrolled, with its first readings.
fn install(world: &Arc<World>, number: usize) {
    let (id, incarnation, nonce) = {
        let mut dice = world.dice();
        (
            Uuid::from_u128(dice.random()),
            Incarnation(dice.random()),
            format!("{:016x}", dice.random::<u64>()),
        )
    };
    let presses: Vec<Press> =
        (0..2).map(|press| Press::new(number, press, &mut world.dice())).collect();
    let station = Station {
        number,
        id,
        incarnation,
        nonce: nonce.clone(),
        copy: false,
        tenant: Tenant {
            organization: floor::ORGANIZATION.to_owned(),
            site: world.centre().site(),
        },
        disk: Disk::default(),
        engine: None,
        clock: Clock { off_us: 0, set: false, boot: 1, booted_us: 0 },
        map: floor::map(number, &presses),
        presses,
        keys: 0,
        last_asked: None,
    };
    let code = floor::terminal_code(number);
    world.centre().enroll(id, code, incarnation.to_string(), nonce);
    let post = Post::new(station);
    world.posts.lock().unwrap().push(Arc::clone(&post));
    start(world, &post);
    read(world, &post, Fate::Well);
}

/// The daemon starts, and its session with it.
pub(super) fn start(world: &Arc<World>, post: &Arc<Post>) {
    let mut station = post.station();
    checks::opened(world, &station);
    let reference = reference(world, &station);
    station.start(world.now_us(), reference, &mut world.truth());
    if station.engine.is_none() {
        return;
    }
    checks::shown(world, &station);
    let device = device::of(&station);
    drop(station);
    post.grown.notify_waiters();
    let port = Port { world: Arc::clone(world), post: Arc::clone(post) };
    let line = Line { world: Arc::clone(world), post: Arc::clone(post) };
    let session = tokio::spawn(async move {
        kart_sync::run(&port, &device, &line, TUNING, CancellationToken::new()).await;
    });
    *post.session.lock().unwrap() = Some(session);
}

async fn end_session(post: &Post) {
    let session = post.session.lock().unwrap().take();
    if let Some(session) = session {
        session.abort();
        session.await.ok();
    }
}

/// The daemon is killed, or the whole computer loses its power.
async fn stop(world: &World, post: &Post, power: bool) {
    end_session(post).await;
    let mut station = post.station();
    station.stop(&mut world.dice());
    if power {
        station.clock.boot += 1;
        station.clock.booted_us = world.now_us();
    }
}

async fn step(world: &Arc<World>) {
    let happening = world.profile.next(&mut world.dice());
    let posts = world.posts();
    let post = Arc::clone(&posts[world.dice().random_range(0..posts.len())]);
    let number = post.station().number;
    world.note("step", format_args!("{happening:?} {number}"));
    if post.station().engine.is_none() {
        if world.dice().random_bool(0.5) {
            start(world, &post);
            ask_again(world, &post);
        }
        return;
    }
    match happening {
        Happening::Work => read(world, &post, fate(world)),
        Happening::Command => command(world, &post, fate(world)),
        Happening::Garbage => garbage(world, &post),
        Happening::CounterReset => reset(world, &post).await,
        Happening::Kill => stop(world, &post, false).await,
        Happening::PowerCut => stop(world, &post, true).await,
        Happening::DiskRefuses => post.station().disk.failing = world.dice().random_range(1..4),
        Happening::Partition => drop(post.cut.fetch_xor(true, Ordering::Relaxed)),
        Happening::Clock => clock(world, &post),
        Happening::SiteChange => site(world),
        Happening::Backup => back_up(world),
        Happening::Purge => purge(world, &post),
        Happening::Correction => correct(world),
        Happening::Replay => replay(world),
        Happening::Forgery => forge::any(world, &post),
        Happening::HeadquartersRestored => restore::centre(world),
        Happening::TerminalRestored => restore::terminal(world, &post).await,
        Happening::Damaged => restore::damaged(world, &post).await,
        Happening::Clone => restore::copy(world, &post),
    }
    // A daemon whose power went during a round.
    if post.station().engine.is_none() {
        end_session(&post).await;
    }
}

fn fate(world: &World) -> Fate {
    let often = world.profile.wrong() / 2;
    for fate in [Fate::CutBefore, Fate::CutWithin, Fate::CutAfter] {
        if world.wrong(often) {
            return fate;
        }
    }
    Fate::Well
}

/// The presses work and are read.
pub(super) fn read(world: &World, post: &Post, fate: Fate) {
    let now_us = world.now_us();
    let mut station = post.station();
    let mut dice = world.dice();
    for press in &mut station.presses {
        press.work(now_us, &mut dice);
    }
    drop(dice);
    round(world, post, &mut station, None, fate);
}

/// One round with the present readings.
fn round(
    world: &World,
    post: &Post,
    station: &mut Station,
    asked: Option<(&str, &Wish)>,
    fate: Fate,
) -> Option<Answer> {
    let now_us = world.now_us();
    let at = station.clock.stamp(now_us);
    let read = station.presses.iter().enumerate();
    let samples: Vec<_> =
        read.flat_map(|(place, press)| press.samples(place, press.shows(), at)).collect();
    let answer =
        station.round(now_us, (&samples, asked), fate, (&mut world.dice(), &mut world.truth()));
    if station.engine.is_none() {
        station.clock.boot += 1;
        station.clock.booted_us = now_us;
    }
    station.read_kept();
    post.grown.notify_waiters();
    checks::shown(world, station);
    let (head, hash) = station.disk.seen.head();
    world.note(
        "round",
        format_args!("{} {head} {:02x}{:02x}", station.number, hash.0[0], hash.0[1]),
    );
    answer
}

fn command(world: &World, post: &Post, fate: Fate) {
    let mut station = post.station();
    let now_us = world.now_us();
    for press in &mut station.presses {
        press.work(now_us, &mut world.dice());
    }
    // Somebody comes to the screen and does a few things there.
    let wishes = world.dice().random_range(1..=5);
    for left in (0..wishes).rev() {
        let Some(wish) = wish::any(&station, &mut world.dice()) else { continue };
        station.keys += 1;
        let key = format!("{}-{}", station.id, station.keys);
        station.last_asked = Some((key, wish));
        ask(world, post, &mut station, if left == 0 { fate } else { Fate::Well });
        // A finger on the key twice.
        if station.engine.is_some() && world.wrong(200) {
            ask(world, post, &mut station, Fate::Well);
        }
    }
}

/// The screen asks again what nobody answered.
fn ask_again(world: &World, post: &Post) {
    let mut station = post.station();
    if station.engine.is_some() && station.last_asked.is_some() {
        // What is read now was made until now.
        let now_us = world.now_us();
        for press in &mut station.presses {
            press.work(now_us, &mut world.dice());
        }
        ask(world, post, &mut station, Fate::Well);
    }
}

fn ask(world: &World, post: &Post, station: &mut Station, fate: Fate) {
    let Some((key, wish)) = station.last_asked.clone() else { return };
    let asked = wish::read(&wish);
    let boot = station.clock.boot;
    let before = station.disk.seen.head().0;
    let answer = round(world, post, station, Some((&key, &asked)), fate);
    let Some(Answer::Saved(accepted)) = answer else {
        if let Some(Answer::Refused(why)) = answer {
            world.note("refused", format_args!("{why}"));
        }
        return;
    };
    // An answer from before: when it truly was is not known here any more.
    if accepted.seq <= before || station.copy {
        return;
    }
    let now_us = world.now_us();
    let mut truth = world.truth();
    let (kind, values) = wish.as_object().unwrap().iter().next().unwrap();
    world.note("command", format_args!("{kind}"));
    if let Wish::Told(_, body) = &asked {
        told(world, &mut truth, (station.id, accepted.record), body);
    }
    match kind.as_str() {
        "clock_in" => {
            let terminal = station.id;
            let shift = Shift { terminal, from_us: now_us, until_us: None, boots: (boot, boot) };
            truth.shifts.insert(accepted.record, shift);
        },
        "clock_out" => {
            if let Some(shift) = truth.shifts.get_mut(&accepted.record) {
                (shift.until_us, shift.boots.1) = (Some(now_us), boot);
            }
        },
        "complete_batch" => {
            let good = values["good"].as_i64().unwrap();
            truth.confirmed.insert(accepted.record, (station.id, good));
        },
        _ => {},
    }
}

/// What a fact opens that no screen makes yet.
fn told(world: &World, truth: &mut Truth, (terminal, record): (Uuid, RecordId), body: &Body) {
    world.note("told", format_args!("{}", body.kind()));
    let opens = match body {
        Body::QueueAsked(asked) => matches!(asked.ask, Ask::Enqueue(_)),
        Body::JobPosted(_) => true,
        _ => false,
    };
    if opens {
        truth.posted.insert(record, terminal);
    }
}

/// A reading that cannot be, and a moment later the right one.
fn garbage(world: &World, post: &Post) {
    read(world, post, Fate::Well);
    let now_us = world.now_us();
    let mut station = post.station();
    let at = station.clock.stamp(now_us);
    let press = &station.presses[0];
    // A counter that was last kept before it went round shows a smaller number now: then too much
    // cannot be told from a counter that was set to something else.
    if press.told != press.made {
        return;
    }
    let Some(idle) = station.idle_s(press, now_us) else { return };
    // More than can have been made since the counter last moved.
    let wrong = press.shows() + 20_000 + idle;
    if wrong >= 1 << press.width {
        return;
    }
    let samples = press.samples(0, wrong, at);
    station.round(now_us, (&samples, None), Fate::Well, (&mut world.dice(), &mut world.truth()));
    drop(station);
    read(world, post, Fate::Well);
}

/// A controller loses its memory between two readings close to each other.
async fn reset(world: &World, post: &Post) {
    // Where clocks step, a counter set back cannot be told from one that was not seen for long.
    if post.station().disk.failing > 0 || post.station().number.is_multiple_of(2) {
        return;
    }
    read(world, post, Fate::Well);
    sleep(Duration::from_secs(1)).await;
    let mut station = post.station();
    let now_us = world.now_us();
    let Some(idle) = station.idle_s(&station.presses[1], now_us) else { return };
    // Where it may just as well have gone round, nobody can tell.
    let press = &mut station.presses[1];
    if (1 << press.width) - press.shows() < idle + 1_000 || press.shows() < 10 {
        return;
    }
    press.until_us = now_us;
    press.reset();
    round(world, post, &mut station, None, Fate::Well);
}

/// The wall clock steps; only where counters are wide, see [`Press::new`].
fn clock(world: &World, post: &Post) {
    let mut station = post.station();
    if station.number.is_multiple_of(2) {
        let hours = world.dice().random_range(-30..=30_i64);
        station.clock.off_us = hours * 3_600 * 1_000_000;
        station.clock.set = true;
    }
}

fn site(world: &World) {
    let known = world.centre().state.reference.version;
    // Now and then an older file is applied, and what it lacks is deleted.
    let version = if known > 0 && world.wrong(400) { known - 1 } else { known + 1 };
    let reference = world.reference(version);
    world.centre().apply_site((*reference).clone());
    world.committed.notify_waiters();
}

/// Old requests arrive once more, and late ones for the first time.
fn replay(world: &World) {
    let mut requests = std::mem::take(&mut *world.late.lock().unwrap());
    let recorded = world.recorded.lock().unwrap();
    for _ in 0..3 {
        if !recorded.is_empty() {
            requests.push(recorded[world.dice().random_range(0..recorded.len())].clone());
        }
    }
    drop(recorded);
    for request in &requests {
        carry_out(world, request);
    }
}

fn back_up(world: &World) {
    world.centre().back_up();
    for post in world.posts().iter().filter(|post| !post.fenced()) {
        let image = post.station().disk.image();
        post.images.lock().unwrap().push(image);
    }
}

/// A supervisor at headquarters counts the parts of a batch again.
fn correct(world: &World) {
    let batches = |record: &(&Uuid, &Arc<Record>)| matches!(&**record.1, Record::Batch(_));
    let mut centre = world.centre();
    let known: Vec<Uuid> = centre.state.records.iter().filter(batches).map(|(id, _)| *id).collect();
    let mut dice = world.dice();
    // One that two terminals began, where there is one: both are to hear of it.
    let joined: Vec<Uuid> =
        known.iter().filter(|id| centre.state.stands_for_others(**id)).copied().collect();
    let known = if joined.is_empty() || dice.random_bool(0.4) { known } else { joined };
    let Some(batch) = known.get(dice.random_range(0..known.len().max(1))) else { return };
    let good = dice.random_range(0..500);
    if centre.correct(RecordId(*batch), good, world.now_us()) {
        world.note("corrected", format_args!("{batch} {good}"));
        if centre.state.stands_for_others(*batch) {
            world.note("corrected in parts", format_args!("{batch}"));
        }
        world.committed.notify_waiters();
    }
}

fn purge(world: &World, post: &Post) {
    let mut station = post.station();
    let Some(seq) = station.purge(world.now_us()) else { return };
    world.note("purged", format_args!("{} {seq}", station.number));
    if !station.copy {
        checks::purged(world, station.origin(), seq);
    }
}

/// Faults end, clocks are right, everybody is on; and everything has its time.
async fn heal(world: &Arc<World>) {
    world.note("heal", format_args!(""));
    world.healed.store(true, Ordering::Relaxed);
    let reference = world.newest_reference();
    world.centre().apply_site((*reference).clone());
    for post in world.posts() {
        post.cut.store(false, Ordering::Relaxed);
        let mut station = post.station();
        station.disk.failing = 0;
        station.clock.off_us = 0;
        let down = station.engine.is_none();
        drop(station);
        if down {
            start(world, &post);
            ask_again(world, &post);
        }
    }
    // A wall clock that was ahead has to be caught up with before what it held back is booked.
    pass(world, Duration::from_secs(2 * 86_400)).await;
    for post in world.posts() {
        read(world, &post, Fate::Well);
    }
    pass(world, HEAL).await;
    world.centre().retry_all();
    replay(world);
    pass(world, HEAL).await;
}
