//! `scope …` and `claim …`: scopes and claims of the operator's own (OpenID Connect Core §5.1.2, §5.4).
//!
//! Invariant: the claims of a scope never change: whoever agreed to it agreed to those.

use clap::{Args, Subcommand, ValueEnum};
use openid::claims::catalogue::{Catalogue, Consenting, DeclaredClaim, DeclaredScope, Given, PersonMay};
use openid::claims::language::{self, Words};
use serde_json::{Map, Value, json};

use super::out::{Failed, Out};
use crate::op::Op;

/// `ostiary scope …`.
#[derive(Subcommand, Debug)]
pub(super) enum ScopeCommand {
    /// Declare a scope: a name for a set of claims. Its claims stay as they are; to change them, remove it and add it anew.
    Add(AddScope),
    /// Every declared scope; the standard ones are always there.
    List,
    /// One scope.
    Show {
        /// Its name.
        name: String,
    },
    /// Change what a scope is called, whether it must be asked for and agreed to. What is given takes the place of what was.
    Update(UpdateScope),
    /// Remove a scope: it is taken out of every consent, grant and token.
    Remove {
        /// Its name.
        name: String,
    },
}

/// `ostiary scope add`.
#[derive(Args, Debug)]
pub(super) struct AddScope {
    /// Its name, as clients ask for it.
    name: String,
    /// A claim it asks for; may stand several times.
    #[arg(long = "claim", value_name = "CLAIM", required = true)]
    claims: Vec<String>,
    #[command(flatten)]
    said: ScopeWords,
    /// Give it with every `openid` of a client that may have it, without being asked for.
    #[arg(long)]
    default: bool,
    /// Ask nobody to agree to it.
    #[arg(long)]
    no_consent: bool,
}

/// What people read of a scope.
#[derive(Args, Debug)]
pub(super) struct ScopeWords {
    /// What the application may do, as the consent page says it, such as `read your groups`; `de=deine Gruppen lesen` in a
    /// language. May stand several times.
    #[arg(long = "title", value_name = "[TAG=]TEXT")]
    titles: Vec<String>,
    /// A second line, in as many languages.
    #[arg(long = "description", value_name = "[TAG=]TEXT")]
    descriptions: Vec<String>,
}

/// `ostiary scope update`.
#[derive(Args, Debug)]
pub(super) struct UpdateScope {
    /// Its name.
    name: String,
    #[command(flatten)]
    said: ScopeWords,
    /// Whether it goes with every `openid`.
    #[arg(long, value_name = "true|false")]
    default: Option<bool>,
    /// Whether people are asked to agree to it.
    #[arg(long, value_name = "true|false")]
    consent: Option<bool>,
}

/// `ostiary claim …`.
#[derive(Subcommand, Debug)]
pub(super) enum ClaimCommand {
    /// Declare a claim: what people call it, and what they may do with it. Accounts can hold claims that are not declared.
    Add {
        /// Its name, a standard one too.
        name: String,
        #[command(flatten)]
        said: ClaimWords,
    },
    /// Every declared claim.
    List,
    /// One claim.
    Show {
        /// Its name.
        name: String,
    },
    /// Change what a claim is called and what people may do with it.
    Update {
        /// Its name.
        name: String,
        #[command(flatten)]
        said: ClaimWords,
    },
    /// Remove a declaration; what accounts hold of the claim stays.
    Remove {
        /// Its name.
        name: String,
    },
    /// The languages claims are kept in, for discovery (`claims_locales_supported`) and for the fields of people's pages.
    /// Without any: how it is.
    Locales {
        /// Language tags, such as `de` or `ja-Kana-JP`.
        tags: Vec<String>,
        /// Say nothing of languages any more.
        #[arg(long, conflicts_with = "tags")]
        none: bool,
    },
}

