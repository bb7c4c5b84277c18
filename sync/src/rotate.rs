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
    Device, EnrollError, Failure, Gateway as _, Headquarters, IdentityError,
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
    let claims = |audience: &str, iat: i64| Claims {
        iss: device.terminal,
        aud: audience.to_owned(),
        iat,
        jti: Uuid::new_v4(),
    };
    let ask = async |iat: i64| -> Result<Result<(), Failure>, IdentityError> {
        let public_key = URL_SAFE_NO_PAD.encode(new.public_key().as_ref());
        let rotation = Rotation { claims: claims(ROTATION, iat), public_key };
        Ok(headquarters.rotate(&Rotate { rotation: sign(&old, &rotation)? }).await)
    };
    let (mut iat, mut asked) = (now_s, ask(now_s).await?);
    // The clock here is too far out: headquarters says what time it is.
    if let Some(right_us) = asked.as_ref().err().and_then(Failure::server_us) {
        iat = right_us.div_euclid(1_000_000);
        asked = ask(iat).await?;
    }
    if let Err(refused) = asked {
        // An earlier answer may have been lost: then headquarters knows the new key already.
        let known = refused.problem().is_some();
        let proof = Assertion { assertion: sign(&new, &claims(AUDIENCE, iat))? };
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
