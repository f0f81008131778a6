//! Scopes and claims an operator declared (OpenID Connect Core §5.1.2, §5.4): data, kept at hand by every node.
//!
//! Invariant: every change moves the version row; a scope that is removed is taken out of what was agreed to and granted,
//! so that one of the same name is agreed to anew.

use openid::claims::catalogue::{Catalogue, Consenting, DeclaredClaim, DeclaredScope, Given, PersonMay};
use openid::time::Time;

use crate::accounts::Done;
use crate::fault::Fault;
use crate::row::Row;
use crate::statements::{Statement, statements};
use crate::text;
use crate::tx::{Reader, Tx};
use crate::value::values;

statements! {
    SCOPES = "SELECT name, claims, titles, descriptions, given, consent FROM claim_scope ORDER BY name";
    ADD_SCOPE = "INSERT INTO claim_scope (name, claims, titles, descriptions, given, consent, created_at, updated_at) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $7) ON CONFLICT DO NOTHING";
    CHANGE_SCOPE = "UPDATE claim_scope SET titles = $2, descriptions = $3, given = $4, consent = $5, updated_at = $6 \
                    WHERE name = $1";
    REMOVE_SCOPE = "DELETE FROM claim_scope WHERE name = $1";
    FORGET_CONSENTED = "UPDATE consent SET scope = trim(replace(' ' || scope || ' ', $1, ' ')) \
                        WHERE replace(' ' || scope || ' ', $1, ' ') <> ' ' || scope || ' '";
    FORGET_GRANTED = "UPDATE grants SET scope = trim(replace(' ' || scope || ' ', $1, ' ')) \
                      WHERE ended_at IS NULL AND replace(' ' || scope || ' ', $1, ' ') <> ' ' || scope || ' '";
    FORGET_IN_CODES = "UPDATE code SET scope = trim(replace(' ' || scope || ' ', $1, ' ')) \
                       WHERE spent_at IS NULL AND replace(' ' || scope || ' ', $1, ' ') <> ' ' || scope || ' '";
    FORGET_IN_TOKENS = "UPDATE access_token SET scope = trim(replace(' ' || scope || ' ', $1, ' ')) \
                        WHERE replace(' ' || scope || ' ', $1, ' ') <> ' ' || scope || ' '";
    CLAIMS = "SELECT name, titles, person FROM claim ORDER BY name";
    ADD_CLAIM = "INSERT INTO claim (name, titles, person, created_at, updated_at) VALUES ($1, $2, $3, $4, $4) \
                 ON CONFLICT DO NOTHING";
    CHANGE_CLAIM = "UPDATE claim SET titles = $2, person = $3, updated_at = $4 WHERE name = $1";
    REMOVE_CLAIM = "DELETE FROM claim WHERE name = $1";
}

/// Where a removed scope is taken out, in the order in which these rows are held everywhere.
const FORGET: &[&Statement] = &[&FORGET_CONSENTED, &FORGET_GRANTED, &FORGET_IN_CODES, &FORGET_IN_TOKENS];

fn scope(mut row: Row) -> Result<DeclaredScope, Fault> {
    Ok(DeclaredScope {
        name: row.take()?,
        claims: text::read_list(&row.take::<String>()?, "claims")?,
        titles: text::read_words(&row.take::<String>()?, "titles")?,
        descriptions: text::read_words(&row.take::<String>()?, "descriptions")?,
        given: text::word(&row.take::<String>()?, Given::read)?,
        consent: text::word(&row.take::<String>()?, Consenting::read)?,
    })
}

fn claim(mut row: Row) -> Result<DeclaredClaim, Fault> {
    Ok(DeclaredClaim {
        name: row.take()?,
        titles: text::read_words(&row.take::<String>()?, "titles")?,
        person: text::word(&row.take::<String>()?, PersonMay::read)?,
    })
}

impl Reader {
    /// Everything that was declared.
    pub async fn catalogue(&mut self) -> Result<Catalogue, Fault> {
        let scopes = self.rows(&SCOPES, &[]).await?.into_iter().map(scope).collect::<Result<_, _>>()?;
        let claims = self.rows(&CLAIMS, &[]).await?.into_iter().map(claim).collect::<Result<_, _>>()?;
        let (sources, locales) = (self.claim_sources().await?, self.claims_locales().await?);
        Ok(Catalogue { scopes, claims, sources, locales })
    }
}

impl Tx {
    pub(crate) async fn declared(&mut self, rows: u64) -> Result<Done, Fault> {
        let done = Done::of(rows);
        if done.is_done() {
            self.move_version("catalogue").await?;
        }
        Ok(done)
    }

    /// Declares a scope. [`Done::No`]: there is one of this name. What was agreed to by this name before is forgotten:
    /// nobody agreed to claims they were not told of.
    pub async fn add_scope(&mut self, scope: &DeclaredScope, now: Time) -> Result<Done, Fault> {
        let (claims, titles) = (text::list(&scope.claims), text::words(&scope.titles));
        let descriptions = text::words(&scope.descriptions);
        let (given, consent) = (scope.given.as_str(), scope.consent.as_str());
        let values = values![&scope.name, &claims, &titles, &descriptions, given, consent, now];
        let rows = self.change(&ADD_SCOPE, values).await?;
        let done = self.declared(rows).await?;
        self.forget_scope(&scope.name, done).await
    }

    /// Changes everything about a scope but its claims: whoever agreed to it agreed to those.
    pub async fn change_scope(&mut self, scope: &DeclaredScope, now: Time) -> Result<Done, Fault> {
        let (titles, descriptions) = (text::words(&scope.titles), text::words(&scope.descriptions));
        let (given, consent) = (scope.given.as_str(), scope.consent.as_str());
        let rows =
            self.change(&CHANGE_SCOPE, values![&scope.name, &titles, &descriptions, given, consent, now]).await?;
        self.declared(rows).await
    }

    /// Removes a scope, and takes it out of every consent, grant, code and access token.
    pub async fn remove_scope(&mut self, name: &str) -> Result<Done, Fault> {
        let rows = self.change(&REMOVE_SCOPE, values![name]).await?;
        let done = self.declared(rows).await?;
        self.forget_scope(name, done).await
    }

    async fn forget_scope(&mut self, name: &str, done: Done) -> Result<Done, Fault> {
        if done.is_done() {
            let word = format!(" {name} ");
            for statement in FORGET {
                self.change(statement, values![&word]).await?;
            }
        }
        Ok(done)
    }

    /// Declares a claim. [`Done::No`]: there is one of this name.
    pub async fn add_claim(&mut self, claim: &DeclaredClaim, now: Time) -> Result<Done, Fault> {
        let titles = text::words(&claim.titles);
        let rows = self.change(&ADD_CLAIM, values![&claim.name, &titles, claim.person.as_str(), now]).await?;
        self.declared(rows).await
    }

    /// Changes what a claim is called and what people may do with it.
    pub async fn change_claim(&mut self, claim: &DeclaredClaim, now: Time) -> Result<Done, Fault> {
        let titles = text::words(&claim.titles);
        let rows = self.change(&CHANGE_CLAIM, values![&claim.name, &titles, claim.person.as_str(), now]).await?;
        self.declared(rows).await
    }

    /// Removes a claim's declaration; what accounts hold of it stays.
    pub async fn remove_claim(&mut self, name: &str) -> Result<Done, Fault> {
        let rows = self.change(&REMOVE_CLAIM, values![name]).await?;
        self.declared(rows).await
    }
}

#[cfg(test)]
mod tests;
