//! The screens of commissioning.

use kart_api::commissioning::{
    Block, BlockAnswer, Branch, Device, MapAnswer, MapChange, Point, PollGroup, PollHole, PollLine,
    PollRequest, Sources, Table, Topic, TopicAnswer, Topics, Trace, TypeCell, TypeRow,
};
use kart_core::{
    engine::explain::{Asks, Explanation},
    rule::{
        Test,
        explain::{ConditionSeen, RuleSeen},
    },
    signal::Value,
    time::Stamp,
};

use super::*;
use crate::{
    effect::Effect,
    model::{Seen, Watch},
};

fn sources() -> Sources {
    let point = |signal: &str, address, width| Point {
        signal: signal.into(),
        table: Table::Holding,
        address,
        width,
    };
    Sources {
        map: "0a1b2c3d4e5f".into(),
        devices: vec![Device {
            name: "press-63t".into(),
            line: "192.0.2.10:502".into(),
            unit: 1,
            most: 20,
            points: vec![point("EQ-211 running", 100, 1), point("EQ-211 good", 102, 2)],
        }],
        brokers: vec![("hall".into(), vec!["hall/#".into()])],
        plan: vec![plan(0.05), plan(1.12)],
    }
}

fn plan(expected_use: f64) -> PollLine {
    let what = "holding registers 100 to 103".into();
    let requests = vec![PollRequest { what, signals: 2, bytes: 29, read_along: 1 }];
    let (device, line): (String, String) = ("press-63t".into(), "192.0.2.10:502".into());
    let group = PollGroup {
        device: device.clone(),
        unit: 1,
        interval_ms: 100.0,
        phase_ms: 20.0,
        expected_ms: 5.0,
        waits_ms: 100.0 * expected_use,
        is_late: expected_use > 0.95,
        requests,
    };
    let holes = vec![PollHole { device, what: "holding registers 110 to 112".into() }];
    PollLine { line, least_use: expected_use, expected_use, groups: vec![group], holes }
}

fn seen(model: &mut Model, seen: Seen) -> Vec<Effect> {
    let now = model.now;
    update(model, Msg::Seen(Box::new(seen)), now)
}

/// The screen with its sources told, and the last question that it has asked.
fn opened(keys: &str) -> (Model, Watch) {
    let mut model = screen(view());
    assert_eq!(press(&mut model, "k"), [Effect::Watch(Some(Watch::Sources))]);
    let mut asked = seen(&mut model, Seen::Sources(sources()));
    if !keys.is_empty() {
        asked.extend(press(&mut model, keys));
    }
    match asked.pop() {
        Some(Effect::Watch(Some(watch))) => (model, watch),
        other => panic!("{other:?}"),
    }
}

fn cell(order: &str, value: Value, sensible: bool) -> TypeCell {
    TypeCell { order: order.into(), value: Some(value), sensible }
}

fn read(model: &mut Model, watch: &Watch, words: [u16; 4], good: i64) {
    let Watch::Registers(query) = watch else { panic!("{watch:?}") };
    let whole = |order, value, sensible| cell(order, Value::Whole(value), sensible);
    let none = TypeCell { order: "BA".into(), value: None, sensible: false };
    let types = vec![
        TypeRow { kind: "u8".into(), cells: vec![whole("high", 0, true), whole("low", 9, true)] },
        TypeRow { kind: "u16".into(), cells: vec![whole("AB", 9, true), whole("BA", 2304, true)] },
        TypeRow { kind: "bcd16".into(), cells: vec![whole("AB", 9, true), none] },
        TypeRow {
            kind: "u32".into(),
            cells: vec![
                whole("ABCD", 589_824, true),
                whole("CDAB", good, true),
                whole("BADC", 150_994_944, false),
                whole("DCBA", 2304, true),
            ],
        },
        TypeRow {
            kind: "f64".into(),
            cells: vec![cell("ABCDEFGH", Value::Measured(1.2e-311), false)],
        },
    ];
    let block = Block { query: query.clone(), words: words.into(), at_us: ago(0), types };
    seen(model, Seen::Registers(BlockAnswer::Read(block)));
}

