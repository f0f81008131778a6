//! JWTs through every door, and back.

use super::*;
use crate::ground::{passes, sql};

/// What a code for every resource there is gives, when the catalogue is named.
async fn granted() -> (Provider, RelyingParty, Value) {
    let (provider, open) = library().await;
    let party = party(&provider, open, &["--first-party"]).await;
    let mut browser = Browser::new(&provider);
    let mut begun = party.begin(&provider).with("scope", "openid email offline_access catalogue:read loans:read");
    for resource in [CATALOGUE, LOANS, provider.issuer()] {
        begun.parameters.push(("resource".to_owned(), resource.to_owned()));
    }
    let first = code(&provider, &mut browser, &begun).await;
    let answer = redeem(&provider, &party, &begun, &first, &[("resource", CATALOGUE)]).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    (provider, party, answer.json())
}

#[tokio::test]
async fn a_jwt_says_what_its_row_says() {
    let (provider, party, tokens) = granted().await;
    assert_eq!((&tokens["scope"], &tokens["expires_in"]), (&json!("catalogue:read"), &json!(120)));
    let (access, id_token) = (text(&tokens, "access_token"), text(&tokens, "id_token"));
    let claims = verified(&provider, &access).await;
    let id = part(&id_token, 1);
    for (name, value) in [
        ("iss", json!(provider.issuer())),
        ("aud", json!(CATALOGUE)),
        ("sub", id["sub"].clone()),
        ("client_id", json!(party.client_id)),
        ("scope", json!("catalogue:read")),
        ("auth_time", id["auth_time"].clone()),
        ("amr", id["amr"].clone()),
    ] {
        assert_eq!(claims.get(name), Some(&value), "{name} of {claims:?}");
    }
    assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 120);
    assert!(!claims.contains_key("sid") && !claims.contains_key("email"));
    assert_eq!(id["at_hash"], jose::half_hash(JwsAlg::Rs256, &access), "at_hash is over the JWT");
    // What the JWT says is what its row says.
    let known = introspected(&provider, &access).await;
    for name in ["iss", "aud", "sub", "client_id", "scope", "iat", "exp"] {
        assert_eq!(Some(&known[name]), claims.get(name), "{name}");
    }
    assert_eq!(known["active"], true);
    // It is not for us, and its jti opens nothing.
    assert_eq!(userinfo(&provider, &access).await, 401);
    let jti = claims["jti"].as_str().unwrap();
    assert_eq!(introspected(&provider, jti).await, json!({"active": false}));
    assert_eq!(userinfo(&provider, jti).await, 401);
}

#[tokio::test]
async fn one_grant_gives_each_resource_server_a_token_of_its_own() {
    let (provider, party, tokens) = granted().await;
    // The same grant, by refresh: another resource server, UserInfo, and both at once.
    let refresh = text(&tokens, "refresh_token");
    let again = async |more: &[(&str, &str)]| {
        let fields = [&[("grant_type", "refresh_token"), ("refresh_token", &*refresh)], more].concat();
        provider.ask(party.asks(&provider, "/token", &fields)).await
    };
    let loans = again(&[("resource", LOANS)]).await.json();
    assert_eq!((loans["scope"].as_str(), text(&loans, "access_token").contains('.')), (Some("loans:read"), false));
    assert_eq!(introspected(&provider, &text(&loans, "access_token")).await["aud"], LOANS);
    let own = again(&[("resource", provider.issuer())]).await.json();
    assert_eq!(own["scope"], "openid email offline_access");
    assert_eq!(userinfo(&provider, &text(&own, "access_token")).await, 200);
    let both = again(&[("resource", CATALOGUE), ("resource", provider.issuer())]).await.json();
    let access = text(&both, "access_token");
    let claims = verified(&provider, &access).await;
    assert_eq!(claims["aud"], json!([CATALOGUE, provider.issuer()]));
    assert_eq!(userinfo(&provider, &access).await, 200, "we are among its audience");
    // No JWT is for two resource servers, and what was not granted is not given; nothing of that spends the token.
    for more in [
        &[][..],
        &[("resource", CATALOGUE), ("resource", LOANS)],
        &[("resource", "https://api.example.org/")],
        &[("resource", "catalogue")],
        &[("resource", "https://api.example.org/catalogue#x")],
    ] {
        is_refused(&again(more).await, "invalid_target");
    }
    is_refused(&again(&[("resource", LOANS), ("scope", "catalogue:read")]).await, "invalid_scope");
    assert_eq!(again(&[("resource", LOANS)]).await.status, 200);
}

