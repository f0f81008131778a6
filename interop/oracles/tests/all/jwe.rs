//! Encryption: RFC 7516, RFC 7518 §4 and §5, RFC 8037 §3.2.

use jose::{
    DecryptionKey, DecryptionKind, EncryptionKey, Envelope, JweAlg, JweEnc, base64url, decrypt, encrypt, unbase64url,
};
use oracles::{Jose4rs, Josekit, Kind, Lack, Oracle, Parties, Way};
use serde_json::{Value, json};

use crate::parts::{bent, each_oracle, named, public, random, shared, sizes};

const AGREED: [(DecryptionKind, Kind); 4] = [
    (DecryptionKind::P256, Kind::P256),
    (DecryptionKind::P384, Kind::P384),
    (DecryptionKind::P521, Kind::P521),
    (DecryptionKind::X25519, Kind::X25519),
];

/// The bytes of a shared secret, from the bits in the name: `A192KW`, `A192CBC-HS384`.
fn secret_size(alg: JweAlg, enc: JweEnc) -> usize {
    let bytes = |name: &str| name[1..4].parse::<usize>().unwrap() / 8;
    match (alg, enc.as_str()) {
        (JweAlg::Dir, enc) if enc.contains("CBC") => bytes(enc) * 2,
        (JweAlg::Dir, enc) => bytes(enc),
        (alg, _) => bytes(alg.as_str()),
    }
}

fn way(alg: JweAlg, enc: JweEnc) -> Way<'static> {
    Way { alg, enc, parties: Parties::default() }
}

/// Calls with every pair of algorithms, and every kind of key they take; none where a secret is shared.
fn every_way(mut call: impl FnMut(JweAlg, JweEnc, Option<(DecryptionKind, Kind)>)) {
    for alg in JweAlg::ALL.iter().copied() {
        for enc in JweEnc::ALL.iter().copied() {
            match alg {
                JweAlg::RsaOaep | JweAlg::RsaOaep256 => call(alg, enc, Some((DecryptionKind::Rsa, Kind::Rsa(2048)))),
                _ if alg.is_symmetric() => call(alg, enc, None),
                _ => AGREED.iter().for_each(|kind| call(alg, enc, Some(*kind))),
            }
        }
    }
}

/// A way, and a key for it.
struct Pair {
    alg: JweAlg,
    enc: JweEnc,
    own: DecryptionKey,
    to: EncryptionKey,
    /// What the oracle has of the key.
    jwk: Value,
}

/// The private part is ours alone.
fn ours(alg: JweAlg, enc: JweEnc, kind: Option<DecryptionKind>) -> Pair {
    let own = kind.map(|kind| DecryptionKey::generate(kind, "one").unwrap());
    let jwk = own.as_ref().map_or_else(|| shared(secret_size(alg, enc)), |own| own.public_jwk().unwrap().unwrap());
    let own = own.unwrap_or_else(|| DecryptionKey::read(&jwk).unwrap());
    Pair { alg, enc, own, to: EncryptionKey::read(&jwk).unwrap(), jwk }
}

/// They made the key, and we read all of it.
fn theirs(oracle: &dyn Oracle, alg: JweAlg, enc: JweEnc, kind: Option<Kind>) -> Pair {
    let jwk = kind.map_or_else(|| shared(secret_size(alg, enc)), |kind| named(oracle.generate(kind).unwrap()));
    read(alg, enc, jwk)
}

fn read(alg: JweAlg, enc: JweEnc, jwk: Value) -> Pair {
    let own = DecryptionKey::read(&jwk).unwrap_or_else(|why| panic!("{jwk}: {why}"));
    let to = EncryptionKey::read(&public(&jwk)).unwrap_or_else(|why| panic!("{jwk}: {why}"));
    Pair { alg, enc, own, to, jwk }
}

impl Pair {
    fn seal(&self, plaintext: &[u8]) -> String {
        encrypt(&self.to, &Envelope::new(self.alg, self.enc), plaintext).unwrap()
    }

    fn open(&self, token: &str) -> Result<Vec<u8>, jose::JoseError> {
        decrypt(token, &[&self.own], &[self.alg], &[self.enc]).map(|opened| opened.plaintext().to_vec())
    }

