//! A host application, from bytes to what follows from them.

use super::*;
use crate::ingest::LinkChange;
use wire::{Metric, MetricValue, Payload};

const EDGE: &str = "hall/press";

fn plan(rebirth: bool) -> HostPlan {
    let metric = |device: Option<&str>, metric: &str, signal: &str, whole| MetricPlan {
        device: device.map(str::to_owned),
        metric: metric.into(),
        machine: 2,
        signal: signal.into(),
        whole,
        dating: Dating::Arrival,
    };
    let metrics = vec![
        metric(None, "Mode", "mode", false),
        metric(Some("plc"), "Counters/Good", "good", true),
    ];
    HostPlan {
        host_id: None,
        groups: BTreeMap::from([("hall".into(), rebirth)]),
        metrics: BTreeMap::from([(("hall".into(), "press".into()), metrics)]),
        restate: Duration::from_secs(1),
    }
}

fn at(seconds: i64) -> Stamp {
    let micros = seconds * 1_000_000;
    Stamp { wall_us: Micros(1_700_000_000_000_000 + micros), mono_us: micros }
}

fn metric(name: &str, alias: u64, kind: u32, value: MetricValue) -> Metric {
    Metric {
        name: (!name.is_empty()).then(|| name.to_owned()),
        alias: Some(alias),
        datatype: Some(kind),
        value: Some(value),
        ..Metric::default()
    }
}

fn bytes(seq: u64, metrics: Vec<Metric>) -> Vec<u8> {
    Payload { timestamp: Some(1_700_000_000_000), metrics, seq: Some(seq) }.encode_to_vec()
}

fn births(host: &mut Host, at: Stamp) -> Vec<Heard> {
    let mode = metric("Mode", 1, 12, MetricValue::String("auto".into()));
    let mut heard = host.message("spBv1.0/hall/NBIRTH/press", &bytes(0, vec![mode]), false, at);
    let good = metric("Counters/Good", 2, 8, MetricValue::Long(100));
    let device = "spBv1.0/hall/DBIRTH/press/plc";
    heard.extend(host.message(device, &bytes(1, vec![good]), false, at));
    heard
}

fn samples(heard: &[Heard]) -> Vec<(&str, Value, Quality, i64)> {
    let samples = heard.iter().filter_map(|word| match word {
        Heard::Samples(samples) => Some(samples),
        _ => None,
    });
    samples
        .flatten()
        .map(|sample| (&*sample.signal, sample.value.clone(), sample.quality, sample.at.mono_us))
        .collect()
}

fn stale(heard: &[Heard]) -> Vec<&str> {
    let stale = heard.iter().filter_map(|word| match word {
        Heard::Reading(Reading::Stale(signals)) => Some(signals),
        _ => None,
    });
    stale.flatten().map(|(_, signal)| signal.as_str()).collect()
}

fn links(heard: &[Heard]) -> Vec<(&str, bool)> {
    heard
        .iter()
        .filter_map(|word| match word {
            Heard::Reading(Reading::Link { device, change, .. }) => {
                Some((device.as_str(), *change == LinkChange::Up))
            },
            _ => None,
        })
        .collect()
}

fn asked(heard: &[Heard]) -> Vec<&str> {
    let asked = heard.iter().filter_map(|word| match word {
        Heard::Ask(topic, _) => Some(topic.as_str()),
        _ => None,
    });
    asked.collect()
}

