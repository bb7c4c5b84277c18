//! TLS towards a broker: rustls with ring, an authority of one's own, and our certificate where the
//! broker asks for one. Files are read for each new client, so that renewed ones are taken.

use rumqttc::{ConnectReturnCode, ConnectionError, TlsConfiguration, Transport};
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
};
use std::{path::Path, sync::Arc};

use super::topic::TlsPlan;

/// The transport that `plan` asks for; the error names the file.
pub(crate) async fn transport(plan: Option<&TlsPlan>) -> Result<Transport, String> {
    let Some(plan) = plan else { return Ok(Transport::tcp()) };
    let mut roots = RootCertStore::empty();
    for certificate in certificates("ca_file", &plan.ca_file).await? {
        roots.add(certificate).map_err(|error| named("ca_file", &plan.ca_file, &error))?;
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| format!("TLS: {error}"))?
        .with_root_certificates(roots);
    let config = match &plan.own {
        None => config.with_no_client_auth(),
        Some((cert_file, key_file)) => {
            let chain = certificates("cert_file", cert_file).await?;
            let pem = read("key_file", key_file).await?;
            let key = PrivateKeyDer::from_pem_slice(&pem)
                .map_err(|error| named("key_file", key_file, &error))?;
            config
                .with_client_auth_cert(chain, key)
                .map_err(|error| format!("cert_file and key_file do not fit: {error}"))?
        },
    };
    Ok(Transport::tls_with_config(TlsConfiguration::Rustls(Arc::new(config))))
}

async fn certificates(key: &str, path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let pem = read(key, path).await?;
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    let found = found.map_err(|error| named(key, path, &error))?;
    match found.is_empty() {
        true => Err(format!("{key}: {} holds no certificate", path.display())),
        false => Ok(found),
    }
}

async fn read(key: &str, path: &Path) -> Result<Vec<u8>, String> {
    tokio::fs::read(path).await.map_err(|error| named(key, path, &error))
}

fn named(key: &str, path: &Path, error: &dyn std::fmt::Display) -> String {
    format!("{key}: {}: {error}", path.display())
}

/// Why there is no connection, in words for the person who can act.
pub(crate) fn in_words(error: &ConnectionError) -> String {
    use ConnectReturnCode as Code;
    match error {
        ConnectionError::ConnectionRefused(code) => {
            let why = match code {
                Code::BadUserNamePassword => "user or password is wrong",
                Code::NotAuthorized => "user, password or client id is not authorised",
                Code::BadClientId => "the client id is not accepted",
                Code::ServiceUnavailable => "the service is unavailable",
                Code::RefusedProtocolVersion => "it does not speak MQTT 3.1.1",
                Code::Success => "without a reason",
            };
            format!("the broker refuses us: {why}")
        },
        ConnectionError::Tls(error) => tls_in_words(&error.to_string()),
        ConnectionError::Io(error) => tls_in_words(&error.to_string()),
        other => tls_in_words(&other.to_string()),
    }
}

/// What TLS says arrives as text, wherever it arrives.
fn tls_in_words(text: &str) -> String {
    let told = [
        ("BadSignature", "the broker's certificate is not signed by the authority in ca_file"),
        ("UnknownIssuer", "the broker's certificate is not signed by the authority in ca_file"),
        ("NotValidForName", "the broker's certificate is for another name than the address says"),
        ("Expired", "the broker's certificate has expired; or this computer's clock is wrong"),
        (
            "NotValidYet",
            "the broker's certificate is not valid yet; or this computer's clock is wrong",
        ),
        ("CertificateRequired", "the broker asks for a client certificate: cert_file and key_file"),
        ("UnknownCA", "the broker does not know the authority of our client certificate"),
        ("DecryptError", "the broker does not accept our client certificate"),
        ("BadCertificate", "the broker does not accept our client certificate"),
        ("InvalidContentType", "the broker does not speak TLS at this port"),
    ];
    let found = told.iter().find(|(word, _)| text.contains(word));
    found.map_or_else(|| text.to_owned(), |(_, words)| format!("{words} ({text})"))
}
