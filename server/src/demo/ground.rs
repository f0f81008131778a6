//! What the demo stands on: a folder, a configuration, a secret, a person and two registrations.
//!
//! Invariant: the folder is ours alone and goes when we go.

use std::fs::{DirBuilder, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use openid::account::Account;
use openid::client::metadata::Metadata;
use openid::client::policy::{ConsentPolicy, Policy};
use openid::name::{AccountId, ClientId, Digest, Secret};
use serde_json::{Map, Value, json};
use store::audit::Entry;
use store::clients::ClientRow;

use super::guide::Guide;
use super::ports::Ports;
use super::rp::{self, Look, Registered};
use crate::cli::Failed;
use crate::config::Config;
use crate::dice::Dice;
use crate::op::Op;
use crate::serve;

/// Who signs in.
pub(super) const USERNAME: &str = "ada";

/// A folder that goes when this goes.
struct Folder(PathBuf);

impl Folder {
    fn make(dice: &Dice) -> std::io::Result<Self> {
        let path = std::env::temp_dir().join(format!("ostiary-demo-{}", dice.short()));
        DirBuilder::new().mode(0o700).create(&path)?;
        Ok(Self(path))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.0) {
            tracing::warn!("the demo's folder {} could not be removed: {error}", self.0.display());
        }
    }
}

/// What the demo stands on.
pub(super) struct Ground {
    pub(super) op: Op,
    pub(super) password: String,
    secret: String,
    folder: Folder,
}

impl Ground {
    pub(super) async fn lay(ports: &Ports) -> Result<Self, Failed> {
        let dice = Dice::Os;
        let folder = Folder::make(&dice)?;
        let file = write_config(&folder.0, ports, &dice)?;
        // The environment may be that of another provider.
        let config = Config::load(&file, std::iter::empty())?;
        let op = serve::open(config).await?;
        let password = speakable(&dice.draw());
        let secret = Secret::from_bytes(&dice.draw()).reveal().to_owned();
        let ground = Self { op, password, secret, folder };
        ground.settle(ports).await?;
        Ok(ground)
    }

    pub(super) fn config_file(&self) -> PathBuf {
        self.folder.0.join("ostiary.toml")
    }

    /// The person and the registrations, in one transaction.
    async fn settle(&self, ports: &Ports) -> Result<(), Failed> {
        let (op, now) = (&self.op, self.op.now());
        let hash = op.hashing().hash(&self.password).await?;
        let account = Account {
            id: AccountId::new(op.dice().name()),
            username: USERNAME.to_owned(),
            sub: op.dice().name(),
            claims: claims()?,
            created_at: now,
            updated_at: now,
            disabled_at: None,
        };
        let digest = Digest::of(&self.secret);
        let clients = [
            row(op, &rp::ONE, ports.one, Some(digest), ConsentPolicy::Ask)?,
            row(op, &rp::TWO, ports.two, None, ConsentPolicy::FirstParty)?,
        ];
        let note = |what: &str, whom: &str| Entry::new(op.dice().name(), now, "demo".into(), what, whom.to_owned());
        let entries =
            [note("user_added", USERNAME), note("client_added", rp::ONE.id), note("client_added", rp::TWO.id)];
        op.store()
            .write(async move |tx| {
                tx.add_account(&account, Some(&hash)).await?;
                for client in &clients {
                    tx.add_client(client).await?;
                }
                for entry in &entries {
                    tx.note(entry).await?;
                }
                Ok(())
            })
            .await?;
        Ok(())
    }

    /// What a relying party is told when it is set up, and no more.
    pub(super) fn site(&self, look: &'static Look, ports: &Ports) -> Result<Registered, Failed> {
        let (port, secret) = match look.id == rp::ONE.id {
            true => (ports.one, Some(self.secret.clone())),
            false => (ports.two, None),
        };
        let outbound = crate::outbound::Outbound::new(self.op.config()).map_err(|e| Failed::new(e.to_string()))?;
        Ok(Registered {
            look,
            issuer: ports.issuer(),
            secret,
            origin: Ports::origin(port),
            guide: Ports::origin(ports.guide),
            outbound,
        })
    }

