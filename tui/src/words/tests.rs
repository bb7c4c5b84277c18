use std::{collections::BTreeSet, fs, path::Path};

use fluent_bundle::FluentResource;
use kart_api::commissioning::Table;
use kart_core::command::Refusal;

use super::*;

fn keys(text: &str) -> BTreeSet<String> {
    let names = text.lines().filter(|line| !line.starts_with([' ', '#', '}']));
    names.filter_map(|line| line.split_once(" = ")).map(|(name, _)| name.to_owned()).collect()
}

#[test]
fn every_file_is_sound_and_has_the_same_names() {
    let english = keys(LANGUAGES[0].1);
    for (language, text) in LANGUAGES {
        FluentResource::try_new(text.to_owned()).unwrap_or_else(|(_, errors)| {
            panic!("{language}: {errors:?}");
        });
        let names = keys(text);
        let missing: Vec<_> = english.symmetric_difference(&names).collect();
        assert!(missing.is_empty(), "{language} differs in {missing:?}");
        assert_eq!(text.matches(" = ").count(), names.len(), "{language} has a name twice");
    }
}

/// Every name that the code asks for, by reading the code.
#[test]
fn every_name_in_the_code_has_words() {
    let english = keys(LANGUAGES[0].1);
    let mut used = BTreeSet::new();
    read(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src")), &mut |text| {
        for call in ["say(\"", "Sentence::new(\""] {
            used.extend(
                text.split(call)
                    .skip(1)
                    .filter_map(|rest| rest.split('"').next())
                    .map(str::to_owned),
            );
        }
    });
    let missing: Vec<_> = used.difference(&english).filter(|id| !id.contains('{')).collect();
    assert!(used.len() > 50 && missing.is_empty(), "no words for {missing:?}");
}

fn read(folder: &Path, each: &mut dyn FnMut(&str)) {
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if path.is_dir() {
            read(&path, each);
        } else if !path.ends_with("words/tests.rs") {
            each(&fs::read_to_string(path).unwrap());
        }
    }
}

#[test]
fn names_that_are_chosen_by_data_have_words() {
    let english = keys(LANGUAGES[0].1);
    let states =
        ["running", "stopped", "setup", "planned", "unknown"].map(|s| format!("state-{s}"));
    let kinds = [
        "genesis",
        "started",
        "map-applied",
        "state-changed",
        "counted",
        "clocked-in",
        "clocked-out",
        "batch-started",
        "batch-joined",
        "batch-left",
        "batch-completed",
        "stop-explained",
        "correction-seen",
    ]
    .map(|kind| format!("kind-{kind}"));
    let labels =
        crate::keys::PLACES.into_iter().flat_map(crate::keys::table).map(|b| b.label.to_owned());
    let tables = Table::ALL.map(|table| format!("table-{}", table.word()));
    for id in states.into_iter().chain(kinds).chain(labels).chain(tables) {
        assert!(english.contains(&id), "{id}");
    }
}

#[test]
fn refusals_are_said_in_words() {
    let said = |why: Refusal| Words::new("en").tell(&refusal(&why));
    assert_eq!(said(Refusal::UnknownBadge { badge: "4711".into() }), "Nobody here has badge 4711.");
    assert_eq!(
        said(Refusal::Unknown { what: "product".into() }),
        "This product is not known here any more."
    );
    assert_eq!(said(Refusal::Unknown { what: "ghost".into() }), "ghost is not known here.");
    assert_eq!(
        said(Refusal::Inactive { name: "\u{1b}[2JBob".into() }),
        "␛[2JBob may not work here any more. Ask your supervisor."
    );
}

#[test]
fn the_environment_chooses_the_language() {
    for (wanted, language) in
        [("de_DE.UTF-8", "de"), ("es", "es"), ("ES-mx", "es"), ("C.UTF-8", "en"), ("", "en")]
    {
        assert_eq!(Words::new(wanted).language(), language, "{wanted}");
    }
}

#[test]
fn one_and_many_are_told_apart() {
    let words = Words::new("de");
    let stops = |count| words.tell(&Sentence::new("stops-wait").count("count", count));
    assert_eq!(stops(1), "1 Stopp: warum? (e)");
    assert_eq!(stops(4), "4 Stopps: warum? (e)");
}
