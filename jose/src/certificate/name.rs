//! Distinguished names: as a certificate has them (RFC 5280 §4.1.2.4), and as people write them (RFC 4514).
//!
//! Invariant: two names are equal as RFC 5280 §7.1 says, whatever string types a certificate was made with and however a name
//! was spelt: attribute by attribute, in order, those of one RDN in any. What cannot be read is equal to nothing.

use x509_cert::der::asn1::{Any, ObjectIdentifier};
use x509_cert::der::{Decode, Encode, Tag, Tagged};
use x509_cert::name::RdnSequence;

use crate::JoseError;

/// The attribute types that are written by name (RFC 4514 §3 and RFC 4519; the others as tools write them), whose values are
/// directory strings: case and extra spaces mean nothing in them.
const TYPES: &[(&str, &str)] = &[
    ("CN", "2.5.4.3"),
    ("SN", "2.5.4.4"),
    ("SERIALNUMBER", "2.5.4.5"),
    ("C", "2.5.4.6"),
    ("L", "2.5.4.7"),
    ("ST", "2.5.4.8"),
    ("STREET", "2.5.4.9"),
    ("O", "2.5.4.10"),
    ("OU", "2.5.4.11"),
    ("TITLE", "2.5.4.12"),
    ("BUSINESSCATEGORY", "2.5.4.15"),
    ("POSTALCODE", "2.5.4.17"),
    ("NAME", "2.5.4.41"),
    ("GIVENNAME", "2.5.4.42"),
    ("GN", "2.5.4.42"),
    ("INITIALS", "2.5.4.43"),
    ("GENERATIONQUALIFIER", "2.5.4.44"),
    ("DNQUALIFIER", "2.5.4.46"),
    ("PSEUDONYM", "2.5.4.65"),
    ("ORGANIZATIONIDENTIFIER", "2.5.4.97"),
    ("UID", "0.9.2342.19200300.100.1.1"),
    ("DC", "0.9.2342.19200300.100.1.25"),
    ("EMAILADDRESS", "1.2.840.113549.1.9.1"),
    ("E", "1.2.840.113549.1.9.1"),
    ("JURISDICTIONL", "1.3.6.1.4.1.311.60.2.1.1"),
    ("JURISDICTIONST", "1.3.6.1.4.1.311.60.2.1.2"),
    ("JURISDICTIONC", "1.3.6.1.4.1.311.60.2.1.3"),
];

/// A distinguished name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DistinguishedName(Vec<Vec<Attribute>>);

/// An attribute of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Attribute {
    kind: String,
    value: Said,
}

/// Its value, as it is compared.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Said {
    Text(String),
    Der(Vec<u8>),
}

impl DistinguishedName {
    /// Reads what somebody wrote: RFC 4514 §3, with spaces around `,`, `+` and `=` as many tools have them.
    pub fn read(text: &str) -> Result<Self, JoseError> {
        let mut names = Vec::new();
        let mut rest = text.chars().peekable();
        let mut one = Vec::new();
        loop {
            one.push(attribute(&mut rest)?);
            match rest.next() {
                Some('+') => {}
                Some(_) => names.push(sorted(std::mem::take(&mut one))),
                None => break,
            }
        }
        names.push(sorted(one));
        // §2.1: the last of the sequence is written first.
        names.reverse();
        Ok(Self(names))
    }

