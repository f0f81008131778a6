//! The authorization endpoint's no's, each in its channel, and what other sites post to it (Core §3.1.2.1, §3.1.2.6,
//! RFC 6749 §4.1.2.1, RFC 9207).

use testkit::{Begun, Browser, Page, Provider, RelyingParty};

use super::ground::{ADA, plan, signed_in, with_ada};

/// By address, and as another site would post it.
async fn both_ways(browser: &Browser, provider: &Provider, begun: &Begun) -> [Page; 2] {
    let by_get = browser.clone().open_from_elsewhere(&begun.url()).await;
    let by_post = browser.clone().post_from_elsewhere(&provider.url("/authorize"), &begun.pairs()).await;
    [by_get, by_post]
}

#[tokio::test]
async fn who_is_not_known_to_be_genuine_gets_nobody_sent_anywhere() {
    let provider = with_ada(plan().https("https://op.test")).await;
    let party = RelyingParty::first_party(&provider, "One").await;
    let browser = Browser::new(&provider);
    let begun = party.begin(&provider);
    let uri = party.redirect_uri();
    let mut cases = vec![
        ("no client", begun.clone().without("client_id")),
        ("an unknown client", begun.clone().with("client_id", "nobody")),
        ("no address", begun.clone().without("redirect_uri")),
    ];
    for (what, other) in [
        ("another path", uri.replace("/callback", "/elsewhere")),
        ("a longer path", format!("{uri}/more")),
        ("a slash more", format!("{uri}/")),
        ("a query", format!("{uri}?a=b")),
        ("a fragment", format!("{uri}#a")),
        ("a user", uri.replace("127.0.0.1", "u@127.0.0.1")),
        ("another host", uri.replace("127.0.0.1", "localhost")),
        ("another scheme", uri.replace("http:", "https:")),
        ("a script", "javascript:alert(1)".to_owned()),
        ("another case", uri.replace("/callback", "/Callback")),
        ("dots", uri.replace("/callback", "/a/../callback")),
        ("an encoding", uri.replace("/callback", "/%63allback")),
    ] {
        cases.push((what, begun.clone().with("redirect_uri", &other)));
    }
    for (what, begun) in cases {
        // Neither a response mode nor anything else wrong with it sends the error elsewhere.
        for begun in [begun.clone(), begun.with("response_mode", "form_post").with("response_type", "nonsense")] {
            for page in both_ways(&browser, &provider, &begun).await {
                assert_eq!(page.answer.status, 400, "{what}: {}", page.url);
                assert!(page.url.as_str().starts_with("https://op.test/authorize"), "{what}: {:?}", page.way);
                assert!(page.answer.header("location").is_none() && !page.has_form("form-post"), "{what}");
                assert!(!page.answer.body.contains(&begun.state), "{what}");
            }
        }
    }
    let twice = format!("{}&client_id={}", party.begin(&provider).url(), party.client_id);
    assert_eq!(browser.clone().open(&twice).await.answer.status, 400);
}

