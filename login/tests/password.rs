//! Rules for new passwords.

use login::password::{Problem, judge, judge_change};
use proptest::prelude::*;

#[test]
fn good_ones() {
    for good in [
        "correct horse battery staple",
        "Tr0ub4dor&3x",
        "gäste-wlan-im-hof",
        "ありがとうございます世界",
        "        x  y  z",
        "my password is a long sentence",
        "h7#kQ2!mZ9",
    ] {
        assert_eq!(judge(good, "alice"), Ok(()), "{good}");
    }
    assert_eq!(judge(&"ab9 ".repeat(256), "alice"), Ok(()), "1024 bytes");
}

#[test]
fn bad_ones() {
    let bad: &[(&str, Problem)] = &[
        ("", Problem::Short),
        ("h7#kQ2!mZ", Problem::Short),
        ("äöüäöüäöü", Problem::Short),
        ("Password123", Problem::Common),
        ("!!PASSWORT!!2024", Problem::Common),
        ("motdepasse1", Problem::Common),
        ("contraseña99", Problem::Common),
        ("qwertyuiop", Problem::Common),
        ("passwordpassword", Problem::Common),
        ("correcthorsebatterystaple", Problem::Common),
        ("aaaaaaaaaaaa", Problem::Common),
        ("abababababab", Problem::Common),
        ("abcabcabcabc", Problem::Common),
        ("abcdefghijkl", Problem::Common),
        ("1234567890", Problem::Common),
        ("0987654321", Problem::Common),
        ("12345678901234567890", Problem::Common),
        ("alice.smith", Problem::Username),
        ("Alice.Smith2024!", Problem::Username),
        ("tab\tin the middle", Problem::Control),
        ("null\0in the middle", Problem::Control),
    ];
    for (password, problem) in bad {
        assert_eq!(judge(password, "alice.smith"), Err(*problem), "{password:?}");
    }
    assert_eq!(judge(&"é".repeat(513), "alice"), Err(Problem::Long));
    assert_eq!(judge_change("h7#kQ2!mZ9", "h7#kQ2!mZ9", "alice"), Err(Problem::Same));
    assert_eq!(judge_change("h7#kQ2!mZ9", "something else", "alice"), Ok(()));
}

proptest! {
    #[test]
    fn judging_never_panics(password in any::<String>(), username in any::<String>()) {
        let _ = judge(&password, &username);
    }

    /// What a person's password store draws is never refused for its looks.
    #[test]
    fn drawn_ones_pass(password in "[a-z]{4}[A-Z]{4}[#%&][0-9]{2}[g-z]{6}") {
        prop_assert_eq!(judge(&password, "operator"), Ok(()));
    }
}
