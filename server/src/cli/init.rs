//! `init` and `config`: the first five minutes.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use serde_json::json;

use super::out::{Failed, Out};
use crate::config::{Issuer, keys};
use crate::dice::Dice;

/// `ostiary init`.
#[derive(Args, Debug)]
pub(super) struct InitArguments {
    /// The https address under which people and relying parties will reach this server.
    #[arg(long, default_value = "http://localhost:8080")]
    issuer: String,
    /// Where the configuration and the secret go.
    #[arg(long)]
    dir: Option<PathBuf>,
}

/// `ostiary config …`.
#[derive(Subcommand, Debug)]
pub(super) enum ConfigCommand {
    /// Read the configuration and say what is wrong.
    Check,
    /// Every key, its default and its meaning, as Markdown.
    Reference,
}

/// Writes a configuration and a secret, never over an existing file.
pub(super) fn init(arguments: &InitArguments, file: &Path, out: &Out) -> Result<(), Failed> {
    let issuer =
        Issuer::read(&arguments.issuer).map_err(|what| Failed::new(format!("--issuer {} {what}", arguments.issuer)))?;
    let file = arguments.dir.as_ref().map_or_else(|| file.to_path_buf(), |dir| dir.join("ostiary.toml"));
    let dir = file.parent().map(Path::to_path_buf).unwrap_or_default();
    if !dir.as_os_str().is_empty() {
        std::fs::create_dir_all(&dir)?;
    }
    let secret = dir.join("ostiary.secret");
    // Both or neither: a secret without its configuration would only be in the way.
    if let Some(there) = [&file, &secret].into_iter().find(|path| path.exists()) {
        return Err(Failed::new(format!(
            "{} is there already and is left as it is; `--dir` names another place",
            there.display()
        )));
    }
    create(&secret, 0o600, &format!("{}\n", jose::base64url(Dice::Os.draw())))?;
    let text = format!(
        "# Ostiary. Every key is explained in docs/configuration.md and by `ostiary config reference`.\n\n\
         issuer = \"{}\"\nlisten = [\"127.0.0.1:{}\"]\ndatabase = \"sqlite:ostiary.sqlite\"\nsecret_file = \"ostiary.secret\"\n",
        issuer.as_str(),
        port(&issuer)
    );
    create(&file, 0o644, &text)?;
    out.answer(&json!({"config": file, "secret": secret, "issuer": issuer.as_str()}), |out| {
        out.line(&format!("Wrote {} and {}.", file.display(), secret.display()));
        out.line("Keep the secret: without it, signing keys and client secrets in the database cannot be opened.");
        out.line("\nNext:");
        out.line("  ostiary user add ada                 a person, with a password you type");
        out.line(
            "  ostiary client add app.json          a relying party; app.json holds its registration metadata, such as",
        );
        out.line("      {\"client_name\": \"App\", \"redirect_uris\": [\"https://app.example.org/callback\"]}");
        out.line("  ostiary serve                        run it");
        out.line("  ostiary doctor                       see whether all is well");
    });
    Ok(())
}

/// Where to listen: without a proxy in between, the issuer's own port; behind one, any.
fn port(issuer: &Issuer) -> u16 {
    let own = url::Url::parse(issuer.as_str()).ok().and_then(|url| url.port_or_known_default());
    own.filter(|_| !issuer.is_https()).unwrap_or(8080)
}

fn create(path: &Path, mode: u32, text: &str) -> Result<(), Failed> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(path).map_err(|error| {
        let hint = if error.kind() == std::io::ErrorKind::AlreadyExists { "; it is left as it is" } else { "" };
        Failed::new(format!("{} cannot be written: {error}{hint}", path.display()))
    })?;
    Ok(file.write_all(text.as_bytes())?)
}

/// `ostiary config …`.
pub(super) fn config(command: &ConfigCommand, file: &Path, out: &Out) -> Result<(), Failed> {
    match command {
        ConfigCommand::Reference => out.line(keys::reference().trim_end()),
        ConfigCommand::Check => {
            let config = super::load(file)?;
            let answer = json!({"issuer": config.issuer.as_str(), "listen": config.listen, "test_mode": config.test_mode.is_on()});
            out.answer(&answer, |out| {
                out.line(&format!("{} is well-formed; the issuer is {}", file.display(), config.issuer.as_str()));
                if config.test_mode.is_on() {
                    out.line("TEST MODE IS ON: never for real people");
                }
            });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{Issuer, port};

    #[test]
    fn an_issuer_on_this_machine_is_listened_for_at_its_port() {
        let of = |issuer: &str| port(&Issuer::read(issuer).unwrap());
        assert_eq!(of("http://localhost:9000"), 9000);
        assert_eq!(of("http://localhost"), 80);
        assert_eq!(of("https://login.example.org"), 8080);
        assert_eq!(of("https://login.example.org:8443"), 8080);
    }
}
