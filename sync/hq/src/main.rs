//! The program: cryptography and logs are set up, then the command line decides.

use std::process::ExitCode;

use clap::Parser as _;
use kart_hq::cli::Cli;
use tracing_subscriber::EnvFilter;

#[tokio::main]
async fn main() -> ExitCode {
    // Fails only when a provider is installed already, and then there is one.
    rustls::crypto::ring::default_provider().install_default().ok();
    let filter = EnvFilter::try_from_env("KART_LOG")
        .unwrap_or_else(|_unset| EnvFilter::new("info,refinery_core=warn,tokio_postgres=warn"));
    tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_span_list(false)
        .with_writer(std::io::stderr)
        .with_env_filter(filter)
        .init();
    Box::pin(Cli::parse().run()).await
}
