//! What the tests need from outside: Debian packages here; those of npm and Python are `interop/run`'s own.
//!
//! Invariant: what is there is left alone; without root or Debian nothing is tried, only named. With `CI` set a missing
//! part is a failure.

use std::env;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use crate::run::{command, done, on_path, said, succeeds};

/// How to see that something is there.
enum Sign {
    /// A program on the path.
    Program(&'static str),
    /// A file.
    File(&'static str),
    /// A program below each folder of a folder: `/usr/lib/postgresql/15/bin/initdb`.
    Below(&'static str, &'static str),
    /// A module Python can import.
    Python(&'static str),
}

/// Something the tests need.
struct Need {
    package: &'static str,
    sign: Sign,
    what_for: What,
}

/// Which step needs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What {
    /// The tests of the workspace.
    Tests,
    /// `interop/run`.
    Interop,
    /// `interop/oracles`.
    Oracles,
    /// The fuzz targets: libFuzzer is C++.
    Fuzz,
}

const NEEDS: &[Need] = &[
    Need { package: "postgresql", sign: Sign::Below("/usr/lib/postgresql", "bin/initdb"), what_for: What::Tests },
    Need { package: "chromium", sign: Sign::Program("chromium"), what_for: What::Interop },
    Need { package: "chromium-driver", sign: Sign::Program("chromedriver"), what_for: What::Interop },
    Need { package: "apache2", sign: Sign::File("/usr/sbin/apache2"), what_for: What::Interop },
    Need {
        package: "libapache2-mod-auth-openidc",
        sign: Sign::File("/usr/lib/apache2/modules/mod_auth_openidc.so"),
        what_for: What::Interop,
    },
    Need { package: "nodejs", sign: Sign::Program("node"), what_for: What::Interop },
    Need { package: "npm", sign: Sign::Program("npm"), what_for: What::Interop },
    Need { package: "python3", sign: Sign::Program("python3"), what_for: What::Interop },
    Need { package: "python3-venv", sign: Sign::Python("ensurepip"), what_for: What::Interop },
    Need { package: "libnss3-tools", sign: Sign::Program("certutil"), what_for: What::Interop },
    Need { package: "openssl", sign: Sign::Program("openssl"), what_for: What::Interop },
    Need { package: "sqlite3", sign: Sign::Program("sqlite3"), what_for: What::Tests },
    Need { package: "python3-aiosmtpd", sign: Sign::Program("aiosmtpd"), what_for: What::Tests },
    Need { package: "curl", sign: Sign::Program("curl"), what_for: What::Interop },
    Need { package: "libssl-dev", sign: Sign::File("/usr/include/openssl/ssl.h"), what_for: What::Oracles },
    Need { package: "pkg-config", sign: Sign::Program("pkg-config"), what_for: What::Oracles },
    Need { package: "g++", sign: Sign::Program("c++"), what_for: What::Fuzz },
];

/// What is missing, and for which step.
#[derive(Debug, Default)]
pub(crate) struct Missing(Vec<(&'static str, What)>);

impl Missing {
    /// The packages a step lacks; `None` if it lacks none.
    pub(crate) fn of(&self, step: What) -> Option<String> {
        let lacking: Vec<&str> = self.0.iter().filter(|(_, what)| *what == step).map(|(package, _)| *package).collect();
        if lacking.is_empty() { None } else { Some(format!("missing: {}", lacking.join(", "))) }
    }

    fn packages(&self) -> Vec<&'static str> {
        self.0.iter().map(|(package, _)| *package).collect()
    }
}

/// Whether `CI` is set: there a missing part is a failure.
pub(crate) fn strict() -> bool {
    env::var_os("CI").is_some_and(|value| !value.is_empty())
}

fn there(sign: &Sign) -> bool {
    match sign {
        Sign::Program(name) => on_path(name),
        Sign::File(path) => Path::new(path).exists(),
        Sign::Below(folder, below) => fs::read_dir(folder)
            .is_ok_and(|entries| entries.filter_map(Result::ok).any(|entry| entry.path().join(below).exists())),
        Sign::Python(module) => succeeds(command("python3", &["-c", &format!("import {module}")])),
    }
}

fn look(there: impl Fn(&Sign) -> bool) -> Missing {
    Missing(NEEDS.iter().filter(|need| !there(&need.sign)).map(|need| (need.package, need.what_for)).collect())
}

fn is_root() -> bool {
    said(command("id", &["-u"])).is_ok_and(|id| id.trim() == "0")
}

/// Keeps new packages from starting their daemons: the tests start their own. Taken away when dropped.
struct NoDaemons(Option<&'static Path>);

impl NoDaemons {
    fn new() -> Self {
        let policy = Path::new("/usr/sbin/policy-rc.d");
        let written = !policy.exists()
            && fs::write(policy, "#!/bin/sh\nexit 101\n").is_ok()
            && fs::set_permissions(policy, fs::Permissions::from_mode(0o755)).is_ok();
        Self(written.then_some(policy))
    }
}

impl Drop for NoDaemons {
    fn drop(&mut self) {
        if let Some(policy) = self.0 {
            drop(fs::remove_file(policy));
        }
    }
}

fn install(packages: &[&str]) -> Result<(), String> {
    println!("installing with apt-get: {}", packages.join(" "));
    let _no_daemons = NoDaemons::new();
    let apt = |arguments: &[&str]| {
        let mut apt = command("apt-get", arguments);
        apt.env("DEBIAN_FRONTEND", "noninteractive");
        apt
    };
    done(apt(&["update", "-q"]))?;
    let mut arguments = vec!["install", "-y", "-q", "--no-install-recommends"];
    arguments.extend(packages);
    done(apt(&arguments))
}

/// Installs what is missing where that can be done, and says what is missing still.
pub(crate) fn run() -> Missing {
    let missing = look(there);
    let packages = missing.packages();
    if packages.is_empty() {
        println!("everything the tests need is installed");
        return missing;
    }
    if !on_path("apt-get") || !is_root() {
        println!("missing: {}", packages.join(", "));
        println!("this needs root on Debian: apt-get install {}", packages.join(" "));
        return missing;
    }
    if let Err(why) = install(&packages) {
        println!("{why}");
    }
    look(there)
}

/// Whether what is missing is a failure.
pub(crate) fn verdict(missing: &Missing) -> Result<(), String> {
    match missing.packages() {
        packages if packages.is_empty() || !strict() => Ok(()),
        packages => Err(format!("CI is set and these are missing: {}", packages.join(", "))),
    }
}

#[cfg(test)]
mod tests {
    use super::{Sign, What, look};

    #[test]
    fn what_is_missing_is_named_for_its_step() {
        let missing = look(|sign| !matches!(sign, Sign::Program("chromium") | Sign::Below(..)));
        assert_eq!(missing.packages(), ["postgresql", "chromium"]);
        assert_eq!(missing.of(What::Tests).as_deref(), Some("missing: postgresql"));
        assert_eq!(missing.of(What::Interop).as_deref(), Some("missing: chromium"));
        assert_eq!(missing.of(What::Oracles), None);
        assert_eq!(look(|_| true).packages(), Vec::<&str>::new());
    }
}
