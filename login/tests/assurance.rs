//! What a proof is worth.

use login::assurance::{ACR_VALUES, Method, Proof};
use openid::acr::Amr;
use openid::time::Time;

#[test]
fn a_password() {
    let proof = Proof { method: Method::Password, at: Time::from_seconds(7) };
    let assurance = proof.assurance();
    assert_eq!(assurance.amr, Amr::one("pwd"));
    assert_eq!(assurance.auth_time, Time::from_seconds(7));
    assert!(ACR_VALUES.contains(&assurance.acr.as_deref().unwrap()));
}
