//! A configuration that is wrong says where, what, and how to mend it.

use super::place::Place;

const GOOD: &str = "issuer = \"http://localhost:8080\"\nsecret_file = \"ostiary.secret\"\n";

fn complaint(place: &Place, text: &str, environment: &[(&str, &str)]) -> String {
    place.write("ostiary.toml", text);
    let output = place.command(&["config", "check"]).envs(environment.iter().copied()).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{text}: {output:?}");
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn errors_point_at_file_and_line() {
    let place = Place::new();
    for (text, place_of_error, what) in [
        ("issuer = \"http://localhost:8080\"\n\nisuer = 1\n", "ostiary.toml:3", "did you mean `issuer`"),
        ("issuer = \"x\"\nzzzzzzzzzz = 1\n", "ostiary.toml:2", "config reference"),
        ("listen = 8080\n", "ostiary.toml:1", "expected a list"),
        ("issuer = \"x\"\n[limits]\nconnections = \"many\"\n", "ostiary.toml:3", "whole number"),
        ("[limits]\n\nconections = 5\n", "ostiary.toml:3", "did you mean `connections`"),
        ("[lifetimes]\ncode = \"soon\"\n", "ostiary.toml:2", "90s"),
        ("issuer = \n", "ostiary.toml:1", ""),
        ("# who we are\nissuer = \"http://login.example.org\"\n", "ostiary.toml:2: issuer", "https://"),
        ("issuer = \"https://login.example.org?x\"\n", "ostiary.toml:1: issuer", "query"),
        ("secret_file = \"ostiary.secret\"\n", "ostiary.toml: issuer", "must be set"),
        ("issuer = \"http://localhost:8080\"\n", "ostiary.toml: secret_file", "ostiary init"),
        ("issuer = \"http://localhost:8080\"\nsecret_file = \"gone\"\n", "ostiary.toml:2: secret_file", "gone"),
        (&format!("{GOOD}listen = [\"8080\"]\n"), "ostiary.toml:3: listen", "127.0.0.1:8080"),
        (&format!("{GOOD}database = \"mysql:x\"\n"), "ostiary.toml:3: database", "postgres://"),
        (&format!("{GOOD}database = \"sqlite:\"\n"), "ostiary.toml:3: database", "path of a file"),
        (&format!("{GOOD}database = \"postgres://u:hunter2@h/d?sslmode=bogus\"\n"), ":3: database", "verify-full"),
        (&format!("{GOOD}[outbound]\ninternal = [\"10.0.0.0/33\"]\n"), ":4: outbound.internal", "10.0.0.0/33"),
        (&format!("{GOOD}[outbound]\ninternal = [\".corp\", \"http://x\"]\n"), ":4: outbound.internal", "http://x"),
        (&format!("{GOOD}[log]\nlevel = \"info,=zz\"\n"), "ostiary.toml:4: log.level", "info,store=debug"),
        (&format!("{GOOD}[log]\nlevel = \"loud\"\n"), "ostiary.toml:4: log.level", "loud"),
        (&format!("{GOOD}[courier]\nconcurrency = 0\n"), "ostiary.toml:4: courier.concurrency", "zero"),
        (&format!("{GOOD}[courier]\nper_host = 0\n"), "ostiary.toml:4: courier.per_host", "zero"),
        (&format!("{GOOD}[limits]\nconnections = 0\n"), "ostiary.toml:4: limits.connections", "zero"),
        (&format!("{GOOD}[limits]\nattempts_per_account = 0\n"), "ostiary.toml:4: limits.attempts", "zero"),
        (
            &format!("{GOOD}[webfinger]\nhosts = [\"https://example.com\"]\n"),
            ":4: webfinger.hosts",
            "such as example.com",
        ),
        (&format!("{GOOD}[links]\nop_tos_uri = \"http://example.com/terms\"\n"), ":4: links.op_tos_uri", "https URL"),
        (&format!("{GOOD}log = 5\n"), "ostiary.toml:3: log", "[log]"),
    ] {
        let said = complaint(&place, text, &[]);
        assert!(said.contains(place_of_error) && said.contains(what), "{text}: {said}");
        assert!(!said.contains("hunter2"), "{text}: {said}");
    }
    place.write("short.secret", "AAAA\n");
    let said = complaint(&place, "issuer = \"http://localhost:8080\"\nsecret_file = \"short.secret\"\n", &[]);
    assert!(said.contains("32 bytes"), "{said}");
}

#[test]
fn errors_of_the_environment_name_the_variable() {
    let place = Place::new();
    for (variable, value, what) in [
        ("OSTIARY_LIMITS__CONNECTIONS", "many", "10000"),
        ("OSTIARY_LISTEN", "8080", "127.0.0.1:8080"),
        ("OSTIARY_LOG__FORMAT", "xml", "json"),
        ("OSTIARY_LIFETIMES__CODE", "soon", "60s"),
        ("OSTIARY_ISSUER", "http://login.example.org", "https://"),
        ("OSTIARY_SECRET_FILE", "gone", "gone"),
        ("OSTIARY_NONSENSE", "1", "config reference"),
        ("OSTIARY_DATABASE", "postgres://u@h/d?pool=1", "pool"),
        ("OSTIARY_COURIER__CONCURRENCY", "0", "zero"),
        ("OSTIARY_OUTBOUND__INTERNAL", "[\"10.0.0.0/33\"]", "10.0.0.0/33"),
    ] {
        let said = complaint(&place, GOOD, &[(variable, value)]);
        assert!(said.contains(variable) && said.contains(what), "{variable}: {said}");
    }
}

#[test]
fn the_environment_wins_and_both_halves_of_a_table_may_come_from_it() {
    let place = Place::new();
    let certificate = [("OSTIARY_TLS__CERTIFICATE", "c.pem"), ("OSTIARY_TLS__KEY", "k.pem")];
    let output = place
        .command(&["--json", "config", "check"])
        .env("OSTIARY_ISSUER", "https://login.example.org")
        .envs(certificate)
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stdout).contains("https://login.example.org"), "{output:?}");
    let output = place.command(&["config", "check"]).envs([certificate[0]]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("key"), "{output:?}");
}

#[test]
fn no_configuration_says_how_to_make_one() {
    let place = Place::empty();
    for arguments in [&["serve"][..], &["user", "list"], &["config", "check"]] {
        let said = place.fails(arguments);
        assert!(said.contains("ostiary.toml") && said.contains("ostiary init"), "{said}");
    }
}
