//! Pages with what an operator declared: scopes and claims of their own.

use super::super::{Account, AccountNotice, Asked, Consent, Detail};
use super::{EVIL, account, asked, consent, plain};

/// Scopes and claims with an operator's words for them.
pub(super) fn declared_consent() -> Consent {
    let titled = |name: &str, title: &str, description: Option<&str>| Asked {
        title: Some(title.into()),
        description: description.map(str::to_owned),
        ..asked(name, true)
    };
    Consent {
        scopes: vec![asked("openid", true), titled("staff", "read your groups", Some("Those of the staff directory."))],
        claims: vec![
            titled("employee_number", "your number", None),
            asked("family_name#ja-Kana-JP", true),
            asked("card#de", true),
        ],
        resources: Vec::new(),
        ..consent(plain(), true)
    }
}

fn detail(claim: &str, value: &str, edit: bool) -> Detail {
    Detail { claim: claim.into(), title: None, value: value.into(), edit, wrong: false }
}

/// Details to see and to change.
pub(super) fn detailed(notice: Option<AccountNotice>) -> Account {
    let wrong = notice == Some(AccountNotice::DetailWrong);
    let details = vec![
        Detail { title: Some("Your groups".into()), ..detail("groups", "staff, editors", false) },
        detail("nickname", "Adie", true),
        detail("nickname#ja", "", true),
        Detail { wrong, ..detail("website", "https://ada.example", true) },
    ];
    Account { details, ..account(notice) }
}

/// The same with words that would rather be mark-up.
pub(super) fn hostile_details() -> Account {
    let details = vec![Detail { title: Some(EVIL.into()), ..detail(EVIL, EVIL, true) }, detail(EVIL, EVIL, false)];
    Account { details, ..account(None) }
}
