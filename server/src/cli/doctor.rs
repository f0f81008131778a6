//! `doctor`: looks for what is wrong, from inside and from outside, and says how to mend it.
//!
//! Invariant: it changes nothing, and what it says is well was looked at.

use std::net::IpAddr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use ipnet::IpNet;
use openid::authorize::request::SignUp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::out::{Failed, Out};
use crate::config::{Config, Issuer};
use crate::cookie::Cookie;
use crate::endpoint::health::DOCTOR;
use crate::op::Op;
use crate::outbound::{Call, Class, Fetched, Limits, Outbound, Unreached};

const LIMITS: Limits = Limits { time: Duration::from_secs(5), body: 64 * 1024 };

struct Finding {
    good: bool,
    what: String,
}

fn good(what: impl Into<String>) -> Finding {
    Finding { good: true, what: what.into() }
}

fn bad(what: impl Into<String>) -> Finding {
    Finding { good: false, what: what.into() }
}

/// Looks for what is wrong. Exit status 1 if there is anything.
pub(super) async fn doctor(file: &Path, out: &Out) -> Result<ExitCode, Failed> {
    let mut findings = Vec::new();
    match super::load(file) {
        Err(problem) => findings.push(bad(problem.to_string())),
        Ok(config) => {
            findings.push(good(format!("the configuration {} is well-formed", file.display())));
            of_config(&config, &mut findings);
            match crate::serve::open(config).await {
                Err(fault) => findings.push(bad(format!("the provider cannot be opened: {fault}"))),
                Ok(op) => of_provider(&op, &mut findings).await?,
            }
        }
    }
    let ill = findings.iter().filter(|finding| !finding.good).count();
    let values: Vec<_> = findings.iter().map(|finding| json!({"good": finding.good, "what": finding.what})).collect();
    out.answer(&json!(values), |out| {
        for finding in &findings {
            out.line(&format!("{} {}", if finding.good { "ok  " } else { "MEND" }, finding.what));
        }
        out.line(&if ill == 0 { "\nAll is well.".to_owned() } else { format!("\n{ill} things to mend.") });
    });
    Ok(if ill == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn of_config(config: &Config, findings: &mut Vec<Finding>) {
    if config.test_mode.is_on() {
        findings.push(bad(
            "test mode is on: loopback is open and an extra authority is trusted; set test_mode.enabled = false",
        ));
    }
    if !config.issuer.is_https() {
        findings.push(bad(
            "the issuer is http on loopback: good for trying out; set issuer to an https address before people use it",
        ));
    } else if config.tls.is_none() && config.trusted_proxies.is_empty() {
        findings.push(bad(
            "the issuer is https, but neither tls.certificate is set nor proxy.trusted: set one, or addresses in the login budgets are the proxy's",
        ));
    }
    let secret = &config.secret_file;
    if let Ok(metadata) = std::fs::metadata(secret)
        && metadata.permissions().mode() & 0o077 != 0
    {
        findings.push(bad(format!("others can read {}: chmod 600 {}", secret.display(), secret.display())));
    }
}

async fn of_provider(op: &Op, findings: &mut Vec<Finding>) -> Result<(), Failed> {
    findings.push(good("the database answers and the signing keys can be opened"));
    let offset = op.store().database_clock_offset(op.now()).await?;
    findings.push(match offset.abs() > 30_000 {
        true => bad(format!("this clock and the database's are {} s apart; set both by NTP", offset / 1000)),
        false => good("this clock and the database's agree"),
    });
    let counts = op.store().reader().await?.notice_counts().await?;
    findings.push(match counts.parked {
        0 => good(format!("no notice is parked; {} are pending", counts.pending)),
        some => bad(format!("{some} notices are parked; `ostiary notice list --state parked` says why, `notice retry --parked` sends them again")),
    });
    findings.extend(mail(op).await?);
    let seen = from_outside(op).await;
    let reached = seen.good;
    findings.push(seen);
    // Without an answer there is nothing more to look at.
    if reached {
        findings.push(proxies(op).await);
        findings.push(cookies(op).await);
    }
    Ok(())
}

/// Whether letters can be sent.
async fn mail(op: &Op) -> Result<Option<Finding>, Failed> {
    let (Some(mail), Some(config)) = (op.mail(), &op.config().mail) else {
        let open = op.store().reader().await?.sign_up().await? == SignUp::Open;
        return Ok(open.then(|| {
            bad("signing up is open, but no mail server is configured ([mail]), so it is not offered; `ostiary user sign-up closed`, or set mail.smtp")
        }));
    };
    let at = format!("{}:{}", config.host, config.port);
    Ok(Some(match mail.knock().await {
        Ok(()) => good(format!("the mail server at {at} answers and takes our credentials")),
        Err(unsent) => bad(format!("letters cannot be sent through {at}: {unsent}; see [mail] in the configuration")),
    }))
}

async fn ask(op: &Op, path: &str, authorization: Option<&str>) -> Result<Fetched, Unreached> {
    let uri = format!("{}{path}", op.issuer().as_str());
    // The operator named the issuer: seen from here it may well live on a private address.
    let mut config = op.config().clone();
    let host = url::Url::parse(&uri).ok().and_then(|url| url.host_str().map(str::to_owned));
    config.outbound.internal.extend(host);
    Outbound::new(&config)?.call(Class::Operator, Call { uri: &uri, form: None, authorization }, LIMITS).await
}

/// How our own request arrived at the server.
#[derive(Deserialize)]
struct Arrived {
    address: IpAddr,
    scheme: String,
    /// Which forwarded headers it bore.
    forwarded: Vec<String>,
    /// Whether the address is one they name.
    believed: bool,
}

/// Whether the addresses that sign-in budgets count are people's and not a proxy's.
async fn proxies(op: &Op) -> Finding {
    let question = op.sealing().seal(DOCTOR, op.now().millis().to_string().as_bytes());
    let arrived = match ask(op, "/health", Some(&format!("Doctor {question}"))).await {
        Ok(fetched) => serde_json::from_slice::<Arrived>(&fetched.body).ok(),
        Err(unreached) => return bad(format!("/health cannot be asked how requests arrive: {unreached}")),
    };
    match arrived {
        None => bad(
            "the server behind the issuer does not know this configuration's secret, or a proxy drops the Authorization header: is it another server, or does it run with another secret_file?",
        ),
        Some(arrived) => judge_arrival(&arrived, &op.config().trusted_proxies, op.issuer()),
    }
}

fn judge_arrival(arrived: &Arrived, trusted: &[IpNet], issuer: &Issuer) -> Finding {
    let address = arrived.address;
    let is_proxy = trusted.iter().any(|network| network.contains(&address));
    let headers = arrived.forwarded.join(", ");
    if !arrived.forwarded.is_empty() && !arrived.believed && !is_proxy {
        return bad(format!(
            "a proxy at {address} sends {headers}, and nobody believes it: set proxy.trusted = [\"{}\"], or everybody shares one sign-in budget",
            IpNet::from(address)
        ));
    }
    if arrived.forwarded.is_empty() && is_proxy {
        return bad(format!(
            "the trusted proxy at {address} says neither Forwarded nor X-Forwarded-For: let it set them (nginx: proxy_set_header X-Forwarded-For $remote_addr; proxy_set_header X-Forwarded-Proto $scheme;)"
        ));
    }
    if issuer.is_https() && arrived.scheme != "https" {
        return bad(
            "requests arrive as http although the issuer is https: let the proxy set X-Forwarded-Proto (and be in proxy.trusted)",
        );
    }
    match arrived.forwarded.is_empty() {
        true => good(format!("requests arrive directly, over {} (this one from {address})", arrived.scheme)),
        false => good(format!("requests arrive through a proxy whose {headers} is believed (this one from {address})")),
    }
}

/// Whether cookies come through as they were set: a proxy may rename, re-path or undress them.
async fn cookies(op: &Op) -> Finding {
    let fetched = match ask(op, "/account", None).await {
        Ok(fetched) => fetched,
        Err(unreached) => return bad(format!("/account cannot be looked at: {unreached}")),
    };
    let name = Cookie::Form.name(op.dress());
    let Some(line) = fetched.cookies.iter().find(|line| line.starts_with(&format!("{name}="))) else {
        return bad(format!(
            "the cookie {name} does not come through (/account answered {} with {} cookies): a proxy must not drop or rename Set-Cookie",
            fetched.status,
            fetched.cookies.len()
        ));
    };
    let set: Vec<String> = line.split(';').skip(1).map(|part| part.trim().to_ascii_lowercase()).collect();
    let mut wanted = vec!["path=/", "httponly", "samesite=lax"];
    if op.issuer().is_https() {
        wanted.push("secure");
    }
    let missing: Vec<&str> = wanted.into_iter().filter(|want| !set.iter().any(|part| part == want)).collect();
    let widened = set.iter().any(|part| part.starts_with("domain="));
    match (missing.is_empty(), widened) {
        (true, false) => good(format!("cookies come through as they were set ({name})")),
        (true, true) => {
            bad(format!("a proxy gives the cookie {name} a Domain: browsers refuse it; leave cookies alone"))
        }
        (false, _) => {
            bad(format!("on its way the cookie {name} loses {}: a proxy must leave cookies alone", missing.join(", ")))
        }
    }
}

/// Whether the issuer can be seen under its own name.
async fn from_outside(op: &Op) -> Finding {
    let issuer = op.issuer().as_str();
    let uri = format!("{issuer}/.well-known/openid-configuration");
    match ask(op, "/.well-known/openid-configuration", None).await {
        Err(unreached) if unreached.is_forbidden() => bad(format!(
            "from this machine the issuer's name leads to loopback or link-local, where nothing is asked: try `curl {uri}` from another machine, or mend /etc/hosts"
        )),
        Err(unreached) => bad(format!(
            "the issuer cannot be seen at {uri}: {unreached}; is `ostiary serve` running, and do DNS and the proxy lead to it?"
        )),
        Ok(fetched) => {
            match serde_json::from_slice::<Value>(&fetched.body).ok().and_then(|doc| doc.get("issuer").cloned()) {
                Some(seen) if seen == issuer => good(format!("the issuer is seen from outside at {uri}")),
                Some(seen) => bad(format!("{uri} says its issuer is {seen}; it must be {issuer}")),
                None => bad(format!(
                    "{uri} answers {} and is no discovery document; does the proxy pass /.well-known/ on?",
                    fetched.status
                )),
            }
        }
    }
}

#[cfg(test)]
mod tests;
