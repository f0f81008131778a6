//! How often somebody may try, and what hashing may cost.

use testkit::{Browser, Page, Provider, RelyingParty};

use super::super::ground::{ADA, plan, sql, with_ada};

const TOO_MANY: &str = "Too many attempts";

async fn login_page(provider: &Provider, party: &RelyingParty, browser: &mut Browser) -> Page {
    browser.open(&party.begin(provider).with("prompt", "login").url()).await
}

#[tokio::test]
async fn an_attacker_uses_up_an_account_while_its_owner_signs_in_from_a_browser_it_knows() {
    let provider = with_ada(plan().set("limits.attempts_per_account = 4\nlimits.attempts_per_browser = 2")).await;
    let party = RelyingParty::first_party(&provider, "One").await;
    let mut own = Browser::new(&provider);
    party.sign_in(&provider, &mut own, ADA).await;
    let mut attacker = Browser::new(&provider);
    let mut page = login_page(&provider, &party, &mut attacker).await;
    for _ in 0..4 {
        page = attacker.sign_in(&page, ADA.0, "a guess of many").await;
        assert!(page.says("do not belong together"), "{}", page.answer.body);
    }
    for password in ["another guess", ADA.1] {
        page = attacker.sign_in(&page, ADA.0, password).await;
        assert!(page.says(TOO_MANY), "even the right password is not tried: {}", page.answer.body);
    }
    // A name nobody has runs dry in the same way.
    for turn in 0..6 {
        page = attacker.sign_in(&page, "nobody", "a guess of many").await;
        assert_eq!(page.says(TOO_MANY), turn >= 4, "turn {turn}");
    }
    // The owner, from the browser it knows, with the session lost.
    own.jar.close();
    assert!(own.jar.cookie("ostiary").is_none());
    party.sign_in(&provider, &mut own, ADA).await;
    // That browser has a budget of its own, and it is no way around either.
    let mut page = login_page(&provider, &party, &mut own).await;
    for turn in 0..3 {
        page = own.sign_in(&page, ADA.0, "a slip of the pen").await;
        assert_eq!(page.says(TOO_MANY), turn >= 2, "turn {turn}");
    }
    assert!(provider.log().contains("login_budget_empty"));
}

#[tokio::test]
async fn a_browser_that_knew_the_old_password_is_a_strangers() {
    let provider = with_ada(plan().set("limits.attempts_per_account = 4\nlimits.attempts_per_browser = 2")).await;
    let party = RelyingParty::first_party(&provider, "One").await;
    let mut known = Browser::new(&provider);
    party.sign_in(&provider, &mut known, ADA).await;
    provider.cli_with("a wholly other phrase", &["user", "passwd", ADA.0, "--password-stdin"]).await;
    let mut attacker = Browser::new(&provider);
    let mut page = login_page(&provider, &party, &mut attacker).await;
    for _ in 0..4 {
        page = attacker.sign_in(&page, ADA.0, "a guess of many").await;
    }
    // Whoever copied its cookie has no guesses of their own any more.
    let page = login_page(&provider, &party, &mut known).await;
    assert!(known.sign_in(&page, ADA.0, "another guess").await.says(TOO_MANY));
}

#[tokio::test]
async fn many_people_behind_one_address_sign_in_and_a_network_that_guesses_is_stopped() {
    let plan = plan().https("https://op.test").set("limits.attempts_per_source = 3\nlimits.attempts_per_account = 3");
    let provider = with_ada(plan).await;
    let party = RelyingParty::first_party(&provider, "One").await;
    let from = |address: &str| {
        let mut browser = Browser::new(&provider);
        browser.address = Some(address.to_owned());
        browser
    };
    // A success gives its attempt back: four times as many as the budget holds, from one address.
    for _ in 0..12 {
        party.sign_in(&provider, &mut from("192.0.2.1"), ADA).await;
    }
    for (spread, free) in [
        (["2001:db8:1:2::1", "2001:db8:1:2::2", "2001:db8:1:2:ffff::3"], "2001:db8:1:3::1"),
        (["198.51.100.7", "::ffff:198.51.100.7", "198.51.100.7"], "198.51.100.8"),
    ] {
        for (number, address) in spread.iter().enumerate() {
            let mut browser = from(address);
            let page = login_page(&provider, &party, &mut browser).await;
            let page = browser.sign_in(&page, &format!("name {number}"), "a guess of many").await;
            assert!(page.says("do not belong together"), "{address}: {}", page.answer.body);
        }
        let mut browser = from(spread[0]);
        let page = login_page(&provider, &party, &mut browser).await;
        assert!(browser.sign_in(&page, ADA.0, ADA.1).await.says(TOO_MANY), "the network {} is used up", spread[0]);
        party.sign_in(&provider, &mut from(free), ADA).await;
    }
}

