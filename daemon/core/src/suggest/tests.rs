use super::*;
use crate::{
    id::{ProductId, RecordId},
    machine::MachineState,
    signal::Value,
};
use uuid::Uuid;

const SITE: &str = include_str!("../../../../config/demo/site.toml");

fn site() -> Reference {
    crate::site::parse("site.toml", SITE).unwrap()
}

fn now() -> Circumstances {
    Circumstances {
        state: MachineState::Stopped,
        fault: None,
        before: Some(MachineState::Running),
        product: None,
        hour: 12,
    }
}

fn reasons(site: &Reference) -> Vec<ReasonId> {
    in_order(site, Some("unplanned")).map(|(_, reason)| reason.id).collect()
}

/// The newest last.
fn given(reasons: &[(ReasonId, Circumstances)]) -> Vec<Given> {
    let given = reasons.iter().enumerate();
    given
        .map(|(n, (reason, when))| Given {
            stop: RecordId(Uuid::from_u128(n.try_into().unwrap())),
            reason: *reason,
            when: when.clone(),
        })
        .collect()
}

fn first(suggested: &[Suggestion]) -> (ReasonId, Because) {
    (suggested[0].reason, suggested[0].because)
}

#[test]
fn without_a_past_the_sites_list_stands_with_reasons_of_the_right_kind_first() {
    let site = site();
    let all = ranked(&site, &[], None, &now());
    let group = |offer: &Suggestion| &*site.downtime_reason(offer.reason).unwrap().0.group_type;
    assert_eq!(group(&all[0]), "unplanned");
    assert!(all.iter().all(|offer| offer.because == Because::Listed));
    let names = all.iter().map(|offer| site.downtime_reason(offer.reason).unwrap().1);
    let names: BTreeSet<(&str, &str)> = names.map(|r| (r.code.as_str(), r.name.as_str())).collect();
    assert_eq!(names.len(), all.len(), "of twins there is one");
}

#[test]
fn what_the_map_names_stands_first_and_what_was_given_most_next() {
    let site = site();
    let reasons = reasons(&site);
    let past = given(&[(reasons[2], now()), (reasons[1], now()), (reasons[2], now())]);
    let all = ranked(&site, &past, Some(reasons[3]), &now());
    assert_eq!(first(&all), (reasons[3], Because::Map));
    assert_eq!((all[1].reason, all[1].because), (reasons[2], Because::Favourite));
    assert_eq!(all[2].reason, reasons[1]);
    assert_eq!(all.iter().filter(|offer| offer.reason == reasons[3]).count(), 1);
}

#[test]
fn the_same_fault_beats_what_is_usual() {
    let site = site();
    let reasons = reasons(&site);
    let faulty = |code| Circumstances { fault: Some(Value::Whole(code)), ..now() };
    let mut past = vec![(reasons[1], faulty(20))];
    past.extend(vec![(reasons[2], now()); 5]);
    assert_eq!(first(&ranked(&site, &given(&past), None, &faulty(20))).0, reasons[1]);
    assert_eq!(ranked(&site, &given(&past), None, &faulty(20))[0].because, Because::Fault);
    assert_eq!(first(&ranked(&site, &given(&past), None, &faulty(7))).0, reasons[2]);
}

#[test]
fn product_and_hour_speak_for_what_was_given_with_them() {
    let site = site();
    let reasons = reasons(&site);
    let made = |n| Circumstances { product: Some(ProductId(Uuid::from_u128(n))), ..now() };
    let past = given(&[(reasons[1], made(1)), (reasons[2], made(2)), (reasons[2], made(2))]);
    let all = ranked(&site, &past, None, &made(2));
    assert_eq!(first(&all), (reasons[2], Because::Product));
    let late = |hour| Circumstances { hour, ..now() };
    let past = given(&[(reasons[2], late(23)), (reasons[1], late(10)), (reasons[3], late(11))]);
    let all = ranked(&site, &past, None, &late(0));
    assert_eq!(first(&all), (reasons[2], Because::Hour), "an hour round midnight");
}

#[test]
fn a_reason_that_is_gone_is_not_offered() {
    let site = site();
    let gone = ReasonId(Uuid::from_u128(404));
    let all = ranked(&site, &given(&[(gone, now())]), Some(gone), &now());
    assert!(all.iter().all(|offer| offer.reason != gone));
}

#[test]
fn a_twin_is_the_same_name_in_a_group_of_another_type() {
    let mut site = site();
    let groups = &mut site.downtime_groups;
    let from = groups.iter().position(|group| group.group_type == "unplanned").unwrap();
    let to = groups.iter().position(|group| group.group_type == "planned").unwrap();
    let mut twin = groups[from].reasons[0].clone();
    let one = twin.id;
    twin.id = ReasonId(Uuid::from_u128(77));
    groups[to].reasons.push(twin.clone());
    let types = |id| {
        let twins = twins(&site, id).into_iter();
        twins.map(|(group, reason)| (group.group_type.clone(), reason.id)).collect::<Vec<_>>()
    };
    let expect = [("unplanned".to_owned(), one), ("planned".to_owned(), twin.id)];
    assert_eq!(types(one), expect);
    assert_eq!(types(twin.id), [expect[1].clone(), expect[0].clone()]);
    let all = ranked(&site, &[], None, &now());
    assert!(all.iter().any(|offer| offer.reason == one));
    assert!(all.iter().all(|offer| offer.reason != twin.id));
}
