//! `GET`/`POST /authorize`: OpenID Connect Core §3.1.2, RFC 6749 §4.1.1.
//!
//! One question asked again: [`proceed`] gathers, asks [`openid::authorize::next::next`], and either answers the client or
//! sends the person to the page that asks. Every interaction ends by calling it again. Invariant: `prompt=none` with a
//! session costs exactly one write.

use std::sync::Arc;

use openid::authorize::grant::{Granted, Names};
use openid::authorize::mode::Sent;
use openid::authorize::next::{Agreed, Consent, Hint, Known, Next, Question, next};
use openid::authorize::object::{self, Carried};
use openid::authorize::par;
use openid::authorize::place::{self, Destination, FrontAccess, Reply, Success};
use openid::authorize::request::AuthRequest;
use openid::authorize::response_type::Part;
use openid::client::Client;
use openid::client::policy::ConsentPolicy;
use openid::logout::end::EndHint;
use openid::name::{AccountId, ClientId, Digest, GrantId, Secret, Sid, Sub};
use openid::time::Time;
use openid::token::issue::IdTokenIssue;
use openid::wire::form::Form;
use openid::wire::refusal::{ErrorCode, Refusal, refuse};
use store::tokens::Drawn;
use store::{Asker, Browser, Fault, NewStay, Tx};

use super::access_token::Fresh;
use super::ask::Ask;
use super::id_token::{self, Beside};
use crate::answer::{Answer, Stop, see_other};
use crate::browser::{self, FormCookie};
use crate::browser_state::BrowserState;
use crate::envelope::Recipient;
use crate::op::Op;
use crate::page;
use crate::pending::{LONGEST, Pending, Target};

/// The endpoint.
pub(super) async fn authorize(op: &Op, ask: &Ask) -> Result<Answer, Stop> {
    let mut form = ask.parameters()?;
    match arrive(op, &form).await {
        Ok(None) => {}
        Ok(Some(inner)) => form = inner,
        // Nothing in the object can be believed: only an address that stands outside may hear of it.
        Err(Stop::Refuse(refusal)) => match Located::find(op, &form.encode(), op.now()).await {
            Ok(located) => return located.refuse(op, ask, Here::Browser(&browser::secrets(op, ask)), refusal).await,
            Err(_) => return Err(refusal.into()),
        },
        Err(fault) => return Err(fault),
    }
    let cookie = FormCookie::of(op, ask);
    let target = Target::Authorize(form.encode());
    let pending = Pending::begin(target, &cookie.binding(op), op.now());
    let mut answer = proceed(op, ask, pending, browser::secrets(op, ask)).await?;
    cookie.put(&mut answer);
    Ok(answer)
}

/// The request in place of what arrived: a reference to a pushed one, or the parameters inside the object. `None`: what arrived
/// is the request.
async fn arrive(op: &Op, form: &Form) -> Result<Option<Form>, Stop> {
    if let Some(reference) = par::reference(form)? {
        return Ok(Some(reference));
    }
    let inner = resolve(op, form).await?;
    // Whoever is not known is told so where the client is found; the same goes for who may do nothing.
    let id = place::client_id(form)?;
    if let Some(client) =
        op.clients().find(op.store(), id.as_str()).await?.filter(|client| place::admit(client).is_ok())
    {
        par::admit_unpushed(&client, op.pushing())?;
    }
    Ok(inner)
}

/// The parameters inside the request's object, if it has one.
async fn resolve(op: &Op, form: &Form) -> Result<Option<Form>, Stop> {
    let carried = object::carried(form)?;
    if carried == Carried::Nowhere {
        return Ok(None);
    }
    let id = place::client_id(form)?;
    let client = op.clients().find(op.store(), id.as_str()).await?.ok_or_else(place::unknown_client)?;
    Ok(super::object::resolve(op, form, carried, &client).await?)
}

