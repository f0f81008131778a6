//! A client of each draft, end to end, written against the specification's text.

use serde_json::json;
use testkit::{Browser, RelyingParty};

use super::apps::{
    Keychain, SECRET_03, app, app_with, claims, exchange, first, first_with, native, parameters, refused,
};
use crate::ground::{ADA, passes, plan, sql, with_ada};

/// Draft -07, §3.3 and §4: the whole conversation.
#[tokio::test]
async fn a_client_of_draft_07() {
    let provider = native().await;
    let document = provider.get("/.well-known/openid-configuration").await.unwrap().json();
    assert_eq!(document["native_sso_supported"], true, "§5");
    assert!(document["grant_types_supported"].as_array().unwrap().contains(&json!(super::apps::GRANT)));
    let one = app(&provider, "Mail", &json!({"group": "acme"})).await;
    let two = app(&provider, "Calendar", &json!({"group": "acme"})).await;
    let groups = provider.cli(&["native-sso"]).await;
    assert_eq!(groups["groups"]["acme"].as_array().unwrap().len(), 2);
    // Steps 1 to 8: the first app, through the system browser.
    let mut browser = Browser::new(&provider);
    let answer = first(&provider, &mut browser, &one, "openid email device_sso").await;
    let (keychain, told) = (Keychain::of(&answer), claims(&answer));
    assert!(answer.get("device_token").is_none(), "draft -03 only");
    assert!(told["ds_hash"].is_string() && told["sid"].is_string(), "§3.3.2: {told:?}");
    assert_ne!(told["ds_hash"], json!(keychain.device_secret));
    assert!(keychain.device_secret.len() >= 43, "256 bits");
    // Steps 9 and 10: the other app, without a browser. The ID Token may have expired.
    passes(&provider, 3600);
    let second = exchange(&provider, &two, &keychain).await;
    assert_eq!(second.status, 200, "{}", second.body);
    assert_eq!(second.header("cache-control"), Some("no-store"));
    let second = second.json();
    assert_eq!(second["issued_token_type"], "urn:ietf:params:oauth:token-type:access_token", "§4.4");
    assert_eq!(second["token_type"], "Bearer");
    assert_eq!(second["device_secret"], json!(keychain.device_secret), "still valid: not replaced (§3.3.4)");
    let theirs = claims(&second);
    assert_eq!(theirs["aud"], json!(two.client_id));
    assert_eq!((&theirs["sub"], &theirs["ds_hash"]), (&told["sub"], &told["ds_hash"]));
    assert_ne!(theirs["sid"], told["sid"], "a stay each (logout.md §2)");
    assert!(theirs.get("nonce").is_none());
    // Its tokens are tokens, and its refresh token gives the secret again with a new ID Token.
    let userinfo = testkit::http::Question::get(&provider.url("/userinfo"));
    let bearer = format!("Bearer {}", second["access_token"].as_str().unwrap());
    assert_eq!(provider.ask(userinfo.header("authorization", &bearer)).await.status, 200);
    let token = second["refresh_token"].as_str().unwrap();
    let fields =
        [("grant_type", "refresh_token"), ("refresh_token", token), ("device_secret", &keychain.device_secret)];
    let third = provider.ask(two.asks(&provider, "/token", &fields)).await.json();
    assert_eq!(third["device_secret"], json!(keychain.device_secret));
    assert_eq!(claims(&third)["ds_hash"], told["ds_hash"]);
    // §3.3: the scope that is asked for decides, and every ID Token of the device is bound to it.
    let token = third["refresh_token"].as_str().unwrap();
    let fields = [("grant_type", "refresh_token"), ("refresh_token", token), ("scope", "openid email")];
    let fourth = provider.ask(two.asks(&provider, "/token", &fields)).await.json();
    assert!(fourth.get("device_secret").is_none(), "{fourth}");
    assert_eq!(claims(&fourth)["ds_hash"], told["ds_hash"]);
    // The second app's ID Token opens a third app as well.
    let three = app(&provider, "Maps", &json!({"group": "acme"})).await;
    let handed = Keychain { id_token: third["id_token"].as_str().unwrap().to_owned(), ..keychain.clone() };
    assert_eq!(exchange(&provider, &three, &handed).await.status, 200);
    assert_eq!(sql(&provider, "SELECT count(*) FROM device_secret"), "1", "one secret served them all");
}