    fn we_open(&self, oracle: &dyn Oracle, plaintext: &[u8], parties: Parties<'_>) {
        let Self { alg, enc, jwk, .. } = self;
        let token = oracle.encrypt(Way { parties, ..way(*alg, *enc) }, jwk, plaintext);
        let token = token.unwrap_or_else(|why| panic!("{alg} {enc} {jwk}: {why}"));
        let opened =
            self.open(&token).unwrap_or_else(|why| panic!("{} {alg} {enc} {jwk} {token}: {why}", oracle.name()));
        assert!(opened == plaintext, "{} {alg} {enc} {jwk} {token}", oracle.name());
    }

    fn they_open(&self, oracle: &dyn Oracle, plaintext: &[u8]) {
        let Self { alg, enc, jwk, .. } = self;
        let token = self.seal(plaintext);
        let opened = oracle.decrypt(way(*alg, *enc), jwk, &token);
        let opened = opened.unwrap_or_else(|why| panic!("{} {alg} {enc} {jwk} {token}: {why}", oracle.name()));
        assert!(opened == plaintext, "{} {alg} {enc} {jwk} {token}", oracle.name());
    }

    fn both_refuse(&self, oracle: &dyn Oracle, token: &str) {
        let Self { alg, enc, jwk, .. } = self;
        assert!(self.open(token).is_err(), "we took {token} of {jwk}");
        if oracle.lacks().contains(&Lack::GcmSizes) && enc.as_str().contains("GCM") && !has_gcm_sizes(token) {
            return;
        }
        let answer = oracle.decrypt(way(*alg, *enc), jwk, token);
        assert!(answer.is_err(), "{} took {token} of {jwk}", oracle.name());
    }
}

/// RFC 7518 §5.3: 96 bits of initialization vector, 128 bits of tag.
fn has_gcm_sizes(token: &str) -> bool {
    let parts: Vec<Vec<u8>> = token.split('.').map(|part| unbase64url(part).unwrap()).collect();
    parts.len() != 5 || (parts[2].len(), parts[4].len()) == (12, 16)
}

#[test]
fn what_they_encrypt_to_us_we_decrypt() {
    each_oracle(|oracle| {
        every_way(|alg, enc, kind| {
            let pair = ours(alg, enc, kind.map(|(ours, _)| ours));
            let lacks = oracle.lacks().contains(&Lack::EmptyCbc) && enc.as_str().contains("CBC");
            for size in sizes(64 * 1024).filter(|size| *size != 0 || !lacks) {
                pair.we_open(oracle, &random(size), Parties::default());
            }
            if lacks {
                assert!(oracle.encrypt(way(alg, enc), &pair.jwk, b"").is_err(), "{} has learnt it", oracle.name());
            }
        });
    });
}

#[test]
fn what_we_encrypt_to_them_they_decrypt() {
    each_oracle(|oracle| {
        every_way(|alg, enc, kind| {
            let pair = theirs(oracle, alg, enc, kind.map(|(_, theirs)| theirs));
            sizes(64 * 1024).for_each(|size| pair.they_open(oracle, &random(size)));
        });
    });
}

/// Both have the private key, so that both can be asked about every bent token.
#[test]
fn what_was_bent_neither_decrypts() {
    each_oracle(|oracle| {
        let rsa = named(oracle.generate(Kind::Rsa(2048)).unwrap());
        every_way(|alg, enc, kind| {
            let pair = match kind {
                Some((DecryptionKind::Rsa, _)) => read(alg, enc, rsa.clone()),
                kind => theirs(oracle, alg, enc, kind.map(|(_, theirs)| theirs)),
            };
            let token = || oracle.encrypt(way(alg, enc), &pair.jwk, &random(33)).unwrap();
            for (one, other) in [(pair.seal(&random(33)), pair.seal(&random(33))), (token(), token())] {
                assert!(pair.open(&one).is_ok() && oracle.decrypt(way(alg, enc), &pair.jwk, &one).is_ok());
                bent(&one, &other).iter().for_each(|bent| pair.both_refuse(oracle, bent));
            }
        });
    });
}