#[test]
fn registers() {
    let (mut model, watch) = opened("");
    let Watch::Registers(query) = &watch else { panic!("{watch:?}") };
    assert_eq!(
        (query.start, query.count, query.at),
        (100, 20, 100),
        "where the map reads, as many as one may"
    );
    read(&mut model, &watch, [1, 0, 8, 0], 8);
    read(&mut model, &watch, [9, 0, 9, 0], 9);
    let buffer = small("commissioning-registers", &mut model);
    assert_eq!(super::cell(&buffer, "▲ 3").fg, Color::Yellow, "the bit that changed");
    for (lang, name) in [("de", "commissioning-registers-de"), ("es", "commissioning-registers-es")]
    {
        check(name, &drawn(&mut model, SMALL, lang, Theme::default()));
    }
    let ascii = drawn(&mut model, SMALL, "en", Theme { ascii: true, ..Theme::default() });
    assert!(text(&ascii).is_ascii());
    check("commissioning-registers-ascii", &ascii);
    seen(
        &mut model,
        Seen::Registers(BlockAnswer::Refused("the device is busy (exception 06)".into())),
    );
    assert!(
        text(&drawn(&mut model, SMALL, "en", Theme::default()))
            .contains("Not read: the device is busy")
    );
    press(&mut model, "m");
    assert!(!text(&drawn(&mut model, SMALL, "en", Theme::default())).contains("▲ 3"));
}

#[test]
fn a_number_is_typed_and_the_question_follows() {
    let (_, watch) = opened("g 1 2 0 <enter>");
    assert!(matches!(&watch, Watch::Registers(query) if query.start == 120), "{watch:?}");
    let (_, watch) = opened("t");
    assert!(matches!(&watch, Watch::Registers(query) if query.table == Table::Input), "{watch:?}");
    let (mut model, _) = opened("g 1 2");
    press(&mut model, "<esc>");
    assert!(
        matches!(model.screens.last(), Some(Screen::Commissioning(_))),
        "the field is left first"
    );
    assert_eq!(
        press(&mut model, "<esc>"),
        [Effect::Watch(None)],
        "and with the screen all questions end"
    );
}

#[test]
fn topics() {
    let (mut model, watch) = opened("2");
    let Watch::Topics(query) = watch else { panic!("{watch:?}") };
    assert_eq!((query.broker.as_str(), query.filter.as_str()), ("hall", ""));
    let branch = |name: &str, beneath, said: Option<&str>| Branch {
        name: name.into(),
        beneath,
        said: said.map(str::to_owned),
        at_us: ago(3),
    };
    let heard = Topics {
        query,
        lost: None,
        topics: 4,
        messages: 120,
        beyond: 2,
        level: vec![branch("good", 0, Some("{\"n\":1042}")), branch("press", 3, None)],
        chosen: Some(Topic {
            name: "good".into(),
            count: 40,
            per_minute: Some(12.0),
            at_us: ago(3),
            retained: false,
            bytes: 10,
            payload: "{\"n\":1042}".into(),
        }),
        captured: vec!["EQ-311 good = 1042".into()],
    };
    seen(&mut model, Seen::Topics(TopicAnswer::Heard(Box::new(heard))));
    small("commissioning-topics", &mut model);
    let asked = press(&mut model, "<down> <right>");
    assert!(
        matches!(asked.last(), Some(Effect::Watch(Some(Watch::Topics(query)))) if query.prefix == "press/")
    );
    let asked = press(&mut model, "g a / # <enter>");
    assert!(
        matches!(asked.last(), Some(Effect::Watch(Some(Watch::Topics(query)))) if query.filter == "a/#")
    );
}

