//! Whether headquarters is who it says, at a terminal whose clock may be out by years.
//!
//! A certificate is always verified, by the time as well as it is known. As long as nobody has confirmed that since the
//! computer was switched on, one that is not good by the clock is judged by the earliest time that it can be: it has to
//! be good then or to become good later. What the time is comes with the first session, and from then on that
//! counts alone.

use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
    client::{
        WebPkiServerVerifier,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    },
    crypto::CryptoProvider,
    pki_types::{CertificateDer, ServerName, UnixTime, pem::PemObject as _},
};
use std::{fmt::Debug, sync::Arc, time::Duration};
use x509_parser::prelude::{FromDer as _, X509Certificate};

/// What is known of the time, in seconds since 1970.
pub trait Time: Debug + Send + Sync {
    /// Now, as well as it is known.
    fn now_s(&self) -> u64;

    /// The earliest that it can be; `None` once the time is confirmed.
    fn earliest_s(&self) -> Option<u64>;
}

/// TLS to a headquarters of this authority, or of one that the computer trusts.
pub(crate) fn config(ca_pem: Option<&[u8]>, time: Arc<dyn Time>) -> Result<ClientConfig, Error> {
    let none = || Error::General("no provider of cryptography".to_owned());
    let provider = Arc::clone(CryptoProvider::get_default().ok_or_else(none)?);
    let inner: Arc<dyn ServerCertVerifier> = match ca_pem {
        Some(pem) => of_authority(pem, &provider)?,
        None => Arc::new(rustls_platform_verifier::Verifier::new(Arc::clone(&provider))?),
    };
    let verifier = Arc::new(Verifier { inner, time });
    let config =
        ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    let mut config =
        config.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth();
    // A session that goes on shows no certificate, and each is judged by what is known of the time by then.
    config.resumption = rustls::client::Resumption::disabled();
    Ok(config)
}

fn of_authority(
    pem: &[u8],
    provider: &Arc<CryptoProvider>,
) -> Result<Arc<WebPkiServerVerifier>, Error> {
    let unusable =
        |fault: &dyn std::fmt::Display| Error::General(format!("the authority: {fault}"));
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem) {
        roots.add(certificate.map_err(|fault| unusable(&fault))?)?;
    }
    let builder = WebPkiServerVerifier::builder_with_provider(roots.into(), Arc::clone(provider));
    builder.build().map_err(|fault| unusable(&fault))
}

#[derive(Debug)]
struct Verifier {
    inner: Arc<dyn ServerCertVerifier>,
    time: Arc<dyn Time>,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let at = |seconds| {
            let at = UnixTime::since_unix_epoch(Duration::from_secs(seconds));
            self.inner.verify_server_cert(end_entity, intermediates, name, ocsp, at)
        };
        let judged = at(self.time.now_s());
        match self.time.earliest_s() {
            Some(earliest) if judged.as_ref().is_err_and(is_of_time) => {
                let chain = std::iter::once(end_entity).chain(intermediates);
                at(chain.filter_map(begins).fold(earliest, u64::max))
            },
            _ => judged,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.inner.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.inner.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.inner.supported_verify_schemes()
    }
}

/// Whether nothing but the time speaks against a certificate.
fn is_of_time(error: &Error) -> bool {
    use CertificateError::{Expired, ExpiredContext, NotValidYet, NotValidYetContext};
    let Error::InvalidCertificate(fault) = error else { return false };
    matches!(fault, Expired | ExpiredContext { .. } | NotValidYet | NotValidYetContext { .. })
}

/// When a certificate becomes good.
fn begins(certificate: &CertificateDer<'_>) -> Option<u64> {
    let (_, read) = X509Certificate::from_der(certificate).ok()?;
    u64::try_from(read.validity().not_before.timestamp()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, date_time_ymd};

    /// What a terminal knows: the year by its clock, and the first that it can be.
    #[derive(Debug)]
    struct Years(i32, Option<i32>);

    fn seconds(year: i32) -> u64 {
        date_time_ymd(year, 7, 1).unix_timestamp().try_into().unwrap()
    }

    impl Time for Years {
        fn now_s(&self) -> u64 {
            seconds(self.0)
        }

        fn earliest_s(&self) -> Option<u64> {
            self.1.map(seconds)
        }
    }

    struct Authority {
        issuer: Issuer<'static, KeyPair>,
        pem: String,
    }

    impl Authority {
        fn new() -> Self {
            let key = KeyPair::generate().unwrap();
            let mut params = CertificateParams::default();
            params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
            params.not_before = date_time_ymd(2020, 1, 1);
            params.not_after = date_time_ymd(2060, 1, 1);
            let pem = params.self_signed(&key).unwrap().pem();
            Self { issuer: Issuer::new(params, key), pem }
        }

        /// A certificate for `localhost`, good from the first year to the second.
        fn certificate(&self, from: i32, until: i32) -> CertificateDer<'static> {
            let mut params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
            params.not_before = date_time_ymd(from, 1, 1);
            params.not_after = date_time_ymd(until, 1, 1);
            let key = KeyPair::generate().unwrap();
            params.signed_by(&key, &self.issuer).unwrap().der().clone()
        }
    }

    fn judged(
        authority: &Authority,
        certificate: &CertificateDer<'_>,
        name: &'static str,
        time: Years,
    ) -> Result<ServerCertVerified, Error> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let inner = of_authority(authority.pem.as_bytes(), &provider)?;
        let verifier = Verifier { inner, time: Arc::new(time) };
        let name = ServerName::try_from(name).map_err(|_| Error::General("no name".to_owned()))?;
        verifier.verify_server_cert(certificate, &[], &name, &[], UnixTime::now())
    }

    #[test]
    fn a_clock_that_nobody_confirmed_keeps_nobody_out_and_lets_nobody_else_in() {
        let (ours, foreign) = (Authority::new(), Authority::new());
        let good = ours.certificate(2026, 2028);
        let by = |now, earliest| judged(&ours, &good, "localhost", Years(now, earliest)).is_ok();
        assert!(by(2027, None) && by(2027, Some(2026)));
        assert!(by(1971, Some(2026)) && by(2049, Some(2026)), "the battery is empty");
        assert!(by(1971, Some(2025)), "it was made since headquarters was last heard");
        assert!(!by(2049, Some(2028)), "it was over when headquarters was last heard");
        assert!(!by(2049, None) && !by(1971, None), "the time is confirmed");
        let named = judged(&ours, &good, "elsewhere", Years(2049, Some(2026)));
        assert!(named.is_err_and(|fault| !is_of_time(&fault)));
        let other =
            judged(&ours, &foreign.certificate(2026, 2028), "localhost", Years(2049, Some(2026)));
        assert!(other.is_err_and(|fault| !is_of_time(&fault)));
    }
}