/// What is said of a claim.
#[derive(Args, Debug)]
pub(super) struct ClaimWords {
    /// What people call it, such as `your groups`; `de=deine Gruppen` in a language. May stand several times.
    #[arg(long = "title", value_name = "[TAG=]TEXT")]
    titles: Vec<String>,
    /// What the person it is about may do with it on their own page.
    #[arg(long)]
    person: Option<May>,
}

/// What a person may do with a claim.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum May {
    /// It is not shown to them.
    Nothing,
    /// See it.
    See,
    /// See it and change it.
    Edit,
}

/// Texts, each with a language before it or without one.
fn words(given: &[String]) -> Result<Words, Failed> {
    let mut all: Vec<(String, String)> = Vec::new();
    for one in given {
        let (tag, text) = match one.split_once('=') {
            Some((tag, text)) if language::is_tag(tag) => (language::canonical(tag), text),
            _ => (String::new(), one.as_str()),
        };
        if all.iter().any(|(other, _)| *other == tag) {
            return Err(Failed::new(format!("there are two texts in the same language: {one}")));
        }
        all.push((tag, text.to_owned()));
    }
    Ok(Words(all))
}

fn shown_words(words: &Words) -> Value {
    words.0.iter().map(|(tag, text)| (tag.clone(), json!(text))).collect::<Map<_, _>>().into()
}

fn shown_scope(scope: &DeclaredScope) -> Value {
    json!({
        "name": scope.name, "claims": scope.claims, "titles": shown_words(&scope.titles),
        "descriptions": shown_words(&scope.descriptions), "default": scope.given == Given::ByDefault,
        "consent": scope.consent == Consenting::Asked,
    })
}

fn shown_claim(claim: &DeclaredClaim) -> Value {
    json!({ "name": claim.name, "titles": shown_words(&claim.titles), "person": claim.person.as_str() })
}

async fn catalogue(op: &Op) -> Result<Catalogue, Failed> {
    Ok(op.store().reader().await?.catalogue().await?)
}

fn no_scope(name: &str) -> Failed {
    Failed::new(format!("no scope {name} is declared; `ostiary scope list` shows them"))
}

fn no_claim(name: &str) -> Failed {
    Failed::new(format!("no claim {name} is declared; `ostiary claim list` shows them"))
}

fn show(out: &Out, value: &Value) {
    out.answer(value, |out| out.line(&serde_json::to_string_pretty(value).unwrap_or_default()));
}

/// Runs one of `scope …`.
pub(super) async fn scopes(command: ScopeCommand, op: &Op, out: &Out) -> Result<(), Failed> {
    match command {
        ScopeCommand::Add(arguments) => add_scope(arguments, op, out).await,
        ScopeCommand::Update(arguments) => update_scope(arguments, op, out).await,
        ScopeCommand::Show { name } => {
            let all = catalogue(op).await?;
            show(out, &shown_scope(all.scope(&name).ok_or_else(|| no_scope(&name))?));
            Ok(())
        }
        ScopeCommand::List => {
            let all = catalogue(op).await?.scopes;
            let row = |scope: &DeclaredScope| {
                let title = scope.titles.in_any(&[]).unwrap_or_default().to_owned();
                let given = if scope.given == Given::ByDefault { "by default" } else { "when asked" };
                let consent = if scope.consent == Consenting::Asked { "asked" } else { "not asked" };
                vec![scope.name.clone(), scope.claims.join(" "), given.to_owned(), consent.to_owned(), title]
            };
            let (rows, values) =
                (all.iter().map(row).collect::<Vec<_>>(), all.iter().map(shown_scope).collect::<Vec<_>>());
            let none = "none but the standard ones; `ostiary scope add NAME --claim CLAIM` declares one";
            out.table(&["SCOPE", "CLAIMS", "GIVEN", "CONSENT", "TITLE"], &rows, &values, none);
            Ok(())
        }
        ScopeCommand::Remove { name } => {
            let gone = name.clone();
            let done = super::change(op, "scope_removed", &name, async move |tx, _| {
                Ok(tx.remove_scope(&gone).await?.is_done().then_some(()))
            });
            done.await?.ok_or_else(|| no_scope(&name))?;
            out.answer(&json!({"name": name}), |out| {
                out.line(&format!("{name} is removed, and taken out of every consent, grant and token."));
            });
            Ok(())
        }
    }
}