/// A request whose client and address are known to be genuine.
pub(super) struct Located {
    /// The client.
    pub client: Arc<Client>,
    /// Where answers go.
    pub destination: Destination,
    /// The parameters.
    pub form: Form,
    /// What is against going on with a request that was pushed, however genuine it is.
    pub over: Option<Refusal>,
    /// The handle of one that was pushed.
    handle: Option<Digest>,
}

impl Located {
    /// Finds client and address of a request that began then. What fails here is shown, never sent.
    pub(super) async fn find(op: &Op, parameters: &str, began: Time) -> Result<Self, Stop> {
        let mut form = Form::read(parameters.as_bytes())?;
        let id = place::client_id(&form)?;
        let client = op.clients().find(op.store(), id.as_str()).await?.ok_or_else(place::unknown_client)?;
        let (handle, mut over) = (par::handle(&form), None);
        if let Some(handle) = &handle {
            (form, over) = super::par::pushed(op, &client, handle, began).await?;
        }
        let destination = Destination::locate(&form, &client)?;
        Ok(Self { client, destination, form, over, handle })
    }

    /// Answers the client, and says how things stand in this browser.
    async fn reply(&self, op: &Op, ask: &Ask, here: Here<'_>, reply: Reply) -> Result<Answer, Stop> {
        if let Reply::Refusal(refusal) = &reply {
            op.metrics().refused(refusal);
            tracing::info!(why = refusal.why, code = refusal.code.as_str(), client = %self.client.id, "refused: {}", refusal.say);
        }
        let state = match here {
            Here::Browser(browser) => BrowserState::of(op, ask, browser).await?,
            Here::Known(browser, known) => BrowserState::holding(op, ask, browser, &known.sessions),
        };
        let session_state = state.session_state(op, &self.client.id, self.destination.redirect_uri());
        let mut answer = match self.destination.answer(op.issuer().as_str(), reply, session_state) {
            Sent::Redirect(uri) => see_other(&uri),
            Sent::Post { action, fields } => {
                page::form_post(&op.frame_in(ask, &page::Looks::of(&self.form)), &action, &fields, &op.dice().name())
            }
        };
        state.put(&mut answer);
        Ok(answer)
    }

    /// Tells the client no.
    pub(super) async fn refuse(&self, op: &Op, ask: &Ask, here: Here<'_>, refusal: Refusal) -> Result<Answer, Stop> {
        self.reply(op, ask, here, Reply::Refusal(refusal)).await
    }
}

/// The browser that is answered, and what was read of its sessions.
#[derive(Clone, Copy)]
pub(super) enum Here<'a> {
    /// Nothing yet.
    Browser(&'a Browser),
    /// All of them.
    Known(&'a Browser, &'a Known),
}

/// Gathers, asks what now, and does it.
pub(super) async fn proceed(op: &Op, ask: &Ask, pending: Pending, browser: Browser) -> Result<Answer, Stop> {
    let Target::Authorize(parameters) = &pending.target else {
        return Ok(super::account::resume(op, &pending));
    };
    let mut tries = 3;
    loop {
        let located = Located::find(op, parameters, pending.began).await?;
        if let Some(over) = &located.over {
            return located.refuse(op, ask, Here::Browser(&browser), over.clone()).await;
        }
        let request = match AuthRequest::read(&located.form, &located.client, &located.destination, &op.offers()) {
            Ok(request) => request,
            Err(refusal) => return located.refuse(op, ask, Here::Browser(&browser), refusal).await,
        };
        let known = gather(op, &request, &located.client, &pending, browser).await?;
        let here = Here::Known(&browser, &known);
        match next(&request, &located.client, &known, op.now()) {
            Next::Send(refusal) => return located.refuse(op, ask, here, refusal).await,
            Next::Ask(question) => return put_question(op, ask, (&located, here), pending, &question).await,
            Next::Issue(agreed) => match issue(op, &request, &located, agreed).await {
                Ok(Some(success)) => return located.reply(op, ask, here, Reply::Success(success)).await,
                Ok(None) => {}
                Err(Stop::Refuse(refusal)) => return located.refuse(op, ask, here, refusal).await,
                Err(fault) => return Err(fault),
            },
        }
        // What the answer rests on has ended or changed since it was gathered: all is asked again, a few times.
        tries -= 1;
        if tries == 0 {
            let refusal = refuse(ErrorCode::TemporarilyUnavailable, "session_unsteady", "please try again");
            return located.refuse(op, ask, here, refusal).await;
        }
        op.clients().forget();
    }
}

