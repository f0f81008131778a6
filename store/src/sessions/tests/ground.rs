//! Accounts, clients and sessions to play with.

use openid::acr::Amr;
use openid::claims::parameter::ClaimsRequest;
use openid::logout::judge::{End, Ended, OfflineGrants};
use openid::name::{AccountId, ClientId, Digest, GrantId, SessionId, Sid, Sub};
use openid::session::{Cause, Grant, GrantKind, SessionKind};
use openid::time::{Span, Time};
use openid::wire::scope::Scope;

use crate::accounts::{Done, Password};
use crate::statements::statements;
use crate::tx::{Store, Tx};
use crate::value::values;
use crate::{EndReport, Fault, NewSession, NewStay};

statements! {
    ACCOUNT = "INSERT INTO account (id, username, username_key, sub, claims, created_at, updated_at) \
        VALUES ($1, $1, $1, $2, '{}', 0, 0)";
    CLIENT = "INSERT INTO client (id, metadata, policy, origins, version, created_at, updated_at) \
              VALUES ($1, $2, $3, '', 1, 0, 0)";
    CONSENT = "INSERT INTO consent (account, client, scope, id_token_claims, userinfo_claims, resources, given_at) \
        VALUES ($1, $2, 'openid email', '[]', '[\"name\"]', '[]', $3)";
    DISABLE = "UPDATE account SET disabled_at = $2 WHERE id = $1";
    LIVE_GRANTS = "SELECT count(*) FROM grants WHERE session = $1 AND ended_at IS NULL";
}

/// The moment the tests begin.
pub(crate) const START: Time = Time::from_seconds(1_800_000_000);
/// How long a notice is tried.
pub(crate) const DEADLINE: Span = Span::from_hours(24);
/// How long a session lives unseen.
pub(crate) const IDLE: Span = Span::from_hours(12);

pub(crate) async fn account(store: &Store, id: &str) -> AccountId {
    let id = id.to_owned();
    let made = id.clone();
    store
        .write(async move |tx| {
            let sub = format!("sub-{id}");
            Ok(tx.change(&ACCOUNT, values![&id, &sub]).await?)
        })
        .await
        .unwrap();
    AccountId::new(made)
}

pub(crate) async fn disable(tx: &mut Tx, account: &AccountId, now: Time) -> Result<u64, Fault> {
    tx.change(&DISABLE, values![account.as_str(), now]).await
}

/// A client that wants to be told, at an address of its own.
pub(crate) async fn client(store: &Store, id: &str) -> ClientId {
    let metadata = format!(r#"{{"backchannel_logout_uri": "https://{id}.example/logout"}}"#);
    client_with(store, id, &metadata, "{}").await
}

pub(crate) async fn client_with(store: &Store, id: &str, metadata: &str, policy: &str) -> ClientId {
    let (id, metadata, policy) = (id.to_owned(), metadata.to_owned(), policy.to_owned());
    let made = id.clone();
    store.write(async move |tx| Ok(tx.change(&CLIENT, values![&id, &metadata, &policy]).await?)).await.unwrap();
    ClientId::new(made)
}

pub(crate) async fn consent(store: &Store, account: &AccountId, client: &ClientId) {
    let (account, client) = (account.clone(), client.clone());
    store
        .write(async move |tx| Ok(tx.change(&CONSENT, values![account.as_str(), client.as_str(), START]).await?))
        .await
        .unwrap();
}

pub(crate) fn browser(name: &str) -> Digest {
    Digest::of(name)
}

pub(crate) fn new_session(id: &str, cookie: &str) -> NewSession {
    NewSession {
        id: SessionId::new(id),
        kind: SessionKind::Browser,
        browser: Some(browser(cookie)),
        acr: Some("urn:a".to_owned()),
        amr: Amr::one("pwd"),
        agent: Some("Firefox".to_owned()),
        now: START,
        idle: IDLE,
        absolute: Span::from_days(7),
    }
}

/// Opens a session for whoever has proven a password that was never changed.
pub(crate) async fn sign_in(tx: &mut Tx, account: &AccountId, new: &NewSession) -> Result<Done, Fault> {
    let never = Password { phc: None, changed_at: None };
    let Some(held) = tx.hold_account(account, &never).await? else { return Ok(Done::No) };
    tx.open_session(&held, new).await?;
    Ok(Done::Yes)
}

pub(crate) async fn session(store: &Store, id: &str, account: &AccountId, cookie: &str) -> SessionId {
    let (new, account) = (new_session(id, cookie), account.clone());
    let opened = new.id.clone();
    let done = store.write(async move |tx| Ok(sign_in(tx, &account, &new).await?)).await.unwrap();
    assert!(done.is_done());
    opened
}

/// A client takes part; `None` if the session is over. The work of an authorization endpoint, without its code.
pub(crate) async fn join(
    tx: &mut Tx,
    session: &SessionId,
    client: &ClientId,
    fresh: &str,
    now: Time,
) -> Result<Option<Sid>, Fault> {
    let Some(held) = tx.hold_session(session, now).await? else {
        return Ok(None);
    };
    let new = NewStay { sid: Sid::new(fresh), client: client.clone(), sub: Sub::new(format!("sub-{}", held.account)) };
    tx.join(&held, &new, now).await.map(Some)
}

pub(crate) async fn stay(store: &Store, session: &SessionId, client: &ClientId, fresh: &str) -> Sid {
    let (session, client, fresh) = (session.clone(), client.clone(), fresh.to_owned());
    let joined = store.write(async move |tx| Ok(join(tx, &session, &client, &fresh, START).await?)).await;
    joined.unwrap().expect("the session lives")
}

#[expect(clippy::too_many_arguments, reason = "a test names what it plays with in one line")]
pub(crate) fn grant(
    id: &str,
    session: &SessionId,
    sid: &Sid,
    client: &ClientId,
    account: &AccountId,
    kind: GrantKind,
) -> Grant {
    Grant {
        id: GrantId::new(id),
        client: client.clone(),
        account: account.clone(),
        sub: Sub::new(format!("sub-{account}")),
        sid: sid.clone(),
        session: session.clone(),
        kind,
        scope: Scope::from("openid offline_access".to_owned()),
        claims: ClaimsRequest::default(),
        resources: vec!["https://api.example/\"quoted\"".to_owned()],
        auth_time: START,
        acr: None,
        amr: Amr::one("pwd"),
        nonce: Some("n".to_owned()),
        created_at: START,
        expires_at: START + Span::from_days(30),
    }
}

pub(crate) async fn begin(store: &Store, grant: &Grant) {
    let grant = grant.clone();
    store.write(async move |tx| Ok(tx.begin_grant(&grant).await?)).await.unwrap();
}

pub(crate) fn ending(what: Ended, cause: Cause) -> End {
    End {
        what,
        cause,
        by: "test".to_owned(),
        offline: OfflineGrants::Keep,
        at: START,
        deadline: DEADLINE,
        browser: Vec::new(),
    }
}

pub(crate) async fn end(store: &Store, end: End) -> EndReport {
    store.write(async move |tx| Ok(tx.end(&end).await?)).await.unwrap()
}

pub(crate) async fn live_grants(store: &Store, session: &SessionId) -> i64 {
    let mut reader = store.reader().await.unwrap();
    let mut row = reader.row(&LIVE_GRANTS, values![session.as_str()]).await.unwrap().unwrap();
    row.take().unwrap()
}
