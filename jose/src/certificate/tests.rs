//! RFC 4514 §4 and RFC 5280 §7.1 by example; whole certificates are read in `openid/tests/` and in walks.

use x509_cert::der::Tag;
use x509_cert::der::asn1::Any;
use x509_cert::name::{RdnSequence, RelativeDistinguishedName};

use super::name::DistinguishedName;

fn read(text: &str) -> DistinguishedName {
    DistinguishedName::read(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// RFC 4514 §4.
#[test]
fn a_name_is_the_same_however_it_is_spelt() {
    for (one, other) in [
        ("UID=jsmith,DC=example,DC=net", "uid=jsmith, dc=example , dc = net"),
        ("CN=James \\\"Jim\\\" Smith\\, III,DC=net", "CN=James \\22Jim\\22 Smith\\2c III,DC=net"),
        ("CN=Before\\0dAfter,DC=net", "CN=Before\\0DAfter,DC=net"),
        ("CN=Lu\\C4\\8Di\\C4\\87", "CN=Lu\u{10d}i\u{107}"),
        ("OU=Sales+CN=J.  Smith,DC=net", "CN=J. Smith+OU=sales,DC=net"),
        ("CN=a\\ ", "CN=a"),
        ("CN=a\\=b", "CN=a=b"),
        ("2.5.4.97=PSDGB-FCA-1", "organizationIdentifier=psdgb-fca-1"),
        ("O=#0c0141", "O=a"),
        ("O=#130141", "O=#0c0141"),
        ("O=#1e020041", "O=A"),
        ("E=a@b.example", "emailAddress=A@b.example"),
        ("1.2.3.4=#0c0141", "1.2.3.4=A"),
    ] {
        assert_eq!(read(one), read(other), "{one} and {other}");
    }
    for (one, other) in [
        ("CN=a,O=b", "O=b,CN=a"),
        ("CN=a,O=b", "CN=a+O=b"),
        ("CN=a,O=b", "CN=a"),
        ("CN=a", "O=a"),
        ("CN=a\\,O=b", "CN=a,O=b"),
        ("CN=a b", "CN=ab"),
        ("1.2.3.4=A", "1.2.3.4=a"),
        ("CN=#0c0141", "CN=#020101"),
    ] {
        assert_ne!(read(one), read(other), "{one} and {other}");
    }
}

#[test]
fn what_is_no_name_is_refused() {
    let bad = "|CN|=a|CN=a,|CN=a+|,CN=a|CN=a;O=b|CN=\"a\"|CN=a<b|CN=a\\|CN=a\\g|CN=a\\4|CN=#|CN=#0|CN=#0c|CN=#0c01|CN=#0c0141x|\
               CN=#0c0141 41|CN=\\ff|XX=a|9.9=a|2.5.4.=a|/CN=a|C N=a|CN=a,=b|\
               8888888888zc=a|1.2.4294967296=a|1.2.99999999999999999999=a|1..2=a|0.2.3.42.5.4001010000.49=a";
    for text in bad.split('|') {
        assert!(DistinguishedName::read(text).is_err(), "{text}");
    }
    assert!(DistinguishedName::read("CN=a\0").is_err());
}

#[test]
fn a_value_of_another_kind_is_compared_as_it_is_encoded() {
    let number = x509_cert::attr::AttributeTypeAndValue {
        oid: "2.5.4.45".parse().unwrap(),
        value: Any::new(Tag::Integer, vec![1]).unwrap(),
    };
    let name = RdnSequence(vec![RelativeDistinguishedName::try_from(vec![number]).unwrap()]);
    assert_eq!(DistinguishedName::of(&name), read("2.5.4.45=#020101"));
    assert_ne!(DistinguishedName::of(&name), read("2.5.4.45=#020102"));
}
