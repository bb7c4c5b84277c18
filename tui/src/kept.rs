//! The file in which a screen keeps what people chose to read. Nothing depends on it: without the file
//! everybody reads the screen's own language.

use std::{fs, io, path::PathBuf};

/// Where it is; nowhere for a login without a home.
#[derive(Clone, Debug, Default)]
pub struct Kept(Option<PathBuf>);

impl Kept {
    /// In this file, else where the environment keeps the state of programs.
    pub fn at(file: Option<PathBuf>) -> Self {
        let set = |name| std::env::var_os(name).filter(|value| !value.is_empty());
        let state = set("XDG_STATE_HOME").map(PathBuf::from);
        let home = || Some(PathBuf::from(set("HOME")?).join(".local/state"));
        let usual = || Some(state.or_else(home)?.join("kartorium/languages"));
        Self(file.or_else(usual))
    }

    /// What is in it; nothing where there is none.
    pub fn read(&self) -> String {
        let read = self.0.as_ref().map(fs::read_to_string);
        read.and_then(Result::ok).unwrap_or_default()
    }

    /// Puts `text` in its place, whole or not at all.
    pub fn write(&self, text: &str) -> io::Result<()> {
        let Some(file) = &self.0 else { return Err(io::ErrorKind::NotFound.into()) };
        if let Some(folder) = file.parent() {
            fs::create_dir_all(folder)?;
        }
        let next = file.with_extension("next");
        fs::write(&next, text)?;
        fs::rename(next, file)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let folder = std::env::temp_dir().join(format!("kart-kept-{}", std::process::id()));
        let kept = Kept::at(Some(folder.join("deep/languages")));
        assert_eq!(kept.read(), "");
        kept.write("one").unwrap();
        kept.write("two\n").unwrap();
        assert_eq!(kept.read(), "two\n");
        fs::remove_dir_all(folder).unwrap();
    }
}
