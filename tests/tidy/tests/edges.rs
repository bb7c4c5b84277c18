//! Which crate may use which, read from the manifests. A wall stands where an architecture invariant does.

use std::collections::BTreeMap;
use std::fs;

use kart_tidy::{Source, none, root, sources};

/// Our crates: whom each may use of the others.
const EDGES: &[(&str, &[&str])] = &[
    ("kart-core", &["kart-planted"]),
    ("kart-wire", &[]),
    ("kart-api", &["kart-core"]),
    ("kart-store", &["kart-core", "kart-planted"]),
    ("kart-sync", &["kart-wire", "kart-planted"]),
    ("kartd", &["kart-core", "kart-api", "kart-store", "kart-wire", "kart-sync", "kart-planted"]),
    ("kart-tui", &["kart-core", "kart-api"]),
    ("kart-hq", &["kart-core", "kart-wire", "kart-planted"]),
    ("kart-sim", &[]),
    (
        "kart-tests",
        &[
            "kart-core",
            "kart-wire",
            "kart-wire-v1",
            "kart-planted",
            "kart-api",
            "kart-store",
            "kart-sync",
            "kartd",
            "kart-tui",
            "kart-hq",
            "kart-sim",
        ],
    ),
    ("kart-fuzz", &["kart-core", "kartd"]),
    ("kart-tidy", &[]),
    // The first protocol as it was, to test against.
    ("kart-wire-v1", &[]),
    // Faults to test the tests with; nothing unless they ask for it.
    ("kart-planted", &[]),
];

/// Crates of others that only some of ours may use.
const WALLS: &[(&str, &[&str])] = &[
    ("rusqlite", &["kart-store", "kart-tests"]),
    ("tokio-postgres", &["kart-hq", "kart-tests"]),
    ("deadpool-postgres", &["kart-hq", "kart-tests"]),
    ("ratatui", &["kart-tui"]),
    ("crossterm", &["kart-tui"]),
    ("reqwest", &["kart-api", "kart-sync", "kart-tests"]),
    ("tokio-modbus", &["kartd", "kart-sim"]),
    ("rumqttc", &["kartd", "kart-sim"]),
];

/// All that the core may use: nothing here reads a clock, a file or a socket, or runs a task.
const CORE: &[&str] = &[
    "argon2",
    "base64",
    "jiff",
    "kart-planted",
    "serde",
    "serde_json",
    "serde_path_to_error",
    "sha2",
    "thiserror",
    "toml",
    "uuid",
];

struct Manifest {
    path: String,
    name: String,
    own_lints: bool,
    dependencies: Vec<Dependency>,
}

struct Dependency {
    name: String,
    value: String,
    for_tests: bool,
}

/// The lines of a manifest, `(table, key, value)`, with values over several lines joined.
fn entries(text: &str) -> Vec<(String, String, String)> {
    let mut table = String::new();
    let mut found: Vec<(String, String, String)> = Vec::new();
    let mut open = false;
    for line in
        text.lines().map(str::trim).filter(|line| !line.starts_with('#') && !line.is_empty())
    {
        if open {
            if let Some((_, _, value)) = found.last_mut() {
                value.push_str(line);
            }
        } else if line.starts_with('[') {
            table = line.trim_start_matches('[').split(']').next().unwrap_or_default().to_owned();
        } else if let Some((key, value)) = line.split_once('=') {
            found.push((table.clone(), key.trim().to_owned(), value.trim().to_owned()));
        }
        open = found.last().is_some_and(|(_, _, value)| {
            value.matches(['[', '{']).count() > value.matches([']', '}']).count()
        });
    }
    found
}

fn manifests() -> Vec<Manifest> {
    let files = sources("toml").into_iter().filter(|file| file.path.ends_with("/Cargo.toml"));
    files.map(|file| manifest(&file)).collect()
}

fn manifest(file: &Source) -> Manifest {
    let mut read = Manifest {
        path: file.path.clone(),
        name: String::new(),
        own_lints: true,
        dependencies: Vec::new(),
    };
    for (table, key, value) in entries(&file.text) {
        match (table.as_str(), key.as_str()) {
            ("package", "name") => value.trim_matches('"').clone_into(&mut read.name),
            ("lints", "workspace") => read.own_lints = value != "true",
            _ if table.contains("dependencies.") => {
                let name = table.rsplit('.').next().unwrap_or_default().to_owned();
                let value = "a table of its own".to_owned();
                read.dependencies.push(Dependency { name, value, for_tests: false });
            },
            _ if table.ends_with("dependencies") => {
                let (name, value) = match key.split_once('.') {
                    Some((name, rest)) => (name.to_owned(), format!("{rest} = {value}")),
                    None => (key, value),
                };
                read.dependencies.push(Dependency {
                    name,
                    value,
                    for_tests: table == "dev-dependencies",
                });
            },
            _ => {},
        }
    }
    read
}

