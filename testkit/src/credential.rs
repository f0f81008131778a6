//! Certificates that clients connect with, and the authorities that sign them.
//!
//! Invariant: whoever asks with a credential holds its key, and connects anew for each question.

use std::net::IpAddr;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, DistinguishedName, DnType, IsCa, Issuer,
    KeyIdMethod, KeyPair, KeyUsagePurpose, PublicKeyData as _, RevokedCertParams, SanType, SerialNumber, date_time_ymd,
};
use serde_json::{Value, json};

use crate::http::{Answer, Question, Wire};

/// What a certificate is to say.
#[derive(Clone, Debug)]
pub struct Wanted {
    common_name: String,
    names: Vec<SanType>,
    years: (i32, i32),
    serial: u64,
}

impl Wanted {
    /// One of an organization's, `O=Example\, Inc.`, by this common name; good for decades.
    pub fn of(common_name: &str) -> Self {
        Self { common_name: common_name.to_owned(), names: Vec::new(), years: (2020, 2070), serial: 1 }
    }

    /// With a host as another name.
    ///
    /// # Panics
    /// If it is none.
    #[must_use]
    pub fn host(mut self, name: &str) -> Self {
        self.names.push(SanType::DnsName(name.try_into().expect("a host is ASCII")));
        self
    }

    /// With a network address as another name.
    #[must_use]
    pub fn ip(mut self, ip: IpAddr) -> Self {
        self.names.push(SanType::IpAddress(ip));
        self
    }

    /// Good in these years.
    #[must_use]
    pub fn years(mut self, from: i32, until: i32) -> Self {
        self.years = (from, until);
        self
    }

    /// By this number.
    #[must_use]
    pub fn serial(mut self, serial: u64) -> Self {
        self.serial = serial;
        self
    }

    fn parameters(&self) -> CertificateParams {
        let mut parameters = CertificateParams::default();
        parameters.distinguished_name = DistinguishedName::new();
        parameters.distinguished_name.push(DnType::OrganizationName, "Example, Inc.");
        parameters.distinguished_name.push(DnType::CommonName, self.common_name.as_str());
        parameters.subject_alt_names.clone_from(&self.names);
        parameters.not_before = date_time_ymd(self.years.0, 1, 1);
        parameters.not_after = date_time_ymd(self.years.1, 1, 1);
        parameters.serial_number = Some(SerialNumber::from(self.serial));
        parameters
    }

    /// Signed by its own key.
    ///
    /// # Panics
    /// If no key can be made.
    pub fn own(&self) -> Credential {
        let key = fresh();
        let certificate = self.parameters().self_signed(&key).expect("a key signs its own certificate");
        Credential::new(certificate.der().to_vec(), &certificate.pem(), &key)
    }
}

fn fresh() -> KeyPair {
    KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).expect("a key can be made")
}

/// Somebody who signs certificates.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    /// Its own certificate, PEM.
    pub pem: String,
}

impl Authority {
    /// One at the top.
    ///
    /// # Panics
    /// If no key can be made.
    pub fn new(common_name: &str) -> Self {
        let (parameters, key) = (Self::parameters(common_name), fresh());
        let pem = parameters.self_signed(&key).expect("a key signs its own certificate").pem();
        Self { issuer: Issuer::new(parameters, key), pem }
    }

    /// One below this.
    ///
    /// # Panics
    /// If no key can be made.
    #[must_use]
    pub fn below(&self, common_name: &str) -> Self {
        let (parameters, key) = (Self::parameters(common_name), fresh());
        let pem = parameters.signed_by(&key, &self.issuer).expect("an authority signs").pem();
        Self { issuer: Issuer::new(parameters, key), pem }
    }

    fn parameters(common_name: &str) -> CertificateParams {
        let mut parameters = Wanted::of(common_name).parameters();
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        parameters
    }

    /// Signs a certificate with a fresh key.
    ///
    /// # Panics
    /// If no key can be made.
    pub fn issue(&self, wanted: &Wanted) -> Credential {
        let key = fresh();
        let certificate = wanted.parameters().signed_by(&key, &self.issuer).expect("an authority signs");
        Credential::new(certificate.der().to_vec(), &certificate.pem(), &key)
    }

    /// A list of what it takes back, PEM.
    ///
    /// # Panics
    /// If it cannot be signed.
    pub fn revokes(&self, serials: &[u64]) -> String {
        let revoked = |serial: &u64| RevokedCertParams {
            serial_number: SerialNumber::from(*serial),
            revocation_time: date_time_ymd(2025, 1, 1),
            reason_code: None,
            invalidity_date: None,
        };
        let parameters = CertificateRevocationListParams {
            this_update: date_time_ymd(2025, 1, 1),
            next_update: date_time_ymd(2070, 1, 1),
            crl_number: SerialNumber::from(1),
            issuing_distribution_point: None,
            revoked_certs: serials.iter().map(revoked).collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        parameters.signed_by(&self.issuer).expect("an authority signs").pem().expect("a list can be written")
    }
}

/// A certificate and its key.
#[derive(Clone, Debug)]
pub struct Credential {
    /// DER.
    pub der: Vec<u8>,
    /// PEM.
    pub pem: String,
    /// PEM, PKCS #8.
    pub key: String,
    point: Vec<u8>,
    client: reqwest::Client,
}

impl Credential {
    fn new(der: Vec<u8>, pem: &str, key: &KeyPair) -> Self {
        let made = Self {
            der,
            pem: pem.to_owned(),
            key: key.serialize_pem(),
            point: key.der_bytes().to_vec(),
            client: reqwest::Client::default(),
        };
        made.along("")
    }

    /// The same, with these certificates (PEM) sent along.
    ///
    /// # Panics
    /// If they are none.
    #[must_use]
    pub fn along(mut self, others: &str) -> Self {
        let identity = reqwest::Identity::from_pem(format!("{}{}{others}", self.key, self.pem).as_bytes());
        #[expect(
            clippy::disallowed_methods,
            reason = "a test speaks to the server from outside; `server::outbound` is under test"
        )]
        let builder = reqwest::Client::builder();
        let builder = builder
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .pool_max_idle_per_host(0)
            .danger_accept_invalid_certs(true)
            .timeout(Duration::from_secs(30));
        let client = builder.identity(identity.expect("a certificate and its key")).build();
        self.client = client.expect("a client can be built");
        self
    }

    /// `x5t#S256`.
    pub fn x5t(&self) -> String {
        jose::base64url(jose::sha256(&self.der))
    }

    /// Its key as a JWK, with the certificate in `x5c` (RFC 8705 §2.2.2).
    pub fn jwk(&self) -> Value {
        let (x, y) = self.point[1..].split_at(32);
        let (x, y) = (jose::base64url(x), jose::base64url(y));
        json!({ "kty": "EC", "crv": "P-256", "x": x, "y": y, "x5c": [STANDARD.encode(&self.der)] })
    }

    /// Asks over a connection that shows it.
    ///
    /// # Panics
    /// If there is no answer.
    pub async fn ask(&self, question: Question, wires: &[Wire]) -> Answer {
        question.send_by(&self.client, wires).await.expect("the provider answers")
    }
}
