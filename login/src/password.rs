//! What a new password must be (NIST SP 800-63B §3.1.1: length, a list of common ones, no rules of composition).
//!
//! Invariant: only *new* passwords are judged here; what somebody types to sign in is compared, never judged.

/// Fewest characters of a new password.
pub const SHORTEST: usize = 10;
/// Most bytes of any password: more is not hashed.
pub const LONGEST: usize = 1024;

/// Why a new password is not good enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Problem {
    /// Fewer than [`SHORTEST`] characters.
    Short,
    /// More than [`LONGEST`] bytes.
    Long,
    /// It is, or is little more than, the username.
    Username,
    /// It is among the first that are tried, or one pattern over and over.
    Common,
    /// It holds a control character, which many keyboards cannot type again.
    Control,
    /// It is the old one.
    Same,
}

impl Problem {
    /// What is wrong, in plain words; pages have their own texts by language.
    pub const fn say(self) -> &'static str {
        match self {
            Self::Short => "the password must have at least 10 characters",
            Self::Long => "the password must have at most 1024 bytes",
            Self::Username => "the password must not be the username",
            Self::Common => "this password is among the first that are guessed",
            Self::Control => "the password must not hold control characters",
            Self::Same => "the new password is the old one",
        }
    }
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.say())
    }
}

impl std::error::Error for Problem {}

/// Words that, alone or with digits and marks around them, make no password. Lower-case, without marks.
const COMMON: &[&str] = &[
    "password",
    "passwort",
    "kennwort",
    "motdepasse",
    "contrasena",
    "contraseña",
    "passw0rd",
    "p@ssword",
    "p@ssw0rd",
    "qwertyuiop",
    "qwertzuiop",
    "azertyuiop",
    "qwerty",
    "qwertz",
    "azerty",
    "asdfghjkl",
    "zxcvbnm",
    "yxcvbnm",
    "1q2w3e4r5t",
    "1qaz2wsx3edc",
    "qazwsxedc",
    "iloveyou",
    "ichliebedich",
    "jetaime",
    "teamo",
    "welcome",
    "willkommen",
    "bienvenue",
    "bienvenido",
    "letmein",
    "administrator",
    "admin",
    "changeme",
    "default",
    "football",
    "fussball",
    "baseball",
    "basketball",
    "superman",
    "batman",
    "starwars",
    "pokemon",
    "princess",
    "sunshine",
    "dragon",
    "monkey",
    "master",
    "hello",
    "hallo",
    "bonjour",
    "hola",
    "trustno",
    "whatever",
    "secret",
    "geheim",
    "internet",
    "computer",
    "liverpool",
    "chelsea",
    "arsenal",
    "barcelona",
    "realmadrid",
    "juventus",
    "michael",
    "jennifer",
    "jordan",
    "summer",
    "sommer",
    "winter",
    "spring",
    "autumn",
    "herbst",
    "ostiary",
    "abcdefghij",
    "correcthorsebatterystaple",
];

/// Judges a new password.
pub fn judge(new: &str, username: &str) -> Result<(), Problem> {
    if new.len() > LONGEST {
        return Err(Problem::Long);
    }
    if new.chars().count() < SHORTEST {
        return Err(Problem::Short);
    }
    if new.chars().any(char::is_control) {
        return Err(Problem::Control);
    }
    let lower = new.to_lowercase();
    if is_little_more_than(&lower, &username.to_lowercase()) {
        return Err(Problem::Username);
    }
    if is_pattern(&lower) || COMMON.iter().any(|word| is_little_more_than(&lower, word)) {
        return Err(Problem::Common);
    }
    Ok(())
}

/// Judges a new password that takes the place of an old one that is at hand.
pub fn judge_change(new: &str, old: &str, username: &str) -> Result<(), Problem> {
    if new == old {
        return Err(Problem::Same);
    }
    judge(new, username)
}

/// The word, with nothing but digits and marks before and behind it, or twice in a row.
fn is_little_more_than(password: &str, word: &str) -> bool {
    if word.is_empty() {
        return false;
    }
    let rest = password.replace(word, "");
    rest.len() < password.len() && !rest.chars().any(char::is_alphabetic) && rest.chars().count() <= 8
}

/// One character, or a short piece, over and over; or characters that count up or down.
fn is_pattern(password: &str) -> bool {
    let all: Vec<char> = password.chars().collect();
    let repeats = (1..=3).any(|period| all.iter().zip(&all[period..]).all(|(a, b)| a == b));
    let steps: Vec<i64> =
        all.windows(2).map(|pair| i64::from(u32::from(pair[1])) - i64::from(u32::from(pair[0]))).collect();
    // 9 to 0 goes on counting.
    let counts = |by: i64| steps.iter().all(|step| *step == by || *step == -9 * by);
    repeats || counts(1) || counts(-1)
}
