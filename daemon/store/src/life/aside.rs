//! Files of former lives, as far as headquarters has lost what they hold. They are only read, and one that
//! cannot be read holds up nothing.

use std::{fs, path::Path};

use kart_core::{
    fact::{Body, Fact, FactText, Hash, life::Continued},
    id::Origin,
    life::{Again, Behind, behind},
};
use rusqlite::{Connection, OpenFlags, OptionalExtension};

use super::texts;
use crate::{StoreError, writer::origin};

/// A fact with its hash and what was written beside it.
type Kept = (Fact, Hash, Vec<FactText>);

/// The facts that headquarters, standing at `end`, has lost and that no later life holds, by the lives in
/// whose files they are.
pub(super) fn set_aside(
    folder: &Path,
    old: Option<&Connection>,
    end: &Continued,
) -> Vec<(Origin, Vec<Kept>)> {
    let found = old.map(|old| {
        let began = began(old)?;
        let lives = behind(began, end, |left| open(folder, left, end));
        let mut again = Again::default();
        for file in lives.iter().map(|life| &life.file).chain([old]) {
            note(file, &mut again)?;
        }
        lives.iter().map(|life| Ok((life.of, facts(life, &again)?))).collect()
    });
    let found: Result<Vec<_>, StoreError> = found.unwrap_or_else(|| Ok(vec![]));
    found.unwrap_or_else(|error| {
        tracing::warn!(%error, "a file of a former life cannot be read; what it holds is not sent");
        vec![]
    })
}

/// What the life of this file went on from.
fn began(file: &Connection) -> Result<Option<Continued>, StoreError> {
    let line: Option<String> =
        file.query_row("SELECT line FROM facts WHERE seq = 2", [], |row| row.get(0)).optional()?;
    let second = line.map(|line| Fact::parse(line.as_bytes())).transpose()?;
    Ok(second.and_then(|fact| match fact.fact {
        Body::Continued(continued) => Some(continued),
        _ => None,
    }))
}

/// The file of the life that was left there, whose log is the one that headquarters stands in.
fn open(
    folder: &Path,
    left: &Continued,
    end: &Continued,
) -> Option<(Connection, Option<Continued>)> {
    let of = Origin { terminal: left.terminal, incarnation: left.incarnation };
    let held = of == Origin { terminal: end.terminal, incarnation: end.incarnation };
    let mut names: Vec<_> =
        fs::read_dir(folder).ok()?.flatten().map(|entry| entry.path()).collect();
    names.sort();
    let files = names.iter().filter(|path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name.starts_with(&format!("facts-{}", of.incarnation)) && name.ends_with(".db")
    });
    files.rev().find_map(|path| {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let file = Connection::open_with_flags(path, flags).ok()?;
        let same = origin(&file).ok()? == Some(of) && (!held || stands(&file, end));
        let began = began(&file).ok()?;
        same.then_some((file, began))
    })
}

/// Whether the log of the file has the fact where headquarters stands.
fn stands(file: &Connection, end: &Continued) -> bool {
    let select = "SELECT hash FROM facts WHERE seq = ?1";
    let seq = i64::try_from(end.seq).unwrap_or(i64::MAX);
    let there = file.query_row(select, [seq], |row| row.get::<_, [u8; 32]>(0)).optional();
    end.seq == 0 || there.is_ok_and(|hash| hash == Some(end.hash.0))
}

fn note(file: &Connection, again: &mut Again) -> Result<(), StoreError> {
    let mut select = file.prepare("SELECT line FROM facts WHERE instr(line, '\"former\"') > 0")?;
    let mut rows = select.query([])?;
    while let Some(row) = rows.next()? {
        again.note(&Fact::parse(row.get::<_, String>(0)?.as_bytes())?);
    }
    Ok(())
}

/// What follows in the file for as long as its chain holds.
fn facts(life: &Behind<Connection>, again: &Again) -> Result<Vec<Kept>, StoreError> {
    let mut select = life
        .file
        .prepare("SELECT seq, line, hash FROM facts WHERE seq > ?1 AND seq <= ?2 ORDER BY seq")?;
    let bounds = [life.after.0, life.until].map(|seq| i64::try_from(seq).unwrap_or(i64::MAX));
    let mut rows = select.query(bounds)?;
    let (mut last, mut hash) = life.after;
    let mut facts = Vec::new();
    while let Some(row) = rows.next()? {
        let line: String = row.get(1)?;
        hash = hash.after(line.as_bytes());
        let (seq, fact) = (row.get::<_, i64>(0)?, Fact::parse(line.as_bytes())?);
        if fact.seq != last + 1 || Hash(row.get(2)?) != hash {
            break;
        }
        last = fact.seq;
        if !again.has(life.of, fact.seq, hash) {
            facts.push((fact, hash, texts(&life.file, seq)?));
        }
    }
    Ok(facts)
}
