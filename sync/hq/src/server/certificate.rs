//! The gateway's certificate: read when it starts, and again when its files change or SIGHUP comes.
//! A new pair that does not fit is told to the log and the old one stays.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use axum_server::tls_rustls::RustlsConfig;
use tokio::{
    signal::unix::{SignalKind, signal},
    time::interval,
};

use crate::{clock, config::Tls, tls};

const LOOK_EVERY: Duration = Duration::from_secs(2);
/// From here on every day is told.
const ENDS_SOON_S: i64 = 30 * 24 * 3600;

/// What the files say now.
pub(super) async fn read(tls: &Tls) -> anyhow::Result<RustlsConfig> {
    let certified = RustlsConfig::from_pem_file(&tls.certificate, &tls.key).await?;
    let mut offer = rustls::ServerConfig::clone(&certified.get_inner());
    offer.alpn_protocols = vec![b"http/1.1".to_vec()];
    warn_of_the_end(tls);
    Ok(RustlsConfig::from_config(Arc::new(offer)))
}

/// Puts what changed into force, for ever.
pub(super) async fn keep(
    tls: Option<&Tls>,
    in_force: Option<RustlsConfig>,
) -> std::io::Result<std::convert::Infallible> {
    let mut asked = signal(SignalKind::hangup())?;
    let mut looks = interval(LOOK_EVERY);
    let mut seen = tls.and_then(changed);
    loop {
        let told = tokio::select! {
            _ = asked.recv() => true,
            _ = looks.tick() => false,
        };
        let (Some(tls), Some(in_force)) = (tls, &in_force) else { continue };
        let now = changed(tls);
        if now == seen && !told {
            continue;
        }
        match read(tls).await {
            Ok(new) => {
                seen = now;
                in_force.reload_from_config(new.get_inner());
                tracing::info!("the certificate was read again");
            },
            // The two files are not written in one moment: the next look may find them fit.
            Err(fault) => tracing::warn!(%fault, "the new certificate is not used"),
        }
    }
}

fn changed(tls: &Tls) -> Option<(SystemTime, SystemTime)> {
    let of = |path: &std::path::Path| std::fs::metadata(path).and_then(|file| file.modified()).ok();
    Some((of(&tls.certificate)?, of(&tls.key)?))
}

fn warn_of_the_end(tls: &Tls) {
    let Ok(ends) = tls::ends_s(&tls.certificate) else { return };
    let left_s = ends.saturating_sub(clock::now_s());
    if left_s < ENDS_SOON_S {
        let days = left_s.div_euclid(24 * 3600);
        tracing::warn!(days, "the certificate ends soon; see `kart-hq tls renew`");
    }
}
