//! One issuer: everything that belongs to it hangs off this value and is passed down.
//!
//! Invariant: no globals, no singletons; two `Op`s in one process share nothing.

use std::sync::Arc;

use arc_swap::ArcSwap;
use bytes::Bytes;
use openid::authorize::par::Pushing;
use openid::authorize::request::{ServerOffers, SignUp};
use openid::claims::catalogue::Catalogue;
use openid::client::Client;
use openid::client::certificate::MutualTls;
use openid::client::policy::Policy;
use openid::display::Display;
use openid::logout::judge::{End, Ended, OfflineGrants};
use openid::name::SessionId;
use openid::native_sso::NativeSso;
use openid::resource::Resources;
use openid::session::Cause;
use openid::time::{Span, Time};
use openid::token::exchange::rules::Rules;
use openid::token::issue::Terms;
use openid::wire::scope::Scope;
use store::audit::Entry;
use store::{Fault, Store};

use crate::answer::Stop;
use crate::client_keys::ClientKeys;
use crate::clients::Clients;
use crate::clock::Clock;
use crate::config::Config;
use crate::cookie::Dress;
use crate::counting::Counting;
use crate::dice::Dice;
use crate::endpoint::ask::Ask;
use crate::hashing::Hashing;
use crate::keyring::Keyring;
use crate::listen::Authorities;
use crate::mail::Mail;
use crate::metrics::Metrics;
use crate::objects::Objects;
use crate::outbound::Outbound;
use crate::page::{Frame, Looks};
use crate::sealing::Sealing;
use crate::sources::Sources;
use crate::traces::Traces;

/// A session is noted as seen at most this often (`logout.md` §2).
const SEEN_EVERY: Span = Span::from_minutes(5);

/// A client that registered itself is noted as used at most this often.
pub const USED_EVERY: Span = Span::from_days(1);

/// What an authorization request may ask for: the scopes that mean something here, and those of the resource servers. This is
/// the one place scopes come from: discovery, registration and requests see the same.
pub fn offers(
    (sign_up, native_sso): (SignUp, NativeSso),
    catalogue: &Arc<Catalogue>,
    resources: Arc<Resources>,
) -> ServerOffers {
    let acr_values = login::assurance::ACR_VALUES.iter().map(|acr| (*acr).to_owned()).collect();
    let theirs: Vec<&str> = resources.scopes().map(|scope| scope.value.as_str()).collect();
    ServerOffers {
        scopes: catalogue.all_scopes().union(&Scope::from(theirs.join(" "))),
        catalogue: Arc::clone(catalogue),
        by_default: catalogue.by_default(),
        implied: catalogue.implied(),
        acr_values,
        sign_up,
        resources,
        native_sso,
    }
}

/// One issuer. Cheap to clone.
#[derive(Clone)]
pub struct Op(Arc<Parts>);

/// What an [`Op`] is made of.
pub struct Parts {
    /// Its configuration.
    pub config: Config,
    /// Its memory.
    pub store: Store,
    /// The time.
    pub clock: Clock,
    /// Chance.
    pub dice: Dice,
    /// What seals cookies, pages and keys.
    pub sealing: Sealing,
    /// The way out.
    pub outbound: Outbound,
    /// What is counted.
    pub metrics: Metrics,
    /// The ledger's figures.
    pub counting: Counting,
    /// Where spans go.
    pub traces: Traces,
    /// Password hashing.
    pub hashing: Hashing,
    /// Parsed clients.
    pub clients: Clients,
    /// Signing keys.
    pub keys: Keyring,
    /// Keys behind clients' `jwks_uri`s.
    pub client_keys: ClientKeys,
    /// Who vouches for clients' certificates.
    pub authorities: Authorities,
    /// Request objects that need not be fetched again.
    pub objects: Objects,
    /// The mail server letters go through, if there is one.
    pub mail: Option<Mail>,
    /// What the operator decided of signing up.
    pub sign_up: ArcSwap<SignUp>,
    /// What the operator decided of pushed authorization requests.
    pub pushing: ArcSwap<Pushing>,
    /// Who may exchange what (RFC 8693).
    pub exchange: ArcSwap<Rules>,
    /// Whether the operator offers Native SSO.
    pub native_sso: ArcSwap<NativeSso>,
    /// The scopes and claims the operator declared.
    pub catalogue: ArcSwap<Catalogue>,
    /// The resource servers.
    pub resources: ArcSwap<Resources>,
    /// What an authorization request may ask for: what the four before come to.
    pub offers: ArcSwap<ServerOffers>,
    /// What is known of claims providers between requests.
    pub sources: Sources,
    /// The discovery document.
    pub discovery: ArcSwap<Bytes>,
    /// How its cookies are dressed.
    pub dress: Dress,
}

