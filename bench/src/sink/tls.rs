//! [`Certificates`]: a good one, one that has expired, and the authority behind both.

use std::error::Error;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, date_time_ymd};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::PrivatePkcs8KeyDer;

use super::conduct::Door;

/// What a sink shows who connects.
#[derive(Clone)]
pub(super) struct Certificates {
    good: TlsAcceptor,
    expired: TlsAcceptor,
}

impl Certificates {
    /// New ones for loopback, and their authority as PEM.
    pub(super) fn make() -> Result<(Self, String), Box<dyn Error>> {
        let mut of_authority = CertificateParams::new(Vec::new())?;
        of_authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate()?;
        let authority = of_authority.self_signed(&key)?.pem();
        let issuer = Issuer::new(of_authority, key);
        let (good, expired) = (acceptor(&issuer, 2040)?, acceptor(&issuer, 2020)?);
        Ok((Self { good, expired }, authority))
    }

    pub(super) const fn behind(&self, door: Door) -> &TlsAcceptor {
        if matches!(door, Door::Expired) { &self.expired } else { &self.good }
    }
}

/// With a certificate that is good until that year.
fn acceptor(issuer: &Issuer<'_, KeyPair>, until: i32) -> Result<TlsAcceptor, Box<dyn Error>> {
    let mut params = CertificateParams::new(vec!["127.0.0.1".to_owned()])?;
    (params.not_before, params.not_after) = (date_time_ymd(2019, 1, 1), date_time_ymd(until, 1, 1));
    let key = KeyPair::generate()?;
    let certificate = params.signed_by(&key, issuer)?;
    let key = PrivatePkcs8KeyDer::from(key.serialize_der()).into();
    let provider = Arc::new(aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)?;
    Ok(Arc::new(config).into())
}
