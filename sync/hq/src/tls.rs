//! `kart-hq tls`: a small private authority in a folder, and the certificate that the gateway shows.
//!
//! The folder holds `ca.pem` (what terminals trust), `ca.key` (to be kept apart from the gateway),
//! `hq.pem` and `hq.key` (what the gateway reads). A change of the authority overlaps: `ca.pem`
//! holds the new one beside the old until every terminal has the file. Nothing here talks to a
//! terminal or to a database.

use std::{
    io::Write as _,
    net::IpAddr,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use clap::{Args, Subcommand};
use jiff::{ToSpan as _, Zoned, civil::Date};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, date_time_ymd,
};
use x509_parser::{
    extensions::GeneralName,
    pem::Pem,
    prelude::{FromDer as _, X509Certificate},
};

/// A terminal whose clock is slow by less than this still takes a certificate of today.
const SLOW_CLOCK_DAYS: i64 = 31;
const AUTHORITY_YEARS: i64 = 20;

/// What can be done with the authority.
#[derive(Subcommand)]
pub(crate) enum TlsCommand {
    /// Make a private authority and a certificate for the gateway.
    Init {
        #[command(flatten)]
        folder: Folder,
        /// Name under which terminals reach the gateway; may be given more than once.
        #[arg(long, required = true)]
        name: Vec<String>,
        /// Address under which terminals reach it, where they use no name.
        #[arg(long)]
        address: Vec<IpAddr>,
        #[command(flatten)]
        valid: Valid,
    },
    /// Make a new key and certificate for the gateway, with the names of the old one. A gateway
    /// that runs takes it within seconds.
    Renew {
        #[command(flatten)]
        folder: Folder,
        #[command(flatten)]
        valid: Valid,
    },
    /// Add a new authority to ca.pem beside the old one; `renew` signs with it. Bring ca.pem to
    /// every terminal before you renew.
    AddAuthority(Folder),
    /// Leave only the newest authority in ca.pem.
    DropAuthorities(Folder),
}

/// Where the files are.
#[derive(Args)]
pub(crate) struct Folder {
    #[arg(long)]
    dir: PathBuf,
}

/// For how long.
#[derive(Args)]
pub(crate) struct Valid {
    #[arg(long, default_value_t = 397, value_parser = clap::value_parser!(u16).range(1..))]
    days: u16,
}

/// Does it; says what was written.
pub(crate) fn run(command: &TlsCommand) -> anyhow::Result<String> {
    match command {
        TlsCommand::Init { folder, name, address, valid } => {
            std::fs::create_dir_all(&folder.dir)
                .with_context(|| format!("cannot make {}", folder.dir.display()))?;
            let exists = folder.file("ca.key").exists() || folder.file("ca.pem").exists();
            anyhow::ensure!(!exists, "{} holds an authority already", folder.dir.display());
            folder.write_authority(&[])?;
            let addresses = address.iter().map(ToString::to_string);
            let names: Vec<String> = name.iter().cloned().chain(addresses).collect();
            let until = folder.certify(names, valid)?;
            Ok(format!("{}: ca.pem for terminals, hq.pem until {until}", folder.dir.display()))
        },
        TlsCommand::Renew { folder, valid } => {
            let names = names(&folder.read("hq.pem")?)?;
            let until = folder.certify(names, valid)?;
            Ok(format!("{}: hq.pem until {until}", folder.dir.display()))
        },
        TlsCommand::AddAuthority(folder) => {
            let known = folder.authorities()?;
            folder.write_authority(&known)?;
            Ok(format!("ca.pem holds {} authorities; bring it to every terminal", known.len() + 1))
        },
        TlsCommand::DropAuthorities(folder) => {
            let known = folder.authorities()?;
            let newest = known.first().context("ca.pem holds no certificate")?;
            folder.write("ca.pem", newest, 0o644)?;
            Ok(format!("{} former authorities are gone from ca.pem", known.len() - 1))
        },
    }
}

