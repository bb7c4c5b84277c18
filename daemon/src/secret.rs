//! The secret of this device that PINs are kept under. It never leaves the data folder, and it is not
//! the device's key: that one may be exchanged, and every PIN would have to be given anew.

use kart_core::pin::Secret;
use ring::rand::{SecureRandom as _, SystemRandom};
use std::{fs, io, path::Path};

use crate::whole;

/// The secret in `folder`, and whether it was made just now because there was none that could be
/// used: what was kept under another one is of no use then.
pub fn open(folder: &Path) -> io::Result<(Secret, bool)> {
    let path = folder.join("pin.key");
    let found = match fs::read(&path) {
        Ok(bytes) => Secret::try_from(bytes).ok(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(error),
    };
    match found {
        Some(secret) => Ok((secret, false)),
        None => Ok((make(&path)?, true)),
    }
}

fn make(path: &Path) -> io::Result<Secret> {
    let mut secret = Secret::default();
    let random = SystemRandom::new().fill(&mut secret);
    random.map_err(|_| io::Error::other("the system gives no random numbers"))?;
    whole::write(path, &secret)?;
    Ok(secret)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_secret_stays_and_is_nobody_elses() {
        use std::os::unix::fs::PermissionsExt as _;
        let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
        let [a, b] = [&folders[0], &folders[1]].map(|folder| open(folder.path()).unwrap());
        assert!(a.1 && b.1 && a.0 != b.0);
        assert_eq!(open(folders[0].path()).unwrap(), (a.0, false));
        let path = folders[0].path().join("pin.key");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        fs::write(&path, "short").unwrap();
        assert!(open(folders[0].path()).unwrap().1);
    }
}
