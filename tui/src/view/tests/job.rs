//! Jobs as they look.

use kart_api::{Job, OnJob, Visit};
use kart_core::{
    id::{RecordId, StationId},
    job::State,
    reference::Connection,
};
use uuid::Uuid;

use super::*;

fn job(n: u128, state: Option<State>) -> Job {
    let view = view();
    let station = view.reference.as_ref().map(|reference| reference.stations[0].id);
    let visit = Visit {
        station: "ST-21".into(),
        entry: 1,
        good: 96,
        scrap: 4,
        posted_us: Some(ago(9_000)),
        started_us: Some(ago(8_000)),
        started_by: Some("Ana Weber".into()),
        completed_us: Some(ago(5_000)),
        completed_by: Some("Ben Okafor".into()),
        touch_us: Some(3_000_000_000),
    };
    Job {
        id: RecordId(Uuid::from_u128(900 + n)),
        number: format!("J-{n}"),
        state,
        station,
        product_code: "BR-40".into(),
        product_name: "Bracket 40 mm".into(),
        work_order: Some("WO-7781".into()),
        target: Some(100),
        good: 96,
        scrap: 4,
        posted_us: Some(ago(4_000)),
        started_us: Some(ago(2_000)),
        due_us: Some(ago(-20_000)),
        entry: 1,
        people: vec![],
        worked_us: 0,
        standard_us: Some(1_200_000_000),
        batches: vec![],
        visits: vec![visit],
        asked: false,
        refused: None,
    }
}

/// Jobs in every state that there is.
fn several() -> View {
    let mut view = view();
    let user = view.people[0].user;
    let name = view.people[0].name.clone();
    let going = Job {
        people: vec![OnJob { user, name, since_us: ago(1_500) }],
        batches: vec!["B-1042".into()],
        ..job(17, Some(State::InProgress))
    };
    let again = Job { entry: 2, ..job(18, Some(State::Pending)) };
    let sent = Job { asked: true, ..job(19, Some(State::Queued)) };
    let gone = Job { refused: Some("moved_from_elsewhere".into()), station: None, ..job(20, None) };
    let hostile = Job { number: "J-\u{1b}[31m9".into(), ..job(21, Some(State::Pending)) };
    view.jobs = vec![again, going, sent, gone, hostile];
    if let Some(reference) = &mut view.reference {
        let from = reference.stations[0].id;
        for (n, code) in ["ST-31", "ST-41"].into_iter().enumerate() {
            let id = StationId(Uuid::from_u128(700 + n as u128));
            let station = kart_core::reference::Station {
                id,
                code: code.into(),
                name: "Further on".into(),
                machines: vec![],
                ..reference.stations[0].clone()
            };
            reference.stations.push(station);
            let connection_type = "feeds_into".to_owned();
            let edge = Connection { from, to: id, connection_type, label: None };
            reference.station_connections.push(edge);
        }
    }
    view
}

/// The list, and then these keys.
fn opened(keys: &str) -> Model {
    let mut model = screen(several());
    press(&mut model, "j");
    if !keys.is_empty() {
        press(&mut model, keys);
    }
    model
}

#[test]
fn jobs_in_three_languages() {
    let buffer = small("jobs-80x24", &mut opened(""));
    assert!(!text(&buffer).contains('\u{1b}'));
    check("jobs-de", &drawn(&mut opened(""), SMALL, "de", Theme::default()));
    check("jobs-es", &drawn(&mut opened(""), SMALL, "es", Theme::default()));
    let ascii = Theme { ascii: true, ..Theme::default() };
    assert!(text(&drawn(&mut opened(""), SMALL, "de", ascii)).is_ascii());
    check("jobs-none", &drawn(&mut opened("n o t h i n g"), SMALL, "en", Theme::default()));
}

#[test]
fn one_job_in_three_languages() {
    for (lang, name) in [("en", "job-80x24"), ("de", "job-de"), ("es", "job-es")] {
        check(name, &drawn(&mut opened("J - 1 7 <enter>"), SMALL, lang, Theme::default()));
    }
    small("job-complete", &mut opened("J - 1 7 <enter> c"));
    small("job-move", &mut opened("J - 1 8 <enter> m"));
    small("job-scrap", &mut opened("J - 1 7 <enter> x"));
    small("job-history", &mut opened("J - 1 7 <enter> h"));
    small("job-refused", &mut opened("J - 1 8 <enter> c"));
}
