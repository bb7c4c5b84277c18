//! Every path that a document names exists: in back-ticks, counted from the top folder, or as the target of a link,
//! counted from the document.

use std::fs;
use std::path::Path;

use kart_tidy::{Source, none, root, tree};

fn documents() -> Vec<Source> {
    let single = ["README.md", "migrations/README.md", "config/README.md", "tests/LEDGER.md"];
    let is_document = |file: &Source| {
        file.ends_with("md")
            && (single.contains(&file.path.as_str()) || file.is_under("daemon/docs"))
    };
    tree().into_iter().filter(is_document).collect()
}

#[test]
fn paths_in_documents_exist() {
    let top: Vec<String> = fs::read_dir(root())
        .unwrap()
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    let mut faults = Vec::new();
    for document in documents() {
        let folder = root().join(&document.path);
        let folder = folder.parent().unwrap_or(root());
        for (number, line) in prose(&document.text) {
            let named = back_ticked(line)
                .filter_map(|token| path_in(token, &top))
                .map(|path| (root(), path));
            let linked = links(line).map(|path| (folder, path));
            for (from, path) in named.chain(linked) {
                if !alternatives(path).iter().all(|path| exists(from, path)) {
                    faults.push(format!("{}:{number}: {path}", document.path));
                }
            }
        }
    }
    none("A document names a path that is not there:", &faults);
}

/// The numbered lines outside of blocks of code.
fn prose(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut in_block = false;
    (1..).zip(text.lines()).filter(move |(_, line)| {
        let fence = line.trim_start().starts_with("```");
        in_block ^= fence;
        !fence && !in_block
    })
}

fn back_ticked(line: &str) -> impl Iterator<Item = &str> {
    line.split('`').skip(1).step_by(2)
}

fn links(line: &str) -> impl Iterator<Item = &str> {
    let targets = line.split("](").skip(1).filter_map(|rest| rest.split([')', '#', ' ']).next());
    targets.filter(|target| {
        !target.is_empty() && !target.contains("://") && !target.starts_with("mailto:")
    })
}

/// The path in a token, if it looks like one of this repository; a command's arguments and a line number are cut off.
fn path_in<'a>(token: &'a str, top: &[String]) -> Option<&'a str> {
    let path = token.split_whitespace().next()?;
    let path = path.split(':').next()?.trim_end_matches('/');
    let path = path.strip_prefix("./").unwrap_or(path);
    let (first, below) = path.split_once('/').map_or((path, false), |(first, _)| (first, true));
    let named_file = !below && stands_at_the_top(first);
    let in_tree =
        below && (top.iter().any(|name| name == first) || first == ".ci" || first == ".cargo");
    (in_tree || named_file).then_some(path)
}

/// A file that stands at the top, or would; other lone names may be any word.
fn stands_at_the_top(name: &str) -> bool {
    let files = ["Cargo.toml", "Cargo.lock", "README.md", "LICENSE", "rust-toolchain.toml"];
    files.contains(&name) || name.starts_with('.') && name.ends_with(".toml")
}

/// `a/{b,c}` names two paths.
fn alternatives(path: &str) -> Vec<String> {
    let split = path.split_once('{').and_then(|(before, rest)| {
        let (inside, after) = rest.split_once('}')?;
        Some((before, inside, after))
    });
    let Some((before, inside, after)) = split else { return vec![path.to_owned()] };
    inside
        .split(',')
        .flat_map(|one| alternatives(&format!("{before}{}{after}", one.trim())))
        .collect()
}

/// Whether there is such a file or folder; `*`, `…` and `<name>` in a part stand for anything.
fn exists(from: &Path, path: &str) -> bool {
    let Some((part, rest)) = path.split_once('/').or((!path.is_empty()).then_some((path, "")))
    else {
        return from.exists();
    };
    let wild = part.contains(['*', '…', '<']);
    if !wild {
        return exists(&from.join(part), rest);
    }
    let first = part.split(['*', '…', '<']).next().unwrap_or_default();
    let last = part.rsplit(['*', '…', '>']).next().unwrap_or_default();
    let entries = fs::read_dir(from).into_iter().flatten().flatten();
    let mut fitting = entries.filter(|entry| {
        let name = entry.file_name().to_string_lossy().into_owned();
        name.starts_with(first) && name.ends_with(last)
    });
    part == "**" || fitting.any(|entry| exists(&entry.path(), rest))
}

#[test]
fn paths_are_told_from_other_words() {
    let top = ["daemon", "tests", "LICENSE"].map(str::to_owned);
    let cases = [
        ("daemon/core/src/", Some("daemon/core/src")),
        ("daemon/src/main.rs:12", Some("daemon/src/main.rs")),
        ("tests/run quick", Some("tests/run")),
        (".ci/run", Some(".ci/run")),
        ("Cargo.toml", Some("Cargo.toml")),
        (".deny.toml", Some(".deny.toml")),
        ("application/json", None),
        ("daemon", None),
        ("/run/kart", None),
        ("kart.toml", None),
    ];
    for (token, expected) in cases {
        assert_eq!(path_in(token, &top), expected, "{token}");
    }
}

#[test]
fn braces_and_stars_are_understood() {
    assert_eq!(alternatives("a/{b,c}.{d,e}"), ["a/b.d", "a/b.e", "a/c.d", "a/c.e"]);
    assert!(exists(root(), "tests/tidy/tests/*.rs"));
    assert!(exists(root(), "tests/*/Cargo.toml"));
    assert!(!exists(root(), "tests/tidy/*.no"));
    assert!(!exists(root(), "tests/no"));
}