    /// What a certificate says.
    pub(super) fn of(sequence: &RdnSequence) -> Self {
        let attribute = |one: &x509_cert::attr::AttributeTypeAndValue| Attribute::of(one.oid, &one.value);
        Self(sequence.0.iter().map(|names| sorted(names.0.iter().map(attribute).collect())).collect())
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

fn sorted(mut attributes: Vec<Attribute>) -> Vec<Attribute> {
    attributes.sort();
    attributes
}

impl Attribute {
    fn of(kind: ObjectIdentifier, value: &Any) -> Self {
        let kind = kind.to_string();
        match text(value) {
            Some(text) => Self::said(kind, &text),
            None => Self { kind, value: Said::Der(value.to_der().unwrap_or_default()) },
        }
    }

    /// RFC 5280 §7.1, RFC 4518 §2.6.1. A type nobody here knows may mean something by its letters' case.
    fn said(kind: String, text: &str) -> Self {
        let is_known = TYPES.iter().any(|(_, known)| *known == kind);
        let value = match is_known {
            true => text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase(),
            false => text.to_owned(),
        };
        Self { kind, value: Said::Text(value) }
    }
}

/// A value that is text, in whichever of the string types.
fn text(value: &Any) -> Option<String> {
    match value.tag() {
        Tag::Utf8String
        | Tag::PrintableString
        | Tag::Ia5String
        | Tag::NumericString
        | Tag::VisibleString
        | Tag::TeletexString => std::str::from_utf8(value.value()).ok().map(str::to_owned),
        Tag::BmpString => {
            let units = value.value().chunks(2).map(|pair| Some(u16::from_be_bytes(pair.try_into().ok()?)));
            String::from_utf16(&units.collect::<Option<Vec<_>>>()?).ok()
        }
        _ => None,
    }
}

type Rest<'a> = std::iter::Peekable<std::str::Chars<'a>>;

fn spaces(rest: &mut Rest<'_>) {
    while rest.next_if_eq(&' ').is_some() {}
}

/// `attributeType = attributeValue`, up to what separates it from the next.
fn attribute(rest: &mut Rest<'_>) -> Result<Attribute, JoseError> {
    let mut kind = String::new();
    loop {
        match rest.next() {
            Some('=') => break,
            Some(c) if c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ' ') => kind.push(c),
            _ => return Err(JoseError::Malformed),
        }
    }
    let named = kind.trim().to_ascii_uppercase();
    let dotted = match TYPES.iter().find(|(name, _)| *name == named) {
        Some((_, oid)) => oid,
        // The reader of dotted numbers counts beyond what it can hold.
        None if named.split('.').all(|arc| arc.parse::<u32>().is_ok()) => named.as_str(),
        None => return Err(JoseError::Malformed),
    };
    // What it writes it cannot always read: its text would be a panic.
    let kind = ObjectIdentifier::new(dotted).and_then(|kind| ObjectIdentifier::from_bytes(kind.as_bytes()));
    let kind = kind.map_err(|_| JoseError::Malformed)?;
    spaces(rest);
    match rest.next_if_eq(&'#') {
        Some(_) => encoded(rest).map(|value| Attribute::of(kind, &value)),
        None => string(rest).map(|value| Attribute::said(kind.to_string(), &value)),
    }
}

/// `hexstring`: the value as BER has it.
fn encoded(rest: &mut Rest<'_>) -> Result<Any, JoseError> {
    let mut bytes = Vec::new();
    while let Some(high) = rest.next_if(char::is_ascii_hexdigit) {
        bytes.push(octet(high, rest)?);
    }
    spaces(rest);
    match rest.peek() {
        None | Some(',' | '+') => Any::from_der(&bytes).map_err(|_| JoseError::Malformed),
        Some(_) => Err(JoseError::Malformed),
    }
}

fn octet(high: char, rest: &mut Rest<'_>) -> Result<u8, JoseError> {
    let low = rest.next().and_then(|low| low.to_digit(16));
    let both = high.to_digit(16).zip(low).and_then(|(high, low)| u8::try_from(high * 16 + low).ok());
    both.ok_or(JoseError::Malformed)
}

/// `string`: what is escaped stands for itself, what is not ends with its last character that is no space.
fn string(rest: &mut Rest<'_>) -> Result<String, JoseError> {
    let mut bytes = Vec::new();
    let mut ends = 0;
    while let Some(c) = rest.next_if(|c| !matches!(c, ',' | '+')) {
        match c {
            '\\' => match rest.next().ok_or(JoseError::Malformed)? {
                special @ ('\\' | '"' | '+' | ',' | ';' | '<' | '>' | ' ' | '#' | '=') => bytes.push(special as u8),
                high => bytes.push(octet(high, rest)?),
            },
            '"' | ';' | '<' | '>' | '\0' => return Err(JoseError::Malformed),
            ' ' => {
                bytes.push(b' ');
                continue;
            }
            c => bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
        }
        ends = bytes.len();
    }
    bytes.truncate(ends);
    String::from_utf8(bytes).map_err(|_| JoseError::Malformed)
}
