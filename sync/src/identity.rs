//! Who this device is: its keys, and its registration at headquarters.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::{
    rand::{SecureRandom, SystemRandom},
    signature::{Ed25519KeyPair, KeyPair},
};
use serde::{Deserialize, Serialize};
use std::{
    fs::{self, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};
use uuid::Uuid;

use crate::{Failure, Headquarters};
use kart_wire::{AUDIENCE, Assertion, Claims, Enroll, Enrolled};

/// What is wrong with the device's identity.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// A file cannot be read or written.
    #[error("cannot use {path}")]
    File {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file is not what it should be.
    #[error("{path} is damaged: {problem}")]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// In words.
        problem: String,
    },
    /// The system has no randomness to give.
    #[error("the system gives no random numbers")]
    NoRandom,
}

/// The identity that a device mints for itself at its first start.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Minted {
    terminal: Uuid,
    incarnation: String,
    nonce: String,
}

/// A device: its key never leaves it.
pub struct Device {
    /// Minted by the device.
    pub terminal: Uuid,
    /// Life of its log: 16 hexadecimal digits.
    pub incarnation: String,
    /// Tells clones apart.
    pub nonce: String,
    folder: PathBuf,
    key: Ed25519KeyPair,
}

impl Device {
    /// The device of this data folder; minted when there is none yet.
    pub fn open(folder: &Path) -> Result<Self, IdentityError> {
        fs::create_dir_all(folder)
            .map_err(|source| IdentityError::File { path: folder.into(), source })?;
        let random = SystemRandom::new();
        let key_path = folder.join("device.key");
        let pkcs8 = match read(&key_path)? {
            Some(bytes) => bytes,
            None => {
                let fresh = Ed25519KeyPair::generate_pkcs8(&random);
                let fresh = fresh.map_err(|_| IdentityError::NoRandom)?;
                write_secret(&key_path, fresh.as_ref())?;
                fresh.as_ref().to_vec()
            },
        };
        let key = Ed25519KeyPair::from_pkcs8(&pkcs8)
            .map_err(|e| IdentityError::Damaged { path: key_path, problem: e.to_string() })?;
        let minted = minted(folder, &random)?;
        Ok(Self {
            terminal: minted.terminal,
            incarnation: minted.incarnation,
            nonce: minted.nonce,
            folder: folder.into(),
            key,
        })
    }

    /// The registration at headquarters, if there is one.
    pub fn enrolled(&self) -> Result<Option<Enrolled>, IdentityError> {
        let path = self.registration();
        let Some(bytes) = read(&path)? else { return Ok(None) };
        let problem =
            |e: serde_json::Error| IdentityError::Damaged { path, problem: e.to_string() };
        serde_json::from_slice(&bytes).map(Some).map_err(problem)
    }

    /// A signed assertion for a token, at `now_s` seconds since 1970.
    pub fn assertion(&self, now_s: i64) -> Result<Assertion, IdentityError> {
        let claims = Claims {
            iss: self.terminal,
            aud: AUDIENCE.to_owned(),
            iat: now_s,
            jti: Uuid::new_v4(),
        };
        let json = serde_json::to_vec(&claims).map_err(|_| IdentityError::NoRandom)?;
        let header = URL_SAFE_NO_PAD.encode(br#"{"alg":"EdDSA","typ":"JWT"}"#);
        let signed = format!("{header}.{}", URL_SAFE_NO_PAD.encode(json));
        let signature = URL_SAFE_NO_PAD.encode(self.key.sign(signed.as_bytes()));
        Ok(Assertion { assertion: format!("{signed}.{signature}") })
    }

    fn registration(&self) -> PathBuf {
        self.folder.join("enrolled.json")
    }
}

/// Registers the device with the one-time `code`. The registration is kept only when it is for the
/// place that `wanted` names: facts must never go to another site.
pub async fn enroll(
    device: &Device,
    headquarters: &Headquarters,
    code: &str,
    wanted: &Enrolled,
) -> Result<(), EnrollError> {
    let request = Enroll {
        code: code.trim().to_owned(),
        terminal: device.terminal,
        incarnation: device.incarnation.clone(),
        public_key: URL_SAFE_NO_PAD.encode(device.key.public_key().as_ref()),
        nonce: device.nonce.clone(),
    };
    let enrolled = headquarters.enroll(&request).await?;
    if enrolled != *wanted {
        return Err(EnrollError::Elsewhere(enrolled));
    }
    let json = serde_json::to_vec(&enrolled).unwrap_or_default();
    Ok(write_secret(&device.registration(), &json)?)
}

/// Why a device could not be registered.
#[derive(Debug, thiserror::Error)]
pub enum EnrollError {
    /// Headquarters did not do it.
    #[error(transparent)]
    Headquarters(#[from] Failure),
    /// The code was for another place.
    #[error("the code is for terminal {} of site {} of {}; get one for this terminal",
        .0.terminal_code, .0.site, .0.organization)]
    Elsewhere(Enrolled),
    /// It did, but the registration could not be kept.
    #[error(transparent)]
    Identity(#[from] IdentityError),
}

fn minted(folder: &Path, random: &SystemRandom) -> Result<Minted, IdentityError> {
    let path = folder.join("identity.json");
    if let Some(bytes) = read(&path)? {
        let problem =
            |e: serde_json::Error| IdentityError::Damaged { path, problem: e.to_string() };
        return serde_json::from_slice(&bytes).map_err(problem);
    }
    let mut bytes = [0; 24];
    random.fill(&mut bytes).map_err(|_| IdentityError::NoRandom)?;
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let (incarnation, nonce) = hex.split_at(16);
    let minted = Minted {
        terminal: Uuid::new_v4(),
        incarnation: incarnation.to_owned(),
        nonce: nonce.to_owned(),
    };
    let json = serde_json::to_vec(&minted)
        .map_err(|e| IdentityError::Damaged { path: path.clone(), problem: e.to_string() })?;
    write_secret(&path, &json)?;
    Ok(minted)
}

fn read(path: &Path) -> Result<Option<Vec<u8>>, IdentityError> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(IdentityError::File { path: path.into(), source }),
    }
}

/// Writes a file that only its owner can read: beside the place first, then into it, so that a
/// power cut leaves the old file or the new one.
fn write_secret(path: &Path, bytes: &[u8]) -> Result<(), IdentityError> {
    let fault = |source| IdentityError::File { path: path.into(), source };
    let fresh = path.with_extension("new");
    let mut options = OpenOptions::new();
    let mut file =
        options.write(true).create(true).truncate(true).mode(0o600).open(&fresh).map_err(fault)?;
    file.write_all(bytes).map_err(fault)?;
    file.sync_all().map_err(fault)?;
    fs::rename(&fresh, path).map_err(fault)?;
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::File::open(folder).and_then(|folder| folder.sync_all()).map_err(fault)
}