#[tokio::test]
async fn a_full_queue_of_password_checks_says_so_at_once() {
    let provider = with_ada(plan().set("limits.hashing_threads = 1\nlimits.hashing_queue = 1")).await;
    let party = RelyingParty::first_party(&provider, "One").await;
    let mut browser = Browser::new(&provider);
    let page = login_page(&provider, &party, &mut browser).await;
    let tries: Vec<_> = (0..9)
        .map(|number| {
            let (mut browser, page) = (browser.clone(), page.clone());
            tokio::spawn(async move { browser.sign_in(&page, &format!("name {number}"), "a guess of many").await })
        })
        .collect();
    let mut statuses = Vec::new();
    for one in tries {
        let page = one.await.unwrap();
        if page.answer.status == 503 {
            assert!(page.answer.header("retry-after").is_some());
            assert!(page.says("please try again in a moment"), "{}", page.answer.body);
        }
        statuses.push(page.answer.status);
    }
    assert!(statuses.contains(&503) && statuses.contains(&200), "{statuses:?}");
    assert!(provider.log().contains("too many passwords are being checked at once"));
    party.sign_in(&provider, &mut browser, ADA).await;
}

/// Issue 2: an office behind one address, at the documented defaults.
#[tokio::test(flavor = "multi_thread")]
async fn five_hundred_people_behind_one_address_mistype_once_and_sign_in() {
    use argon2::password_hash::PasswordHasher as _;
    let provider = with_ada(plan()).await;
    let party = RelyingParty::first_party(&provider, "One").await;
    // Cheap hashes: a wrong password costs next to nothing here, and each right one is hashed anew at the real cost.
    let cheap = argon2::Params::new(64, 1, 1, None).unwrap();
    let cheap = argon2::Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, cheap);
    let hash = cheap.hash_password(ADA.1.as_bytes()).unwrap().to_string();
    sql(
        &provider,
        &format!(
            "WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 499) \
             INSERT INTO account (id, username, username_key, sub, password, claims, created_at, updated_at) \
             SELECT 'id-' || i, 'person ' || i, 'person ' || i, 'sub-' || i, '{hash}', '{{}}', 0, 0 FROM n"
        ),
    );
    // Twenty-five at the door at once.
    let url = party.begin(&provider).url();
    let mut desks = tokio::task::JoinSet::new();
    for desk in 0..25 {
        let (url, mut browsers) = (url.clone(), Vec::new());
        browsers.resize_with(20, || Browser::new(&provider));
        desks.spawn(async move {
            let mut signed_in = 0;
            for (place, mut browser) in browsers.into_iter().enumerate() {
                let name = format!("person {}", desk * 20 + place);
                let page = browser.open(&url).await;
                let page = browser.sign_in(&page, &name, "a slip of the pen").await;
                assert!(page.says("do not belong together"), "{name}: {} {}", page.answer.status, page.answer.body);
                let page = browser.sign_in(&page, &name, ADA.1).await;
                assert!(page.parameter("code").is_some(), "{name}: {} {}", page.url, page.answer.body);
                signed_in += 1;
            }
            signed_in
        });
    }
    assert_eq!(desks.join_all().await.into_iter().sum::<usize>(), 500);
    assert!(!provider.log().contains("login_budget_empty"));
    let sessions = sql(&provider, "SELECT count(DISTINCT account) FROM session WHERE ended_at IS NULL");
    assert_eq!(sessions, "500");
    let cheap = sql(&provider, "SELECT count(*) FROM account WHERE password LIKE '%m=64,%'");
    assert_eq!(cheap, "0", "every one of them was hashed at the real cost");
}
