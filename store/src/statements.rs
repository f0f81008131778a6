//! Every statement has a name and stands in one list, so that one test prepares all of them on both engines.
//!
//! Invariant: no SQL is put together while running; the engines replace only the words in braces.

use std::sync::OnceLock;

/// One SQL text for both engines, with `$1` placeholders.
///
/// The words in braces are the table of differences (`architecture.md` §2.9): `{share}` holds the rows read until the
/// transaction ends, `{hold}` holds them alone, `{lease}` holds those nobody else holds. SQLite's one writer needs none.
#[derive(Debug)]
pub(crate) struct Statement {
    /// Its name, for errors and tests.
    pub(crate) name: &'static str,
    /// Its text.
    pub(crate) sql: &'static str,
    /// The text as an engine wants it, put into its words once.
    pub(crate) spelt: Spelt,
}

/// A statement's text in the words of each engine, once it has been asked for.
#[derive(Debug)]
pub(crate) struct Spelt {
    pub(crate) sqlite: OnceLock<String>,
    pub(crate) postgres: OnceLock<String>,
}

impl Statement {
    pub(crate) const fn new(name: &'static str, sql: &'static str) -> Self {
        Self { name, sql, spelt: Spelt { sqlite: OnceLock::new(), postgres: OnceLock::new() } }
    }
}

/// Names the statements of a module and lists them in its `STATEMENTS`, or in a list of another name.
macro_rules! statements {
    ($($(#[$meta:meta])* $name:ident = $sql:expr;)*) => {
        $crate::statements::statements! { STATEMENTS: $($(#[$meta])* $name = $sql;)* }
    };
    ($list:ident: $($(#[$meta:meta])* $name:ident = $sql:expr;)*) => {
        $(
            $(#[$meta])*
            static $name: $crate::statements::Statement =
                $crate::statements::Statement::new(concat!(module_path!(), "::", stringify!($name)), $sql);
        )*
        #[cfg(test)]
        pub(crate) static $list: &[&$crate::statements::Statement] = &[$(&$name),*];
    };
}
pub(crate) use statements;

/// The lists of all modules.
#[cfg(test)]
pub(crate) static EVERY: &[&[&[&Statement]]] = &[
    &[crate::sessions::tests::ground::STATEMENTS, crate::sessions::tests::previews::STATEMENTS],
    &[
        crate::tx::STATEMENTS,
        crate::migrate::STATEMENTS,
        crate::accounts::STATEMENTS,
        crate::attempts::STATEMENTS,
        crate::audit::STATEMENTS,
        crate::catalogue::STATEMENTS,
        crate::clients::STATEMENTS,
        crate::codes::STATEMENTS,
        crate::consents::STATEMENTS,
        crate::exchange_rules::STATEMENTS,
        crate::initial_tokens::STATEMENTS,
        crate::keys::STATEMENTS,
        crate::operators::STATEMENTS,
        crate::pushed::STATEMENTS,
        crate::registrations::STATEMENTS,
        crate::replay::STATEMENTS,
        crate::resources::STATEMENTS,
        crate::settings::STATEMENTS,
        crate::sources::STATEMENTS,
        crate::subjects::STATEMENTS,
        crate::tokens::STATEMENTS,
        crate::tokens::EXCHANGED,
        crate::tokens::HELD,
        crate::versions::STATEMENTS,
    ],
    crate::sessions::STATEMENTS,
    crate::outbox::STATEMENTS,
];