async fn add_scope(arguments: AddScope, op: &Op, out: &Out) -> Result<(), Failed> {
    let mut claims: Vec<String> = Vec::new();
    for claim in arguments.claims {
        if !claims.contains(&claim) {
            claims.push(claim);
        }
    }
    let scope = DeclaredScope {
        name: arguments.name,
        claims,
        titles: words(&arguments.said.titles)?,
        descriptions: words(&arguments.said.descriptions)?,
        given: if arguments.default { Given::ByDefault } else { Given::WhenAsked },
        consent: if arguments.no_consent { Consenting::Implied } else { Consenting::Asked },
    };
    scope.judge().map_err(|say| Failed::new(format!("{}: {say}", scope.name)))?;
    if let Some(owner) = op.resources().owner(&scope.name) {
        return Err(Failed::new(format!("{} is a scope of the resource server {}", scope.name, owner.identifier)));
    }
    let (new, now, detail) = (scope.clone(), op.now(), shown_scope(&scope));
    let done = super::change(op, "scope_added", &scope.name, async move |tx, line| {
        line.tell(&detail);
        Ok(tx.add_scope(&new, now).await?.is_done().then_some(()))
    });
    if done.await?.is_none() {
        return Err(Failed::new(format!("there is a scope {} already; `ostiary scope update` changes it", scope.name)));
    }
    out.answer(&shown_scope(&scope), |out| {
        out.line(&format!(
            "Declared the scope {}. Clients that registered no scope of their own may ask for it.",
            scope.name
        ));
        if scope.titles.0.is_empty() {
            out.hint("Its consent page says its name alone: `ostiary scope update` takes a --title for each language.");
        }
    });
    Ok(())
}

async fn update_scope(arguments: UpdateScope, op: &Op, out: &Out) -> Result<(), Failed> {
    let all = catalogue(op).await?;
    let mut scope = all.scope(&arguments.name).ok_or_else(|| no_scope(&arguments.name))?.clone();
    if !arguments.said.titles.is_empty() {
        scope.titles = words(&arguments.said.titles)?;
    }
    if !arguments.said.descriptions.is_empty() {
        scope.descriptions = words(&arguments.said.descriptions)?;
    }
    if let Some(default) = arguments.default {
        scope.given = if default { Given::ByDefault } else { Given::WhenAsked };
    }
    if let Some(consent) = arguments.consent {
        scope.consent = if consent { Consenting::Asked } else { Consenting::Implied };
    }
    scope.judge().map_err(|say| Failed::new(format!("{}: {say}", scope.name)))?;
    let (new, now, detail) = (scope.clone(), op.now(), shown_scope(&scope));
    let done = super::change(op, "scope_updated", &scope.name, async move |tx, line| {
        line.tell(&detail);
        Ok(tx.change_scope(&new, now).await?.is_done().then_some(()))
    });
    done.await?.ok_or_else(|| no_scope(&scope.name))?;
    out.answer(&shown_scope(&scope), |out| out.line(&format!("The scope {} is updated.", scope.name)));
    Ok(())
}