#[test]
fn births_become_values_and_links_and_are_said_again_until_a_death() {
    let mut host = Host::new("plant", &plan(true));
    host.connected(at(0));
    let heard = births(&mut host, at(1));
    let auto = Value::Word("auto".into());
    assert_eq!(
        samples(&heard),
        [
            ("mode", auto.clone(), Quality::Good, at(1).mono_us),
            ("good", Value::Whole(100), Quality::Good, at(1).mono_us)
        ]
    );
    assert_eq!(links(&heard), [("plant hall/press", true), ("plant hall/press/plc", true)]);
    let again = host.passing(at(100));
    assert_eq!(samples(&again).len(), 2);
    assert!(samples(&again).iter().all(|sample| sample.3 == at(100).mono_us));
    assert_eq!(samples(&host.passing(at(100))), [], "not so soon");
    let death = host.message("spBv1.0/hall/DDEATH/press/plc", &bytes(2, vec![]), false, at(101));
    assert_eq!(
        (stale(&death), links(&death)),
        (vec!["good"], vec![("plant hall/press/plc", false)])
    );
    assert_eq!(samples(&host.passing(at(102))), [("mode", auto, Quality::Good, at(102).mono_us)]);
    let death = host.message("spBv1.0/hall/NDEATH/press", &[], false, at(103));
    assert_eq!(
        (stale(&death), links(&death)),
        (vec!["mode", "good"], vec![("plant hall/press", false)])
    );
    assert_eq!(samples(&host.passing(at(104))), []);
}

#[test]
fn the_past_is_told_with_its_own_time_and_as_the_past() {
    let mut host = Host::new("plant", &plan(true));
    host.connected(at(0));
    births(&mut host, at(1));
    let mut past = metric("", 2, 8, MetricValue::Long(97));
    past.timestamp = Some(1_699_999_990_000);
    past.is_historical = Some(true);
    let now = metric("", 2, 8, MetricValue::Long(103));
    let data = bytes(2, vec![past.clone(), now]);
    let heard = host.message("spBv1.0/hall/DDATA/press/plc", &data, false, at(2));
    assert_eq!(
        samples(&heard),
        [
            ("good", Value::Whole(97), Quality::Old, at(-10).mono_us),
            ("good", Value::Whole(103), Quality::Good, at(2).mono_us)
        ]
    );
    let again = host.passing(at(50));
    assert_eq!(samples(&again)[1].1, Value::Whole(103), "the past is not said again");
    past.timestamp = None;
    past.is_null = Some(true);
    past.is_historical = None;
    let heard = host.message("spBv1.0/hall/DDATA/press/plc", &bytes(3, vec![past]), false, at(51));
    assert_eq!((stale(&heard), samples(&heard).len()), (vec!["good"], 0), "null is no value");
    assert_eq!(samples(&host.passing(at(60))).len(), 1);
}

#[test]
fn a_birth_is_asked_for_where_that_is_allowed_and_ever_more_seldom() {
    let mut host = Host::new("plant", &plan(true));
    host.connected(at(0));
    assert_eq!(asked(&host.passing(at(0))), [""; 0]);
    let times: Vec<i64> =
        (1..2000).filter(|second| !asked(&host.passing(at(*second))).is_empty()).collect();
    assert_eq!(times[..6], [1, 6, 16, 36, 76, 156]);
    assert!(times.windows(2).all(|pair| pair[1] - pair[0] <= 300));
    births(&mut host, at(2000));
    assert!(host.passing(at(2001)).iter().all(|word| !matches!(word, Heard::Ask(..))));
    // A hole: asked for at once.
    let heard = host.message("spBv1.0/hall/NDATA/press", &bytes(9, vec![]), false, at(2010));
    assert_eq!(asked(&heard), ["spBv1.0/hall/NCMD/press"]);
    let Some(Heard::Ask(_, payload)) = heard.last() else { panic!() };
    let payload = Payload::decode(&payload[..]).unwrap();
    let request = &payload.metrics[0];
    assert_eq!(request.name.as_deref(), Some("Node Control/Rebirth"));
    assert_eq!((request.datatype, &request.value), (Some(11), &Some(MetricValue::Boolean(true))));
    assert_eq!(samples(&host.passing(at(2012))), [], "nothing holds until the next birth");
}

