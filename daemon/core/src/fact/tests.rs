//! The bytes of format 1, held against golden vectors that a second program checks as well.

use super::*;
use crate::{
    counter::{CounterKind, Verdict},
    id::ProductId,
    time::Micros,
};
use uuid::Uuid;

const VECTORS: &str = include_str!("../../vectors/chain-v1.json");

fn stamp(second: i64) -> Stamp {
    Stamp {
        wall_us: Micros(1_795_000_000_000_000 + second * 1_000_000),
        mono_us: second * 1_000_000,
    }
}

fn text() -> FactText {
    let text = Some("belt torn — “again”\u{1b}[31m".to_owned());
    FactText { field: "comment".into(), salt: "00112233445566778899aabbccddeeff".into(), text }
}

fn started(equipment: EquipmentId, station: StationId, user: UserId) -> Body {
    Body::BatchStarted(BatchStarted {
        equipment,
        station: Some(station),
        product: ProductId(Uuid::from_u128(0x500)),
        number: "B-T-07-1".into(),
        work_order: None,
        target: Some(500),
        from: stamp(4),
        operators: vec![user],
        lease: None,
        special: Default::default(),
    })
}

/// One body of each shape that a log of format 1 can hold.
fn bodies() -> Vec<Body> {
    let id = Uuid::from_u128;
    let terminal = TerminalId(id(0x7000));
    let incarnation = Incarnation(0x0123_4567_89ab_cdef);
    let origin = Origin { terminal, incarnation };
    let equipment = EquipmentId(id(0x211));
    let station = StationId(id(0x21));
    let user = UserId(id(0x1001));
    let batch = origin.record(4);
    vec![
        Body::Genesis { format: FORMAT, terminal, incarnation },
        Body::Started { version: "0.1.0".into(), map: "0a1b2c".into() },
        Body::ClockedIn { user, station },
        started(equipment, station, user),
        Body::StateChanged {
            equipment,
            station: Some(station),
            state: MachineState::Stopped,
            from: stamp(5),
            ends: None,
            rule: "fault".into(),
            map: "0a1b2c".into(),
            batch: Some(batch),
            detail: machine::Detail::default(),
        },
        Body::Counted(Counted {
            equipment,
            source: "good".into(),
            counter: CounterKind::Good,
            epoch: 0,
            raw_from: 65_530,
            raw_to: 65_545,
            quantity: 15,
            verdict: Verdict::Wrap,
            since: stamp(5),
            until: stamp(6),
            batch: Some(batch),
            map: String::new(),
            raw: None,
        }),
        Body::BatchJoined { batch, user },
        Body::BatchLeft { batch, user, at: None },
        Body::StopExplained {
            stop: origin.record(5),
            reason: ReasonId(id(0x900)),
            label: "Infeed jam".into(),
            group_type: "unplanned".into(),
            rank: 1,
            comment: text().commitment(),
            choice: None,
        },
        Body::BatchCompleted {
            batch,
            good: 15,
            scrap: 0,
            scrap_reason: None,
            counted_good: 15,
            counted_scrap: 0,
            scrapped: vec![],
            rework: 0,
        },
        Body::ClockedOut { user, entry: origin.record(3) },
    ]
}

/// The bodies as facts of one log, with their lines.
fn facts() -> Vec<(Fact, String)> {
    let user = UserId(Uuid::from_u128(0x1001));
    let sealed = |(n, body): (usize, Body)| {
        let seq = u64::try_from(n).unwrap() + 1;
        let person = !matches!(
            body,
            Body::Genesis { .. }
                | Body::Started { .. }
                | Body::StateChanged { .. }
                | Body::Counted(_)
        );
        let draft = Draft {
            at: stamp(i64::try_from(seq).unwrap()),
            boot: Boot("0badcafe".into()),
            by: person.then_some(user),
            key: person.then(|| format!("form-{seq}")),
            body,
            texts: vec![],
        };
        let (fact, line, _) = draft.prepare().unwrap().seal(seq);
        (fact, line)
    };
    bodies().into_iter().enumerate().map(sealed).collect()
}

#[test]
fn lines_and_hashes_are_those_of_the_golden_vectors() {
    let mut hash = Hash::ZERO;
    let mut lines = Vec::new();
    for (fact, line) in facts() {
        assert_eq!(Fact::parse(line.as_bytes()).unwrap(), fact);
        hash = hash.after(line.as_bytes());
        lines.push(serde_json::json!({ "line": line, "hash": hash.to_string() }));
    }
    let text = text();
    let made = serde_json::json!({
        "format": FORMAT,
        "facts": lines,
        "texts": [{
            "seq": 9,
            "field": text.field.clone(),
            "salt": text.salt.clone(),
            "text": text.text.clone(),
            "commitment": text.commitment().unwrap().0,
        }],
    });
    let golden: serde_json::Value = serde_json::from_str(VECTORS).unwrap();
    let shown = serde_json::to_string_pretty(&made).unwrap();
    assert_eq!(made, golden, "format 1 is for ever; the code now makes:\n{shown}");
}

#[test]
fn a_line_of_a_later_version_is_no_fact_of_this_one() {
    let line = br#"{"seq":1,"at":{"wall_us":1,"mono_us":1},"boot":"b","fact":{"teleported":{}}}"#;
    assert!(Fact::parse(line).is_err());
}

#[test]
fn hashes_survive_their_text() {
    let hash = Hash::ZERO.after(b"x");
    assert_eq!(hash.to_string().parse(), Ok(hash));
    assert!("zz".parse::<Hash>().is_err());
}

#[test]
fn an_erased_text_commits_to_nothing_and_leaves_the_line_alone() {
    let erased = FactText { text: None, ..text() };
    assert_eq!(erased.commitment(), None);
}
