//! Many end one session at once: there is one end of it, and one set of notices (`logout.md` §3).

use std::time::Duration;

use testkit::Browser;
use tokio::task::JoinSet;

use crate::ground::{ADA, SignedIn, ending_page, notice_of, plan, settles, signed_in, sql};

const COUNT: &str = "SELECT count(*) FROM ending";
const SOON: Duration = Duration::from_secs(30);

/// A hundred sign-outs: relying parties' with a hint, answers to the question, the account page's own, and operators'.
async fn a_hundred_ends(walk: &mut SignedIn, nodes: &[Browser]) {
    let url = walk.one.end_session_url(&walk.provider, &[("id_token_hint", &walk.at_one.id_token)]);
    let asked = walk.browser.open(&walk.provider.url("/end_session")).await;
    let yes = asked.form("logout-form").press_value("logout", "all");
    let account = ending_page(&walk.provider, &mut walk.browser, "session=").await;
    let own = account.form("end-form");
    let mut running = JoinSet::new();
    for number in 0..96 {
        let mut browser = nodes[number % nodes.len()].clone();
        browser.jar = walk.browser.jar.clone();
        let (url, asked, yes, account, own) = (url.clone(), asked.clone(), yes.clone(), account.clone(), own.clone());
        running.spawn(async move {
            match number % 3 {
                0 => browser.open_from_elsewhere(&url).await,
                1 => browser.submit(&asked, &yes).await,
                _ => browser.submit(&account, &own).await,
            }
        });
    }
    let operators = async {
        for _ in 0..4 {
            walk.provider.cli(&["session", "end", "--user", ADA.0]).await;
        }
    };
    let (pages, ()) = tokio::join!(running.join_all(), operators);
    for page in pages {
        assert!(page.answer.status < 500, "{} {}: {}", page.url, page.answer.status, page.answer.body);
    }
}

/// `endings` counts them.
async fn one_set_of_notices(mut walk: SignedIn, nodes: &[Browser], endings: impl AsyncFn(&SignedIn) -> String) {
    a_hundred_ends(&mut walk, nodes).await;
    settles(&walk.provider, &["delivered", "delivered"], SOON).await;
    assert!(!walk.is_signed_in().await);
    assert_eq!(endings(&walk).await, "1", "one ending");
    let causes = [notice_of(&walk.provider, &walk.one).await, notice_of(&walk.provider, &walk.two).await];
    assert_eq!(causes[0]["cause"], causes[1]["cause"], "one end, with one cause");
    for (party, tokens) in [(&walk.one, &walk.at_one), (&walk.two, &walk.at_two)] {
        let heard = party.heard();
        assert_eq!(heard.len(), 1, "told once");
        assert_eq!(heard[0].claims["sid"], tokens.claims["sid"]);
    }
    let said = walk.provider.says(&["notice", "list"]);
    assert!(said.contains("created 2 = delivered 2 + refused 0 + parked 0 + pending 0 + withdrawn 0"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_ends_of_one_session_are_one_set_of_notices() {
    let walk = signed_in(plan()).await;
    let nodes = [Browser::new(&walk.provider)];
    one_set_of_notices(walk, &nodes, async |walk| sql(&walk.provider, COUNT)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_two_nodes_over_postgresql_too() {
    let Some(url) = testkit::postgres::fresh_database().await else { return };
    let walk = signed_in(plan().database(&url)).await;
    let second = walk.provider.second_node().await;
    let nodes = [Browser::new(&walk.provider), Browser::new(&second)];
    let endings = async |_: &SignedIn| {
        let rows = testkit::postgres::rows(&url, COUNT).await;
        rows[0][0].clone().unwrap()
    };
    one_set_of_notices(walk, &nodes, endings).await;
}
