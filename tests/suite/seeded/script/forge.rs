//! Requests that no honest terminal makes: in another's name, with another's text, with a hole.

use std::sync::Arc;

use kart_core::fact::Hash;
use kart_sync::Page;
use kart_wire::{Feed, PushEnvelope, TextLine};
use rand::Rng;
use serde_json::Value;

use super::super::line::{body, carry_out};
use super::super::world::{Post, Recorded, World};

/// One of them.
pub(super) fn any(world: &World, post: &Post) {
    let kind = world.dice().random_range(0..6);
    match kind {
        0 => for_another(world, post),
        1 => other_text(world, post),
        2 => rewritten(world, post),
        3 => with_a_hole(world, post),
        4 => of_another_past(world, post),
        _ => other_cursor(world, post),
    }
}

/// A push of the next facts of a terminal, as it would make it.
fn next_push(world: &World, post: &Post) -> Option<(PushEnvelope, Page)> {
    let station = post.station();
    let centre = world.centre();
    let known = centre.state.terminals.get(&station.id)?;
    let session = known.session()?;
    let kept = station.disk.seen.after(known.watermark);
    if station.disk.seen.hash_at(known.watermark) != Some(known.hash) {
        return None;
    }
    let texts = kept.iter().flat_map(|kept| {
        kept.texts.iter().map(|text| TextLine {
            seq: kept.fact.seq,
            field: text.field.clone(),
            salt: text.salt.clone(),
            text: text.text.clone(),
        })
    });
    let texts: Vec<TextLine> = texts.collect();
    let envelope = PushEnvelope {
        session,
        terminal: station.id,
        incarnation: station.incarnation.to_string(),
        from: known.watermark + 1,
        facts: kept.len(),
        texts: texts.len(),
        prev_hash: known.hash.to_string(),
    };
    let lines = kept.iter().map(|kept| kept.line.clone()).collect();
    let page = Page { from: envelope.from, prev_hash: envelope.prev_hash.clone(), lines, texts };
    Some((envelope, page))
}

fn send(world: &World, by: &Post, envelope: &PushEnvelope, page: &Page) {
    let terminal = by.station().id;
    world.note("forged", format_args!("{} {}", envelope.from, envelope.facts));
    let body = Arc::new(body(envelope, page));
    carry_out(world, &Recorded { terminal, body });
}

/// Facts for another terminal's log, invented under one's own token.
fn for_another(world: &World, post: &Post) {
    let posts = world.posts();
    let victim = posts.iter().find(|other| !Arc::ptr_eq(other, &posts[0])).unwrap();
    let (attacker, victim) = if std::ptr::eq(&raw const **victim, post) {
        (&posts[0], victim)
    } else {
        (victim, &posts[0])
    };
    let Some((mut envelope, mut page)) = next_push(world, victim) else { return };
    let line = format!("{{\"seq\":{},\"fact\":{{\"invented\":{{}}}}}}", envelope.from);
    (page.lines, page.texts) = (vec![line], vec![]);
    (envelope.facts, envelope.texts) = (1, 0);
    send(world, attacker, &envelope, &page);
}

/// The terminal's own facts with another text beside one.
fn other_text(world: &World, post: &Post) {
    let Some((envelope, mut page)) = next_push(world, post) else { return };
    let Some(text) = page.texts.first_mut() else { return };
    text.text = Some("invented".to_owned());
    send(world, post, &envelope, &page);
}

/// The last stored fact with another content, and one more.
fn rewritten(world: &World, post: &Post) {
    let Some((mut envelope, mut page)) = next_push(world, post) else { return };
    if envelope.from < 2 {
        return;
    }
    envelope.from -= 1;
    let Some(hash) = post.station().disk.seen.hash_at(envelope.from - 1) else { return };
    envelope.prev_hash = hash.to_string();
    let line = |seq: u64| format!("{{\"seq\":{seq},\"fact\":{{\"invented\":{{}}}}}}");
    (page.lines, page.texts) = (vec![line(envelope.from), line(envelope.from + 1)], vec![]);
    (envelope.facts, envelope.texts) = (2, 0);
    send(world, post, &envelope, &page);
}

/// The terminal's next facts without the first of them.
fn with_a_hole(world: &World, post: &Post) {
    invent(world, post, 1, |hash| hash);
}

/// A fact that follows from something else than what is stored.
fn of_another_past(world: &World, post: &Post) {
    invent(world, post, 0, |_| Hash([7; 32]));
}

/// One invented fact so many places too far on, after the hash that `past` makes of the true one.
fn invent(world: &World, post: &Post, skip: u64, past: impl Fn(Hash) -> Hash) {
    let Some((mut envelope, mut page)) = next_push(world, post) else { return };
    let Ok(hash) = envelope.prev_hash.parse::<Hash>() else { return };
    envelope.from += skip;
    envelope.prev_hash = past(hash).to_string();
    let line = format!("{{\"seq\":{},\"fact\":{{\"invented\":{{}}}}}}", envelope.from);
    (page.lines, page.texts) = (vec![line], vec![]);
    (envelope.facts, envelope.texts) = (1, 0);
    send(world, post, &envelope, &page);
}

/// A feed with another terminal's cursor.
fn other_cursor(world: &World, post: &Post) {
    let posts = world.posts();
    let id = post.station().id;
    let other = posts.iter().find(|other| other.station().id != id).unwrap();
    let cursor = other.station().disk.seen.cursor.clone();
    let mut centre = world.centre();
    let session = centre.state.terminals[&id].session();
    let (Some((_, cursor)), Some(session)) = (cursor, session) else { return };
    let before = centre.state.clone();
    let feed = Feed { session, cursor: Some(cursor), whole: vec![], wait_ms: 0, sums: false };
    let fed = centre.feed(id, &feed, 0);
    centre.state = before;
    drop(centre);
    if fed.is_ok_and(|(fed, _)| fed.head.whole.len() < 3) {
        world.fault("I13 a cursor is its holder's", format!("{}", Value::from(id.to_string())));
    }
}