/// What the rule needs to know.
pub(super) async fn gather(
    op: &Op,
    request: &AuthRequest,
    client: &Client,
    pending: &Pending,
    browser: Browser,
) -> Result<Known, Stop> {
    let sessions = op.store().reader().await?.browser_sessions(&browser, Asker::of(client), op.now()).await?;
    let hint = match &request.id_token_hint {
        None => Hint::Absent,
        Some(token) => match op.keys().read_hint(token, op.issuer().as_str(), Some(client)) {
            EndHint::Genuine(hint) => Hint::Genuine(hint.sub),
            EndHint::Foreign | EndHint::Absent => Hint::Foreign,
        },
    };
    Ok(Known { began: pending.began, sessions, chosen: pending.chosen.clone(), hint })
}

/// Sends the person to the page that asks.
async fn put_question(
    op: &Op,
    ask: &Ask,
    (located, here): (&Located, Here<'_>),
    mut pending: Pending,
    question: &Question,
) -> Result<Answer, Stop> {
    let path = match question {
        Question::Login { again, username } => {
            pending.again.clone_from(again);
            pending.username.clone_from(username);
            "/login"
        }
        Question::Create => "/create",
        Question::Choose => "/choose",
        Question::Consent { account, asked, .. } => {
            pending.shown = Some(super::consent::digest(account, asked));
            "/consent"
        }
    };
    let sealed = pending.seal(op);
    if sealed.len() > LONGEST {
        let refusal = refuse(ErrorCode::InvalidRequest, "request_too_long", "the request is too long");
        return located.refuse(op, ask, here, refusal).await;
    }
    Ok(see_other(&format!("{}{path}?request={sealed}", op.issuer().as_str())))
}

/// What the request is granted, as the answer says it. `None`: the session has just ended.
async fn issue(op: &Op, request: &AuthRequest, located: &Located, agreed: Agreed) -> Result<Option<Success>, Stop> {
    let wanted = located.client.metadata.id_token_encryption.filter(|_| request.response_type.carries(Part::IdToken));
    let to = Recipient::find(op, &located.client, wanted).await?;
    let (code, access) = (Secret::from_bytes(&op.dice().draw()), Fresh::draw(op));
    let names = Names { code: GrantId::new(op.dice().name()), front: GrantId::new(op.dice().name()) };
    let now = op.now();
    let terms = op.terms(&located.client.policy);
    let lifetimes = (&terms, &located.client.policy, op.config().lifetimes.code);
    let drawn = Drawn { access: access.digest(), jti: access.jti(), refresh: None };
    let grounds = Grounds::of(request, located, &agreed.account);
    let granted = request.grant(agreed, names, lifetimes, now);
    if granted.is_nothing() {
        op.store().write(async move |tx| grounds.use_handle(tx, now).await).await?;
        return Ok(Some(Success::default()));
    }
    let Some(granted) = write(op, (grounds, granted), (code.digest(), drawn), now).await? else {
        return Ok(None);
    };
    op.use_client(&located.client);
    let mut success = Success { code: granted.code.map(|_| code.reveal().to_owned()), ..Success::default() };
    if let Some(issue) = granted.access {
        success.access = Some(FrontAccess {
            token: access.seal(op, &issue, now)?,
            expires_in: issue.access.expires_at.since(now).seconds(),
            scope: issue.access.scope,
        });
    }
    if let Some(grant) = granted.id_token {
        let beside = Beside {
            access: success.access.as_ref().map(|access| access.token.as_str()),
            code: success.code.as_deref(),
            state: located.destination.state(),
            ds_hash: None,
        };
        let what = (&grant, IdTokenIssue::WithNonce, id_token::scopes(request.response_type));
        success.id_token = Some(id_token::seal(op, &located.client, what, beside, (to.as_ref(), now)).await?);
    }
    Ok(Some(success))
}

/// What an answer rests on beside the session.
#[derive(Clone)]
struct Grounds {
    client: ClientId,
    version: i64,
    account: AccountId,
    /// The client's, if its subjects are pairwise.
    sector: Option<String>,
    /// What the person must have agreed to; nothing, if the operator did so for everybody.
    agreed: Option<Consent>,
    /// That of a pushed request: it is used when it is answered.
    handle: Option<Digest>,
}

impl Grounds {
    fn of(request: &AuthRequest, located: &Located, account: &AccountId) -> Self {
        let client = &located.client;
        let agreed = match client.policy.consent {
            ConsentPolicy::Ask => Some(request.consent()),
            ConsentPolicy::FirstParty => None,
        };
        let sector = client.metadata.subject.sector().map(str::to_owned);
        let (account, handle) = (account.clone(), located.handle);
        Self { client: client.id.clone(), version: client.version, account, sector, agreed, handle }
    }

    /// RFC 9126 §4: another tab, or whoever got hold of the handle, may have been here first.
    async fn use_handle(&self, tx: &mut Tx, now: Time) -> Result<(), Stop> {
        let Some(handle) = &self.handle else { return Ok(()) };
        match tx.use_pushed_request(handle, &self.client, now).await?.is_done() {
            true => Ok(()),
            false => Err(par::used().into()),
        }
    }

    /// Whether they still stand, both held: whoever disables a client or withdraws a consent takes that row first, and
    /// then the session (`architecture.md` §2.9).
    async fn stand(&self, tx: &mut Tx) -> Result<bool, Fault> {
        if !tx.client_stands(&self.client, self.version).await? {
            return Ok(false);
        }
        let Some(agreed) = &self.agreed else { return Ok(true) };
        let given = tx.hold_consent(&self.account, &self.client).await?;
        Ok(given.is_some_and(|given| agreed.beyond(&given).is_empty()))
    }
}

/// The subject the client knows, or is to know from now on.
async fn subject(tx: &mut Tx, grounds: &Grounds, known: Option<&Sub>, drawn: &Sub, now: Time) -> Result<Sub, Fault> {
    match (known, &grounds.sector) {
        (Some(sub), _) => Ok(sub.clone()),
        (None, Some(sector)) => tx.meet(&grounds.account, sector, drawn, now).await,
        (None, None) => Err(Fault::bug("a public client does not know an account's subject")),
    }
}

/// One transaction: hold what it rests on, join the session, write what is granted. `None`: something of it has just ended.
async fn write(
    op: &Op,
    (grounds, granted): (Grounds, Granted),
    (code, drawn): (Digest, Drawn),
    now: Time,
) -> Result<Option<Granted>, Stop> {
    let (fresh, unmet) = (Sid::new(op.dice().name()), Sub::new(op.dice().name()));
    op.store()
        .write(async move |tx| {
            if !grounds.stand(tx).await? {
                return Ok(None);
            }
            let Some(session) = tx.hold_session(&granted.session, now).await? else {
                return Ok(None);
            };
            grounds.use_handle(tx, now).await?;
            let mut granted = granted.clone();
            let sub = subject(tx, &grounds, granted.sub.as_ref(), &unmet, now).await?;
            let stay = NewStay { sid: fresh.clone(), client: granted.client.clone(), sub: sub.clone() };
            granted.stay(&tx.join(&session, &stay, now).await?, &sub);
            if let Some(new) = &granted.code {
                tx.insert_code(&code, new).await?;
            }
            if let Some(issue) = &granted.access {
                tx.settle_issue(issue, &drawn, now).await?;
            }
            Ok(Some(granted))
        })
        .await
}
