//! Claims providers and what they are to each account (OpenID Connect Core §5.6.2).
//!
//! Invariant: a token is sealed before it comes here, and a JWT was verified; both are gone with the source.

use openid::claims::source::{Reach, Source, SourceKind};
use openid::name::AccountId;
use openid::time::Time;

use crate::accounts::Done;
use crate::fault::Fault;
use crate::row::Row;
use crate::statements::statements;
use crate::text;
use crate::tx::{Reader, Tx};
use crate::value::values;

statements! {
    SOURCES = "SELECT name, kind, claims, endpoint, issuer, jwks, reach FROM claim_source ORDER BY name";
    ADD = "INSERT INTO claim_source (name, kind, claims, endpoint, issuer, jwks, reach, created_at, updated_at) \
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8) ON CONFLICT DO NOTHING";
    CHANGE = "UPDATE claim_source SET endpoint = $2, issuer = $3, jwks = $4, updated_at = $5 WHERE name = $1";
    REMOVE = "DELETE FROM claim_source WHERE name = $1";
    OF_ACCOUNT = "SELECT source, account, token, jwt, jwt_until, linked_at FROM claim_link WHERE account = $1 ORDER BY source";
    OF_SOURCE = "SELECT source, account, token, jwt, jwt_until, linked_at FROM claim_link \
                 WHERE source = $1 AND account > $2 ORDER BY account LIMIT $3";
    TOKENS = "SELECT source, account, token, jwt, jwt_until, linked_at FROM claim_link \
              WHERE token IS NOT NULL ORDER BY source, account";
    LINK = "INSERT INTO claim_link (source, account, token, jwt, jwt_until, linked_at) VALUES ($1, $2, $3, $4, $5, $6) \
            ON CONFLICT (source, account) DO UPDATE SET token = excluded.token, jwt = excluded.jwt, \
            jwt_until = excluded.jwt_until, linked_at = excluded.linked_at";
    UNLINK = "DELETE FROM claim_link WHERE source = $1 AND account = $2";
    UNLINK_ALL = "DELETE FROM claim_link WHERE source = $1";
    KEEP = "UPDATE claim_link SET jwt = $4, jwt_until = $5 WHERE source = $1 AND account = $2 AND linked_at = $3";
    RESEAL = "UPDATE claim_link SET token = $4 WHERE source = $1 AND account = $2 AND token = $3";
}

/// What a claims provider is to an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimLink {
    /// The provider.
    pub source: String,
    /// The account.
    pub account: AccountId,
    /// The access token for it, sealed.
    pub token: Option<String>,
    /// The JWT it gave.
    pub jwt: Option<String>,
    /// Until when that is good.
    pub jwt_until: Option<Time>,
    /// When it was linked.
    pub linked_at: Time,
}

fn source(mut row: Row) -> Result<Source, Fault> {
    Ok(Source {
        name: row.take()?,
        kind: text::word(&row.take::<String>()?, SourceKind::read)?,
        claims: text::read_list(&row.take::<String>()?, "claims")?,
        endpoint: row.take()?,
        issuer: row.take()?,
        jwks: row.take()?,
        reach: text::word(&row.take::<String>()?, Reach::read)?,
    })
}

fn link(mut row: Row) -> Result<ClaimLink, Fault> {
    Ok(ClaimLink {
        source: row.take()?,
        account: AccountId::new(row.take::<String>()?),
        token: row.take()?,
        jwt: row.take()?,
        jwt_until: row.take()?,
        linked_at: row.take()?,
    })
}

impl Reader {
    /// Every claims provider.
    pub async fn claim_sources(&mut self) -> Result<Vec<Source>, Fault> {
        self.rows(&SOURCES, &[]).await?.into_iter().map(source).collect()
    }

    /// What claims providers are to an account.
    pub async fn claim_links(&mut self, account: &AccountId) -> Result<Vec<ClaimLink>, Fault> {
        self.rows(&OF_ACCOUNT, values![account.as_str()]).await?.into_iter().map(link).collect()
    }

    /// The accounts linked to a claims provider, from behind `after`.
    pub async fn links_of_source(&mut self, source: &str, after: &str, most: u32) -> Result<Vec<ClaimLink>, Fault> {
        self.rows(&OF_SOURCE, values![source, after, most]).await?.into_iter().map(link).collect()
    }

    /// Every link with a sealed token: whoever changes the seal looks at all of them.
    pub async fn links_with_tokens(&mut self) -> Result<Vec<ClaimLink>, Fault> {
        self.rows(&TOKENS, &[]).await?.into_iter().map(link).collect()
    }
}

impl Tx {
    /// Configures a claims provider. [`Done::No`]: there is one of this name.
    pub async fn add_claim_source(&mut self, new: &Source, now: Time) -> Result<Done, Fault> {
        let claims = text::list(&new.claims);
        let values = values![
            &new.name,
            new.kind.as_str(),
            &claims,
            new.endpoint.as_ref(),
            new.issuer.as_ref(),
            new.jwks.as_ref(),
            new.reach.as_str(),
            now
        ];
        let rows = self.change(&ADD, values).await?;
        self.declared(rows).await
    }

    /// Changes where it is, its issuer and its keys. Its claims stay: they were agreed to.
    pub async fn change_claim_source(&mut self, to: &Source, now: Time) -> Result<Done, Fault> {
        let values = values![&to.name, to.endpoint.as_ref(), to.issuer.as_ref(), to.jwks.as_ref(), now];
        let rows = self.change(&CHANGE, values).await?;
        self.declared(rows).await
    }

    /// Removes it, with every link to it.
    pub async fn remove_claim_source(&mut self, name: &str) -> Result<Done, Fault> {
        self.change(&UNLINK_ALL, values![name]).await?;
        let rows = self.change(&REMOVE, values![name]).await?;
        self.declared(rows).await
    }

    /// Links an account to a claims provider, or links it anew.
    pub async fn link_claims(&mut self, link: &ClaimLink) -> Result<(), Fault> {
        let values = values![
            &link.source,
            link.account.as_str(),
            link.token.as_ref(),
            link.jwt.as_ref(),
            link.jwt_until,
            link.linked_at
        ];
        self.change(&LINK, values).await.map(drop)
    }

    /// Takes a link away.
    pub async fn unlink_claims(&mut self, source: &str, account: &AccountId) -> Result<Done, Fault> {
        Ok(Done::of(self.change(&UNLINK, values![source, account.as_str()]).await?))
    }

    /// Keeps a JWT that was fetched, unless the account was linked anew meanwhile.
    pub async fn keep_claims(&mut self, link: &ClaimLink, jwt: &str, until: Time) -> Result<Done, Fault> {
        let values = values![&link.source, link.account.as_str(), link.linked_at, jwt, until];
        Ok(Done::of(self.change(&KEEP, values).await?))
    }

    /// Replaces the seal of a link's token, unless somebody else has.
    pub async fn reseal_link(&mut self, link: &ClaimLink, old: &str, new: &str) -> Result<Done, Fault> {
        Ok(Done::of(self.change(&RESEAL, values![&link.source, link.account.as_str(), old, new]).await?))
    }
}

#[cfg(test)]
mod tests;