#[tokio::test]
async fn what_is_wrong_with_a_request_is_told_where_it_came_from() {
    let walk = signed_in(plan().https("https://op.test")).await;
    let begun = walk.one.begin(&walk.provider);
    for (what, begun, error) in [
        ("no response type", begun.clone().without("response_type"), "invalid_request"),
        ("an unknown response type", begun.clone().with("response_type", "magic"), "unsupported_response_type"),
        ("no challenge", begun.clone().without("code_challenge"), "invalid_request"),
        ("plain", begun.clone().with("code_challenge_method", "plain"), "invalid_request"),
        ("no method", begun.clone().without("code_challenge_method"), "invalid_request"),
        ("a short challenge", begun.clone().with("code_challenge", "abc"), "invalid_request"),
        ("registration", begun.clone().with("registration", "{}"), "registration_not_supported"),
        ("an unknown mode", begun.clone().with("response_mode", "pigeon"), "invalid_request"),
        ("a broken claims", begun.clone().with("claims", "{"), "invalid_request"),
        ("none and more", begun.clone().with("prompt", "none login"), "invalid_request"),
        ("an age", begun.clone().with("max_age", "old"), "invalid_request"),
        ("somebody else", begun.clone().with("id_token_hint", "a.b.c"), "invalid_request"),
    ] {
        for page in both_ways(&walk.browser, &walk.provider, &begun).await {
            assert!(page.url.as_str().starts_with(&walk.one.redirect_uri()), "{what}: {}", page.url);
            // The code flow answers in the query, the others in the fragment, even their no (Multiple Response Types §2.1).
            let (query, fragment) = (page.url.query(), page.url.fragment());
            let answer = match begun.pairs().iter().any(|(_, value)| value.ends_with("id_token")) {
                true => (fragment, query),
                false => (query, fragment),
            };
            let (Some(answer), None) = answer else { panic!("{what}: {}", page.url) };
            let answer = testkit::http::read(&format!("http://x/?{answer}"));
            let get = |name: &str| answer.query_pairs().find(|(n, _)| n == name).map(|(_, value)| value.into_owned());
            let [said, state, iss, code] = ["error", "state", "iss", "code"].map(get);
            assert_eq!(said.as_deref(), Some(error), "{what}: {}", page.url);
            assert_eq!(state.as_deref(), Some(begun.state.as_str()), "{what}");
            assert_eq!(iss.as_deref(), Some("https://op.test"), "{what}");
            assert_eq!(code, None, "{what}");
        }
    }
    // No state sent, none comes back.
    let begun = begun.without("state").with("prompt", "none").with("max_age", "x");
    for page in both_ways(&walk.browser, &walk.provider, &begun).await {
        assert_eq!((page.parameter("state"), page.parameter("iss").is_some()), (None, true), "{}", page.url);
    }
    // By form_post it is posted.
    let begun = walk.one.begin(&walk.provider).with("response_mode", "form_post").with("max_age", "x");
    for page in both_ways(&walk.browser, &walk.provider, &begun).await {
        let form = page.form("form-post");
        assert_eq!(form.action, walk.one.redirect_uri());
        let fields = ["error", "state", "iss"].map(|name| form.field(name));
        assert_eq!(fields, [Some("invalid_request"), Some(begun.state.as_str()), Some("https://op.test")]);
    }
}

/// `oidcc-ensure-post-request-succeeds`: with a session and without one, over https and on a machine of one's own, where
/// the session's cookie is Lax as well.
#[tokio::test]
async fn a_request_posted_by_another_site_finds_the_session() {
    for plan in [plan().https("https://op.test"), plan()] {
        let mut walk = signed_in(plan).await;
        let endpoint = walk.provider.url("/authorize");
        for prompt in ["none", ""] {
            let begun = walk.two.begin(&walk.provider).with("prompt", prompt);
            let page = walk.browser.post_from_elsewhere(&endpoint, &begun.pairs()).await;
            let tokens = walk.two.complete(&walk.provider, &begun, &page).await;
            assert_eq!(tokens.claim("sid"), walk.at_two.claim("sid"), "the session was seen");
            for address in &page.way {
                assert!(!address.contains("code_challenge"), "what was posted shows in no address: {address}");
            }
        }
        let mut fresh = Browser::new(&walk.provider);
        let begun = walk.one.begin(&walk.provider);
        let page = fresh.post_from_elsewhere(&endpoint, &begun.pairs()).await;
        let page = fresh.sign_in(&page, ADA.0, ADA.1).await;
        walk.one.complete(&walk.provider, &begun, &page).await;
    }
}