impl Op {
    /// Puts the parts together.
    pub fn new(parts: Parts) -> Self {
        Self(Arc::new(parts))
    }

    /// Its configuration.
    pub fn config(&self) -> &Config {
        &self.0.config
    }

    /// The issuer.
    pub fn issuer(&self) -> &crate::config::Issuer {
        &self.0.config.issuer
    }

    /// Now.
    pub fn now(&self) -> Time {
        self.0.clock.now()
    }

    /// Chance.
    pub fn dice(&self) -> &Dice {
        &self.0.dice
    }

    /// Its memory.
    pub fn store(&self) -> &Store {
        &self.0.store
    }

    /// What seals.
    pub fn sealing(&self) -> &Sealing {
        &self.0.sealing
    }

    /// The way out.
    pub fn outbound(&self) -> &Outbound {
        &self.0.outbound
    }

    /// What is counted.
    pub fn metrics(&self) -> &Metrics {
        &self.0.metrics
    }

    /// The ledger's figures, counted for whoever looks.
    pub fn counting(&self) -> &Counting {
        &self.0.counting
    }

    /// Where spans go.
    pub fn traces(&self) -> &Traces {
        &self.0.traces
    }

    /// Password hashing.
    pub fn hashing(&self) -> &Hashing {
        &self.0.hashing
    }

    /// Parsed clients.
    pub fn clients(&self) -> &Clients {
        &self.0.clients
    }

    /// Signing keys.
    pub fn keys(&self) -> &Keyring {
        &self.0.keys
    }

    /// Keys behind clients' `jwks_uri`s.
    pub fn client_keys(&self) -> &ClientKeys {
        &self.0.client_keys
    }

    /// Who vouches for clients' certificates.
    pub fn authorities(&self) -> &Authorities {
        &self.0.authorities
    }

    /// What of mutual TLS is offered (RFC 8705).
    pub fn mutual_tls(&self) -> MutualTls {
        self.0.config.mutual_tls()
    }

    /// Request objects that need not be fetched again.
    pub fn objects(&self) -> &Objects {
        &self.0.objects
    }

    /// The discovery document.
    pub fn discovery(&self) -> Bytes {
        Bytes::clone(&self.0.discovery.load())
    }

    /// The mail server letters go through. Without one, nothing that needs it is offered.
    pub fn mail(&self) -> Option<&Mail> {
        self.0.mail.as_ref()
    }

    /// Whether people may make themselves an account: it takes the operator's yes and a way to reach them.
    pub fn sign_up(&self) -> SignUp {
        match self.0.mail {
            Some(_) => **self.0.sign_up.load(),
            None => SignUp::Closed,
        }
    }

    /// Whether authorization requests must be pushed, whoever makes them.
    pub fn pushing(&self) -> Pushing {
        **self.0.pushing.load()
    }

    /// Who may exchange what (RFC 8693).
    pub fn exchange(&self) -> Arc<Rules> {
        self.0.exchange.load_full()
    }

    /// Whether Native SSO is offered.
    pub fn native_sso(&self) -> NativeSso {
        **self.0.native_sso.load()
    }

    /// Reads again what the operator decided: the version row has moved.
    pub async fn reload_settings(&self) -> Result<(), Fault> {
        let mut reader = self.store().reader().await?;
        let (sign_up, registration) = (reader.sign_up().await?, reader.registration_settings().await?.registration);
        let (native_sso, exchange) = (reader.native_sso().await?, reader.exchange_rules().await?);
        let (catalogue, servers) = (reader.catalogue().await?, reader.resource_servers().await?);
        let pushing = reader.pushing().await?;
        drop(reader);
        self.0.sign_up.store(Arc::new(sign_up));
        self.0.pushing.store(Arc::new(pushing));
        self.0.native_sso.store(Arc::new(native_sso));
        self.0.exchange.store(Arc::new(exchange));
        self.0.catalogue.store(Arc::new(catalogue));
        self.0.resources.store(Arc::new(Resources::new(self.issuer().as_str(), servers)));
        let catalogue = self.catalogue();
        let offers = offers((self.sign_up(), self.native_sso()), &catalogue, self.resources());
        self.0.offers.store(Arc::new(offers.clone()));
        let switches = (registration, pushing);
        let document = crate::endpoint::well_known::discovery(self.config(), offers, switches, &catalogue);
        self.0.discovery.store(Arc::new(document));
        Ok(())
    }

