//! One target under libFuzzer, which looks at coverage; tests/guided builds and runs it.
//!
//! KART_FUZZ_TARGET says which, KART_FUZZ_CORPUS is the folder of inputs: what the target begins with is written there.

#![no_main]

use std::path::Path;
use std::sync::LazyLock;

use kart_fuzz::{Target, found, hash, targets};
use libfuzzer_sys::fuzz_target;

static TARGET: LazyLock<Option<Target>> = LazyLock::new(|| {
    let name = std::env::var("KART_FUZZ_TARGET").unwrap_or_default();
    targets().into_iter().find(|target| target.name == name)
});

fuzz_target!(init: begin(), |input: &[u8]| {
    if let Some(target) = &*TARGET {
        (target.take)(input);
    }
});

fn begin() {
    assert!(TARGET.is_some(), "KART_FUZZ_TARGET names no target");
    let folder = std::env::var("KART_FUZZ_CORPUS").unwrap_or_default();
    let Some(target) = &*TARGET else { return };
    let before = found(target.name);
    assert!(before.is_ok(), "{before:?}");
    for input in target.corpus.iter().cloned().chain(before.unwrap_or_default()) {
        let path = Path::new(&folder).join(format!("{:016x}", hash(&input)));
        let written = std::fs::write(&path, &input);
        assert!(written.is_ok(), "{}: {written:?}", path.display());
    }
}