#[test]
fn signals() {
    let (mut model, watch) = opened("3");
    assert!(matches!(&watch, Watch::Signals(query) if query.machine == "EQ-211"));
    let points = |values: &[f64]| values.iter().map(|value| (ago(1), *value)).collect();
    let signals = view().machines[0].signals.clone();
    let traces = signals.into_iter().zip([vec![0.0, 1.0, 2.0, 3.0], vec![61.5, 61.5], vec![]]);
    let traces = traces.map(|(signal, values)| Trace { signal, points: points(&values) });
    seen(&mut model, Seen::Signals(traces.collect()));
    small("commissioning-signals", &mut model);
    let asked = press(&mut model, "d");
    assert!(
        matches!(&asked[..], [Effect::Watch(Some(Watch::Signals(query)))] if query.machine == "EQ-212")
    );
}

#[test]
fn rules() {
    let (mut model, watch) = opened("4");
    assert_eq!(watch, Watch::Rules("EQ-211".into()));
    let at = |seconds| Stamp { wall_us: ago(seconds), mono_us: 0 };
    let condition = |signal: &str, test, value: Option<Value>, holds, turns_in_us| ConditionSeen {
        signal: signal.into(),
        test,
        at: value.as_ref().map(|_| at(1)),
        value,
        holds,
        since: Some(at(90)),
        turns_in_us,
    };
    let rule = |name: &str, state, holds, decides, conditions| RuleSeen {
        name: name.into(),
        state,
        hold_us: 400_000,
        holds,
        decides,
        conditions,
    };
    let fault =
        condition("fault", Test::Is(Value::Bit(true)), Some(Value::Bit(false)), Some(false), None);
    let rose = condition(
        "good",
        Test::Rose(6_000_000),
        Some(Value::Whole(42)),
        Some(true),
        Some(4_000_000),
    );
    let hot = condition("oil", Test::AtLeast(80.5), None, None, None);
    let told = Explanation {
        map: "0a1b2c3d4e5f".into(),
        state: Some((MachineState::Running, ago(90))),
        asks: Asks::State(MachineState::Running, "producing".into()),
        pending: Some((MachineState::Stopped, 2_000_000)),
        rules: vec![
            rule("fault", MachineState::Stopped, Some(false), false, vec![fault]),
            rule("producing", MachineState::Running, Some(true), true, vec![rose]),
            rule("hot", MachineState::PlannedStop, None, false, vec![hot]),
        ],
        otherwise: MachineState::Stopped,
    };
    seen(&mut model, Seen::Rules(Box::new(told)));
    small("commissioning-rules", &mut model);
    check("commissioning-rules-de", &drawn(&mut model, SMALL, "de", Theme::default()));
}

#[test]
fn the_poll_plan_and_that_of_another_map() {
    let (mut model, watch) = opened("5");
    assert_eq!(watch, Watch::Sources);
    small("commissioning-plan", &mut model);
    let asked = press(&mut model, "g / a <enter>");
    assert_eq!(asked.last(), Some(&Effect::Watch(Some(Watch::Map("/a".into())))));
    let change = MapChange {
        from: "0a1b2c3d4e5f".into(),
        to: "ffeeddccbbaa".into(),
        rules: vec!["EQ-211".into()],
        signals_moved: vec!["EQ-211 good".into()],
        counters: vec!["EQ-211 good".into()],
        started: vec!["modbus 192.0.2.10:502".into()],
        kept: vec!["mqtt hall".into()],
        plan: vec![plan(0.9)],
        ..MapChange::default()
    };
    seen(&mut model, Seen::Map(MapAnswer::Preview(Box::new(change))));
    small("commissioning-preview", &mut model);
    seen(&mut model, Seen::Map(MapAnswer::Refused(vec!["/a:3: device[0].unit: missing".into()])));
    seen(&mut model, Seen::Lost("no answer from the daemon".into()));
    small("commissioning-refused", &mut model);
}

#[test]
fn every_screen_fits_every_window() {
    for keys in ["", "2", "3", "4", "5", "g"] {
        let mut model = screen(view());
        press(&mut model, format!("k {keys}").trim());
        for size in [(1, 1), (10, 3), (20, 8), (300, 90)] {
            drawn(&mut model, size, "en", Theme::default());
        }
        seen(&mut model, Seen::Sources(sources()));
        drawn(&mut model, (30, 9), "en", Theme::default());
    }
}