    pub(super) fn guide(&self, ports: &Ports) -> Guide {
        Guide {
            issuer: ports.issuer(),
            sites: [(rp::ONE.name, Ports::origin(ports.one)), (rp::TWO.name, Ports::origin(ports.two))],
            username: USERNAME,
            password: self.password.clone(),
            program: super::program(),
            config: self.config_file().display().to_string(),
        }
    }
}

fn write_config(folder: &Path, ports: &Ports, dice: &Dice) -> std::io::Result<PathBuf> {
    let listen: Vec<String> = ports.listen.iter().map(|address| format!("\"{address}\"")).collect();
    let text = format!(
        "issuer = \"{}\"\nlisten = [{}]\ndatabase = \"sqlite:ostiary.sqlite\"\nsecret_file = \"ostiary.secret\"\n\n\
         [theme]\nfooter = \"A demo on this machine. Nothing is kept when it ends.\"\n\n[log]\nlevel = \"warn\"\n",
        ports.issuer(),
        listen.join(", "),
    );
    let mut secret = OpenOptions::new().write(true).create_new(true).mode(0o600).open(folder.join("ostiary.secret"))?;
    writeln!(secret, "{}", jose::base64url(dice.draw()))?;
    let file = folder.join("ostiary.toml");
    std::fs::write(&file, text)?;
    Ok(file)
}

/// Every standard claim (Core §5.1).
fn claims() -> Result<Map<String, Value>, Failed> {
    let Value::Object(claims) = json!({
        "name": "Ada Lovelace", "given_name": "Ada", "family_name": "Lovelace", "middle_name": "King",
        "nickname": "Ada", "preferred_username": "ada", "profile": "https://ada.example/", "website": "https://ada.example/notes",
        "picture": "https://ada.example/portrait.jpg", "email": "ada@example.org", "email_verified": true,
        "gender": "female", "birthdate": "1815-12-10", "zoneinfo": "Europe/London", "locale": "en-GB",
        "phone_number": "+44 20 7946 0018", "phone_number_verified": false,
        "address": {
            "formatted": "12 St James's Square\nLondon SW1Y 4JH\nUnited Kingdom", "street_address": "12 St James's Square",
            "locality": "London", "region": "England", "postal_code": "SW1Y 4JH", "country": "GB",
        },
    }) else {
        return Err(Failed::new("the demo person's claims are no object"));
    };
    login::claims::read(claims).map_err(|problem| Failed::new(problem.to_string()))
}

fn row(
    op: &Op,
    look: &Look,
    port: u16,
    secret_hash: Option<Digest>,
    consent: ConsentPolicy,
) -> Result<ClientRow, Failed> {
    let origin = Ports::origin(port);
    let method = if secret_hash.is_some() { "client_secret_basic" } else { "none" };
    let Value::Object(registration) = json!({
        "client_name": look.name,
        "redirect_uris": [format!("{origin}/callback")],
        "post_logout_redirect_uris": [format!("{origin}/signed-out")],
        "backchannel_logout_uri": format!("{origin}/backchannel-logout"),
        "backchannel_logout_session_required": true,
        "token_endpoint_auth_method": method,
        "id_token_signed_response_alg": look.alg.as_str(),
        "client_uri": origin,
        "scope": "openid profile email",
    }) else {
        return Err(Failed::new("the demo's registration is no object"));
    };
    let metadata = Metadata::read(&registration)?;
    let now = op.now();
    Ok(ClientRow {
        id: ClientId::new(look.id),
        metadata: Value::Object(metadata.registered.clone()).to_string(),
        policy: serde_json::to_string(&Policy { consent, ..Policy::default() })?,
        origins: if secret_hash.is_some() { Vec::new() } else { metadata.origins.clone() },
        secret_hash,
        secret_sealed: None,
        version: 1,
        created_at: now,
        updated_at: now,
        disabled_at: None,
    })
}

/// A password that is easy to read and to type: three groups of two syllables.
fn speakable(chance: &[u8; 32]) -> String {
    const FIRST: &[u8] = b"bdfgklmnprstvz";
    const SECOND: &[u8] = b"aeiou";
    let letter = |place: usize, of: &[u8]| char::from(of[usize::from(chance[place]) % of.len()]);
    let syllable = |n: usize| format!("{}{}", letter(2 * n, FIRST), letter(2 * n + 1, SECOND));
    let group = |n: usize| format!("{}{}", syllable(2 * n), syllable(2 * n + 1));
    format!("{}-{}-{}", group(0), group(1), group(2))
}