/// Runs one of `claim …`.
pub(super) async fn claims(command: ClaimCommand, op: &Op, out: &Out) -> Result<(), Failed> {
    match command {
        ClaimCommand::Add { name, said } => {
            let claim = DeclaredClaim { name, titles: Words::default(), person: PersonMay::Nothing };
            put_claim(claim, &said, Put::New, op, out).await
        }
        ClaimCommand::Update { name, said } => {
            let claim = catalogue(op).await?.claim(&name).ok_or_else(|| no_claim(&name))?.clone();
            put_claim(claim, &said, Put::Changed, op, out).await
        }
        ClaimCommand::Show { name } => {
            let all = catalogue(op).await?;
            show(out, &shown_claim(all.claim(&name).ok_or_else(|| no_claim(&name))?));
            Ok(())
        }
        ClaimCommand::List => {
            let all = catalogue(op).await?.claims;
            let row = |claim: &DeclaredClaim| {
                let title = claim.titles.in_any(&[]).unwrap_or_default().to_owned();
                vec![claim.name.clone(), claim.person.as_str().to_owned(), title]
            };
            let (rows, values) =
                (all.iter().map(row).collect::<Vec<_>>(), all.iter().map(shown_claim).collect::<Vec<_>>());
            let none = "none; `ostiary claim add NAME` declares one";
            out.table(&["CLAIM", "PEOPLE MAY", "TITLE"], &rows, &values, none);
            Ok(())
        }
        ClaimCommand::Remove { name } => {
            let gone = name.clone();
            let done = super::change(op, "claim_removed", &name, async move |tx, _| {
                Ok(tx.remove_claim(&gone).await?.is_done().then_some(()))
            });
            done.await?.ok_or_else(|| no_claim(&name))?;
            out.answer(&json!({"name": name}), |out| {
                out.line(&format!("{name} is declared no more; what accounts hold of it stays."));
            });
            Ok(())
        }
        ClaimCommand::Locales { tags, none } => locales(&tags, none, op, out).await,
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Put {
    New,
    Changed,
}

async fn put_claim(mut claim: DeclaredClaim, said: &ClaimWords, put: Put, op: &Op, out: &Out) -> Result<(), Failed> {
    if !said.titles.is_empty() {
        claim.titles = words(&said.titles)?;
    }
    if let Some(person) = said.person {
        claim.person = match person {
            May::Nothing => PersonMay::Nothing,
            May::See => PersonMay::See,
            May::Edit => PersonMay::Edit,
        };
    }
    claim.judge().map_err(|say| Failed::new(format!("{}: {say}", claim.name)))?;
    let (new, now, detail) = (claim.clone(), op.now(), shown_claim(&claim));
    let action = if put == Put::New { "claim_added" } else { "claim_updated" };
    let done = super::change(op, action, &claim.name, async move |tx, line| {
        line.tell(&detail);
        let done = match put {
            Put::New => tx.add_claim(&new, now).await?,
            Put::Changed => tx.change_claim(&new, now).await?,
        };
        Ok(done.is_done().then_some(()))
    });
    if done.await?.is_none() {
        return Err(Failed::new(format!("the claim {} is there already, or gone by now", claim.name)));
    }
    out.answer(&shown_claim(&claim), |out| out.line(&format!("The claim {} is declared.", claim.name)));
    Ok(())
}

async fn locales(tags: &[String], none: bool, op: &Op, out: &Out) -> Result<(), Failed> {
    if let Some(odd) = tags.iter().find(|tag| !language::is_tag(tag)) {
        return Err(Failed::new(format!("{odd}: write a language as a tag, such as de or ja-Kana-JP")));
    }
    if none || !tags.is_empty() {
        let mut all: Vec<String> = tags.iter().map(|tag| language::canonical(tag)).collect();
        all.sort_unstable();
        all.dedup();
        let subject = all.join(" ");
        super::change(op, "claims_locales_set", &subject, async move |tx, _| {
            Ok(tx.set_claims_locales(&all).await?.is_done().then_some(()))
        })
        .await?;
    }
    let is = op.store().reader().await?.claims_locales().await?;
    out.answer(&json!({"claims_locales": is}), |out| {
        out.line(&match is.is_empty() {
            true => "Nothing is said of the languages claims are kept in.".to_owned(),
            false => format!("Claims are kept in {}.", is.join(", ")),
        });
    });
    Ok(())
}
