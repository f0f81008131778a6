//! `POST /account/details`: what people keep about themselves, as far as the operator lets them (`ostiary claim add`).
//!
//! Invariant: a claim is changed only if it is declared as one that people may edit, and what is kept was judged by
//! `login::claims`.

use openid::account::Account;
use openid::claims::catalogue::{Catalogue, PersonMay};
use openid::claims::declare::LONGEST_TYPED;
use openid::claims::language;
use openid::wire::form::Form;
use serde_json::{Map, Value};

use super::account::{Typed, back, owner, show};
use super::ask::Ask;
use crate::answer::{Answer, Stop};
use crate::op::Op;
use crate::page::{AccountNotice, Detail};

/// How the fields of claims begin.
const FIELD: &str = "claim:";

/// The most that stand on the page.
const MOST: usize = 60;

/// The claims the page shows of an account, each with the languages it is kept in and those the operator keeps claims in.
pub(super) fn details(account: &Account, catalogue: &Catalogue, locales: &[String], typed: &Typed<'_>) -> Vec<Detail> {
    let mut all = Vec::new();
    for (name, may) in shown(account, catalogue) {
        let kept = account.claims.get(&name);
        let (typed, wrong) = match typed {
            Typed::Details(typed, wrong) => (typed.get(&name), *wrong == name),
            Typed::Nothing | Typed::Email(_) => (None, false),
        };
        // Lists and objects are shown and not typed, but for an address that is one text.
        let edit = may == PersonMay::Edit && kept.is_none_or(|value| one_text(value).is_some());
        let value = typed.or(kept).map(plain).unwrap_or_default();
        if edit || !value.is_empty() {
            let title = super::claim_title(catalogue, &name, locales);
            all.push(Detail { claim: name, title, value, edit, wrong });
        }
    }
    all
}

/// The claims an operator shows people, without a language and in each.
fn shown(account: &Account, catalogue: &Catalogue) -> Vec<(String, PersonMay)> {
    let mut all: Vec<(String, PersonMay)> = Vec::new();
    for claim in catalogue.claims.iter().filter(|claim| claim.person != PersonMay::Nothing) {
        let base = claim.name.as_str();
        let kept = account.claims.keys().filter(|name| language::split(name) != (base, None)).cloned();
        let kept = kept.filter(|name| language::split(name).0 == base);
        let words =
            login::claims::STANDARD.iter().find(|(known, _)| *known == base).is_none_or(|(_, shape)| shape.is_words());
        let tags = catalogue.locales.iter().filter(|_| words && claim.person == PersonMay::Edit);
        let more = tags.map(|tag| format!("{base}#{tag}"));
        for name in [base.to_owned()].into_iter().chain(kept).chain(more) {
            if all.len() < MOST && !all.iter().any(|(other, _)| *other == name) {
                all.push((name, claim.person));
            }
        }
    }
    all
}

/// What can be typed: a text, or an address that is nothing but its text.
fn one_text(value: &Value) -> Option<&str> {
    match value {
        Value::String(text) => Some(text),
        Value::Object(members) if members.len() == 1 => members.get("formatted")?.as_str(),
        _ => None,
    }
}

/// A value as people read it.
fn plain(value: &Value) -> String {
    if let Some(text) = one_text(value) {
        return text.to_owned();
    }
    match value {
        Value::Array(all) if all.iter().all(|one| !one.is_array() && !one.is_object()) => {
            all.iter().map(plain).collect::<Vec<_>>().join(", ")
        }
        other => other.to_string(),
    }
}

/// What was typed for each claim that stood on the page and may be changed; empty: it goes. A field that was left empty is
/// not in the form (RFC 6749 §3.1), so the page says which there were.
fn typed(form: &Form, account: &Account, catalogue: &Catalogue) -> Map<String, Value> {
    let mut all = Map::new();
    let there: Vec<&str> = form.get("shown").unwrap_or_default().split(' ').collect();
    for (name, may) in shown(account, catalogue) {
        let kept = account.claims.get(&name).is_none_or(|value| one_text(value).is_some());
        if may == PersonMay::Edit && kept && there.contains(&name.as_str()) {
            let text = form.get(&format!("{FIELD}{name}")).unwrap_or_default().trim().to_owned();
            all.insert(name, Value::String(text));
        }
    }
    all
}

/// The claims of an account with what was typed; which of it will not do.
fn over(account: &Account, typed: &Map<String, Value>) -> Result<Map<String, Value>, String> {
    let mut claims = account.claims.clone();
    for (name, value) in typed {
        let text = value.as_str().unwrap_or_default();
        if claims.get(name).and_then(one_text).is_some_and(|kept| kept == text) {
            continue;
        }
        // What was proven was the other one.
        claims.shift_remove(&format!("{name}_verified"));
        if text.is_empty() {
            claims.shift_remove(name);
        } else if text.len() > LONGEST_TYPED {
            return Err(name.clone());
        } else {
            let base = language::split(name).0;
            let value = match login::claims::STANDARD.iter().any(|(known, _)| *known == base) {
                true => login::claims::parse(name, text).map_err(|problem| problem.claim)?,
                // People type texts, and see again what they typed.
                false => Value::String(text.to_owned()),
            };
            claims.insert(name.clone(), value);
        }
    }
    login::claims::read(claims).map_err(|problem| problem.claim)
}

/// The endpoint.
pub(super) async fn keep(op: &Op, ask: &Ask) -> Result<Answer, Stop> {
    let form = ask.form()?;
    let (account, session) = owner(op, ask, &form).await?;
    let catalogue = op.catalogue();
    let typed = typed(&form, &account, &catalogue);
    if let Err(wrong) = over(&account, &typed) {
        let what = Typed::Details(&typed, &wrong);
        return show(op, ask, (account, session), Some(AccountNotice::DetailWrong), &what).await;
    }
    let (id, now, new) = (account.id.clone(), op.now(), typed.clone());
    let line = op.line(&super::actor(&id), "details_changed", &account.username);
    let kept = op
        .store()
        .write(async move |tx| {
            // As it is now: somebody else may have changed another of its claims.
            let Some(account) = tx.account_to_change(&id).await? else { return Ok(Err(String::new())) };
            let claims = match over(&account, &new) {
                Ok(claims) => claims,
                Err(wrong) => return Ok(Err(wrong)),
            };
            if claims != account.claims {
                tx.set_claims(&id, &claims, now).await?;
                let mut line = line.clone();
                line.tell(&serde_json::json!({ "claims": new.keys().collect::<Vec<_>>() }));
                tx.note(&line).await?;
            }
            Ok(Ok(()))
        })
        .await?;
    match kept {
        Ok(()) => Ok(back(op, &account.id, "details")),
        Err(wrong) => {
            let what = Typed::Details(&typed, &wrong);
            show(op, ask, (account, session), Some(AccountNotice::DetailWrong), &what).await
        }
    }
}
