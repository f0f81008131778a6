//! Commands beside a running server, and a server that must not run.

use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::process::{Child, Stdio};

use serde_json::Value;

use super::place::Place;

/// A running server. Ended when dropped.
struct Server(Child);

impl Server {
    fn start(place: &Place) -> Self {
        let mut child = place.command(&["serve"]).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert!(line.starts_with("listening on"), "{line:?}");
        Self(child)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn place_on_a_free_port(more: &str) -> (Place, u16) {
    let place = Place::new();
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    place.write(
        "ostiary.toml",
        &format!(
            "issuer = \"http://localhost:{port}\"\nlisten = [\"127.0.0.1:{port}\"]\nsecret_file = \"ostiary.secret\"\n{more}"
        ),
    );
    (place, port)
}

fn findings(place: &Place) -> Vec<(bool, String)> {
    let output = place.run(&["--json", "doctor"]);
    let all: Value = serde_json::from_slice(&output.stdout).unwrap();
    let all: Vec<_> = all.as_array().unwrap().clone();
    // Whether all is well is also the exit status.
    assert_eq!(output.status.success(), all.iter().all(|finding| finding["good"] == true), "{output:?}");
    all.iter().map(|f| (f["good"].as_bool().unwrap(), f["what"].as_str().unwrap().to_owned())).collect()
}

fn says(findings: &[(bool, String)], good: bool, words: &str) -> bool {
    findings.iter().any(|(is, what)| *is == good && what.contains(words))
}

#[test]
fn the_doctor_looks_from_outside() {
    let (place, _) = place_on_a_free_port("");
    let found = findings(&place);
    assert!(says(&found, false, "cannot be seen"), "{found:#?}");
    let _server = Server::start(&place);
    let found = findings(&place);
    assert!(says(&found, true, "seen from outside"), "{found:#?}");
    assert!(says(&found, true, "requests arrive directly"), "{found:#?}");
    assert!(says(&found, true, "cookies come through"), "{found:#?}");
}

#[test]
fn the_doctor_misses_the_headers_of_a_trusted_proxy() {
    let (place, _) = place_on_a_free_port("[proxy]\ntrusted = [\"127.0.0.1/32\"]\n");
    let _server = Server::start(&place);
    let found = findings(&place);
    assert!(says(&found, false, "X-Forwarded-For"), "{found:#?}");
}

#[test]
fn the_doctor_notices_a_secret_that_others_can_read_and_another_server() {
    use std::os::unix::fs::PermissionsExt as _;
    let (place, _) = place_on_a_free_port("");
    let server = Server::start(&place);
    std::fs::set_permissions(place.path("ostiary.secret"), std::fs::Permissions::from_mode(0o644)).unwrap();
    assert!(says(&findings(&place), false, "chmod 600"));
    // The server that answers has another secret and another database than the configuration.
    let other = Place::new();
    other.write("ostiary.toml", &place.read("ostiary.toml"));
    let found = findings(&other);
    assert!(says(&found, false, "another secret_file"), "{found:#?}");
    drop(server);
}

#[test]
fn a_signing_key_that_cannot_be_opened_stops_the_start() {
    let place = Place::new();
    place.done(&["key", "rotate", "--now"]);
    place.write("ostiary.secret", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n");
    let said = place.fails(&["serve"]);
    assert!(said.contains("the key") && said.contains("cannot be opened"), "{said}");
    assert!(said.contains("secret"), "it says how to mend it: {said}");
    let found = findings(&place);
    assert!(says(&found, false, "cannot be opened"), "{found:#?}");
    // What looks after keys works all the same.
    place.done(&["key", "list"]);
    place.done(&["key", "rotate", "--now"]);
}

#[test]
fn a_port_that_is_taken_says_so() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let place = Place::new();
    let output = place.command(&["serve"]).env("OSTIARY_LISTEN", format!("[\"127.0.0.1:{port}\"]")).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(
        String::from_utf8_lossy(&output.stderr).contains(&format!("cannot listen on 127.0.0.1:{port}")),
        "{output:?}"
    );
}

#[test]
fn a_sqlite_file_is_served_by_one_process() {
    let (place, _) = place_on_a_free_port("");
    let server = Server::start(&place);
    let output = place.command(&["serve"]).env("OSTIARY_LISTEN", "[\"127.0.0.1:0\"]").output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains(&format!("served by another process ({})", server.0.id())), "{said}");
    // Commands work beside it, and the next one may serve as soon as it is gone, however it went.
    place.done(&["user", "list"]);
    drop(server);
    drop(Server::start(&place));
}

#[tokio::test]
async fn a_database_newer_than_this_program_is_left_alone() {
    let Some(url) = testkit::postgres::fresh_database().await else { return };
    let place = Place::new();
    place.write(
        "ostiary.toml",
        &format!("issuer = \"http://localhost:8080\"\ndatabase = \"{url}\"\nsecret_file = \"ostiary.secret\"\n"),
    );
    place.done(&["user", "list"]);
    testkit::postgres::execute(&url, "UPDATE schema_version SET version = 900, oldest = 899").await;
    for arguments in [&["serve"][..], &["user", "list"]] {
        let said = place.fails(arguments);
        assert!(said.contains("schema 900") && said.contains("899"), "{said}");
    }
}

#[test]
fn an_issuer_that_leads_to_loopback_is_not_asked_and_said_so() {
    let place = Place::empty();
    place.done(&["init", "--issuer", "https://localhost:8443"]);
    let found = findings(&place);
    assert!(says(&found, false, "loopback"), "{found:#?}");
}