/// Draft -03, §3.3 and §4: its names, its errors, and what its examples write.
#[tokio::test]
async fn a_client_of_draft_03() {
    let provider = native().await;
    let policy = json!({"group": "acme", "draft": "03"});
    let one = app(&provider, "Mail", &policy).await;
    let two = app_with(&provider, "Calendar", &json!({"consent": "ask", "native_sso": policy})).await;
    let answer = first(&provider, &mut Browser::new(&provider), &one, "openid device_sso").await;
    assert_eq!(answer["device_token"], answer["device_secret"], "§3.3: the device_token claim");
    let keychain = Keychain::of(&answer);
    let mut fields = parameters(&provider, &keychain);
    fields.retain(|(name, _)| !name.ends_with("token_type"));
    fields.push(("subject_token_type", "urn:ietf:params:oauth:token-type:id-token"));
    fields.push(("actor_token_type", SECRET_03));
    // §4.3: "If any requested scopes require explicit user consent [...] return an error of invalid_scope".
    refused(&provider.ask(two.asks(&provider, "/token", &fields)).await, "invalid_scope");
    let ada = sql(&provider, "SELECT id FROM account WHERE username = 'ada'");
    sql(
        &provider,
        &format!(
            "INSERT INTO consent VALUES ('{ada}', '{}', 'openid email profile offline_access device_sso', '[]', '[]', '[]', 1)",
            two.client_id
        ),
    );
    let second = provider.ask(two.asks(&provider, "/token", &fields)).await;
    assert_eq!(second.status, 200, "{}", second.body);
    let second = second.json();
    assert_eq!(
        (&second["device_token"], &second["device_secret"]),
        (&answer["device_secret"], &answer["device_secret"])
    );
    // A scope without openid: an access token, and neither ID Token nor secret.
    let mut plain = fields.clone();
    plain.push(("scope", "profile"));
    let plain = provider.ask(two.asks(&provider, "/token", &plain)).await.json();
    assert!(plain.get("id_token").is_none() && plain.get("device_secret").is_none(), "{plain}");
}

/// A person is asked on the consent page, in words of its own, and only then is there a secret.
#[tokio::test]
async fn sharing_a_device_is_asked_for_in_its_own_words() {
    let provider = native().await;
    let one = app_with(&provider, "Mail", &json!({"native_sso": {"group": "acme"}})).await;
    let mut browser = Browser::new(&provider);
    let begun = one.begin(&provider).with("scope", "openid device_sso");
    let page = browser.open(&begun.url()).await;
    let page = browser.sign_in(&page, ADA.0, ADA.1).await;
    assert!(page.says("other apps on this device"), "{}", page.answer.body);
    let page = browser.allow(&page).await;
    let answer = one.try_redeem(&provider, &page.parameter("code").unwrap(), &begun.verifier).await;
    assert!(answer.json()["device_secret"].is_string(), "{}", answer.body);
    // -07: whoever was not asked must be asked: interaction_required.
    let two = app_with(&provider, "Calendar", &json!({"native_sso": {"group": "acme"}})).await;
    refused(&exchange(&provider, &two, &Keychain::of(&answer.json())).await, "interaction_required");
}

/// Where it is not offered, or not to this client, nothing of it is said or done.
#[tokio::test]
async fn nothing_of_it_without_the_operator() {
    let provider = with_ada(plan()).await;
    let document = provider.get("/.well-known/openid-configuration").await.unwrap().json();
    assert!(document.get("native_sso_supported").is_none());
    assert!(!document["scopes_supported"].to_string().contains("device_sso"));
    let one = app(&provider, "Mail", &json!({"group": "acme"})).await;
    let answer = first(&provider, &mut Browser::new(&provider), &one, "openid device_sso").await;
    assert!(answer.get("device_secret").is_none() && claims(&answer).get("ds_hash").is_none(), "{answer}");
    assert_eq!(answer["scope"], "openid");
    provider.cli(&["native-sso", "on"]).await;
    crate::ground::offers(&provider, |scopes| scopes.iter().any(|scope| scope == "device_sso")).await;
    let other = RelyingParty::public(&provider, "Other").await;
    let answer = first(&provider, &mut Browser::new(&provider), &other, "openid device_sso").await;
    assert!(answer.get("device_secret").is_none(), "{answer}");
}

