//! A device that says nothing to one question and answers the others.

use super::*;
use std::{cell::Cell, collections::BTreeMap};

/// What it does instead of an answer.
type Silence = fn() -> Reply;

const MS: Duration = Duration::from_millis(1);

/// Points far enough from each other to be read one by one.
fn apart(names: &[&str]) -> Vec<Point> {
    names.iter().zip(1..).map(|(name, n)| point(name, 500 * n, Kind::U16)).collect()
}

/// Runs a device that answers nothing at these addresses but with `reply`.
async fn run_without(
    names: &[&str],
    dead: impl Fn(u16) -> bool,
    reply: impl Fn() -> Reply,
    enough: impl Fn(&Seen) -> bool,
) -> (Seen, BTreeMap<u16, u32>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut plc = device("plc", 9, apart(names));
    plc.timeout = 50 * MS;
    let mut asked = BTreeMap::<u16, u32>::new();
    let answer = |request: &Request| {
        *asked.entry(request.start).or_default() += 1;
        if dead(request.start) { reply() } else { Reply::Good(request.start) }
    };
    let server = serve(&listener, answer);
    let seen = watch(line(tcp(&listener), vec![plc]), server, enough).await;
    (seen, asked)
}

fn count(seen: &Seen, name: &str) -> usize {
    seen.values.iter().filter(|(signal, _)| signal == name).count()
}

fn partly(seen: &Seen) -> Option<&str> {
    seen.links.iter().find_map(|link| match link {
        LinkChange::Partly { reason } => Some(&**reason),
        _ => None,
    })
}

#[tokio::test]
async fn a_question_without_an_answer_costs_the_others_only_a_moment() {
    let silences: [(Silence, &str); 3] = [
        (|| Reply::Late(666), "holding register 500: no answer within 50 ms"),
        (|| Reply::Close, "holding register 500: connection broken"),
        (|| Reply::Exception(11), "holding register 500: the unit does not answer the gateway"),
    ];
    for (reply, why) in silences {
        let enough = |seen: &Seen| count(seen, "good") >= 60 && partly(seen).is_some();
        let (seen, asked) =
            run_without(&["dead", "good"], |start| start == 500, reply, enough).await;
        assert!(partly(&seen).unwrap().starts_with(why), "{:?}", seen.links);
        let down = seen.links.iter().any(|link| matches!(link, LinkChange::Down { .. }));
        assert!(!down, "it answers: {:?}", seen.links);
        assert!(asked[&500] * 4 < asked[&1000], "{asked:?}");
        assert_eq!(count(&seen, "dead"), 0);
    }
}

#[tokio::test]
async fn what_had_no_answer_is_read_once_there_is_one() {
    let back = Cell::new(false);
    let enough = |seen: &Seen| {
        back.set(back.get() || partly(seen).is_some() && count(seen, "good") > 20);
        count(seen, "dead") > 5 && seen.links.last() == Some(&LinkChange::Up)
    };
    let dead = |start| start == 500 && !back.get();
    run_without(&["dead", "good"], dead, || Reply::Late(666), enough).await;
}

#[tokio::test]
async fn many_questions_without_an_answer_do_not_hide_the_one_that_has() {
    let names = ["dead1", "dead2", "dead3", "dead4", "good"];
    let enough = |seen: &Seen| count(seen, "good") >= 100;
    let (seen, asked) =
        run_without(&names, |start| start < 2500, || Reply::Late(666), enough).await;
    let downs = seen.links.iter().filter(|link| matches!(link, LinkChange::Down { .. })).count();
    assert!(downs <= 1, "it answers: {:?}", seen.links);
    // After each of them the one that has an answer is asked for.
    let dead: u32 = asked.range(..2500).map(|(_, count)| count).sum();
    assert!(dead <= asked[&2500] + 8, "{asked:?}");
}

/// A slow list whose turn comes rarely vouches for the unit when the fast register says nothing.
#[tokio::test]
async fn a_read_that_is_not_due_tells_whether_the_unit_is_there() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut plc = device("plc", 9, Vec::new());
    plc.timeout = 50 * MS;
    let group = |interval, points: Vec<Point>| GroupPlan {
        interval,
        phase: Duration::ZERO,
        points: points.into_iter().map(Arc::new).collect(),
    };
    plc.groups = vec![
        group(2 * MS, vec![point("dead", 10, Kind::U16)]),
        group(Duration::from_hours(1), vec![point("slow", 500, Kind::U16)]),
    ];
    let answer = |asked: &Request| match asked.start {
        10 => Reply::Late(666),
        _ => Reply::Good(LAST),
    };
    let enough = |seen: &Seen| partly(seen).is_some();
    let seen = watch(line(tcp(&listener), vec![plc]), serve(&listener, answer), enough).await;
    let down = seen.links.iter().any(|link| matches!(link, LinkChange::Down { .. }));
    assert!(!down && count(&seen, "slow") >= 2, "{seen:?}");
}

#[tokio::test]
async fn what_is_never_answered_as_a_whole_is_asked_for_in_parts() {
    let points = |names: &[(&str, u16)]| {
        names.iter().map(|(name, at)| point(name, *at, Kind::U16)).collect::<Vec<_>>()
    };
    // Where another read of the unit is answered, and where the silent one is all there is.
    let [beside, alone] = [
        &[("a", 10), ("mute", 12), ("b", 14), ("far", 90)][..],
        &[("a", 10), ("mute", 12), ("b", 14)],
    ];
    for names in [beside, alone] {
        let answer = |request: &Request| {
            let end = request.start + request.count;
            if (request.start..end).contains(&12) { Reply::Close } else { Reply::Good(5) }
        };
        let others = || names.iter().filter(|(name, _)| *name != "mute");
        let enough = |seen: &Seen| others().all(|(name, _)| count(seen, name) >= 20);
        let seen = run_against(points(names), answer, enough).await;
        assert_eq!(count(&seen, "mute"), 0, "{names:?}");
    }
}

#[tokio::test]
async fn a_unit_that_was_away_is_asked_for_whole_reads_again() {
    let mut asked = 0;
    let (seen_whole, whole) = tokio::sync::watch::channel(0);
    let answer = move |request: &Request| {
        asked += 1;
        if asked <= 12 {
            return Reply::Close;
        }
        if request.count == 5 {
            seen_whole.send_modify(|whole| *whole += 1);
        }
        Reply::Good(5)
    };
    let points = vec![point("a", 10, Kind::U16), point("b", 14, Kind::U16)];
    let seen = run_against(points, answer, |_| *whole.borrow() >= 20).await;
    assert!(seen.links.contains(&LinkChange::Up), "{:?}", seen.links);
}
