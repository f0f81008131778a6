//! The command line, by running it: what it answers, what it refuses and how it says so, and what the audit trail keeps.

mod config;
mod ledger;
mod place;
mod rp;
mod running;
mod sessions;

use place::Place;
use serde_json::{Value, json};

const APP: &str = r#"{"client_name": "App", "redirect_uris": ["https://app.example/cb"],
    "backchannel_logout_uri": "https://app.example/logout"}"#;

fn actions(place: &Place) -> Vec<String> {
    let lines = place.json(&["audit"]);
    let lines = lines.as_array().unwrap().iter().rev();
    // The first command makes the keys.
    let lines = lines.filter(|line| text(line, "action") != "keys_made");
    lines.map(|line| format!("{} {} {}", text(line, "actor"), text(line, "action"), text(line, "subject"))).collect()
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_else(|| panic!("no {name} in {value:#}"))
}

#[test]
fn init_writes_once_and_says_what_to_do_next() {
    use std::os::unix::fs::PermissionsExt as _;
    let place = Place::empty();
    let said = place.done(&["init", "--issuer", "https://login.example.org"]);
    assert!(said.contains("ostiary user add") && said.contains("ostiary serve"), "{said}");
    let mode = std::fs::metadata(place.path("ostiary.secret")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let secret = place.read("ostiary.secret");
    assert!(place.fails(&["init"]).contains("left as it is"));
    assert_eq!(place.read("ostiary.secret"), secret);
    std::fs::remove_file(place.path("ostiary.secret")).unwrap();
    assert!(place.fails(&["init"]).contains("ostiary.toml is there already"));
    assert!(!place.path("ostiary.secret").exists(), "both or neither");
    place.write("ostiary.secret", &secret);
    assert!(place.fails(&["init", "--dir", "x", "--issuer", "http://login.example.org"]).contains("https://"));
    assert!(!place.path("x/ostiary.toml").exists());
    assert_eq!(text(&place.json(&["config", "check"]), "issuer"), "https://login.example.org");
}

/// People, on one engine.
fn people(place: &Place) {
    let claims = place.write("ada.json", r#"{"family_name": "Lovelace", "address": {"country": "GB"}}"#);
    let add = [
        "--json",
        "user",
        "add",
        "ada",
        "--password-stdin",
        "--claims",
        &claims,
        "--name",
        "Ada Lovelace",
        "--given-name",
        "Ada",
        "--email",
        "ada@example.org",
        "--email-verified",
        "true",
        "--birthdate",
        "1815-12-10",
        "--zoneinfo",
        "Europe/London",
        "--website",
        "https://ada.example/",
        "--claim",
        "address.locality=London",
    ];
    let output = place.typed(&add, "correct horse battery\n");
    assert!(output.status.success(), "{output:?}");
    let added: Value = serde_json::from_slice(&output.stdout).unwrap();
    let claims = json!({
        "family_name": "Lovelace", "address": {"country": "GB", "locality": "London"}, "name": "Ada Lovelace",
        "given_name": "Ada", "email": "ada@example.org", "email_verified": true, "birthdate": "1815-12-10",
        "zoneinfo": "Europe/London", "website": "https://ada.example/",
    });
    assert_eq!(added["claims"], claims);
    assert_eq!(place.json(&["user", "show", "ada"])["claims"], claims);

    let updated = place.json(&["user", "update", "ada", "--nickname", "Countess", "--remove", "website"]);
    assert_eq!(updated["claims"]["nickname"], "Countess");
    assert_eq!(updated["claims"]["website"], Value::Null);
    assert_eq!(updated["claims"]["email"], "ada@example.org");

    let again = place.typed(&["user", "add", "ada", "--password-stdin"], "correct horse battery\n");
    assert_eq!(again.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&again.stderr).contains("ostiary user passwd"), "{again:?}");
    let output = place.typed(&["user", "passwd", "ada", "--password-stdin"], "another long password\n");
    assert!(output.status.success(), "{output:?}");
    place.done(&["user", "disable", "ada"]);
    assert!(place.done(&["user", "list"]).contains("disabled"));
    place.done(&["user", "enable", "ada"]);
    assert_eq!(place.json(&["user", "list"]).as_array().unwrap().len(), 1);
    operators(place);
    trail_of_people(place);
}

/// Nobody is an operator until somebody says so, and it is said once.
fn operators(place: &Place) {
    assert_eq!(place.json(&["user", "show", "ada"])["operator"], Value::Null);
    assert_eq!(place.json(&["user", "operator", "ada"])["operator"], "look");
    assert!(place.done(&["user", "operator", "ada"]).contains("as it was"));
    assert!(place.done(&["user", "operator", "ada", "--act"]).contains("/console"));
    assert_eq!(place.json(&["user", "list"])[0]["operator"], "act");
    assert_eq!(place.json(&["user", "operator", "ada", "--remove"])["operator"], Value::Null);
    assert!(place.fails(&["user", "operator", "nobody"]).contains("ostiary user list"));
}

/// Who did what, as the trail has it.
fn trail_of_people(place: &Place) {
    assert_eq!(
        actions(place),
        [
            "cli:grace user_added ada",
            "cli:grace user_updated ada",
            "cli:grace password_set ada",
            "cli:grace user_disabled ada",
            "cli:grace user_enabled ada",
            "cli:grace operator_set ada",
            "cli:grace operator_set ada",
            "cli:grace operator_removed ada",
        ]
    );
    let audit = place.json(&["audit", "--limit", "10"]);
    assert_eq!((&audit[2]["detail"], &audit[1]["detail"]), (&json!({"may": "look"}), &json!({"may": "act"})));
    assert_eq!(audit[6]["detail"], json!({"claims": ["nickname", "website"]}), "{audit:#}");
    for secret in ["correct horse battery", "another long password"] {
        assert!(!audit.to_string().contains(secret), "no secret in the trail: {audit:#}");
    }
}

#[test]
fn what_changes_nothing_leaves_no_line() {
    let place = Place::new();
    place.add_user("ada");
    let file = place.write("app.json", APP);
    place.done(&["client", "add", &file, "--client-id", "app"]);
    for arguments in ["user enable ada", "user disable ada", "user disable ada", "client enable app"] {
        place.done(&arguments.split(' ').collect::<Vec<_>>());
    }
    for arguments in ["client disable app", "client disable app", "user update ada", "session end --user ada"] {
        place.done(&arguments.split(' ').collect::<Vec<_>>());
    }
    assert!(place.fails(&["session", "end", "NOPE"]).contains("ostiary session list"));
    let wanted = ["user_added ada", "client_added app", "user_disabled ada", "client_disabled app"];
    assert_eq!(actions(&place), wanted.map(|line| format!("cli:grace {line}")));
}

#[test]
fn people_on_sqlite() {
    people(&Place::new());
}

#[tokio::test]
async fn people_clients_and_keys_on_postgresql() {
    let Some(url) = testkit::postgres::fresh_database().await else { return };
    let place = Place::new();
    place.write(
        "ostiary.toml",
        &format!("issuer = \"http://localhost:8080\"\ndatabase = \"{url}\"\nsecret_file = \"ostiary.secret\"\n"),
    );
    people(&place);
    let file = place.write("app.json", APP);
    place.done(&["client", "add", &file, "--client-id", "app"]);
    assert_eq!(text(&place.json(&["client", "show", "app"])["client"], "client_name"), "App");
    assert!(place.json(&["key", "list"]).as_array().unwrap().len() >= 4);
    assert!(place.fails(&["backup", "copy"]).contains("pg_dump"));
}

#[test]
fn what_a_person_gives_is_judged() {
    let place = Place::new();
    for (arguments, password, complaint) in [
        (vec!["eve"], "short", "at least 10"),
        (vec!["eve", "--email", "nowhere"], "correct horse battery", "email"),
        (vec!["eve", "--email-verified", "perhaps"], "correct horse battery", "email_verified"),
        (vec!["eve", "--claim", "novalue"], "correct horse battery", "NAME=VALUE"),
        (vec!["eve", "--claim", "sub=1"], "correct horse battery", "sub"),
        (vec!["eve", "--claims", "absent.json"], "correct horse battery", "absent.json"),
    ] {
        let output = place.typed(&[&["user", "add", "--password-stdin"], &arguments[..]].concat(), password);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {said}");
        assert!(said.contains(complaint), "{arguments:?}: {said}");
    }
    let nobody = place.command(&["user", "add", "eve", "--password-file", "absent"]).output().unwrap();
    assert!(String::from_utf8_lossy(&nobody.stderr).contains("absent: No such file"), "{nobody:?}");
    // Without a terminal: in a session of its own, as cron has it.
    let nobody = std::process::Command::new("setsid")
        .args(["--wait", env!("CARGO_BIN_EXE_ostiary"), "user", "add", "eve"])
        .current_dir(place.file())
        .stdin(std::process::Stdio::null())
        .output()
        .unwrap();
    assert_eq!(nobody.status.code(), Some(1), "{nobody:?}");
    assert!(String::from_utf8_lossy(&nobody.stderr).contains("--password-stdin"), "{nobody:?}");
    assert_eq!(place.json(&["user", "list"]), json!([]));
    assert_eq!(actions(&place), [""; 0]);
    assert!(place.fails(&["user", "show", "eve"]).contains("ostiary user list"));
}

#[test]
fn clients_are_json_in_and_json_out() {
    let place = Place::new();
    let file = place.write("app.json", APP);
    let secret = "0123456789abcdef0123456789abcdef";
    let secret_file = place.write("secret", &format!("{secret}\n"));
    let added = place.json(&["client", "add", &file, "--client-id", "app", "--client-secret-file", &secret_file]);
    assert_eq!(text(&added, "client_id"), "app");
    assert_eq!(text(&added, "client_secret"), secret);
    assert!(place.fails(&["client", "add", &file, "--client-id", "app"]).contains("client update"));
    assert!(place.fails(&["client", "add", &file, "--client-secret", &secret[1..]]).contains("32"));

    let drawn = place.json(&["client", "add", &file]);
    assert!(text(&drawn, "client_secret").len() >= 43 && text(&drawn, "client_id").len() >= 20, "{drawn:#}");
    let typed = place.typed(&["--json", "client", "add", "-", "--client-id", "piped"], APP);
    assert!(typed.status.success(), "{typed:?}");

    let shown = place.json(&["client", "show", "app"]);
    assert_eq!(shown["policy"]["consent"], "ask", "{shown:#}");
    assert!(!shown.to_string().contains(secret), "a secret is shown once: {shown:#}");
    let policy = place.write("policy.json", r#"{"logout": "this-client"}"#);
    place.done(&["client", "update", "app", &file, "--policy", &policy]);
    let updated = place.json(&["client", "update", "app", &file, "--first-party"]);
    assert_eq!(updated["client_secret"], Value::Null, "the old secret stays: {updated:#}");
    let shown = place.json(&["client", "show", "app"]);
    assert_eq!(shown["policy"]["consent"], "first-party", "{shown:#}");
    assert_eq!(shown["policy"]["logout"], "this-client", "a flag changes what it names and no more: {shown:#}");

    place.done(&["client", "disable", "app"]);
    assert_eq!(place.json(&["client", "show", "app"])["enabled"], false);
    place.done(&["client", "enable", "app"]);
    place.done(&["client", "delete", "piped"]);
    assert_eq!(place.json(&["client", "list"]).as_array().unwrap().len(), 2);
    assert!(place.fails(&["client", "show", "piped"]).contains("client list"));
    let trail = actions(&place);
    for wanted in
        ["client_added app", "client_updated app", "client_disabled app", "client_enabled app", "client_deleted piped"]
    {
        assert!(trail.contains(&format!("cli:grace {wanted}")), "{trail:#?}");
    }
}

#[test]
fn a_bad_registration_says_what_is_wrong() {
    let place = Place::new();
    for (text, complaint) in [
        ("[]", "not a JSON object"),
        ("{\"redirect_uris\": [\"https://app.example/cb#x\"]}", "redirect_uri"),
        ("{\"redirect_uris\": \"https://app.example/cb\"}", "redirect_uris"),
        ("{\"redirect_uris\": [\"https://a.example/\"], \"token_endpoint_auth_method\": \"magic\"}", "auth_method"),
    ] {
        let file = place.write("bad.json", text);
        let said = place.fails(&["client", "add", &file]);
        assert!(said.contains(complaint), "{text}: {said}");
    }
    assert_eq!(place.json(&["client", "list"]), json!([]));
}

#[test]
fn a_client_inside_is_told_how_to_be_reached() {
    let place = Place::empty();
    place.done(&["init", "--issuer", "https://login.example.org"]);
    let file = place.write(
        "app.json",
        r#"{"redirect_uris": ["https://app.example/cb"], "backchannel_logout_uri": "http://10.1.2.3:8080/logout"}"#,
    );
    let said = place.done(&["client", "add", &file]);
    assert!(said.contains("[outbound]") && said.contains("internal = [\"10.1.2.3\"]"), "{said}");
}

#[test]
fn keys_backup_and_what_is_not_there() {
    let place = Place::new();
    let before = place.json(&["key", "list"]).as_array().unwrap().len();
    place.done(&["key", "rotate"]);
    let keys = place.json(&["key", "list"]);
    assert!(keys.as_array().unwrap().len() > before, "{keys:#}");
    assert!(keys.as_array().unwrap().iter().any(|key| key["standing"] == "next"), "{keys:#}");
    assert!(actions(&place).iter().any(|line| line.starts_with("cli:grace keys_rotated")));

    place.add_user("ada");
    place.done(&["backup", "copy.sqlite"]);
    assert!(place.fails(&["backup", "copy.sqlite"]).contains("left as it is"));
    place.write("copy.toml", &place.read("ostiary.toml").replace("ostiary.sqlite", "copy.sqlite"));
    let people = place.json(&["--config", "copy.toml", "user", "list"]);
    assert_eq!(text(&people[0], "username"), "ada");

    assert_eq!(place.json(&["notice", "list"]), json!([]));
    assert_eq!(place.json(&["session", "list"]), json!([]));
    assert!(place.fails(&["notice", "show", "x"]).contains("notice list"));
    assert!(place.fails(&["notice", "retry", "x"]).contains("notice list"));
    assert!(place.fails(&["notice", "give-up", "x"]).contains("notice list"));
    assert!(place.fails(&["session", "end", "--user", "eve"]).contains("no user eve"));
}

#[test]
fn exit_status_and_streams() {
    let place = Place::new();
    let wrong = place.run(&["usr", "list"]);
    assert_eq!(wrong.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&wrong.stderr).contains("user"), "{wrong:?}");
    assert_eq!(place.run(&["session", "end"]).status.code(), Some(2));
    let problem = place.fails(&["--json", "user", "show", "eve"]);
    assert!(serde_json::from_str::<Value>(&problem).unwrap()["problem"].is_string(), "{problem}");
    for arguments in [vec!["--help"], vec!["user", "add", "--help"], vec!["notice", "--help"], vec!["--version"]] {
        assert!(!place.done(&arguments).is_empty());
    }
}

#[test]
fn a_reader_that_has_gone_away_is_no_problem() {
    let place = Place::new();
    for arguments in ["config reference", "user list", "--help", "--json key list"] {
        let line = format!("\"$0\" {arguments} 2>&1 >&3 3>&- | cat >err; exit ${{PIPESTATUS[0]}}");
        let script = format!("exec 3> >(exec true); sleep 0.2; {line}");
        let run = std::process::Command::new("bash")
            .args(["-c", &script, env!("CARGO_BIN_EXE_ostiary")])
            .current_dir(place.file())
            .output()
            .unwrap();
        assert!(run.status.success(), "{run:?}");
        let complaint = place.read("err");
        assert!(!complaint.contains("panicked"), "{arguments}: {complaint}");
    }
}
