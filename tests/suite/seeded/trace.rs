//! What happened in a world, as one number: two runs of a seed must give the same one. And what was
//! found wrong, by the name of the check that found it.

use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Everything that happened, in order.
pub(super) struct Trace {
    hash: u64,
    line: String,
    /// Kept only when somebody wants to read it.
    told: bool,
    /// How much happened.
    pub(super) noted: u64,
    /// How often each kind of thing happened.
    pub(super) counts: BTreeMap<&'static str, u64>,
    /// Name of the check, and what it found first.
    pub(super) faults: BTreeMap<&'static str, String>,
}

impl Trace {
    pub(super) fn new(told: bool) -> Self {
        Self {
            hash: 0xcbf2_9ce4_8422_2325,
            line: String::new(),
            told,
            noted: 0,
            counts: BTreeMap::new(),
            faults: BTreeMap::new(),
        }
    }

    /// Something happened.
    pub(super) fn note(&mut self, at_us: i64, kind: &'static str, detail: std::fmt::Arguments<'_>) {
        self.noted += 1;
        self.line.clear();
        write!(self.line, "{at_us} {kind} {detail}").unwrap();
        // FNV-1a: only equality matters.
        for byte in self.line.bytes() {
            self.hash = (self.hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
        *self.counts.entry(kind).or_default() += 1;
        if self.told {
            #[expect(clippy::print_stderr, reason = "asked for with KART_TRACE")]
            {
                eprintln!("{}", self.line);
            }
        }
    }

    /// A check found something wrong; the first finding of each check is kept.
    pub(super) fn fault(&mut self, at_us: i64, check: &'static str, what: String) {
        if self.faults.contains_key(check) {
            return;
        }
        self.note(at_us, "FAULT", format_args!("{check}: {what}"));
        self.faults.insert(check, what);
    }

    pub(super) fn hash(&self) -> u64 {
        self.hash
    }
}
