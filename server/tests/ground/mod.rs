//! What every walk stands on.

use testkit::{Browser, Plan, Provider, RelyingParty, Tokens};

/// A person.
pub(crate) const ADA: (&str, &str) = ("ada", "correct horse battery");

/// A plan for the binary under test.
pub(crate) fn plan() -> Plan {
    Plan::new(env!("CARGO_BIN_EXE_ostiary"))
}

/// A provider with Ada in it.
pub(crate) async fn with_ada(plan: Plan) -> Provider {
    let provider = plan.start().await;
    provider.user(ADA.0, ADA.1).await;
    provider
}

/// Adds a resource server, and waits until the running server offers its scopes.
pub(crate) async fn resource_server(provider: &Provider, described: &serde_json::Value) {
    provider.cli_with(&described.to_string(), &["resource", "add", "-"]).await;
    let scopes: Vec<&String> = described["scopes"].as_object().unwrap().keys().collect();
    offers(provider, |offered| scopes.iter().all(|scope| offered.contains(scope))).await;
}

/// Waits until what the server offers is what is wanted: it notices changes within a second.
pub(crate) async fn offers(provider: &Provider, wanted: impl Fn(&[String]) -> bool) {
    for _ in 0..100 {
        let document = provider.get("/.well-known/openid-configuration").await.unwrap().json();
        let scopes: Vec<String> = serde_json::from_value(document["scopes_supported"].clone()).unwrap();
        if wanted(&scopes) {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("the change was not noticed within five seconds");
}

/// Ada, signed in at two relying parties with one session.
pub(crate) struct SignedIn {
    pub(crate) provider: Provider,
    pub(crate) browser: Browser,
    pub(crate) one: RelyingParty,
    pub(crate) two: RelyingParty,
    pub(crate) at_one: Tokens,
    pub(crate) at_two: Tokens,
}

/// Signs Ada in at two relying parties of the operator's own.
pub(crate) async fn signed_in(plan: Plan) -> SignedIn {
    let provider = with_ada(plan).await;
    let one = RelyingParty::first_party(&provider, "One").await;
    let two = RelyingParty::first_party(&provider, "Two").await;
    let mut browser = Browser::new(&provider);
    let at_one = one.sign_in(&provider, &mut browser, ADA).await;
    // The second time nothing is asked: `through` would type a password, so the page is looked at first.
    let begun = two.begin(&provider);
    let page = browser.open(&begun.url()).await;
    let at_two = two.complete(&provider, &begun, &page).await;
    SignedIn { provider, browser, one, two, at_one, at_two }
}

/// The counts of the ledger by state, and that they add up (`logout.md` §1).
pub(crate) async fn states(provider: &Provider) -> Vec<String> {
    let mut states: Vec<String> =
        provider.notices().await.iter().map(|row| row["state"].as_str().unwrap_or_default().to_owned()).collect();
    states.sort();
    states
}

/// Waits until the ledger has exactly these states, in alphabetical order: every promise accounted for.
pub(crate) async fn settles(provider: &Provider, wanted: &[&str], patience: std::time::Duration) {
    let began = std::time::Instant::now();
    loop {
        let seen = states(provider).await;
        if seen == wanted {
            return;
        }
        assert!(
            began.elapsed() < patience,
            "the ledger has {seen:?}, wanted {wanted:?}: {:#?}",
            provider.notices().await
        );
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
}

/// The page on which a person sees beforehand what an ending would do: by the link of the account page that ends this.
pub(crate) async fn ending_page(provider: &Provider, browser: &mut Browser, what: &str) -> testkit::Page {
    let page = browser.open(&provider.url("/account")).await;
    let body = page.answer.body.replace("&#38;", "&").replace("&amp;", "&");
    let links = body.split("href=\"").filter_map(|rest| rest.split('"').next());
    let link = links.filter(|link| link.contains("/account/end?")).find(|link| link.contains(what));
    let link = link.unwrap_or_else(|| panic!("nothing ends {what}: {}", page.answer.body));
    let url = testkit::http::read(page.url.as_str()).join(link).unwrap();
    browser.open(url.as_str()).await
}

/// The notice of one client.
pub(crate) async fn notice_of(provider: &Provider, party: &RelyingParty) -> serde_json::Value {
    let all = provider.notices().await;
    let found = all.into_iter().find(|row| row["client_id"] == party.client_id);
    found.unwrap_or_else(|| panic!("no notice for {}", party.client_id))
}

/// Runs SQL beside the server, on a provider's SQLite file: what no program of ours would do to it.
pub(crate) fn sql(provider: &Provider, text: &str) -> String {
    let data = provider.dir().join("data.sqlite");
    let ran = std::process::Command::new("sqlite3").arg("-cmd").arg(".timeout 10000").arg(&data).arg(text).output();
    let output = ran.unwrap();
    assert!(output.status.success(), "{text}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// So many seconds pass, without waiting: all that was written becomes so much older.
pub(crate) fn passes(provider: &Provider, seconds: i64) {
    let columns = [
        ("code", "created_at expires_at grant_expires_at"),
        ("access_token", "issued_at expires_at revoked_at"),
        ("refresh_token", "issued_at expires_at rotated_at used_at"),
        ("grants", "created_at expires_at ended_at"),
        ("session", "auth_time created_at seen_at idle_until expires_at ended_at"),
        ("participation", "begun_at used_at ended_at"),
        ("replay", "expires_at"),
        ("pushed_request", "pushed_at expires_at used_at"),
    ];
    let aged = columns.map(|(table, names)| {
        let set: Vec<String> = names.split(' ').map(|name| format!("{name} = {name} - {}", seconds * 1000)).collect();
        format!("UPDATE {table} SET {};", set.join(", "))
    });
    sql(provider, &format!("BEGIN IMMEDIATE; {} COMMIT;", aged.join(" ")));
}
