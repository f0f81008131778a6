//! Letters: what a link is worth, what a mail server's reply means, to whom a letter can be sent.

use std::net::Ipv4Addr;

use login::budget::{self, Browser, Limits};
use login::letter::{About, Phase, Standing, Weighed, is_address, judge, reachable, still_reaches, weigh};
use openid::account::Account;
use openid::name::AccountId;
use openid::time::{Span, Time};
use proptest::prelude::*;
use serde_json::json;

const NOW: Time = Time::from_seconds(1_764_028_800);

#[test]
fn a_link_works_once_and_not_for_ever() {
    let fresh = Standing { expires_at: NOW + Span::from_seconds(1), spent_at: None };
    let why = |letter, now| judge(letter, now).err().map(|refusal| refusal.why);
    assert_eq!(why(Some(fresh), NOW), None);
    assert_eq!(why(Some(fresh), fresh.expires_at), Some("link_expired"), "the last moment is too late");
    assert_eq!(why(Some(Standing { spent_at: Some(NOW), ..fresh }), NOW), Some("link_spent"));
    let both = Standing { spent_at: Some(NOW), expires_at: NOW };
    assert_eq!(why(Some(both), NOW), Some("link_spent"), "who has used it need not hear that it is old");
    assert_eq!(why(None, NOW), Some("link_unknown"));
}

#[test]
fn every_kind_is_read_back_and_a_new_password_is_hurried() {
    for about in About::ALL {
        assert_eq!(About::read(about.as_str()), Some(*about));
        assert!(about.life() <= Span::from_hours(24));
    }
    assert_eq!(About::read("love"), None);
    assert_eq!(About::Recover.life(), Span::from_minutes(30));
    let silent: Vec<&str> = About::ALL.iter().filter(|about| !about.has_link()).map(|about| about.as_str()).collect();
    assert_eq!(silent, ["sign_up_taken", "email_changed"], "what only tells has nothing to be stolen");
}

#[test]
fn replies_are_weighed_by_their_code_and_by_what_they_answer() {
    for (code, weighed) in [
        (Some(250), Weighed::Delivered),
        (Some(251), Weighed::Delivered),
        (Some(421), Weighed::Later),
        (Some(450), Weighed::Later),
        (Some(451), Weighed::Later),
        (Some(452), Weighed::Later),
        (Some(500), Weighed::Later),
        (Some(501), Weighed::Refused),
        (Some(521), Weighed::Refused),
        (Some(530), Weighed::Later),
        (Some(535), Weighed::Later),
        (Some(550), Weighed::Refused),
        (Some(552), Weighed::Refused),
        (Some(554), Weighed::Refused),
        (Some(555), Weighed::Later),
        (Some(556), Weighed::Refused),
        (None, Weighed::Later),
    ] {
        assert_eq!(weigh(Phase::Letter, code), weighed, "{code:?}");
        // A server that is not in the mood for us has said nothing of the letter.
        assert_eq!(weigh(Phase::Door, code), Weighed::Later, "{code:?}");
        assert_eq!(weigh(Phase::Address, code), Weighed::Refused, "{code:?}");
    }
}

#[test]
fn addresses() {
    for good in ["ada@example.org", "a.b+c@mail.example.co.uk", "ä@bücher.example", "a@localhost"] {
        assert!(is_address(good), "{good}");
    }
    for bad in [
        "",
        "ada",
        "@example.org",
        "ada@",
        "ada@example.org, eve@example.org",
        "ada@example.org;eve@example.org",
        "Ada <ada@example.org>",
        "\"ada\"@example.org",
        "ada@example.org\r\nBcc: eve@example.org",
        "ada @example.org",
        "ada@[127.0.0.1]",
        "ada@.example.org",
        "ada@example.org.",
        "ada@eve@example.org",
        "a..b@example.org",
        ".a@example.org",
        "a.@example.org",
        "a(b@example.org",
        "a@example..org",
        "a@example.org/",
        "a@-example.org",
        concat!("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "@example.org"),
    ] {
        assert!(!is_address(bad), "{bad:?}");
    }
}

#[test]
fn a_new_password_goes_only_where_somebody_vouched_for() {
    let account = |claims: serde_json::Value| Account {
        id: AccountId::new("a"),
        username: "ada".to_owned(),
        sub: "sub".to_owned(),
        claims: claims.as_object().cloned().unwrap_or_default(),
        created_at: NOW,
        updated_at: NOW,
        disabled_at: None,
    };
    assert_eq!(
        reachable(&account(json!({"email": "ada@example.org"}))),
        Some("ada@example.org"),
        "the operator typed it"
    );
    assert_eq!(
        reachable(&account(json!({"email": "ada@example.org", "email_verified": true}))),
        Some("ada@example.org")
    );
    assert_eq!(reachable(&account(json!({"email": "ada@example.org", "email_verified": false}))), None);
    assert_eq!(reachable(&account(json!({"name": "Ada"}))), None);
    let over = Account { disabled_at: Some(NOW), ..account(json!({"email": "ada@example.org"})) };
    assert_eq!(reachable(&over), None);
    // A link that is out works while its address is the account's, and confirmed.
    let moved = account(json!({"email": "countess@example.net"}));
    assert!(still_reaches(&moved, "Countess@example.net") && !still_reaches(&moved, "ada@example.org"));
    assert!(!still_reaches(&over, "ada@example.org"));
    let doubted = account(json!({"email": "ada@example.org", "email_verified": false}));
    assert!(!still_reaches(&doubted, "ada@example.org"));
}

#[test]
fn letters_and_sign_ins_have_different_buckets() {
    let limits = Limits::of(600, 10, 20);
    let source = Ipv4Addr::new(192, 0, 2, 1).into();
    let letters = budget::letter_takes(" Ada@Example.org ", source, &limits);
    assert_eq!(letters, budget::letter_takes("ada@example.org", source, &limits));
    let sign_ins = budget::takes("ada@example.org", Browser::Stranger(source), &limits);
    assert_ne!(letters[0].key, sign_ins[0].key, "who has used up the sign-ins can ask for a new password");
    assert_eq!((letters[0].limit.capacity, letters[0].limit.refill), (60, Span::from_minutes(1)));
    assert_ne!(letters[1].key, sign_ins[1].key);
    assert_eq!(letters[1].limit, sign_ins[1].limit);
    let plus = |word: &str| budget::letter_takes(&format!("ada+{word}@example.org"), source, &limits)[1].key.clone();
    assert_eq!((plus("a"), plus("b")), (letters[1].key.clone(), letters[1].key.clone()), "one mailbox, one budget");
    assert_ne!(budget::letter_takes("adam@example.org", source, &limits)[1].key, letters[1].key);
    assert!(limits.forget_after().millis() >= letters[0].limit.refill.millis() * i64::from(letters[0].limit.capacity));
}

proptest! {
    #[test]
    fn no_line_of_a_mail_can_be_made_with_an_address(typed in any::<String>()) {
        if is_address(&typed) {
            prop_assert!(!typed.contains(|c: char| c.is_control() || c.is_whitespace() || "<>,;:\"\\".contains(c)));
        }
    }
}
