//! How the server is reached: TLS of its own, paths, methods, secrets that are replaced.

mod methods;
mod path;
mod secrets;
mod tls;
