use serde_json::json;

use super::*;

/// RFC 7518 appendix C: both sides derive the same key.
#[test]
fn alice_and_bob_agree() {
    let alice = json!({
        "kty": "EC", "crv": "P-256",
        "x": "gI0GAILBdu7T53akrFmMyGcsF3n5dO7MmwNBHKW5SV0",
        "y": "SLW_xSffzlPWrHEVI30DHM_4egVwt3NQqeUD7nMFpps",
        "d": "0_NxaRPUMQoAJt50Gz8YiTr8gRTwyEaCumd-MToTmIo",
    });
    let bob = json!({
        "kty": "EC", "crv": "P-256",
        "x": "weNJy2HscCSM6AEDTDg04biOvhFhyyWvOHQfeF_PxMQ",
        "y": "e8lnCO-AlStT-NJVX-crhB7QRYhiix03illJOVAOyck",
        "d": "VEmDZpDXXK8p8N0Cndsxs924q6nS1RXFASRl6BfUqdw",
    });
    let info = Info { algorithm: "A128GCM", apu: b"Alice", apv: b"Bob", size: 16 };
    for (own, peer) in [(&alice, &bob), (&bob, &alice)] {
        let own = Own::read(Members::of(own).unwrap()).unwrap();
        let peer = Peer::read(Members::of(peer).unwrap()).unwrap();
        assert_eq!(base64url(own.derive(&peer, &info).unwrap()), "VqqN6vgjbSBcIijNcacQGg");
    }
}

#[test]
fn a_point_off_the_curve_is_no_key() {
    let bent = json!({
        "kty": "EC", "crv": "P-256",
        "x": "weNJy2HscCSM6AEDTDg04biOvhFhyyWvOHQfeF_PxMQ",
        "y": "e8lnCO-AlStT-NJVX-crhB7QRYhiix03illJOVAOycg",
    });
    assert!(Peer::read(Members::of(&bent).unwrap()).is_err());
}
