//! The device's key is replaced by a new one, which the old one signs.
//!
//! The new key lies beside the old one before headquarters hears of it, and takes its place when
//! headquarters has it. Whichever answer is lost, asking again ends well.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use kart_wire::{AUDIENCE, Assertion, Claims, ROTATION, Rotate, Rotation};
use ring::{rand::SystemRandom, signature::KeyPair as _};
use std::{fs, path::PathBuf};
use uuid::Uuid;

use crate::{
    Device, EnrollError, Gateway as _, Headquarters, IdentityError,
    identity::{fresh_key, key_pair, key_path, read, sign, write_secret},
};

/// Replaces the key of `device`, at `now_s` seconds since 1970.
pub async fn rotate_key(
    device: &Device,
    headquarters: &Headquarters,
    now_s: i64,
) -> Result<(), EnrollError> {
    let (old_path, new_path) = (key_path(device.folder()), next_path(device));
    if read(&new_path)?.is_none() {
        write_secret(&new_path, &fresh_key(&SystemRandom::new())?)?;
    }
    let (old, new) = (key_pair(&old_path)?, key_pair(&new_path)?);
    let claims = |audience: &str| Claims {
        iss: device.terminal,
        aud: audience.to_owned(),
        iat: now_s,
        jti: Uuid::new_v4(),
    };
    let public_key = URL_SAFE_NO_PAD.encode(new.public_key().as_ref());
    let rotation = Rotation { claims: claims(ROTATION), public_key };
    let asked = headquarters.rotate(&Rotate { rotation: sign(&old, &rotation)? }).await;
    if let Err(refused) = asked {
        // An earlier answer may have been lost: then headquarters knows the new key already.
        let known = refused.problem().is_some();
        let proof = Assertion { assertion: sign(&new, &claims(AUDIENCE))? };
        if !known || headquarters.token(&proof).await.is_err() {
            return Err(refused.into());
        }
    }
    let fault = |source| IdentityError::File { path: old_path.clone(), source };
    fs::rename(&new_path, &old_path).map_err(fault)?;
    fs::File::open(device.folder()).and_then(|folder| folder.sync_all()).map_err(fault)?;
    Ok(())
}

fn next_path(device: &Device) -> PathBuf {
    device.folder().join("device.key.next")
}
