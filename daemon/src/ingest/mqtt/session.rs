//! What our session at the broker is subscribed to, kept in a file: a session outlives both this
//! program and its configuration, and a broker tells nobody what a session holds.

use std::{
    collections::BTreeSet,
    io,
    path::{Path, PathBuf},
};
use tracing::warn;

use crate::whole;

/// The filters of a session.
#[derive(Debug)]
pub(super) struct Session {
    path: PathBuf,
    kept: BTreeSet<String>,
}

impl Session {
    /// What an earlier run left; without a file, nothing.
    pub(super) fn open(path: &Path) -> Self {
        let text = std::fs::read_to_string(path).unwrap_or_default();
        let kept = text.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect();
        Self { path: path.to_owned(), kept }
    }

    /// Whether there was a session before.
    pub(super) fn is_known(&self) -> bool {
        !self.kept.is_empty()
    }

    /// The filters that are not wanted any more.
    pub(super) fn unwanted(&self, wanted: &BTreeSet<String>) -> Vec<String> {
        self.kept.difference(wanted).cloned().collect()
    }

    /// The session is about to hold `wanted` as well.
    pub(super) fn subscribing(&mut self, wanted: &BTreeSet<String>) {
        self.keep(self.kept.union(wanted).cloned().collect());
    }

    /// The session holds `wanted` and nothing else.
    pub(super) fn is_now(&mut self, wanted: &BTreeSet<String>) {
        self.keep(wanted.clone());
    }

    fn keep(&mut self, filters: BTreeSet<String>) {
        if filters == self.kept {
            return;
        }
        self.kept = filters;
        if let Err(error) = self.write() {
            // What is not known cannot be unsubscribed; its messages are passed over all the same.
            warn!(path = %self.path.display(), %error, "subscriptions are not kept");
        }
    }

    fn write(&self) -> io::Result<()> {
        let text: String = self.kept.iter().map(|filter| format!("{filter}\n")).collect();
        whole::write(&self.path, text.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_is_known_until_it_is_what_is_wanted() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cell.session");
        let set = |filters: &[&str]| filters.iter().map(|f| (*f).to_owned()).collect();
        let mut session = Session::open(&path);
        assert!(!session.is_known());
        session.subscribing(&set(&["a", "b/+"]));
        let mut session = Session::open(&path);
        assert!(session.is_known());
        assert_eq!(session.unwanted(&set(&["a"])), ["b/+"]);
        session.subscribing(&set(&["a", "c"]));
        assert_eq!(Session::open(&path).unwanted(&set(&["a", "c"])), ["b/+"]);
        session.is_now(&set(&["a", "c"]));
        assert_eq!(Session::open(&path).unwanted(&set(&[])), ["a", "c"]);
    }
}
