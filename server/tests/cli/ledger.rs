//! The ledger and sessions from the command line, beside a running server: what is shown, to people and to machines, and what is
//! said where there is nothing of that name.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};
use testkit::{Provider, Reply};

use crate::ground::{ADA, SignedIn, plan, settles, signed_in, sql};

const SOON: Duration = Duration::from_secs(15);

/// A command that must fail: what it says then, to people and to machines.
async fn fails(provider: &Provider, arguments: &[&str], words: &[&str]) {
    let (code, said, problem) = provider.runs(arguments).await;
    assert_ne!(code, Some(0), "{arguments:?}: {said}");
    assert_eq!(said, "", "{arguments:?}");
    let (code, said, machine) = provider.runs(&[&["--json"], arguments].concat()).await;
    assert_ne!(code, Some(0), "{arguments:?}: {said}");
    let machine: Value = serde_json::from_str(&machine).unwrap_or_else(|_| panic!("{arguments:?}: {machine}"));
    for word in words {
        assert!(problem.contains(word), "{arguments:?} says no {word:?}: {problem}");
        assert!(machine["problem"].as_str().unwrap().contains(word), "{arguments:?} says no {word:?}: {machine}");
    }
}

async fn session(provider: &Provider) -> String {
    provider.cli(&["session", "list", "--all"]).await[0]["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_session_is_shown_with_all_that_happened_to_it() {
    let walk = signed_in(plan()).await;
    let provider = &walk.provider;
    let id = session(provider).await;
    let before = provider.says(&["session", "show", &id]);
    for words in [&id, "ada", "goes on, last used", &walk.one.client_id, "opened in", "One took part", "online"] {
        assert!(before.contains(words), "no {words:?} in {before}");
    }
    provider.cli(&["session", "end", &id]).await;
    settles(provider, &["delivered", "delivered"], SOON).await;
    let after = provider.says(&["session", "show", &id]);
    for words in ["ended: operator by cli:", "One is to be told", "One was told (HTTP 200", "session_ended"] {
        assert!(after.contains(words), "no {words:?} in {after}");
    }
    let machine = provider.cli(&["session", "show", &id]).await;
    assert_eq!((&machine["session"]["id"], &machine["username"]), (&json!(id), &json!(ADA.0)), "{machine:#}");
    assert_eq!(machine["session"]["ended"]["cause"], "operator");
    assert_eq!(machine["notices"].as_array().unwrap().len(), 2);
    let kinds: BTreeSet<&str> =
        machine["events"].as_array().unwrap().iter().map(|event| event["what"].as_str().unwrap()).collect();
    let all = ["audited", "ended", "grant_ended", "granted", "joined", "left", "noticed", "opened", "settled"];
    assert_eq!(kinds, all.into_iter().collect(), "{machine:#}");
    fails(provider, &["session", "show", "nobody"], &["nobody", "ostiary session list --all"]).await;
}

#[tokio::test]
async fn a_preview_says_what_would_end_and_ends_nothing() {
    let walk = signed_in(plan()).await;
    let provider = &walk.provider;
    let id = session(provider).await;
    let (sid, one) = (walk.at_one.claim("sid"), walk.one.client_id.as_str());
    for (which, sessions, stays) in [
        (vec![id.as_str()], 1, 2),
        (vec!["--user", ADA.0], 1, 2),
        (vec!["--sid", sid], 0, 1),
        (vec!["--client", one], 0, 1),
        (vec!["--user", ADA.0, "--client", one], 0, 1),
    ] {
        let preview = provider.cli(&[&["session", "preview"], &which[..]].concat()).await;
        let sums = &preview["sums"];
        assert_eq!((&sums["sessions"], &sums["stays"]), (&json!(sessions), &json!(stays)), "{which:?}: {preview:#}");
        assert_eq!(preview["parties"].as_array().unwrap().len(), stays, "{which:?}");
        let printed = provider.says(&[&["session", "preview"], &which[..]].concat());
        assert!(printed.contains("back_channel") && printed.contains("Nothing was changed."), "{which:?}: {printed}");
        assert!(printed.contains(&format!("{sessions} sessions and {stays} stays would end")), "{which:?}: {printed}");
    }
    assert_eq!(provider.notices().await.len(), 0, "nothing was done");
    for what in ["preview", "end"] {
        fails(provider, &["session", what, "nobody"], &["no session nobody", "ostiary session list"]).await;
        fails(provider, &["session", what, "--user", "nobody"], &["no user nobody", "ostiary user list"]).await;
        fails(provider, &["session", what, "--client", "nobody"], &["no client nobody", "ostiary client list"]).await;
        fails(provider, &["session", what, "--sid", "nobody"], &["no stay nobody", "ostiary session show"]).await;
        let (code, _, problem) = provider.runs(&["session", what]).await;
        assert!(code == Some(2) && problem.contains("--user"), "{problem}");
    }
    provider.cli(&["session", "end", "--sid", sid]).await;
    for what in ["preview", "end"] {
        fails(provider, &["session", what, "--sid", sid], &["no stay", "ostiary session show"]).await;
    }
    provider.cli(&["session", "end", &id]).await;
    fails(provider, &["session", "end", &id], &["is live", "ostiary session list"]).await;
}

/// Ada is signed out at one that hears it and at one that has nothing there.
async fn one_delivered_one_parked() -> SignedIn {
    let walk = signed_in(plan()).await;
    walk.two.always(Reply::Status(404));
    walk.provider.cli(&["session", "end", "--user", ADA.0]).await;
    settles(&walk.provider, &["delivered", "parked"], SOON).await;
    walk
}

#[tokio::test]
async fn the_ledger_is_exported_for_machines_and_spreadsheets() {
    let walk = one_delivered_one_parked().await;
    let provider = &walk.provider;
    let export = |more: &[&str]| provider.says(&[&["notice", "export"], more].concat());
    let all: Vec<Value> = export(&[]).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let ids = |all: &[Value]| all.iter().map(|line| line["id"].clone()).collect::<Vec<_>>();
    assert_eq!(ids(&all), ids(&provider.notices().await), "the ledger, and in its order");
    let parked: Vec<Value> =
        export(&["--state", "parked"]).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((parked.len(), &parked[0]["client_id"]), (1, &json!(walk.two.client_id)));
    assert_eq!(parked[0]["last_status"], 404);
    let table = export(&["--format", "csv", "--user", ADA.0]);
    let rows: Vec<Vec<&str>> = table.lines().map(|line| line.split(',').collect()).collect();
    assert_eq!((rows.len(), rows[0][0], rows[0][2]), (3, "id", "state"), "{table}");
    assert!(rows.iter().all(|row| row.len() == rows[0].len()), "{table}");
    assert_eq!(export(&["--format", "csv", "--state", "refused"]).lines().count(), 1, "its head alone");
    assert_eq!(export(&["--text", "nothing like that"]), "");
    fails(provider, &["notice", "export", "--user", "nobody"], &["no user nobody", "ostiary user list"]).await;
    fails(provider, &["notice", "export", "--cause", "boredom"], &["--cause must be one of", "operator"]).await;
    for (flag, words) in [("--format", "csv"), ("--state", "withdrawn")] {
        let (code, _, problem) = provider.runs(&["notice", "export", flag, "odd"]).await;
        assert!(code == Some(2) && problem.contains(words), "{problem}");
    }
    for what in ["show", "retry", "give-up"] {
        fails(provider, &["notice", what, "nobody"], &["no notice nobody", "ostiary notice list"]).await;
    }
    let told = all.iter().find(|line| line["state"] == "delivered").unwrap()["id"].as_str().unwrap();
    for what in ["retry", "give-up"] {
        fails(provider, &["notice", what, told], &["it was delivered", "ostiary notice show"]).await;
    }
    fails(provider, &["notice", "list", "--cursor", "x"], &["--cursor must be what `next` said"]).await;
}

#[tokio::test]
async fn the_figures_add_up_and_one_that_is_missing_fails_the_command() {
    let walk = one_delivered_one_parked().await;
    let provider = &walk.provider;
    for more in [&[][..], &["--all"]] {
        let said = provider.says(&[&["notice", "figures"], more].concat());
        for words in [
            "created 2 = delivered 1 + refused 0 + parked 1 + pending 0 + withdrawn 0",
            "of 2 stays that ended since",
            "noticed 2, shown 0, untold 0, missing 0",
            "TOTAL",
        ] {
            assert!(said.contains(words), "no {words:?} in {said}");
        }
        let machine = provider.cli(&[&["notice", "figures"], more].concat()).await;
        assert_eq!((&machine["total"]["parked"], &machine["proof"]["balance"]), (&json!(1), &json!("adds_up")));
        assert_eq!(machine["clients"].as_array().unwrap().len(), 2);
    }
    // Everything parked, at once: each says by whom.
    walk.two.always(Reply::Status(200));
    assert_eq!(provider.cli(&["notice", "retry", "--parked"]).await, json!({"reopened": 1}));
    settles(provider, &["delivered", "delivered"], SOON).await;
    assert!(provider.says(&["notice", "retry", "--parked"]).contains("Nothing is parked."));
    let lines = provider.cli(&["audit", "--limit", "200"]).await;
    let said = |action: &str| lines.as_array().unwrap().iter().filter(|line| line["action"] == action).count();
    assert_eq!((said("notice_retried"), said("notices_retried")), (1, 1), "{lines:#}");
    // What no program of ours would do: a promise is lost.
    sql(provider, &format!("DELETE FROM outbox WHERE client = '{}'", walk.two.client_id));
    let (code, said, problem) = provider.runs(&["--json", "notice", "figures"]).await;
    let machine: Value = serde_json::from_str(&said).unwrap();
    assert_eq!((&machine["proof"]["missing"], &machine["proof"]["balance"]), (&json!(1), &json!("broken")));
    assert!(code == Some(1) && problem.contains("it does not add up"), "{code:?}: {problem}");
}
