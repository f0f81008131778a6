//! Who may enter the operator's console.
//!
//! Invariant: the role is read from the account's row at each request and held by each act, so that taking it away holds at
//! once; an account that is disabled has none.

use openid::account::Operator;
use openid::name::AccountId;

use crate::accounts::Done;
use crate::fault::Fault;
use crate::row::Row;
use crate::statements::statements;
use crate::text;
use crate::tx::{Reader, Tx};
use crate::value::values;

statements! {
    ROLE = "SELECT operator_role FROM account WHERE id = $1 AND disabled_at IS NULL AND operator_role IS NOT NULL";
    HOLD = "SELECT operator_role FROM account WHERE id = $1 AND disabled_at IS NULL AND operator_role IS NOT NULL {share}";
    LIST = "SELECT id, operator_role FROM account WHERE operator_role IS NOT NULL ORDER BY username_key";
    SET = "UPDATE account SET operator_role = $2 WHERE id = $1 AND operator_role IS DISTINCT FROM $2";
}

fn role(mut row: Row) -> Result<Operator, Fault> {
    text::word(&row.take::<String>()?, Operator::read)
}

impl Reader {
    /// What an account may do in the console. `None`: it is no operator, or disabled.
    pub async fn operator(&mut self, account: &AccountId) -> Result<Option<Operator>, Fault> {
        self.row(&ROLE, values![account.as_str()]).await?.map(role).transpose()
    }

    /// Every account with a role, disabled ones too.
    pub async fn operators(&mut self) -> Result<Vec<(AccountId, Operator)>, Fault> {
        let rows = self.rows(&LIST, values![]).await?;
        rows.into_iter().map(|mut row| Ok((AccountId::new(row.take::<String>()?), role(row)?))).collect()
    }
}

impl Tx {
    /// What an account may do in the console, held until the transaction ends: for an act that rests on it. Accounts come
    /// before every other row.
    pub async fn hold_operator(&mut self, account: &AccountId) -> Result<Option<Operator>, Fault> {
        self.row(&HOLD, values![account.as_str()]).await?.map(role).transpose()
    }

    /// Makes an account an operator, or takes that away. [`Done::No`]: it is so already.
    pub async fn set_operator(&mut self, account: &AccountId, role: Option<Operator>) -> Result<Done, Fault> {
        Ok(Done::of(self.change(&SET, values![account.as_str(), role.map(Operator::as_str)]).await?))
    }
}

#[cfg(test)]
mod tests {
    use openid::account::Operator;

    use crate::Store;
    use crate::accounts::Done;
    use crate::engine::tests::both::on_both;
    use crate::sessions::tests::ground::{START, account, disable};

    on_both! {
        async fn a_role_is_given_taken_and_nothing_to_whoever_is_disabled(store: Store) {
            let (ann, bob) = (account(&store, "ann").await, account(&store, "bob").await);
            assert_eq!(store.reader().await.unwrap().operator(&ann).await.unwrap(), None, "nobody is one by default");
            let id = ann.clone();
            let steps = store.write(async move |tx| {
                let mut steps = vec![tx.set_operator(&id, None).await?];
                steps.push(tx.set_operator(&id, Some(Operator::Look)).await?);
                steps.push(tx.set_operator(&id, Some(Operator::Look)).await?);
                steps.push(tx.set_operator(&id, Some(Operator::Act)).await?);
                Ok(steps)
            }).await.unwrap();
            assert_eq!(steps, [Done::No, Done::Yes, Done::No, Done::Yes]);
            let mut reader = store.reader().await.unwrap();
            assert_eq!(reader.operator(&ann).await.unwrap(), Some(Operator::Act));
            assert_eq!(reader.operator(&bob).await.unwrap(), None);
            assert_eq!(reader.operators().await.unwrap(), [(ann.clone(), Operator::Act)]);
            drop(reader);
            let id = ann.clone();
            let held = store.write(async move |tx| {
                let before = tx.hold_operator(&id).await?;
                disable(tx, &id, START).await?;
                Ok((before, tx.hold_operator(&id).await?))
            }).await.unwrap();
            assert_eq!(held, (Some(Operator::Act), None));
            let mut reader = store.reader().await.unwrap();
            assert_eq!(reader.operator(&ann).await.unwrap(), None);
            assert_eq!(reader.operators().await.unwrap().len(), 1, "the list shows it to be taken away");
        }
    }
}
