//! Messages of one edge node, in any order: kind, length and payload, again and again.

use std::collections::BTreeMap;
use std::time::Duration;

use kart_core::signal::{Quality, Value};
use kart_core::time::{Micros, Stamp};
use kartd::ingest::Reading;
use kartd::ingest::mqtt::topic::Dating;
use kartd::ingest::sparkplug::{Heard, Host, HostPlan, MetricPlan};

use crate::{Target, bytes};

const TOPICS: [&str; 8] = [
    "spBv1.0/hall/NBIRTH/press",
    "spBv1.0/hall/DBIRTH/press/plc",
    "spBv1.0/hall/DDATA/press/plc",
    "spBv1.0/hall/NDATA/press",
    "spBv1.0/hall/DDEATH/press/plc",
    "spBv1.0/hall/NDEATH/press",
    "spBv1.0/hall/NCMD/press",
    "spBv1.0/hall/DDATA/press/other",
];

/// A life as python's pysparkplug has encoded it.
const LIFE: [(u8, &str); 5] = [
    (
        0,
        "08b6e58aa5a03412120a05626453657118b6e58aa5a0342004580012210a144e6f646520436f6e74726f6c2f52656269727468\
         18b6e58aa5a034200b700012170a044d6f6465100118b6e58aa5a034200c7a046175746f1800",
    ),
    (1, "08b6e58aa5a034121c0a0d436f756e746572732f476f6f64100218b6e58aa5a034200858641801"),
    (2, "08b6e58aa5a034120b100218b6e58aa5a0345865120d10021880d095ffbc31280158631802"),
    (4, "08b6e58aa5a0341803"),
    (5, "08afe58aa5a03412120a05626453657118afe58aa5a03420045800"),
];

pub(crate) fn messages() -> Target {
    let message = |(kind, hex): &(u8, &str)| {
        let payload = bytes(hex);
        let mut message = vec![*kind, u8::try_from(payload.len()).unwrap_or(u8::MAX)];
        message.extend(payload);
        message
    };
    let whole = LIFE.iter().flat_map(message).collect();
    let mut corpus: Vec<Vec<u8>> = LIFE.iter().map(message).collect();
    corpus.push(whole);
    corpus.push(LIFE.iter().take(3).flat_map(message).collect());
    Target { name: "sparkplug", corpus, short: 10_000, take: life }
}

fn plan(dating: Dating) -> HostPlan {
    let metric = |device: Option<&str>, metric: &str, whole| MetricPlan {
        device: device.map(str::to_owned),
        metric: metric.to_owned(),
        machine: 0,
        signal: metric.to_owned(),
        whole,
        dating,
    };
    let metrics = vec![metric(None, "Mode", false), metric(Some("plc"), "Counters/Good", true)];
    HostPlan {
        host_id: None,
        groups: BTreeMap::from([("hall".to_owned(), true)]),
        metrics: BTreeMap::from([(("hall".to_owned(), "press".to_owned()), metrics)]),
        restate: Duration::from_secs(1),
    }
}

/// Whatever is said: samples are of signals that were asked for, none is of the future, a counter is whole, and nothing
/// but a rebirth is asked for.
fn life(input: &[u8]) {
    for dating in [Dating::Arrival, Dating::Payload] {
        let mut host = Host::new("plant", &plan(dating));
        let mut at = Stamp { wall_us: Micros(1_800_000_000_000_000), mono_us: 1_000_000_000 };
        host.connected(at);
        let mut rest = input;
        while let [kind, length, tail @ ..] = rest {
            let (payload, next) = tail.split_at(tail.len().min(usize::from(*length)));
            let topic = TOPICS[usize::from(*kind) % TOPICS.len()];
            at = at.plus(1_500_000);
            let mut heard = host.message(topic, payload, kind & 0x80 != 0, at);
            heard.extend(host.passing(at));
            heard.iter().for_each(|word| check(word, at));
            rest = next;
        }
    }
}

fn check(word: &Heard, now: Stamp) {
    match word {
        Heard::Samples(samples) => {
            for sample in samples {
                assert!(sample.at.mono_us <= now.mono_us && sample.at.wall_us <= now.wall_us);
                assert_eq!(sample.again, sample.quality == Quality::Old);
                let fits = matches!(
                    (&*sample.signal, &sample.value),
                    ("Counters/Good", Value::Whole(_)) | ("Mode", _)
                );
                assert!(fits, "{sample:?}");
            }
        },
        Heard::Reading(Reading::Stale(signals)) => assert!(!signals.is_empty()),
        Heard::Reading(other) => assert!(matches!(other, Reading::Link { .. }), "{other:?}"),
        Heard::Rejected(_) => {},
        Heard::Ask(topic, _) => assert_eq!(topic, "spBv1.0/hall/NCMD/press"),
    }
}
