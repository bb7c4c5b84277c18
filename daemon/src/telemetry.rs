//! Logs and metrics. Field names in logs: `task`, `device`, `machine`, `seq`, `reason`, `error`.

use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::{EnvFilter, fmt, layer::SubscriberExt as _, util::SubscriberInitExt as _};

/// Sends logs to standard error: readable on a terminal, JSON otherwise. `level` is a filter such
/// as `info` or `kartd=debug`.
pub fn logs(level: &str) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(level)?;
    let log = tracing_subscriber::registry().with(filter);
    let plain = std::io::IsTerminal::is_terminal(&std::io::stderr());
    if plain {
        log.with(fmt::layer().with_writer(std::io::stderr)).try_init()?;
    } else {
        log.with(fmt::layer().json().with_writer(std::io::stderr)).try_init()?;
    }
    Ok(())
}

/// Starts counting.
pub fn metrics() -> anyhow::Result<PrometheusHandle> {
    let recorder = PrometheusBuilder::new().build_recorder();
    let handle = recorder.handle();
    ::metrics::set_global_recorder(recorder)?;
    Ok(handle)
}
