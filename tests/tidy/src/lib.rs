//! What the tidy tests share: the tree of files, Rust text without its comments and strings, and one way to complain.
//! It depends on nothing, so that it is built and has failed before anything else is compiled.

use std::fs;
use std::path::Path;

mod rust;

pub use rust::{code, production};

/// A text file of the repository.
pub struct Source {
    /// From the top folder, with `/`.
    pub path: String,
    pub text: String,
}

impl Source {
    pub fn is_under(&self, folder: &str) -> bool {
        self.path.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    /// Tests of the programs, and those beside the code of a library.
    pub fn is_test(&self) -> bool {
        let beside = self.path.contains("/tests/") || self.path.ends_with("/tests.rs");
        self.is_under("tests/suite") || beside && !self.is_under("tests")
    }

    pub fn ends_with(&self, extension: &str) -> bool {
        self.path.strip_suffix(extension).is_some_and(|stem| stem.ends_with('.'))
    }
}

/// The top folder of the repository.
pub fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

/// Every text file in order of its path; build output and Git's own files are left out.
pub fn tree() -> Vec<Source> {
    let mut found = Vec::new();
    walk(root(), "", &mut found);
    found
}

fn walk(folder: &Path, prefix: &str, found: &mut Vec<Source>) {
    let mut entries: Vec<_> = fs::read_dir(folder).into_iter().flatten().flatten().collect();
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = format!("{prefix}{name}");
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            if name != "target" && name != ".git" {
                walk(&entry.path(), &format!("{path}/"), found);
            }
        } else if let Ok(text) = fs::read_to_string(entry.path()) {
            found.push(Source { path, text });
        }
    }
}

/// The files of one extension.
pub fn sources(extension: &str) -> Vec<Source> {
    let found: Vec<Source> = tree().into_iter().filter(|file| file.ends_with(extension)).collect();
    assert!(!found.is_empty(), "there is not one .{extension} file under {}", root().display());
    found
}

/// The positions at which `word` stands by itself, not as a part of a longer name.
pub fn whole_words<'a>(text: &'a str, word: &'a str) -> impl Iterator<Item = usize> + 'a {
    let part_of_name = |letter: char| letter.is_alphanumeric() || letter == '_';
    text.match_indices(word).map(|(at, _)| at).filter(move |&at| {
        let (before, rest) = text.split_at(at);
        let after = rest.split_at(word.len()).1;
        !before.ends_with(part_of_name) && !after.starts_with(part_of_name)
    })
}

/// The number of the line in which a position lies.
pub fn line(text: &str, at: usize) -> usize {
    text.split_at(at).0.matches('\n').count() + 1
}

/// Ends the test with all faults at once.
pub fn none(rule: &str, faults: &[String]) {
    assert!(faults.is_empty(), "{rule}\n  {}\n", faults.join("\n  "));
}