#[test]
fn without_leave_nothing_is_asked_and_a_person_is_told() {
    let mut host = Host::new("plant", &plan(false));
    host.connected(at(0));
    let data = bytes(7, vec![metric("Mode", 1, 12, MetricValue::String("auto".into()))]);
    let heard = host.message("spBv1.0/hall/NDATA/press", &data, false, at(3));
    assert_eq!((samples(&heard), asked(&heard)), (vec![], vec![]));
    let heard: Vec<Heard> = (4..30).flat_map(|second| host.passing(at(second))).collect();
    assert!(asked(&heard).is_empty());
    let [Heard::Reading(Reading::Link { change: LinkChange::Down { reason }, .. })] = &heard[..]
    else {
        panic!("{heard:?}")
    };
    assert!(reason.contains(EDGE) && reason.contains("may not ask"), "{reason}");
    assert_eq!(samples(&births(&mut host, at(31))).len(), 2);
}

#[test]
fn after_a_lost_connection_aliases_are_not_believed() {
    let mut host = Host::new("plant", &plan(true));
    host.connected(at(0));
    births(&mut host, at(1));
    host.connected(at(60));
    let data = bytes(2, vec![metric("", 2, 8, MetricValue::Long(5))]);
    let heard = host.message("spBv1.0/hall/DDATA/press/plc", &data, false, at(61));
    assert_eq!((samples(&heard), asked(&heard).len()), (vec![], 1));
}

#[test]
fn without_a_connection_nothing_is_said_again_and_nobody_is_asked() {
    let mut host = Host::new("plant", &plan(true));
    host.connected(at(0));
    births(&mut host, at(1));
    assert_eq!(samples(&host.passing(at(10))).len(), 2);
    host.lost();
    let away: Vec<Heard> = (11..3600).flat_map(|second| host.passing(at(second))).collect();
    assert!(away.is_empty(), "{away:?}");
    host.connected(at(3600));
    assert!(samples(&host.passing(at(3600))).is_empty(), "it may be another one by now");
    assert_eq!(asked(&host.passing(at(3602))).len(), 1);
    births(&mut host, at(3603));
    assert_eq!(samples(&host.passing(at(3610))).len(), 2);
}

#[test]
fn only_a_clear_denial_is_one() {
    let said = [r#"{"online":false,"timestamp":1}"#, r#"{"online":true}"#, "OFFLINE", "{}", ""];
    assert_eq!(said.map(|said| denies(said.as_bytes())), [true, false, false, false, false]);
}

#[test]
fn what_others_say_and_what_was_retained_is_nothing() {
    let mut host = Host::new("plant", &plan(true));
    host.connected(at(0));
    for topic in [
        "spBv1.0/hall/NCMD/press",
        "spBv1.0/hall/DCMD/press/plc",
        "spBv1.0/STATE/us",
        "spBv1.0/hall/NBIRTH/other",
        "spBv1.0/hall/NBIRTH/press/plc",
        "spBv1.0/hall/DBIRTH/press",
        "spBv1.0/hall/DDATA/press/plc/x",
        "spAv1.0/hall/NBIRTH/press",
        "hall",
    ] {
        assert!(host.message(topic, &bytes(0, vec![]), false, at(1)).is_empty(), "{topic}");
    }
    let heard = host.message("spBv1.0/hall/NBIRTH/press", &bytes(0, vec![]), true, at(1));
    assert!(matches!(heard[..], [Heard::Rejected(Rejected::Overtaken)]));
    let heard = host.message("spBv1.0/hall/NBIRTH/press", b"\x0a\xff", false, at(1));
    assert!(matches!(heard[..], [Heard::Rejected(Rejected::NotSparkplug(_))]));
}

#[test]
fn state_says_that_the_host_is_there() {
    let (topic, payload) = state("kart", true, Micros(1_500));
    assert_eq!(topic, "spBv1.0/STATE/kart");
    assert_eq!(payload, br#"{"online":true,"timestamp":1}"#);
}
