//! Commands of others, run from the top of the repository.
//!
//! Invariant: a command that fails is an error that names it; nothing is read from a terminal.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The top of the repository.
pub(crate) fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_owned()
}

/// The cargo that runs us.
pub(crate) fn cargo() -> String {
    std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned())
}

/// A command at the top of the repository.
pub(crate) fn command(program: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(arguments).current_dir(root()).stdin(Stdio::null());
    command
}

fn named(command: &Command) -> String {
    let words: Vec<_> = command.get_args().map(|word| word.to_string_lossy().into_owned()).collect();
    format!("{} {}", command.get_program().to_string_lossy(), words.join(" "))
}

/// Runs it to its end.
pub(crate) fn done(mut command: Command) -> Result<(), String> {
    let status = command.status().map_err(|error| format!("{}: {error}", named(&command)))?;
    if status.success() { Ok(()) } else { Err(format!("{}: {status}", named(&command))) }
}

/// What it says, if it succeeds.
pub(crate) fn said(mut command: Command) -> Result<String, String> {
    let output = command.stderr(Stdio::inherit()).output().map_err(|error| format!("{}: {error}", named(&command)))?;
    if !output.status.success() {
        return Err(format!("{}: {}", named(&command), output.status));
    }
    String::from_utf8(output.stdout).map_err(|error| format!("{}: {error}", named(&command)))
}

/// Whether it can be run and succeeds, quietly.
pub(crate) fn succeeds(mut command: Command) -> bool {
    command.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}

/// Runs it, shows each line it prints, and hands the line to `each` as well.
pub(crate) fn heard(mut command: Command, mut each: impl FnMut(&str)) -> Result<(), String> {
    let mut child = command.stdout(Stdio::piped()).spawn().map_err(|error| format!("{}: {error}", named(&command)))?;
    if let Some(stdout) = child.stdout.take() {
        let mut lines = BufReader::new(stdout);
        let mut line = Vec::new();
        while lines.read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
            let text = String::from_utf8_lossy(&line);
            print!("{text}");
            each(text.trim_end());
            line.clear();
        }
    }
    let status = child.wait().map_err(|error| format!("{}: {error}", named(&command)))?;
    if status.success() { Ok(()) } else { Err(format!("{}: {status}", named(&command))) }
}

/// Whether the path holds a program of this name.
pub(crate) fn on_path(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
}