#[tokio::test]
async fn a_jwt_goes_through_the_browser_too() {
    let (provider, open) = library().await;
    let party = party(&provider, open, &["--first-party"]).await;
    let mut browser = Browser::new(&provider);
    party.sign_in(&provider, &mut browser, ADA).await;
    let fragment = async |browser: &mut Browser, begun: &Begun| -> Map<String, Value> {
        let page = browser.open(&begun.url()).await;
        let pairs = url::form_urlencoded::parse(page.url.fragment().unwrap_or_default().as_bytes()).into_owned();
        pairs.map(|(name, value)| (name, json!(value))).collect()
    };
    for kind in ["token", "id_token token", "code id_token token"] {
        let begun = party.begin(&provider).with("response_type", kind).with("resource", CATALOGUE);
        let begun = begun.with("scope", "openid catalogue:write catalogue:read");
        let answer = fragment(&mut browser, &begun).await;
        let access = answer["access_token"].as_str().unwrap_or_else(|| panic!("{kind}: {answer:?}"));
        let claims = verified(&provider, access).await;
        assert_eq!(claims["scope"], "catalogue:write catalogue:read");
        assert_eq!((&answer["expires_in"], &answer["scope"]), (&json!("120"), &claims["scope"]));
        if let Some(id_token) = answer.get("id_token").and_then(Value::as_str) {
            assert_eq!(part(id_token, 1)["at_hash"], jose::half_hash(JwsAlg::Rs256, access));
        }
        assert_eq!(introspected(&provider, access).await["active"], true);
    }
    // It cannot be narrowed later.
    let mut several = party.begin(&provider).with("response_type", "token").with("resource", CATALOGUE);
    several.parameters.push(("resource".to_owned(), LOANS.to_owned()));
    assert_eq!(fragment(&mut browser, &several).await["error"], "invalid_target");
    let unknown = party.begin(&provider).with("response_type", "token").with("resource", "https://api.example.org/");
    assert_eq!(fragment(&mut browser, &unknown).await["error"], "invalid_target");
}

#[tokio::test]
async fn who_names_no_resource_gets_the_one_the_scope_belongs_to() {
    let (provider, open) = library().await;
    let party = party(&provider, open, &["--first-party"]).await;
    let mut browser = Browser::new(&provider);
    let begun = party.begin(&provider).with("scope", "openid email catalogue:read");
    let spent = code(&provider, &mut browser, &begun).await;
    let tokens = redeem(&provider, &party, &begun, &spent, &[]).await.json();
    let access = text(&tokens, "access_token");
    let claims = verified(&provider, &access).await;
    assert_eq!(claims["aud"], json!([CATALOGUE, provider.issuer()]));
    assert_eq!(tokens["scope"], "openid email catalogue:read");
    assert_eq!(userinfo(&provider, &access).await, 200);
    let several = party.begin(&provider).with("scope", "openid loans:read catalogue:read");
    let page = browser.open(&several.url()).await;
    assert_eq!(page.parameter("error").as_deref(), Some("invalid_scope"));
}

#[tokio::test]
async fn what_ended_is_told_to_who_asks_and_not_to_who_only_verifies() {
    let (provider, open) = library().await;
    let party = party(&provider, open, &["--first-party"]).await;
    let mut browser = Browser::new(&provider);
    let token = async |browser: &mut Browser, more: &[&str]| {
        let mut begun = party.begin(&provider).with("scope", "openid catalogue:read");
        for resource in [&[CATALOGUE], more].concat() {
            begun.parameters.push(("resource".to_owned(), resource.to_owned()));
        }
        let spent = code(&provider, browser, &begun).await;
        redeem(&provider, &party, &begun, &spent, &[]).await.json()
    };
    // Revoked by its client, and by no other.
    let access = text(&token(&mut browser, &[provider.issuer()]).await, "access_token");
    let revoked = async |asking: &RelyingParty, token: &str| {
        let answer = provider.ask(asking.asks(&provider, "/revoke", &[("token", token)])).await;
        assert_eq!(answer.status, 200);
    };
    let two = RelyingParty::first_party(&provider, "Two").await;
    revoked(&two, &access).await;
    // A JWT that was bent names nobody's row.
    let (input, signature) = access.rsplit_once('.').unwrap();
    let (head, payload) = input.split_once('.').unwrap();
    let mut last = signature.to_owned();
    let flipped = if last.starts_with('A') { "B" } else { "A" };
    last.replace_range(0..1, flipped);
    let bare = jose::base64url(json!({"alg": "none", "typ": "at+jwt"}).to_string());
    let as_id = jose::base64url(json!({"alg": "ES256", "typ": "JWT"}).to_string());
    for bent in [
        format!("{input}.{last}"),
        format!("{bare}.{payload}."),
        format!("{bare}.{payload}.{signature}"),
        format!("{as_id}.{payload}.{signature}"),
        format!("{head}.{payload}"),
        format!("{access}."),
    ] {
        revoked(&party, &bent).await;
        assert_eq!(introspected(&provider, &bent).await, json!({"active": false}), "{bent}");
        assert_ne!(userinfo(&provider, &bent).await, 200);
    }
    assert_eq!(
        (introspected(&provider, &access).await["active"].clone(), userinfo(&provider, &access).await),
        (json!(true), 200)
    );
    revoked(&party, &access).await;
    assert_eq!(
        (introspected(&provider, &access).await, userinfo(&provider, &access).await),
        (json!({"active": false}), 401)
    );
    // The session ends.
    let tokens = token(&mut browser, &[]).await;
    let access = text(&tokens, "access_token");
    assert_eq!(introspected(&provider, &access).await["active"], true);
    provider.cli(&["session", "end", "--user", ADA.0]).await;
    assert_eq!(introspected(&provider, &access).await, json!({"active": false}));
    verified(&provider, &access).await;
    // It expires, and its row is swept.
    let access = text(&token(&mut browser, &[]).await, "access_token");
    passes(&provider, 121);
    assert_eq!(introspected(&provider, &access).await, json!({"active": false}));
    sql(&provider, "DELETE FROM access_token");
    assert_eq!(introspected(&provider, &access).await, json!({"active": false}));
}