/// Shared secrets and coordinates that begin with zeros: one in a hundred.
#[test]
fn hundreds_of_agreements() {
    let ways = [(JweAlg::EcdhEs, JweEnc::A256CbcHs512), (JweAlg::EcdhEsA192Kw, JweEnc::A128Gcm)];
    each_oracle(|oracle| {
        for (ours_of, theirs_of) in AGREED {
            for (alg, enc) in ways.iter().copied().cycle().take(200) {
                ours(alg, enc, Some(ours_of)).we_open(oracle, &random(9), Parties::default());
                theirs(oracle, alg, enc, Some(theirs_of)).they_open(oracle, &random(9));
            }
        }
    });
}

/// RFC 7518 §4.6.1.2: who agreed goes into the key.
#[test]
fn parties_to_an_agreement() {
    each_oracle(|oracle| {
        for alg in [JweAlg::EcdhEs, JweAlg::EcdhEsA128Kw, JweAlg::EcdhEsA192Kw, JweAlg::EcdhEsA256Kw] {
            for (kind, _) in AGREED {
                let pair = ours(alg, JweEnc::A192CbcHs384, Some(kind));
                let (u, v) = (random(1 + usize::from(random(1)[0])), random(32));
                for (apu, apv) in [(&u[..], &v[..]), (&u[..], &[][..]), (&[][..], &v[..])] {
                    pair.we_open(oracle, &random(40), Parties { apu, apv });
                }
            }
        }
    });
}

#[test]
fn what_an_envelope_says_troubles_nobody() {
    let claims = json!({"iss": "https://op.example", "sub": "\u{e9}\"\\", "aud": ["a", "b"]});
    let enc = JweEnc::A256Gcm;
    each_oracle(|oracle| {
        for (alg, kind) in [
            (JweAlg::RsaOaep256, Some(Kind::Rsa(3072))),
            (JweAlg::EcdhEs, Some(Kind::P384)),
            (JweAlg::EcdhEsA256Kw, Some(Kind::X25519)),
            (JweAlg::A192GcmKw, None),
        ] {
            let pair = theirs(oracle, alg, enc, kind);
            let envelope = Envelope { typ: Some("JWT"), repeated: claims.as_object(), ..Envelope::of_jwt(alg, enc) };
            let token = encrypt(&pair.to, &envelope, b"a.b.c").unwrap();
            assert_eq!(oracle.decrypt(way(alg, enc), &pair.jwk, &token), Ok(b"a.b.c".to_vec()), "{}", oracle.name());
        }
    });
}

/// josekit takes eight octets of a tag. We do not, nor do the others.
#[test]
fn a_tag_cut_short_is_refused() {
    assert!(Josekit.lacks().contains(&Lack::GcmSizes));
    let pair = theirs(&Josekit, JweAlg::A128Kw, JweEnc::A128Gcm, None);
    let whole = pair.seal(b"x");
    let (rest, tag) = whole.rsplit_once('.').unwrap();
    let short = format!("{rest}.{}", base64url(&unbase64url(tag).unwrap()[..8]));
    assert!(Josekit.decrypt(way(pair.alg, pair.enc), &pair.jwk, &short).is_ok(), "josekit has learnt it");
    pair.both_refuse(&Jose4rs, &short);
}

#[test]
fn headers_that_neither_takes() {
    each_oracle(|oracle| {
        let pair = theirs(oracle, JweAlg::EcdhEs, JweEnc::A128Gcm, Some(Kind::P256));
        let token = pair.seal(b"x");
        let (header, rest) = token.split_once('.').unwrap();
        let header: Value = serde_json::from_slice(&unbase64url(header).unwrap()).unwrap();
        let off_the_curve = json!({"kty": "EC", "crv": "P-256", "x": base64url([0; 32]), "y": base64url([0; 32])});
        for (name, value) in [
            ("alg", json!("none")),
            ("alg", json!("dir")),
            ("alg", json!("ECDH-ES+A128KW")),
            ("enc", json!("A256GCM")),
            ("enc", json!("none")),
            ("enc", json!(null)),
            ("crit", json!(["x"])),
            ("zip", json!("GZIP")),
            ("epk", json!("x")),
            ("epk", json!({})),
            ("epk", off_the_curve),
            ("apu", json!("QQ")),
            ("apv", json!("!")),
        ] {
            let mut changed = header.clone();
            changed[name] = value;
            pair.both_refuse(oracle, &format!("{}.{rest}", base64url(changed.to_string())));
        }
    });
}