/// A secret is kept until it is 30 days old; the one before is good until its successor has been used for a day; then it is
/// a replay: refused, recorded, shown.
#[tokio::test]
async fn a_secret_grows_old_and_comes_back() {
    let provider = native().await;
    let one = app(&provider, "Mail", &json!({"group": "acme"})).await;
    let two = app(&provider, "Calendar", &json!({"group": "acme", "replayed": "end-device"})).await;
    let mut browser = Browser::new(&provider);
    let old = Keychain::of(&first(&provider, &mut browser, &one, "openid device_sso").await);
    let days = |days: i64| {
        passes(&provider, days * 86400);
        sql(
            &provider,
            &format!(
                "UPDATE device_secret SET issued_at = issued_at - {ms}, used_at = used_at - {ms}, replaced_at = replaced_at - {ms}; \
             UPDATE session SET idle_until = idle_until + {ms}, seen_at = seen_at + {ms} WHERE kind = 'device'",
                ms = days * 86_400_000
            ),
        )
    };
    days(31);
    let answer = exchange(&provider, &one, &old).await.json();
    let new = Keychain::of(&answer);
    assert_ne!(new.device_secret, old.device_secret, "{answer}");
    assert_eq!(claims(&answer)["ds_hash"], testkit::relying_party::part(&old.id_token, 1)["ds_hash"]);
    // The old ID Token with the new secret, and the other way round: what binds is the device.
    let mixed = Keychain { id_token: old.id_token.clone(), ..new.clone() };
    assert_eq!(exchange(&provider, &two, &mixed).await.status, 200);
    let late = exchange(&provider, &two, &old).await;
    assert_eq!(late.status, 200, "two honest apps that share a keychain: {}", late.body);
    days(2);
    refused(&exchange(&provider, &one, &old).await, "invalid_request");
    let audit = provider.cli(&["audit"]).await;
    assert!(audit.to_string().contains("device_secret_replayed"), "{audit}");
    // It is shown: to the operator, and to the person.
    let listed = provider.cli(&["session", "list", "--user", "ada"]).await;
    let row = listed.as_array().unwrap().iter().find(|row| row["kind"] == "device").unwrap();
    assert!(row["replayed_at"].is_string(), "{row}");
    let shown = provider.cli(&["session", "show", row["id"].as_str().unwrap()]).await;
    assert!(shown["session"]["replayed_at"].is_string(), "{shown}");
    let mut person = Browser::new(&provider);
    let page = person.open(&provider.url("/account")).await;
    let page = person.sign_in(&page, ADA.0, ADA.1).await;
    assert!(page.says("an old key of this device"), "{}", page.answer.body);
    assert_eq!(exchange(&provider, &two, &new).await.status, 200, "by default nothing else comes of it");
    refused(&exchange(&provider, &two, &old).await, "invalid_request");
    refused(&exchange(&provider, &two, &new).await, "invalid_grant");
}

/// Where a replay ends the device, it does so wherever the secret comes: with a refresh token, and with a code.
#[tokio::test]
async fn a_replaced_secret_ends_the_device_with_a_code_and_a_refresh_too() {
    for comes_with in ["refresh_token", "code"] {
        let provider = native().await;
        let app = app(&provider, "Mail", &json!({"group": "acme", "replayed": "end-device"})).await;
        let mut browser = Browser::new(&provider);
        let begun = first(&provider, &mut browser, &app, "openid offline_access device_sso").await;
        let old = Keychain::of(&begun);
        // Its successor has been in use for two days.
        sql(
            &provider,
            "INSERT INTO device_secret (hash, session, parent, issued_at, used_at) \
             SELECT x'00', session, hash, issued_at, issued_at - 172800000 FROM device_secret",
        );
        if comes_with == "refresh_token" {
            let token = begun["refresh_token"].as_str().unwrap();
            let fields =
                [("grant_type", "refresh_token"), ("refresh_token", token), ("device_secret", &old.device_secret)];
            refused(&provider.ask(app.asks(&provider, "/token", &fields)).await, "invalid_grant");
        } else {
            let secret = Some(&*old.device_secret);
            let again = first_with(&provider, &mut browser, &app, ("openid device_sso", secret)).await;
            assert_ne!(claims(&again)["ds_hash"], claims(&begun)["ds_hash"], "another device session");
        }
        assert_eq!(app.hears(1, std::time::Duration::from_secs(10)).await[0].claims["sid"], claims(&begun)["sid"]);
        let over = sql(&provider, "SELECT cause FROM session WHERE kind = 'device' AND ended_at IS NOT NULL");
        assert_eq!(over, "reuse", "{comes_with}");
        refused(&exchange(&provider, &app, &old).await, "invalid_grant");
    }
}