fn allowed<'a>(table: &[(&str, &'a [&'a str])], name: &str) -> Option<&'a [&'a str]> {
    table.iter().find(|(key, _)| *key == name).map(|(_, allowed)| *allowed)
}

#[test]
fn our_crates_use_each_other_in_one_direction() {
    let mut faults = Vec::new();
    for manifest in manifests() {
        let Some(edges) = allowed(EDGES, &manifest.name) else {
            faults
                .push(format!("{}: {} is not in the list of crates", manifest.path, manifest.name));
            continue;
        };
        for dependency in &manifest.dependencies {
            let ours = allowed(EDGES, &dependency.name).is_some();
            let nothing_at_all = manifest.name == "kart-tidy";
            if nothing_at_all || ours && !edges.contains(&dependency.name.as_str()) {
                faults.push(format!(
                    "{}: {} may not use {}",
                    manifest.path, manifest.name, dependency.name
                ));
            }
        }
    }
    none("A crate uses another that it must not know:", &faults);
}

#[test]
fn each_outside_system_has_one_owner() {
    let mut faults = Vec::new();
    for manifest in manifests() {
        for dependency in &manifest.dependencies {
            let name = manifest.name.as_str();
            let walled =
                allowed(WALLS, &dependency.name).is_some_and(|owners| !owners.contains(&name));
            let pure = name == "kart-core" && !dependency.for_tests;
            if walled || pure && !CORE.contains(&dependency.name.as_str()) {
                faults.push(format!("{}: {name} may not use {}", manifest.path, dependency.name));
            }
        }
    }
    none("A dependency stands on the wrong side of a wall:", &faults);
}

#[test]
fn faults_are_planted_for_the_tests_alone() {
    let mut faults = Vec::new();
    for manifest in manifests().iter().filter(|manifest| manifest.name != "kart-tests") {
        let planted = manifest.dependencies.iter().filter(|other| other.name == "kart-planted");
        let on = planted.filter(|planted| planted.value.contains("features"));
        faults.extend(on.map(|_| manifest.path.clone()));
    }
    none("Planted faults would be built into a program that ships:", &faults);
}

#[test]
fn versions_stand_in_one_place_and_lints_are_shared() {
    let mut faults = Vec::new();
    for manifest in manifests() {
        if manifest.own_lints {
            faults.push(format!("{}: [lints] must say workspace = true", manifest.path));
        }
        for dependency in &manifest.dependencies {
            if !dependency.value.replace(' ', "").contains("workspace=true") {
                faults.push(format!(
                    "{}: {} must say workspace = true",
                    manifest.path, dependency.name
                ));
            }
        }
    }
    none("A manifest goes its own way:", &faults);
}

#[test]
fn everything_comes_from_the_public_registry_at_a_known_version() {
    let top = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let mut faults = Vec::new();
    for (table, key, value) in entries(&top) {
        let dependency = table.contains("dependencies");
        let elsewhere = ["git", "registry", "registry-index", "branch", "rev", "package"];
        let keys: Vec<&str> = value
            .split([',', '{'])
            .filter_map(|part| part.split_once('='))
            .map(|(key, _)| key.trim())
            .collect();
        let known = value.contains("version") || value.starts_with('"') || keys.contains(&"path");
        if dependency
            && (keys.iter().any(|key| elsewhere.contains(key)) || value.contains('*') || !known)
        {
            faults.push(format!("Cargo.toml: {key} = {value}"));
        }
        if table.starts_with("patch") || table.starts_with("replace") {
            faults.push(format!("Cargo.toml: [{table}] {key}"));
        }
    }
    let lock = fs::read_to_string(root().join("Cargo.lock")).unwrap();
    let public = format!("\"registry+https://github.com/rust-lang/{}.io-index\"", "crates");
    let mut origins = BTreeMap::new();
    for origin in lock.lines().filter_map(|line| line.strip_prefix("source = ")) {
        *origins.entry(origin).or_insert(0) += 1;
    }
    origins.remove(public.as_str());
    faults.extend(origins.keys().map(|origin| format!("Cargo.lock: {origin}")));
    none("A dependency has another origin, or any version will do:", &faults);
}

#[test]
fn a_manifest_is_read_in_every_spelling() {
    let text = "[dependencies]\na.workspace = true\nb = { workspace = true, features = [\n  \"x\",\n  \"y\"\n] }\n\
                # c = 1\n[target.'cfg(unix)'.dependencies]\nd = { git = \"x\" }\n";
    let read: Vec<(String, String)> =
        entries(text).into_iter().map(|(table, key, _)| (table, key)).collect();
    let expected = [
        ("dependencies", "a.workspace"),
        ("dependencies", "b"),
        ("target.'cfg(unix)'.dependencies", "d"),
    ]
    .map(|(table, key)| (table.to_owned(), key.to_owned()));
    assert_eq!(read, expected);
}