    /// What an authorization request may ask for: decided once for each change of the settings.
    pub fn offers(&self) -> Arc<ServerOffers> {
        self.0.offers.load_full()
    }

    /// The resource servers.
    pub fn resources(&self) -> Arc<Resources> {
        self.0.resources.load_full()
    }

    /// What is known of claims providers between requests.
    pub fn sources(&self) -> &Sources {
        &self.0.sources
    }

    /// The scopes and claims there are.
    pub fn catalogue(&self) -> Arc<Catalogue> {
        self.0.catalogue.load_full()
    }

    /// The lifetimes of one client.
    pub fn terms(&self, policy: &Policy) -> Terms {
        let lifetimes = &self.0.config.lifetimes;
        let defaults = Terms {
            access_token: lifetimes.access_token,
            refresh_idle: lifetimes.refresh_idle,
            refresh_absolute: lifetimes.refresh_absolute,
            id_token: lifetimes.id_token,
            ..Terms::default()
        };
        Terms::of(policy, &defaults)
    }

    /// The order to end something now. Background access ends if the cause says so.
    pub fn order_to_end(&self, what: Ended, cause: Cause, by: &str) -> End {
        End {
            what,
            cause,
            by: by.to_owned(),
            offline: OfflineGrants::Keep,
            at: self.now(),
            deadline: self.0.config.lifetimes.logout_deadline,
            browser: Vec::new(),
        }
    }

    /// A line for the audit trail.
    pub fn line(&self, actor: &str, action: &str, subject: &str) -> Entry {
        Entry::new(self.0.dice.name(), self.now(), actor.to_owned(), action, subject.to_owned())
    }

    /// Notes that a session was seen, if that was not noted within five minutes. Nobody waits for it.
    pub fn see(&self, session: Option<(SessionId, Time)>, now: Time) {
        let Some((id, seen_at)) = session else { return };
        if now < seen_at + SEEN_EVERY {
            return;
        }
        let store = self.0.store.clone();
        tokio::spawn(async move {
            let seen = store.write(async move |tx| Ok(tx.see_session(&id, now).await?)).await;
            if let Err(Stop::Fault(fault)) = seen {
                tracing::warn!("a session could not be noted as seen: {fault}");
            }
        });
    }

    /// Notes that a client is in use, if that was not noted within a day; it is kept of those that registered themselves,
    /// whatever an operator has made of them since. Nobody waits for it.
    pub fn use_client(&self, client: &Client) {
        let (id, now) = (client.id.clone(), self.now());
        if !self.clients().to_be_noted(&id, now, USED_EVERY) {
            return;
        }
        let store = self.0.store.clone();
        tokio::spawn(async move {
            let used = store.write(async move |tx| Ok(tx.use_client(&id, now, now - USED_EVERY).await?)).await;
            if let Err(Stop::Fault(fault)) = used {
                tracing::warn!("a client could not be noted as used: {fault}");
            }
        });
    }

    /// How its cookies are dressed.
    pub fn dress(&self) -> &Dress {
        &self.0.dress
    }

    /// The frame of a page for this person: language, theme, test-mode banner.
    pub fn frame(&self, ask: &Ask) -> Frame {
        self.frame_in(ask, &Looks::default())
    }

    /// The same, with the looks of a pending request first, then those of this one.
    pub fn frame_in(&self, ask: &Ask, looks: &Looks) -> Frame {
        let own = ask.parameters().map(|form| Looks::of(&form)).unwrap_or_default();
        let ui_locales = looks.ui_locales.iter().cloned().chain(own.ui_locales).collect();
        let display = if looks.display == Display::Page { own.display } else { looks.display };
        Frame::of(&self.0.config, &Looks { ui_locales, display }, ask.header("accept-language"), self.now())
    }
}