/// An app that loses its keychain again and again leaves no more device sessions behind than its policy says.
#[tokio::test]
async fn there_are_no_more_devices_than_the_policy_says() {
    let provider = native().await;
    let app = app(&provider, "Mail", &json!({"group": "acme", "devices": 2})).await;
    let mut answers = Vec::new();
    for n in 0..3 {
        answers.push(first(&provider, &mut Browser::new(&provider), &app, "openid device_sso").await);
        sql(&provider, &format!("UPDATE session SET seen_at = seen_at - {} WHERE kind = 'device'", 60_000 * (3 - n)));
    }
    let heard = app.hears(1, std::time::Duration::from_secs(10)).await;
    assert_eq!(heard.len(), 1);
    assert_eq!(heard[0].claims["sid"], claims(&answers[0])["sid"], "the one unseen for the longest time");
    refused(&exchange(&provider, &app, &Keychain::of(&answers[0])).await, "invalid_grant");
    for answer in &answers[1..] {
        assert_eq!(exchange(&provider, &app, &Keychain::of(answer)).await.status, 200);
    }
    let audit = provider.cli(&["audit"]).await.to_string();
    assert!(audit.contains("devices_too_many"), "{audit}");
}

/// The same person signs in again on the same device: one device session, one stay. Another person gets another.
#[tokio::test]
async fn who_signs_in_again_stays_on_the_device() {
    let provider = native().await;
    provider.user("bob", "another horse battery").await;
    let one = app(&provider, "Mail", &json!({"group": "acme"})).await;
    let mut browser = Browser::new(&provider);
    let first_time = first(&provider, &mut browser, &one, "openid device_sso").await;
    let secret = first_time["device_secret"].as_str().unwrap();
    let again = first_with(&provider, &mut browser, &one, ("openid device_sso", Some(secret))).await;
    assert_eq!(again["device_secret"], first_time["device_secret"]);
    let (before, after) = (claims(&first_time), claims(&again));
    assert_eq!((&before["sid"], &before["ds_hash"]), (&after["sid"], &after["ds_hash"]));
    assert_eq!(sql(&provider, "SELECT count(*) FROM session WHERE kind = 'device'"), "1");
    assert_eq!(sql(&provider, "SELECT count(*) FROM participation"), "1");
    // An invalid secret is as if none had come (§3.3.1).
    let fresh = first_with(&provider, &mut browser, &one, ("openid device_sso", Some("nonsense"))).await;
    assert_ne!(fresh["device_secret"], first_time["device_secret"]);
    let begun = one.begin(&provider).with("scope", "openid device_sso");
    let mut bobs = Browser::new(&provider);
    let page = bobs.open(&begun.url()).await;
    let page = bobs.through(page, "bob", "another horse battery").await;
    let (code, redirect) = (page.parameter("code").unwrap(), one.redirect_uri());
    let fields = [
        ("grant_type", "authorization_code"),
        ("code", &*code),
        ("redirect_uri", &*redirect),
        ("code_verifier", &*begun.verifier),
        ("device_secret", secret),
    ];
    let bob = provider.ask(one.asks(&provider, "/token", &fields)).await.json();
    assert_ne!(bob["device_secret"], first_time["device_secret"], "a device secret is one person's");
    assert_ne!(claims(&bob)["ds_hash"], before["ds_hash"]);
}

/// Draft -07 §4.1: "Confidential clients MUST use client authentication with this profile."
#[tokio::test]
async fn a_confidential_client_proves_who_it_is() {
    let provider = native().await;
    let one = app(&provider, "Mail", &json!({"group": "acme"})).await;
    let mut two = RelyingParty::open().await;
    let metadata = json!({
        "client_name": "Calendar", "redirect_uris": [two.redirect_uri()], "scope": "openid device_sso",
        "grant_types": ["authorization_code", "refresh_token", super::apps::GRANT],
    });
    let policy = json!({"consent": "first-party", "native_sso": {"group": "acme"}});
    let file = provider.file("calendar policy.json", &policy.to_string());
    two.register(&provider, &metadata, &["--policy", &file]).await;
    let keychain = Keychain::of(&first(&provider, &mut Browser::new(&provider), &one, "openid device_sso").await);
    // By its name alone, as a public client would.
    let id = two.client_id.clone();
    let fields: Vec<_> = parameters(&provider, &keychain).into_iter().chain([("client_id", &*id)]).collect();
    let unproven = provider.ask(testkit::http::Question::post(&provider.url("/token"), &fields)).await;
    assert_eq!(unproven.json()["error"], "invalid_client", "{}", unproven.body);
    let proven = exchange(&provider, &two, &keychain).await;
    assert_eq!(proven.status, 200, "{}", proven.body);
}
