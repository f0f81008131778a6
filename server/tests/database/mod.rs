//! A database that is locked, full, or gone: 503, a clear line in the log, nothing lost, no restart.

use std::io::Write as _;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use testkit::{Browser, Cable, Provider, RelyingParty, eventually};

use super::ground::{ADA, SignedIn, plan, settles, signed_in, with_ada};

const SOON: Duration = Duration::from_secs(20);

/// Another process that holds SQLite's write lock.
struct Lock(Child);

impl Lock {
    fn hold(provider: &Provider) -> Self {
        let mut child = Command::new("sqlite3")
            .arg(provider.dir().join("data.sqlite"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let words = b".timeout 10000\nBEGIN IMMEDIATE;\n.print held\n";
        child.stdin.as_mut().unwrap().write_all(words).unwrap();
        let mut said = [0; 5];
        std::io::Read::read_exact(child.stdout.as_mut().unwrap(), &mut said).unwrap();
        Self(child)
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        let _ended = (self.0.kill(), self.0.wait());
    }
}

/// Signing in is answered with 503, and the log says why.
async fn is_unavailable(provider: &Provider, party: &RelyingParty, browser: &mut Browser) {
    let begun = party.begin(provider);
    let page = browser.open(&begun.url()).await;
    let page = match page.has_form("login-form") {
        true => browser.sign_in(&page, ADA.0, ADA.1).await,
        false => page,
    };
    assert_eq!(page.answer.status, 503, "{} {}", page.url, page.answer.body);
    assert!(page.answer.header("retry-after").is_some());
    assert!(page.says("Nothing is lost"), "{}", page.answer.body);
    assert!(!page.says("sqlite") && !page.says("SQL"), "a stranger learns nothing of the fault");
    let log = provider.log();
    assert!(log.lines().any(|line| line.contains("ERROR") && line.contains("failed: ")), "{log}");
}

/// What was there is there, and work goes on in the same process.
async fn goes_on(walk: &mut SignedIn, pid: Option<u32>) {
    let party = &walk.one;
    let mut fresh = Browser::new(&walk.provider);
    party.sign_in(&walk.provider, &mut fresh, ADA).await;
    let begun = walk.two.begin(&walk.provider).with("prompt", "none");
    let page = walk.browser.open(&begun.url()).await;
    let tokens = walk.two.complete(&walk.provider, &begun, &page).await;
    assert_eq!(tokens.claim("sid"), walk.at_two.claim("sid"), "the session and its stay are what they were");
    assert_eq!(walk.provider.pid(), pid, "nothing was restarted");
    let ended = walk.provider.cli(&["session", "end", "--user", "ada"]).await;
    assert_eq!(ended["notices"], 3);
    settles(&walk.provider, &["delivered"; 3], SOON).await;
}

#[tokio::test]
async fn a_locked_database_is_503_and_nothing_is_lost() {
    let mut walk = signed_in(plan()).await;
    let pid = walk.provider.pid();
    let begun = walk.one.begin(&walk.provider);
    let page = walk.browser.open(&begun.url()).await;
    let lock = Lock::hold(&walk.provider);
    let tried = walk.one.try_redeem(&walk.provider, &page.parameter("code").unwrap(), &begun.verifier).await;
    assert_eq!(tried.status, 503, "{}", tried.body);
    is_unavailable(&walk.provider, &walk.one, &mut Browser::new(&walk.provider)).await;
    drop(lock);
    // A code that could not be spent for our sake is not spent.
    walk.one.complete(&walk.provider, &begun, &page).await;
    goes_on(&mut walk, pid).await;
}

/// A disk of three megabytes.
struct Disk(std::path::PathBuf);

impl Disk {
    fn mount() -> Option<Self> {
        let place = std::env::temp_dir().join(format!("ostiary-full-{}", std::process::id()));
        std::fs::create_dir_all(&place).unwrap();
        let disk = Self(place);
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", "size=3m", "tmpfs"]).arg(&disk.0).output();
        mounted.is_ok_and(|output| output.status.success()).then_some(disk)
    }

    fn fill(&self) {
        let mut file = std::fs::File::create(self.0.join("filler")).unwrap();
        while file.write_all(&[0; 4096]).is_ok() {}
    }

    fn empty(&self) {
        std::fs::remove_file(self.0.join("filler")).unwrap();
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _gone = (Command::new("umount").arg("--lazy").arg(&self.0).output(), std::fs::remove_dir(&self.0));
    }
}

#[tokio::test]
async fn a_full_disk_is_503_and_nothing_is_lost() {
    let Some(disk) = Disk::mount() else {
        assert!(std::env::var_os("CI").is_none(), "a small disk cannot be mounted here, and CI is set");
        let _ = writeln!(std::io::stderr(), "not run: a small disk cannot be mounted here");
        return;
    };
    let mut walk = signed_in(plan().database(&format!("sqlite:{}/data.sqlite", disk.0.display()))).await;
    let pid = walk.provider.pid();
    disk.fill();
    // The log beside the database may have room for a few commits more.
    eventually("the disk is full", SOON, async || {
        let mut browser = walk.browser.clone();
        let page = browser.open(&walk.one.begin(&walk.provider).url()).await;
        (page.answer.status == 503).then_some(())
    })
    .await;
    is_unavailable(&walk.provider, &walk.one, &mut walk.browser.clone()).await;
    assert!(walk.provider.log().contains("kind=Full"), "{}", walk.provider.log());
    assert_eq!(walk.provider.get("/health").await.unwrap().status, 200, "a restart would not mend it");
    disk.empty();
    goes_on(&mut walk, pid).await;
}

#[tokio::test]
async fn a_database_that_is_gone_is_503_and_comes_back_without_a_restart() {
    let Some(url) = testkit::postgres::fresh_database().await else { return };
    let at = testkit::http::read(&url);
    let mut cable = Cable::to(&format!("{}:{}", at.host_str().unwrap(), at.port().unwrap_or(5432))).await;
    let mut near = at.clone();
    near.set_host(Some("127.0.0.1")).unwrap();
    near.set_port(cable.address().rsplit(':').next().and_then(|port| port.parse().ok())).unwrap();
    let mut walk = signed_in(plan().database(near.as_str())).await;
    let pid = walk.provider.pid();
    cable.cut();
    let mut browser = walk.browser.clone();
    is_unavailable(&walk.provider, &walk.one, &mut browser).await;
    let ready = walk.provider.get("/ready").await.unwrap();
    assert_eq!((ready.status, walk.provider.get("/health").await.unwrap().status), (503, 200));
    cable.mend().await;
    eventually("the provider is ready again", SOON, async || {
        (walk.provider.get("/ready").await.ok()?.status == 200).then_some(())
    })
    .await;
    goes_on(&mut walk, pid).await;
}

#[tokio::test]
async fn no_secret_is_ever_in_the_log_the_audit_trail_or_an_error() {
    let provider = with_ada(plan().set("log.level = \"trace\"")).await;
    let party = RelyingParty::at(&provider, "Shop").await;
    let mut browser = Browser::new(&provider);
    let mut secrets = vec![ADA.1.to_owned(), party.client_secret.clone(), "a wrong guess of hers".to_owned()];
    // Whatever was said to somebody who did something wrong.
    let mut told = Vec::new();
    let begun = party.begin(&provider).with("scope", "openid email offline_access").with("prompt", "consent");
    let page = browser.open(&begun.url()).await;
    let spoilt = page.form("login-form").fill("password", ADA.1).fill("csrf", "of somebody else").press("login");
    told.push(browser.submit(&page, &spoilt).await.answer.body);
    let page = browser.sign_in(&page, ADA.0, "a wrong guess of hers").await;
    told.push(page.answer.body.clone());
    let page = browser.through(page, ADA.0, ADA.1).await;
    let code = page.parameter("code").unwrap();
    let tokens = party.complete(&provider, &begun, &page).await;
    let replayed = party.try_redeem(&provider, &code, &begun.verifier).await;
    assert_eq!(replayed.json()["error"], "invalid_grant");
    told.push(replayed.body);
    let refused = party.try_refresh(&provider, tokens.get("refresh_token")).await;
    assert_eq!(refused.status, 400, "the family died with the replay");
    told.push(refused.body);
    let fields = [("token", tokens.get("access_token"))];
    for path in ["/introspect", "/revoke"] {
        let question = testkit::http::Question::post(&provider.url(path), &fields);
        provider.ask(question.clone().basic(&party.client_id, &party.client_secret)).await;
        told.push(provider.ask(question.basic(&party.client_id, "a secret that is not the right one")).await.body);
    }
    let bearer = format!("Bearer {}", tokens.get("access_token"));
    let question = testkit::http::Question::get(&provider.url("/userinfo")).header("authorization", &bearer);
    let answer = provider.ask(question).await;
    told.extend([answer.header("www-authenticate").unwrap_or_default().to_owned(), answer.body]);
    secrets.extend(browser.jar.cookies().iter().map(|cookie| cookie.value.clone()));
    let url = party.end_session_url(&provider, &[("id_token_hint", &tokens.id_token)]);
    let page = browser.open(&url).await;
    if page.has_form("logout-form") {
        browser.submit(&page, &page.form("logout-form").press_value("logout", "all")).await;
    }
    let heard = party.hears(1, SOON).await;
    secrets.extend([code, begun.verifier.clone(), tokens.id_token.clone(), heard[0].token.clone()]);
    secrets.extend(["access_token", "refresh_token"].map(|name| tokens.get(name).to_owned()));
    secrets.push("a secret that is not the right one".into());
    let tampered = party.end_session_url(&provider, &[("id_token_hint", &format!("{}x", tokens.id_token))]);
    told.push(browser.open(&tampered).await.answer.body);
    let new = "the password that she has now";
    provider.cli_with(new, &["user", "passwd", ADA.0, "--password-stdin"]).await;
    secrets.push(new.into());
    let log = provider.log();
    assert!(log.contains("login_wrong") && log.contains("delivered"), "the log is of this walk");
    let trail = provider.cli(&["audit", "--limit", "200"]).await.to_string();
    for action in ["client_added", "sign_in", "consent", "password_set"] {
        assert!(trail.contains(action), "{action}: {trail}");
    }
    for answer in &told {
        assert!(answer.contains("error") || answer.contains("login-form") || answer.contains("active"), "{answer}");
    }
    for (place, text) in [("the log", log), ("the audit trail", trail), ("an answer", told.join("\n"))] {
        is_free_of(&text, &secrets, place);
    }
}

/// None of these stands in a text, as it is or encoded.
fn is_free_of(text: &str, secrets: &[String], place: &str) {
    for secret in secrets {
        assert!(secret.len() > 12 && !text.contains(secret), "in {place}: {secret}");
        let encoded = testkit::http::encode(&[("", secret)]);
        assert!(!text.contains(encoded.trim_start_matches('=')), "in {place}, encoded: {secret}");
    }
}
