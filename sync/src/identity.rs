//! Who this device is: its keys, and its registration at headquarters.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::{
    digest::{SHA256, digest},
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
    /// Where the nonce is good, as a hash: a copy of the folder elsewhere gets one of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    place: Option<String>,
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
}

impl Device {
    /// The device of this data folder; minted when there is none yet.
    pub fn open(folder: &Path) -> Result<Self, IdentityError> {
        fs::create_dir_all(folder)
            .map_err(|source| IdentityError::File { path: folder.into(), source })?;
        let random = SystemRandom::new();
        if read(&key_path(folder))?.is_none() {
            write_secret(&key_path(folder), &fresh_key(&random)?)?;
        }
        key_pair(&key_path(folder))?;
        let minted = minted(folder, &random)?;
        Ok(Self {
            terminal: minted.terminal,
            incarnation: minted.incarnation,
            nonce: minted.nonce,
            folder: folder.into(),
        })
    }

    /// Where it keeps what it is.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
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
        // Read anew: `kartd rotate-key` may have replaced it.
        let key = key_pair(&key_path(&self.folder))?;
        Ok(Assertion { assertion: sign(&key, &claims)? })
    }

    /// Makes `incarnation` the life of this device's log, from the next start on.
    pub fn renew(&self, incarnation: &str) -> Result<(), IdentityError> {
        let path = self.folder.join("identity.json");
        let renewed = Minted { incarnation: incarnation.to_owned(), ..self.minted()? };
        write_json(&path, &renewed)
    }

    fn minted(&self) -> Result<Minted, IdentityError> {
        minted(&self.folder, &SystemRandom::new())
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
        public_key: URL_SAFE_NO_PAD
            .encode(key_pair(&key_path(&device.folder))?.public_key().as_ref()),
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
    let here = place(folder);
    let minted = match read(&path)? {
        Some(bytes) => {
            let problem = |e: serde_json::Error| IdentityError::Damaged {
                path: path.clone(),
                problem: e.to_string(),
            };
            let minted: Minted = serde_json::from_slice(&bytes).map_err(problem)?;
            match &minted.place {
                Some(place) if *place == here => return Ok(minted),
                // Of a version that did not know places.
                None => Minted { place: Some(here), ..minted },
                Some(_) => {
                    tracing::warn!("this data folder was copied or moved here");
                    Minted { nonce: hex::<16>(random)?, place: Some(here), ..minted }
                },
            }
        },
        None => Minted {
            terminal: Uuid::new_v4(),
            incarnation: hex::<8>(random)?,
            nonce: hex::<16>(random)?,
            place: Some(here),
        },
    };
    write_json(&path, &minted)?;
    Ok(minted)
}

/// A life of a log that nobody has yet: 16 hexadecimal digits.
pub(crate) fn incarnation() -> Result<String, IdentityError> {
    hex::<8>(&SystemRandom::new())
}

fn hex<const BYTES: usize>(random: &SystemRandom) -> Result<String, IdentityError> {
    let mut bytes = [0; BYTES];
    random.fill(&mut bytes).map_err(|_| IdentityError::NoRandom)?;
    Ok(digits(&bytes))
}

fn digits(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// This computer and this folder, as a hash. What a backup puts back is at the same place.
fn place(folder: &Path) -> String {
    let computer = fs::read("/etc/machine-id").unwrap_or_default();
    let folder = fs::canonicalize(folder).unwrap_or_else(|_| folder.into());
    let named = [computer.as_slice(), folder.as_os_str().as_encoded_bytes()].concat();
    digits(&digest(&SHA256, &named).as_ref()[..16])
}

/// A compact JWS over `claims`.
pub(crate) fn sign(key: &Ed25519KeyPair, claims: &impl Serialize) -> Result<String, IdentityError> {
    let json = serde_json::to_vec(claims).map_err(|_| IdentityError::NoRandom)?;
    let header = URL_SAFE_NO_PAD.encode(br#"{"alg":"EdDSA","typ":"JWT"}"#);
    let signed = format!("{header}.{}", URL_SAFE_NO_PAD.encode(json));
    let signature = URL_SAFE_NO_PAD.encode(key.sign(signed.as_bytes()));
    Ok(format!("{signed}.{signature}"))
}

pub(crate) fn key_path(folder: &Path) -> PathBuf {
    folder.join("device.key")
}

pub(crate) fn fresh_key(random: &SystemRandom) -> Result<Vec<u8>, IdentityError> {
    let fresh = Ed25519KeyPair::generate_pkcs8(random).map_err(|_| IdentityError::NoRandom)?;
    Ok(fresh.as_ref().to_vec())
}

/// The key in a file that is there.
pub(crate) fn key_pair(path: &Path) -> Result<Ed25519KeyPair, IdentityError> {
    let damaged = |problem: String| IdentityError::Damaged { path: path.into(), problem };
    let bytes = read(path)?.ok_or_else(|| damaged("it is not there".to_owned()))?;
    Ed25519KeyPair::from_pkcs8(&bytes).map_err(|e| damaged(e.to_string()))
}

fn write_json(path: &Path, value: &impl Serialize) -> Result<(), IdentityError> {
    let damaged =
        |e: serde_json::Error| IdentityError::Damaged { path: path.into(), problem: e.to_string() };
    write_secret(path, &serde_json::to_vec(value).map_err(damaged)?)
}

pub(crate) fn read(path: &Path) -> Result<Option<Vec<u8>>, IdentityError> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(IdentityError::File { path: path.into(), source }),
    }
}

/// Writes a file that only its owner can read: beside the place first, then into it, so that a
/// power cut leaves the old file or the new one.
pub(crate) fn write_secret(path: &Path, bytes: &[u8]) -> Result<(), IdentityError> {
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