#[tokio::test]
async fn a_post_from_elsewhere_leaves_the_forms_of_other_tabs_alone() {
    let mut walk = signed_in(plan().https("https://op.test")).await;
    let begun = walk.one.begin(&walk.provider).with("prompt", "login");
    let login = walk.browser.open(&begun.url()).await;
    let account = walk.browser.open(&walk.provider.url("/account")).await;
    let cookie = walk.browser.jar.cookie("__Host-ostiary-form").unwrap().value.clone();
    // Another tab is sent to sign in, another to sign out, by sites that post.
    let other = walk.two.begin(&walk.provider).with("prompt", "login");
    let page = walk.browser.post_from_elsewhere(&walk.provider.url("/authorize"), &other.pairs()).await;
    assert!(page.has_form("login-form"), "{}", page.url);
    let id = walk.two.client_id.clone();
    let leave = walk.browser.post_from_elsewhere(&walk.provider.url("/end_session"), &[("client_id", &id)]).await;
    assert!(leave.has_form("logout-form"), "{}", leave.url);
    assert_eq!(walk.browser.jar.cookie("__Host-ostiary-form").unwrap().value, cookie);
    // Every one of them still works.
    let page = walk.browser.sign_in(&page, ADA.0, ADA.1).await;
    walk.two.complete(&walk.provider, &other, &page).await;
    let page = walk.browser.sign_in(&login, ADA.0, ADA.1).await;
    walk.one.complete(&walk.provider, &begun, &page).await;
    let form = account.form("password-form").fill("current", "not it at all").fill("new", "x").fill("repeat", "x");
    let said = walk.browser.submit(&account, &form).await;
    assert_eq!(said.answer.status, 200, "{}", said.answer.body);
    let form = leave.form("logout-form").press_value("logout", "all");
    let done = walk.browser.submit(&leave, &form).await;
    assert!(done.says("You are signed out"), "{}", done.answer.body);
}

#[tokio::test]
async fn a_sign_out_posted_by_another_site_finds_the_session() {
    for plan in [plan().https("https://op.test"), plan()] {
        let mut walk = signed_in(plan).await;
        let after = walk.one.url("/after");
        let fields = [
            ("id_token_hint", walk.at_one.id_token.as_str()),
            ("post_logout_redirect_uri", &after),
            ("state", "of the relying party"),
        ];
        let page = walk.browser.post_from_elsewhere(&walk.provider.url("/end_session"), &fields).await;
        assert!(page.url.as_str().starts_with(&after), "{}", page.url);
        assert_eq!(page.parameter("state").as_deref(), Some("of the relying party"));
        for address in &page.way {
            assert!(!address.contains(&walk.at_one.id_token), "the hint shows in no address");
        }
        super::ground::settles(&walk.provider, &["delivered"; 2], std::time::Duration::from_secs(10)).await;
    }
}

#[tokio::test]
async fn what_is_posted_is_carried_as_it_was() {
    let mut walk = signed_in(plan().https("https://op.test")).await;
    let endpoint = walk.provider.url("/authorize");
    // Parameters twice, and letters of every kind.
    let state = "ä & = % + \u{1f510}";
    let mut begun = walk.one.begin(&walk.provider).with("state", state);
    begun.state = state.to_owned();
    let page = walk.browser.post_from_elsewhere(&endpoint, &begun.pairs()).await;
    walk.one.complete(&walk.provider, &begun, &page).await;
    let mut pairs = begun.pairs();
    pairs.push(("nonce", "another"));
    let page = walk.browser.post_from_elsewhere(&endpoint, &pairs).await;
    assert_eq!(page.parameter("error").as_deref(), Some("invalid_request"), "{}", page.url);
    // One that is too long to travel is looked at where it stands: the session is seen there too.
    let long = "x".repeat(9_000);
    let begun = walk.one.begin(&walk.provider).with("state", &long);
    let page = walk.browser.post_from_elsewhere(&endpoint, &begun.pairs()).await;
    assert_eq!((page.parameter("code").is_some(), page.way.len()), (true, 2), "{}", page.url);
    // A parameter of that name which is not ours is as good as unknown, and what is no form is refused.
    let begun = walk.one.begin(&walk.provider).with("posted", "rubbish").with("prompt", "none");
    let page = walk.browser.open(&begun.url()).await;
    walk.one.complete(&walk.provider, &begun, &page).await;
    let mut question = testkit::http::Question::post(&endpoint, &begun.pairs());
    question.headers = vec![("content-type".into(), "application/json".into())];
    assert_eq!(walk.provider.ask(question).await.status, 400);
}