#[tokio::test]
async fn an_access_token_is_no_id_token_and_an_id_token_no_access_token() {
    let (provider, open) = library().await;
    // Somebody registered a client of the resource server's name.
    let metadata = json!({"redirect_uris": ["https://rp.example/cb"]});
    provider.client(&metadata, &["--client-id", CATALOGUE, "--first-party"]).await;
    let party = party(&provider, open, &["--first-party"]).await;
    let mut browser = Browser::new(&provider);
    let begun = party.begin(&provider).with("scope", "openid catalogue:read").with("resource", CATALOGUE);
    let spent = code(&provider, &mut browser, &begun).await;
    let tokens = redeem(&provider, &party, &begun, &spent, &[]).await.json();
    let (access, id_token) = (text(&tokens, "access_token"), text(&tokens, "id_token"));
    assert_eq!(header(&access)["typ"], "at+jwt");
    assert_eq!(userinfo(&provider, &id_token).await, 401);
    assert_eq!(introspected(&provider, &id_token).await, json!({"active": false}));
    // As a hint it is nobody's.
    let hinted = party.begin(&provider).with("id_token_hint", &access);
    let page = browser.open(&hinted.url()).await;
    assert_eq!(page.parameter("error").as_deref(), Some("invalid_request"));
    let end = format!("/end_session?id_token_hint={access}&client_id={}", "https%3A%2F%2Fapi.example.org%2Fcatalogue");
    let shown = browser.open(&provider.url(&end)).await;
    assert!(shown.answer.body.contains("end_hint_foreign"), "{}", shown.answer.body);
}

#[tokio::test]
async fn a_service_gets_a_jwt_by_its_own_authority() {
    let (provider, _) = library().await;
    let policy = provider.file("targets.json", &json!({"targets": [CATALOGUE]}).to_string());
    let metadata = json!({"grant_types": ["client_credentials"], "scope": "plain catalogue:write loans:read"});
    let secret = "the secret of the nightly export, and long";
    let with = ["--client-id", "export", "--policy", &policy, "--client-secret", secret];
    provider.client(&metadata, &with).await;
    let ask = async |more: &[(&str, &str)]| {
        let fields = [&[("grant_type", "client_credentials")], more].concat();
        provider.ask(Question::post(&provider.url("/token"), &fields).basic("export", secret)).await
    };
    for more in [
        &[("resource", CATALOGUE)][..],
        &[("scope", "catalogue:write")],
        &[("resource", CATALOGUE), ("scope", "catalogue:write plain")],
    ] {
        let answer = ask(more).await;
        assert_eq!(answer.status, 200, "{more:?}: {}", answer.body);
        let access = text(&answer.json(), "access_token");
        let claims = verified(&provider, &access).await;
        for (name, value) in
            [("sub", "export"), ("client_id", "export"), ("aud", CATALOGUE), ("scope", "catalogue:write")]
        {
            assert_eq!(claims[name], value, "{name}, RFC 9068 §2.2");
        }
        assert!(["auth_time", "acr", "amr"].iter().all(|name| !claims.contains_key(*name)), "nobody signed in");
        assert_eq!(introspected(&provider, &access).await["client_id"], "export");
    }
    is_refused(&ask(&[("resource", LOANS)]).await, "invalid_target");
    is_refused(&ask(&[("resource", "urn:nobody")]).await, "invalid_target");
    is_refused(&ask(&[("scope", "loans:read")]).await, "invalid_scope");
    is_refused(&ask(&[("resource", CATALOGUE), ("scope", "plain")]).await, "invalid_scope");
    provider.cli(&["client", "disable", "export"]).await;
}
