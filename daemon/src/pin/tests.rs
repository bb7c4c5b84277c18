use kart_api::HqLink;
use kart_core::id::StationId;
use uuid::Uuid;

use super::*;

const SITE: &str = include_str!("../../../config/demo/site.toml");
const SECRET: Secret = [3; 32];

/// The demo's people; the first has the PIN 482913, and so has the supervisor.
fn reference() -> Reference {
    let mut reference = kart_core::site::parse("site.toml", SITE).unwrap();
    let sealed = pin::seal(&SECRET, &pin::hash("482913", &[1; 16]).unwrap()).unwrap();
    for person in &mut reference.people {
        if ["1001", "1005"].contains(&person.badge.as_str()) {
            person.has_pin = true;
            person.pin = Some(sealed.clone());
        }
    }
    reference
}

fn gate(folder: &Path, valid_days: u16, confirmed: Option<Micros>) -> Gate {
    let state = HqState {
        link: HqLink::Alone,
        acked: 0,
        quarantined: vec![],
        reference_us: confirmed,
        sending: 0,
        applied_through: 0,
    };
    let watched = Watched {
        reference: watch::channel(Some(Arc::new(reference()))).1,
        headquarters: watch::channel(state).1,
    };
    Gate::open(folder, SECRET, valid_days, watched, Clock::open().unwrap()).unwrap()
}

fn clock_in(badge: &str, pin: Option<&str>) -> Request {
    Request {
        key: "k".into(),
        command: Command::ClockIn { badge: badge.into(), station: StationId(Uuid::nil()) },
        pin: pin.map(|pin| Pin(pin.to_owned())),
    }
}

#[tokio::test]
async fn who_has_a_pin_needs_it_to_clock_in() {
    let folder = tempfile::tempdir().unwrap();
    let now = Clock::open().unwrap().stamp().wall_us;
    let gate = gate(folder.path(), 14, Some(now));
    assert_eq!(gate.admit(&clock_in("1002", None)).await, Ok(()));
    assert!(matches!(
        gate.admit(&clock_in("1001", None)).await,
        Err(Refusal::PinNeeded { name }) if name == "Ada Brandt"
    ));
    let wrong = gate.admit(&clock_in("1001", Some("482914"))).await;
    assert!(matches!(wrong, Err(Refusal::PinWrong { left: 4, .. })), "{wrong:?}");
    assert_eq!(gate.admit(&clock_in("1001", Some("482913"))).await, Ok(()));
    let out = Request { command: Command::ClockOut { badge: "1001".into() }, ..clock_in("", None) };
    assert_eq!(gate.admit(&out).await, Ok(()), "going home needs none");
}

#[tokio::test]
async fn a_lock_outlives_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let now = Clock::open().unwrap().stamp().wall_us;
    for left in [4, 3, 2, 1, 0] {
        // Each of them by a daemon that has just started.
        let wrong = gate(folder.path(), 14, Some(now)).admit(&clock_in("1001", Some("0000"))).await;
        assert!(matches!(wrong, Err(Refusal::PinWrong { left: l, .. }) if l == left), "{wrong:?}");
    }
    let right = gate(folder.path(), 14, Some(now)).admit(&clock_in("1001", Some("482913"))).await;
    assert!(matches!(right, Err(Refusal::PinLocked { .. })), "{right:?}");
    let text = std::fs::read_to_string(folder.path().join("pins.json")).unwrap();
    assert!(!text.contains("482913") && !text.contains("0000\""), "{text}");
}

#[tokio::test]
async fn a_lock_holds_whether_or_not_headquarters_was_heard_of() {
    let folder = tempfile::tempdir().unwrap();
    // Nobody has confirmed any PIN; a supervisor's is still compared, each time after a restart.
    for left in [4, 3, 2, 1, 0] {
        let wrong = gate(folder.path(), 0, None).admit(&clock_in("1005", Some("0000"))).await;
        assert!(matches!(wrong, Err(Refusal::PinWrong { left: l, .. }) if l == left), "{wrong:?}");
    }
    let right = gate(folder.path(), 0, None).admit(&clock_in("1005", Some("482913"))).await;
    assert!(matches!(right, Err(Refusal::PinLocked { .. })), "{right:?}");
    // Somebody else is told of the lock first, and of what expired only without one.
    let now = Clock::open().unwrap().stamp().wall_us;
    for _ in 0..5 {
        let wrong = gate(folder.path(), 14, Some(now)).admit(&clock_in("1001", Some("0000"))).await;
        assert!(matches!(wrong, Err(Refusal::PinWrong { .. })), "{wrong:?}");
    }
    let locked = gate(folder.path(), 0, None).admit(&clock_in("1001", Some("482913"))).await;
    assert!(matches!(locked, Err(Refusal::PinLocked { .. })), "{locked:?}");
}

#[tokio::test]
async fn a_supervisor_unlocks_what_headquarters_has_not_confirmed() {
    let folder = tempfile::tempdir().unwrap();
    let gate = gate(folder.path(), 0, None);
    let ada = clock_in("1001", Some("482913"));
    assert_eq!(gate.admit(&ada).await, Err(Refusal::PinExpired));
    let wrong = gate.admit(&clock_in("1005", Some("111111"))).await;
    assert!(matches!(wrong, Err(Refusal::PinWrong { .. })), "{wrong:?}");
    assert_eq!(gate.admit(&ada).await, Err(Refusal::PinExpired));
    assert_eq!(gate.admit(&clock_in("1005", Some("482913"))).await, Ok(()));
    assert_eq!(gate.admit(&ada).await, Ok(()));
}

#[test]
fn a_pin_shows_itself_to_nobody() {
    let text = format!("{:?}", clock_in("1001", Some("482913")));
    assert!(!text.contains("482913"), "{text}");
}

#[tokio::test]
async fn what_was_confirmed_by_a_clock_that_was_years_fast_is_not_young_for_years() {
    let folder = tempfile::tempdir().unwrap();
    let now = Clock::open().unwrap().stamp().wall_us;
    let path = folder.path().join("pins.json");
    let mut ahead = Tries::default();
    ahead.confirmed_us = Micros(now.0 + 900 * DAY_US);
    fs::write(&path, serde_json::to_vec(&ahead).unwrap()).unwrap();
    let gate = gate(folder.path(), 14, None);
    assert_eq!(gate.admit(&clock_in("1001", Some("482913"))).await, Ok(()));
    let kept: Tries = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    assert!((kept.confirmed_us.0 - now.0).abs() < DAY_US, "{kept:?}");
}
