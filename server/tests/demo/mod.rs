//! `ostiary demo`, walked: one sign-in, two sites, one sign-out, both told; with one of them down, told when it is back.

mod browser;

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use browser::{Browser, Page};
use serde_json::Value;

/// A running demo. Ended when dropped, by the signal of Ctrl-C if it was not before.
struct Demo {
    child: Child,
    said: Value,
}

impl Demo {
    fn start() -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_ostiary"))
            .args(["demo", "--port", "0", "--json"])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let mut demo = Self { child, said: Value::Null };
        let mut text = String::new();
        for line in output.lines() {
            text += &line.unwrap();
            if let Ok(said) = serde_json::from_str(&text) {
                demo.said = said;
                return demo;
            }
        }
        panic!("the demo said {text:?} and ended");
    }

    fn text(&self, name: &str) -> &str {
        self.said[name].as_str().unwrap()
    }

    fn site(&self, number: usize) -> &str {
        self.said["relying_parties"][number].as_str().unwrap()
    }

    fn sign_in(&self, browser: &mut Browser, number: usize) -> Page {
        browser.visited.clear();
        let page = browser.open(&format!("{}/sign-in", self.site(number)));
        if !page.url.path().ends_with("/login") {
            return page;
        }
        let fields = [("username", self.text("username")), ("password", self.text("password"))];
        let page = browser.submit(&page, "type=\"password\"", &fields);
        match page.url.path().ends_with("/consent") {
            true => browser.submit(&page, "name=\"allow\"", &[("allow", "yes")]),
            false => page,
        }
    }

    /// Opens a site's page until it says this.
    fn wait(&self, browser: &mut Browser, number: usize, words: &str) -> String {
        let end = Instant::now() + Duration::from_secs(30);
        loop {
            let body = browser.open(&format!("{}/", self.site(number))).body;
            if body.contains(words) {
                return body;
            }
            assert!(Instant::now() < end, "{} never said {words:?}:\n{body}", self.site(number));
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    fn ledger(&self) -> Value {
        self.ask(&["notice", "list"])
    }

    /// The command line beside the running provider.
    fn ask(&self, arguments: &[&str]) -> Value {
        let run = Command::new(env!("CARGO_BIN_EXE_ostiary"))
            .args(["--config", self.text("config"), "--json"])
            .args(arguments)
            .output()
            .unwrap();
        assert!(run.status.success(), "{run:?}");
        serde_json::from_slice(&run.stdout).unwrap()
    }

    fn interrupt(&mut self) -> std::process::ExitStatus {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
        self.child.wait().unwrap()
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            self.interrupt();
        }
    }
}

fn visited(browser: &Browser, path: &str) -> bool {
    browser.visited.iter().any(|url| url.contains(path))
}

#[test]
fn one_sign_in_two_sites_one_sign_out_both_told() {
    let demo = Demo::start();
    let mut browser = Browser::default();

    let page = demo.sign_in(&mut browser, 0);
    assert!(page.body.contains("Welcome, Ada Lovelace"), "{}: {}", page.status, page.body);
    assert!(page.body.contains("ada@example.org"), "the claims of UserInfo are shown");
    assert!(visited(&browser, "/login") && visited(&browser, "/consent"), "{:#?}", browser.visited);

    let page = demo.sign_in(&mut browser, 1);
    assert!(page.body.contains("Welcome, Ada Lovelace"), "{}: {}", page.status, page.body);
    assert!(!visited(&browser, "/login"), "no password any more: {:#?}", browser.visited);
    // Cookies ignore ports: the first site's stay must have outlived the second's.
    let first = demo.wait(&mut browser, 0, "Welcome, Ada Lovelace");

    browser.visited.clear();
    let page = Page { url: demo.site(0).parse().unwrap(), status: 200, body: first };
    let page = browser.submit(&page, "sign-out", &[]);
    assert!(visited(&browser, "/end_session"), "{:#?}", browser.visited);
    assert!(page.url.as_str().starts_with(demo.site(0)), "back where it began: {}", page.url);
    assert!(page.body.contains("Not signed in"), "{}", page.body);
    demo.wait(&mut browser, 0, "it was over here already");
    let body = demo.wait(&mut browser, 1, "Ada Lovelace is signed out here");
    assert!(body.contains("Not signed in") && body.contains("Told by back channel"), "{body}");

    let ledger = demo.ledger();
    let states: Vec<&str> = ledger.as_array().unwrap().iter().map(|n| n["state"].as_str().unwrap()).collect();
    assert_eq!(states, ["delivered", "delivered"], "{ledger:#}");
    let trail = demo.ask(&["audit"]);
    let trail = trail.as_array().unwrap();
    let actions: Vec<&str> = trail.iter().rev().map(|line| line["action"].as_str().unwrap()).collect();
    assert!(actions.ends_with(&["sign_in", "consent", "sign_out"]), "{actions:?}");
    assert_eq!(trail[0]["actor"], trail[1]["actor"], "the person who consented signed out");
    let detail = &trail[0]["detail"];
    assert_eq!((&detail["client"], &detail["notices"]), (&"fernwood-library".into(), &2.into()), "{detail:#}");
    demo.sign_in(&mut browser, 1);
    assert!(visited(&browser, "/login"), "the provider has forgotten the browser too");
}

