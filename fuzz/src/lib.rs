//! What each target does with its input. It stands here and not in the target, so that kept inputs are replayed by a test
//! that needs no fuzzer.

pub mod bytes;
pub mod rules;

/// A target by its name.
pub type Target = (&'static str, fn(&[u8]));

/// Every target of `targets/`.
pub const TARGETS: &[Target] = &[
    ("form_read", rules::form_read),
    ("metadata_read", rules::metadata_read),
    ("registration_read", rules::registration_read),
    ("auth_request_read", rules::auth_request_read),
    ("claims_read", rules::claims_read),
    ("presented_read", rules::presented_read),
    ("dpop_proof_read", rules::dpop_proof_read),
    ("certificate_read", rules::certificate_read),
    ("token_request_read", rules::token_request_read),
    ("jws_verify", bytes::jws_verify),
    ("jwe_decrypt", bytes::jwe_decrypt),
    ("jwe_bent", bytes::jwe_bent),
    ("jwk_read", bytes::jwk_read),
];

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::TARGETS;

    fn names_in(folder: &str) -> Vec<String> {
        let entries = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)).expect("the folder is there");
        let mut names: Vec<String> = entries
            .map(|entry| entry.expect("an entry").path().file_stem().expect("a name").to_string_lossy().into_owned())
            .collect();
        names.sort_unstable();
        names
    }

    #[test]
    fn every_target_is_listed_and_has_a_corpus() {
        let mut listed: Vec<&str> = TARGETS.iter().map(|(name, _)| *name).collect();
        listed.sort_unstable();
        assert_eq!(names_in("targets"), listed);
        assert_eq!(names_in("corpora"), listed);
    }

    #[test]
    fn what_is_kept_still_holds() {
        for (name, target) in TARGETS {
            let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpora").join(name);
            let mut replayed = 0;
            for entry in fs::read_dir(folder).expect("the folder is there") {
                target(&fs::read(entry.expect("an entry").path()).expect("a file"));
                replayed += 1;
            }
            assert!(replayed > 0, "{name} has an empty corpus");
        }
    }
}
