//! The examples of RFC 7515 appendix A, RFC 7516 appendix A, RFC 7517 appendix A, RFC 7638 §3.1 and RFC 8037 appendix A. Those
//! of RFC 7520 are among Project Wycheproof's vectors; that of RFC 7518 appendix C is beside the key agreement.
#![expect(clippy::unwrap_used, reason = "a test says what it expects")]

use jose::{DecryptionKey, JoseError, JweAlg, JweEnc, Jwk, JwkSet, JwsAlg, decrypt, thumbprint, verify};
use serde_json::{Value, json};

const CLAIMS: &str = "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";

/// Verifies with the right key, and not once the last signed character is another.
fn holds(key: &Value, alg: JwsAlg, token: &str) -> Vec<u8> {
    let set = JwkSet::read(&json!({"keys": [key]})).unwrap();
    let (input, signature) = token.rsplit_once('.').unwrap();
    let other = if input.ends_with('A') { 'Q' } else { 'A' };
    let bent = format!("{}{other}.{signature}", &input[..input.len() - 1]);
    assert!(verify(&bent, &set, &[alg]).is_err(), "{bent}");
    verify(token, &set, &[alg]).unwrap().payload().to_vec()
}

#[test]
fn rfc_7515_a_1_hs256() {
    let key = json!({
        "kty": "oct",
        "k": "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow",
    });
    let token =
        format!("eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.{CLAIMS}.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
    holds(&key, JwsAlg::Hs256, &token);
}

#[test]
fn rfc_7515_a_2_rs256() {
    let key = json!({
        "kty": "RSA", "e": "AQAB",
        "n": concat!(
            "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZ",
            "S-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2",
            "R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcD",
            "TW9gb54h4FRWyuXpoQ",
        ),
    });
    let signature = concat!(
        "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t",
        "1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12j",
        "zDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQ",
        "Ge77Rw",
    );
    holds(&key, JwsAlg::Rs256, &format!("eyJhbGciOiJSUzI1NiJ9.{CLAIMS}.{signature}"));
}

#[test]
fn rfc_7515_a_3_es256() {
    let key = json!({
        "kty": "EC", "crv": "P-256",
        "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
    });
    let signature = "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
    holds(&key, JwsAlg::Es256, &format!("eyJhbGciOiJFUzI1NiJ9.{CLAIMS}.{signature}"));
}

#[test]
fn rfc_7515_a_4_es512() {
    let key = json!({
        "kty": "EC", "crv": "P-521",
        "x": "AekpBQ8ST8a8VcfVOTNl353vSrDCLLJXmPk06wTjxrrjcBpXp5EOnYG_NjFZ6OvLFV1jSfS9tsz4qUxcWceqwQGk",
        "y": "ADSmRA43Z1DSNx_RvcLI87cdL07l6jQyyBXMoxVg_l2Th-x3S1WDhjDly79ajL4Kkd0AZMaZmh9ubmf63e3kyMj2",
    });
    let token = concat!(
        "eyJhbGciOiJFUzUxMiJ9.UGF5bG9hZA.AdwMgeerwtHoh-l192l60hp9wAHZFVJbLfD_UxMi70cwnZOYaRI1bKPWROc-mZZqwqT2SI-KGDKB34XO",
        "0aw_7XdtAG8GaSwFKdCAPZgoXD2YBJZCPEX3xKpRwcdOO8KpEHwJjyqOgzDO7iKvU8vcnwNrmxYbSW9ERBXukOXolLzeO_Jn",
    );
    assert_eq!(holds(&key, JwsAlg::Es512, token), b"Payload");
}

#[test]
fn rfc_7515_a_5_an_unsecured_token_is_refused() {
    let set = JwkSet::from_secret(&[7; 32]).unwrap();
    let token = format!("eyJhbGciOiJub25lIn0.{CLAIMS}.");
    assert_eq!(verify(&token, &set, JwsAlg::ALL).unwrap_err(), JoseError::Algorithm);
}

#[test]
fn rfc_7516_a_1_rsa_oaep_and_a256gcm() {
    let key = json!({
        "kty": "RSA", "e": "AQAB",
        "n": concat!(
            "oahUIoWw0K0usKNuOR6H4wkf4oBUXHTxRvgb48E-BVvxkeDNjbC4he8rUWcJoZmds2h7M70imEVhRU5djINXtqllXI4D",
            "FqcI1DgjT9LewND8MW2Krf3Spsk_ZkoFnilakGygTwpZ3uesH-PFABNIUYpOiN15dsQRkgr0vEhxN92i2asbOenSZeyaxziK72Uw",
            "xrrKoExv6kc5twXTq4h-QChLOln0_mtUZwfsRaMStPs6mS6XrgxnxbWhojf663tuEQueGC-FCMfra36C9knDFGzKsNa7LZK2djYg",
            "yD3JR_MB_4NUJW_TqOQtwHYbxevoJArm-L5StowjzGy-_bq6Gw",
        ),
        "d": concat!(
            "kLdtIj6GbDks_ApCSTYQtelcNttlKiOyPzMrXHeI-yk1F7-kpDxY4-WY5NWV5KntaEeXS1j82E375xxhWMHXyvjYecPT",
            "9fpwR_M9gV8n9Hrh2anTpTD93Dt62ypW3yDsJzBnTnrYu1iwWRgBKrEYY46qAZIrA2xAwnm2X7uGR1hghkqDp0Vqj3kbSCz1XyfC",
            "s6_LehBwtxHIyh8Ripy40p24moOAbgxVw3rxT_vlt3UVe4WO3JkJOzlpUf-KTVI2Ptgm-dARxTEtE-id-4OJr0h-K-VFs3VSndVT",
            "IznSxfyrj8ILL6MG_Uv8YAu7VILSB3lOW085-4qE3DzgrTjgyQ",
        ),
        "p": concat!(
            "1r52Xk46c-LsfB5P442p7atdPUrxQSy4mti_tZI3Mgf2EuFVbUoDBvaRQ-SWxkbkmoEzL7JXroSBjSrK3YIQgYdMgyAEPT",
            "PjXv_hI2_1eTSPVZfzL0lffNn03IXqWF5MDFuoUYE0hzb2vhrlN_rKrbfDIwUbTrjjgieRbwC6Cl0",
        ),
        "q": concat!(
            "wLb35x7hmQWZsWJmB_vle87ihgZ19S8lBEROLIsZG4ayZVe9Hi9gDVCOBmUDdaDYVTSNx_8Fyw1YYa9XGrGnDew00J28cR",
            "UoeBB_jKI1oma0Orv1T9aXIWxKwd4gvxFImOWr3QRL9KEBRzk2RatUBnmDZJTIAfwTs0g68UZHvtc",
        ),
        "dp": concat!(
            "ZK-YwE7diUh0qR1tR7w8WHtolDx3MZ_OTowiFvgfeQ3SiresXjm9gZ5KLhMXvo-uz-KUJWDxS5pFQ_M0evdo1dKiRTjV",
            "w_x4NyqyXPM5nULPkcpU827rnpZzAJKpdhWAgqrXGKAECQH0Xt4taznjnd_zVpAmZZq60WPMBMfKcuE",
        ),
        "dq": concat!(
            "Dq0gfgJ1DdFGXiLvQEZnuKEN0UUmsJBxkjydc3j4ZYdBiMRAy86x0vHCjywcMlYYg4yoC4YZa9hNVcsjqA3FeiL19rk8",
            "g6Qn29Tt0cj8qqyFpz9vNDBUfCAiJVeESOjJDZPYHdHY8v1b-o-Z2X5tvLx-TCekf7oxyeKDUqKWjis",
        ),
        "qi": concat!(
            "VIMpMYbPf47dT1w_zDUXfPimsSegnMOA1zTaX7aGk_8urY6R8-ZW1FxU7AlWAyLWybqq6t16VFd7hQd0y6flUK4SlOyd",
            "B61gwanOsXGOAOv82cHq0E3eL4HrtZkUuKvnPrMnsUUFlfUdybVzxyjz9JF_XyaY14ardLSjf4L_FNY",
        ),
    });
    let token = concat!(
        "eyJhbGciOiJSU0EtT0FFUCIsImVuYyI6IkEyNTZHQ00ifQ.",
        "OKOawDo13gRp2ojaHV7LFpZcgV7T6DVZKTyKOMTYUmKoTCVJRgckCL9kiMT03JGe",
        "ipsEdY3mx_etLbbWSrFr05kLzcSr4qKAq7YN7e9jwQRb23nfa6c9d-StnImGyFDb",
        "Sv04uVuxIp5Zms1gNxKKK2Da14B8S4rzVRltdYwam_lDp5XnZAYpQdb76FdIKLaV",
        "mqgfwX7XWRxv2322i-vDxRfqNzo_tETKzpVLzfiwQyeyPGLBIO56YJ7eObdv0je8",
        "1860ppamavo35UgoRdbYaBcoh9QcfylQr66oc6vFWXRcZ_ZT2LawVCWTIy3brGPi",
        "6UklfCpIMfIjf7iGdXKHzg.48V1_ALb6US04U3b.",
        "5eym8TW_c8SuK0ltJ3rpYIzOeDQz7TALvtu6UG9oMo4vpzs9tX_EFShS8iB7j6jiSdiwkIr3ajwQzaBtQD_A.XFBoMYUZodetZdvTiFvSkQ",
    );
    let own = DecryptionKey::read(&key).unwrap();
    let opened = decrypt(token, &[&own], &[JweAlg::RsaOaep], &[JweEnc::A256Gcm]).unwrap();
    assert_eq!(opened.plaintext(), b"The true sign of intelligence is not knowledge but imagination.");
    assert_eq!(thumbprint(&key).unwrap(), thumbprint(&own.public_jwk().unwrap().unwrap()).unwrap());
    // RFC 7518 §6.3.2.7: who knows two primes only must not use a key that says it has more.
    let mut more = key;
    more["oth"] = json!([{"r": "AQ", "d": "AQ", "t": "AQ"}]);
    assert_eq!(DecryptionKey::read(&more).unwrap_err(), JoseError::Key);
}

#[test]
fn rfc_7516_a_3_a128kw_and_a128cbc_hs256() {
    let own = DecryptionKey::read(&json!({"kty": "oct", "k": "GawgguFyGrWKav7AX4VKUg"})).unwrap();
    let token = concat!(
        "eyJhbGciOiJBMTI4S1ciLCJlbmMiOiJBMTI4Q0JDLUhTMjU2In0.6KB707dM9YTIgHtLvtgWQ8mKwboJW3of9locizkDTHzBC2IlrT1oOQ.",
        "AxY8DCtDaGlsbGljb3RoZQ.KDlTtXchhZTGufMYmOYGS4HffxPSUrfmqCHXaI9wOGY.U0m_YmjN04DJvceFICbCVQ",
    );
    let opened = decrypt(token, &[&own], &[JweAlg::A128Kw], &[JweEnc::A128CbcHs256]).unwrap();
    assert_eq!(opened.plaintext(), b"Live long and prosper.");
}

fn rsa_of_7517() -> Value {
    json!({
        "kty": "RSA", "e": "AQAB", "alg": "RS256", "kid": "2011-04-29",
        "n": concat!(
            "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3",
            "oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdA",
            "ZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-",
            "kEgU8awapJzKnqDKgw",
        ),
    })
}

/// RFC 7517 appendix A.1: of its two keys one is for encryption, the other for RS256.
#[test]
fn rfc_7517_a_1() {
    let ec = json!({
        "kty": "EC", "crv": "P-256", "use": "enc", "kid": "1",
        "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4", "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM",
    });
    let set = JwkSet::read_public(&json!({"keys": [ec, rsa_of_7517()]})).unwrap();
    assert_eq!(set.keys().iter().map(Jwk::kid).collect::<Vec<_>>(), [Some("2011-04-29")]);
    assert_eq!(set.encryption_key(JweAlg::EcdhEs, JweEnc::A128Gcm).and_then(|key| key.kid()), Some("1"));
    assert!(set.encryption_key(JweAlg::RsaOaep, JweEnc::A128Gcm).is_none(), "RS256 is not for encrypting");
}

#[test]
fn rfc_7638_3_1() {
    let expected = "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs";
    assert_eq!(thumbprint(&rsa_of_7517()).unwrap(), expected);
    assert_eq!(Jwk::read(&rsa_of_7517()).unwrap().thumbprint(), expected);
}

#[test]
fn rfc_8037_a_ed25519() {
    let key = json!({"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"});
    let signature = "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
    let token = format!("eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.{signature}");
    assert_eq!(holds(&key, JwsAlg::EdDsa, &token), b"Example of Ed25519 signing");
    let expected = "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k";
    assert_eq!(thumbprint(&key).unwrap(), expected);
    // §A.3: the thumbprint is over the public members, so the private key's is the same.
    let mut private = key;
    private["d"] = json!("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A");
    assert_eq!(thumbprint(&private).unwrap(), expected);
}