#[test]
fn a_site_that_is_down_is_told_when_it_is_back() {
    let demo = Demo::start();
    let mut browser = Browser::default();
    demo.sign_in(&mut browser, 0);
    let page = demo.sign_in(&mut browser, 1);
    assert!(page.body.contains("Welcome, Ada Lovelace"), "{}", page.body);
    let page = browser.submit(&page, "Pretend", &[("down", "yes")]);
    assert!(page.body.contains("pretends to be down"), "{}", page.body);

    let first = browser.open(&format!("{}/", demo.site(0)));
    browser.submit(&first, "sign-out", &[]);
    let second = demo.wait(&mut browser, 1, "hears 503: this");
    assert!(second.contains("Welcome, Ada Lovelace"), "nobody has told it yet: {second}");
    let ledger = demo.ledger();
    let pending = ledger.as_array().unwrap().iter().find(|n| n["state"] == "pending").unwrap();
    assert_eq!(pending["client_id"], "harbour-tickets", "{ledger:#}");
    assert_eq!(pending["last_status"], 503, "{ledger:#}");
    let story = pending["story"].as_str().unwrap();
    assert!(story.contains("HTTP 503, it is down for now; next ") && story.contains(" UTC, until "), "{story}");

    let page = Page { url: demo.site(1).parse().unwrap(), status: 200, body: second };
    browser.submit(&page, "Come back up", &[("down", "no")]);
    demo.wait(&mut browser, 1, "Ada Lovelace is signed out here");
    let ledger = demo.ledger();
    let told = ledger.as_array().unwrap().iter().find(|n| n["client_id"] == "harbour-tickets").unwrap();
    assert_eq!(told["state"], "delivered", "{ledger:#}");
    assert!(told["attempts"].as_i64().unwrap() >= 2, "{ledger:#}");
}

#[test]
fn forged_answers_and_tokens_end_nothing() {
    let demo = Demo::start();
    let mut browser = Browser::default();
    let page = demo.sign_in(&mut browser, 0);
    assert!(page.body.contains("Welcome, Ada Lovelace"), "{}", page.body);
    let page = browser.open(&format!("{}/callback?state=guessed&code=guessed", demo.site(0)));
    assert_eq!(page.status, 502);
    assert!(page.body.contains("did not ask for that"), "{}", page.body);
    let form = |token: &str| Page {
        url: demo.site(0).parse().unwrap(),
        status: 200,
        body: format!(
            "<form action=\"/backchannel-logout\"><input type=\"hidden\" name=\"logout_token\" value=\"{token}\"></form>"
        ),
    };
    for token in ["", "no.token", "eyJhbGciOiJub25lIn0.e30."] {
        let page = browser.submit(&form(token), "logout_token", &[]);
        assert_eq!(page.status, 400, "{token}: {}", page.body);
        assert!(page.body.contains("invalid_request"), "{}", page.body);
    }
    demo.wait(&mut browser, 0, "Welcome, Ada Lovelace");
}

#[test]
fn it_ends_cleanly_and_leaves_nothing() {
    let mut demo = Demo::start();
    let folder = Path::new(demo.text("config")).parent().unwrap().to_path_buf();
    assert!(folder.join("ostiary.sqlite").exists());
    let status = demo.interrupt();
    assert!(status.success(), "{status:?}");
    assert!(!folder.exists(), "{} is left", folder.display());
}

#[test]
fn a_port_that_was_asked_for_and_is_taken_is_a_problem_with_a_way_out() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let run = Command::new(env!("CARGO_BIN_EXE_ostiary")).args(["demo", "--port", &port]).output().unwrap();
    assert_eq!(run.status.code(), Some(1));
    let said = String::from_utf8(run.stderr).unwrap();
    assert!(said.contains(&port) && said.contains("--port 0"), "{said}");
}
