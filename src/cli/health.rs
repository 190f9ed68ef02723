//! `hydria health`: asks a process whether it is ready, for containers that have no client of HTTP.

use std::net::ToSocketAddrs as _;
use std::time::Duration;

use super::Failure;
use super::reachable::reachable;
use crate::config::Config;

/// Time that the process may take to answer, which it does from memory.
const PATIENCE: Duration = Duration::from_secs(5);

/// Says whether the process of these settings is ready.
///
/// # Errors
/// Fails where it is not, or does not answer.
pub(super) fn run(config: &Config) -> Result<(), Failure> {
    let (listen, setting) = match &config.admin_listen {
        Some(listen) => (listen, "HYDRIA_ADMIN_LISTEN"),
        None => (&config.listen, "HYDRIA_LISTEN"),
    };
    let address = listen.to_socket_addrs()?.next().ok_or("no such address")?;
    if address.port() == 0 {
        let words = format!("{setting} leaves the port open, so that nobody knows where to ask");
        return Err(words.into());
    }
    let address = reachable(address);
    let client = reqwest::Client::builder().no_proxy().timeout(PATIENCE).build()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let asked = async { client.get(format!("http://{address}/readyz")).send().await };
    let asked = runtime.block_on(asked);
    match asked.map(|answer| answer.status().as_u16()) {
        Ok(200) => {
            println!("ready");
            Ok(())
        }
        Ok(503) => Err(format!("not ready: {address} says so").into()),
        Ok(status) => Err(format!("{address} is something else: it answers {status}").into()),
        // Its words may take lines.
        Err(_unanswered) => Err(format!("nobody answers at {address}").into()),
    }
}
