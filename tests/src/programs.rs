//! Where our programs are. Cargo tells a test package nothing about the programs of other packages and does not build
//! them; they lie in the target folder beside the test.

use std::path::PathBuf;

use anyhow::Context;

/// The path of `kartd`, `kart`, `kart-hq` or `kart-sim`, of the same build profile as the caller.
pub fn program(name: &str) -> anyhow::Result<PathBuf> {
    let caller = std::env::current_exe()?;
    let mut folder = caller.parent().context("a program lies in a folder")?;
    if folder.ends_with("deps") {
        folder = folder.parent().context("deps lies in the profile's folder")?;
    }
    let path = folder.join(name);
    anyhow::ensure!(
        path.is_file(),
        "{} is not built; run tests/run, or `cargo build --workspace --bins` first",
        path.display()
    );
    Ok(path)
}

/// The top folder of the repository, for the files in `config` and `migrations`.
pub fn repository() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..")
}
