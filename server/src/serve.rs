//! From a configuration to a running server, and down again in order.
//!
//! Invariant: ready is said only when requests can be answered; on the way down nothing that was accepted is dropped: open
//! requests finish, attempts under way are settled, then the store closes.

use arc_swap::ArcSwap;
use openid::authorize::request::{ServerOffers, SignUp};
use openid::native_sso::NativeSso;
use store::{Claim, Fault, Kind, Store};
use tokio::sync::watch;

use crate::backstage::Backstage;
use crate::client_keys::ClientKeys;
use crate::clients::Clients;
use crate::clock::Clock;
use crate::config::Config;
use crate::counting::Counting;
use crate::dice::Dice;
use crate::endpoint::shell;
use crate::hashing::Hashing;
use crate::keyring::Keyring;
use crate::listen::{self, Authorities, Bound};
use crate::mail::Mail;
use crate::metrics::{self, Metrics};
use crate::objects::Objects;
use crate::op::{Op, Parts};
use crate::outbound::Outbound;
use crate::sealing::Sealing;
use crate::sources::Sources;
use crate::traces::Traces;
use crate::view::figures::LATELY;
use crate::{caretaker, courier, postman};

/// Opens everything an issuer needs: store, keys, clients. Fails with what to do about it.
pub async fn open(config: Config) -> Result<Op, Fault> {
    open_with(config, Keys::Open).await
}

/// The same, whether the keys can be opened or not: for the commands that look after them.
pub async fn open_to_mend(config: Config) -> Result<Op, Fault> {
    open_with(config, Keys::OpenIfPossible).await
}

enum Keys {
    Open,
    OpenIfPossible,
}

async fn open_with(config: Config, keys: Keys) -> Result<Op, Fault> {
    let clock = Clock;
    let dice = Dice::Os;
    let sealing = Sealing::new(&config.secrets);
    let store = Store::open(&config.database).await?;
    let metrics = Metrics::new(config.metrics.listen);
    let traces = Traces::new(&config.traces, &dice, &metrics);
    let outbound = Outbound::new(&config)
        .map_err(|e| Fault::new(Kind::Gone, format!("the outbound client cannot be made: {e}")))?
        .counted(metrics.clone());
    let clients = Clients::new(sealing.clone());
    let opened = Keyring::open(&store, &sealing, &dice, clock.now()).await;
    let keys = match keys {
        Keys::Open => opened?,
        Keys::OpenIfPossible => opened.unwrap_or_else(|_| Keyring::unread()),
    };
    let authorities = Authorities::of(config.mtls.as_ref());
    let hashing = Hashing::new(&config.limits);
    let mail = Mail::of(&config).map_err(|e| Fault::new(Kind::Gone, format!("the mail server: {e}")))?;
    let dress = crate::cookie::Dress::of(&config.issuer);
    let op = Op::new(Parts {
        config,
        store,
        clock,
        dice,
        sealing,
        outbound,
        metrics,
        counting: Counting::looking_back(LATELY),
        traces,
        hashing,
        clients,
        keys,
        client_keys: ClientKeys::default(),
        authorities,
        objects: Objects::default(),
        mail,
        sign_up: ArcSwap::default(),
        pushing: ArcSwap::default(),
        exchange: ArcSwap::default(),
        native_sso: ArcSwap::from_pointee(NativeSso::Off),
        catalogue: ArcSwap::default(),
        sources: Sources::default(),
        resources: ArcSwap::default(),
        offers: ArcSwap::from_pointee(nothing_yet()),
        discovery: ArcSwap::default(),
        dress,
    });
    op.reload_settings().await?;
    Ok(op)
}

/// What is offered before the settings are read for the first time.
fn nothing_yet() -> ServerOffers {
    crate::op::offers((SignUp::Closed, NativeSso::Off), &std::sync::Arc::default(), std::sync::Arc::default())
}

/// Serves until told to stop. `ready` hears the addresses that were bound.
pub async fn run(op: Op, ready: impl FnOnce(&[Bound])) -> Result<(), Fault> {
    let _claim = Claim::take(&op.config().database)?;
    if op.config().test_mode.is_on() {
        tracing::warn!(
            "TEST MODE IS ON: addresses on loopback may be reached and an extra certificate authority is trusted. Never run it for real people."
        );
    }
    op.authorities().open().map_err(|e| Fault::new(Kind::Gone, e.to_string()))?;
    let door = metrics::Door::bind(op.config().metrics.listen).await.map_err(|e| Fault::new(Kind::Gone, e))?;
    let backstage = Backstage::open("courier")
        .map_err(|e| Fault::new(Kind::Gone, format!("the courier's threads cannot be started: {e}")))?;
    let (tell, told) = watch::channel(false);
    let metrics = tokio::spawn(door.open(op.clone(), told.clone()));
    let courier = tokio::spawn(courier::run(op.clone(), backstage, told.clone()));
    let postman = tokio::spawn(postman::run(op.clone(), told.clone()));
    let caretaker = tokio::spawn(caretaker::run(op.clone(), told.clone()));
    let watching = op.clone();
    let authorities = tokio::spawn(async move { watching.authorities().watch(told).await });
    let (finish, finishing) = watch::channel(false);
    let collector = op.traces().collector().map(|collector| tokio::spawn(collector.run(op.clone(), finishing)));
    let served = listen::serve(op.config(), shell::routers(&op), ready).await;
    // The listeners have drained; now the workers.
    let _ = tell.send(true);
    let _ = tokio::join!(courier, postman, caretaker, metrics, authorities);
    // What they did last is told too.
    let _ = finish.send(true);
    if let Some(collector) = collector {
        let _ = collector.await;
    }
    op.store().close().await;
    served.map_err(|e| Fault::new(Kind::Gone, e.to_string()))
}