impl Folder {
    fn file(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    fn read(&self, name: &str) -> anyhow::Result<String> {
        let path = self.file(name);
        std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))
    }

    /// Whole or not at all: a gateway may be looking.
    fn write(&self, name: &str, text: &str, mode: u32) -> anyhow::Result<()> {
        let (path, new) = (self.file(name), self.file(&format!("{name}.new")));
        let told = || format!("cannot write {}", path.display());
        std::fs::remove_file(&new).ok();
        let mut options = std::fs::OpenOptions::new();
        let mut file =
            options.write(true).create_new(true).mode(mode).open(&new).with_context(told)?;
        file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).with_context(told)?;
        std::fs::rename(&new, &path).with_context(told)
    }

    /// The certificates of ca.pem, newest first.
    fn authorities(&self) -> anyhow::Result<Vec<String>> {
        const END: &str = "-----END CERTIFICATE-----";
        let text = self.read("ca.pem")?;
        let ends = text.matches(END).count();
        Ok(text.split_inclusive(END).take(ends).map(|one| format!("{}\n", one.trim())).collect())
    }

    /// A new authority before the `known` ones.
    fn write_authority(&self, known: &[String]) -> anyhow::Result<()> {
        let key = KeyPair::generate()?;
        let today = today();
        let mut params = CertificateParams::default();
        // A name of its own, because a verifier looks for the issuer by name.
        let number = uuid::Uuid::new_v4().simple();
        let name = format!("Kartorium Edge authority of {today} {number}");
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        between(&mut params, today.checked_add(AUTHORITY_YEARS.years())?)?;
        let certificate = params.self_signed(&key)?.pem();
        self.write("ca.key", &key.serialize_pem(), 0o600)?;
        self.write("ca.pem", &format!("{certificate}{}", known.concat()), 0o644)
    }

    /// A key and a certificate for the gateway, signed by the newest authority.
    fn certify(&self, names: Vec<String>, valid: &Valid) -> anyhow::Result<Date> {
        let authority = self.authorities()?;
        let authority = authority.first().context("ca.pem holds no certificate")?;
        let issuer_key = KeyPair::from_pem(&self.read("ca.key")?).context("ca.key is no key")?;
        let issuer = Issuer::from_ca_cert_pem(authority, issuer_key)?;
        let key = KeyPair::generate()?;
        let until = today().checked_add(i64::from(valid.days).days())?;
        let first = names.first().cloned().context("a certificate needs a name")?;
        let mut params = CertificateParams::new(names).context("not a name")?;
        params.distinguished_name.push(DnType::CommonName, first);
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        between(&mut params, until)?;
        let certificate = params.signed_by(&key, &issuer)?.pem();
        // The key first: a gateway looks again when the certificate changes.
        self.write("hq.key", &key.serialize_pem(), 0o600)?;
        self.write("hq.pem", &certificate, 0o644)?;
        Ok(until)
    }
}

fn today() -> Date {
    Zoned::now().with_time_zone(jiff::tz::TimeZone::UTC).date()
}

fn between(params: &mut CertificateParams, until: Date) -> anyhow::Result<()> {
    let instant = |date: Date| -> anyhow::Result<_> {
        let (month, day) = (u8::try_from(date.month())?, u8::try_from(date.day())?);
        Ok(date_time_ymd(i32::from(date.year()), month, day))
    };
    params.not_before = instant(today().checked_sub(SLOW_CLOCK_DAYS.days())?)?;
    params.not_after = instant(until)?;
    Ok(())
}

/// The names and addresses that a certificate is for.
fn names(pem: &str) -> anyhow::Result<Vec<String>> {
    read(pem, |certificate| {
        let names = certificate.subject_alternative_name()?.context("hq.pem names nobody")?;
        let names = names.value.general_names.iter().filter_map(|name| match name {
            GeneralName::DNSName(name) => Some((*name).to_owned()),
            GeneralName::IPAddress(octets) => address(octets).map(|address| address.to_string()),
            _ => None,
        });
        Ok(names.collect())
    })
}

/// When the first certificate of a file ends, in seconds since 1970.
pub(crate) fn ends_s(path: &Path) -> anyhow::Result<i64> {
    let pem = std::fs::read_to_string(path)?;
    read(&pem, |certificate| Ok(certificate.validity().not_after.timestamp()))
}

fn read<T>(
    pem: &str,
    look: impl FnOnce(&X509Certificate<'_>) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let first = Pem::iter_from_buffer(pem.as_bytes()).next().context("there is no PEM")??;
    let (_, certificate) = X509Certificate::from_der(&first.contents)?;
    look(&certificate)
}

fn address(octets: &[u8]) -> Option<IpAddr> {
    let four = <[u8; 4]>::try_from(octets).map(IpAddr::from);
    four.or_else(|_| <[u8; 16]>::try_from(octets).map(IpAddr::from)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Goes with its guard.
    struct Kept(PathBuf);

    impl Drop for Kept {
        fn drop(&mut self) {
            std::fs::remove_dir_all(&self.0).ok();
        }
    }

    #[test]
    fn an_authority_is_made_renewed_and_changed_with_overlap() {
        use std::os::unix::fs::PermissionsExt as _;
        let kept = Kept(std::env::temp_dir().join(format!("kart-tls-{}", uuid::Uuid::new_v4())));
        let folder = Folder { dir: kept.0.clone() };
        let init = TlsCommand::Init {
            folder: Folder { dir: kept.0.clone() },
            name: vec!["hq.example".into()],
            address: vec!["10.0.0.5".parse().unwrap()],
            valid: Valid { days: 30 },
        };
        run(&init).unwrap();
        assert!(run(&init).is_err(), "nothing is written over");
        for key in ["ca.key", "hq.key"] {
            let mode = std::fs::metadata(folder.file(key)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{key}");
        }
        let first = folder.read("hq.pem").unwrap();
        assert_eq!(names(&first).unwrap(), ["hq.example", "10.0.0.5"]);
        let again = || Folder { dir: kept.0.clone() };
        run(&TlsCommand::Renew { folder: again(), valid: Valid { days: 60 } }).unwrap();
        let renewed = folder.read("hq.pem").unwrap();
        assert_ne!(first, renewed);
        assert_eq!(names(&renewed).unwrap(), ["hq.example", "10.0.0.5"]);

        let old = folder.authorities().unwrap();
        run(&TlsCommand::AddAuthority(again())).unwrap();
        let both = folder.authorities().unwrap();
        assert_eq!((both.len(), both.last()), (2, old.first()));
        run(&TlsCommand::DropAuthorities(again())).unwrap();
        assert_eq!(folder.authorities().unwrap(), both.split_at(1).0);
    }
}
