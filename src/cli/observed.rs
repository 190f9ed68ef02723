//! Shows operators the state of a process: its metrics, its traces, its readiness, and the listener that shows them.

use std::net::SocketAddr;
use std::sync::Arc;

use super::reachable::bind;
use super::{Failure, secret_files, setup::Setup};
use crate::config::Config;
use crate::database::key_rings::Follower;
use crate::database::readiness::Readiness;
use crate::engine::sampler::Sampler;
use crate::metrics::Metrics;
use crate::traces::Traces;
use crate::web::admin::Admin;

/// A process that can be observed until this is dropped.
#[derive(Debug)]
pub(super) struct Observed {
    metrics: Arc<Metrics>,
    traces: Traces,
    readiness: Readiness,
    admin: Option<Admin>,
    sampler: Option<Sampler>,
}

impl Observed {
    /// Starts the listener of operators where the settings want one, before anything else of the process, so that it says that
    /// the process is not ready while migrations run.
    ///
    /// # Errors
    /// Fails if it cannot listen there.
    pub(super) fn start(config: &Config) -> Result<Self, Failure> {
        let (metrics, readiness) = (Metrics::new()?, Readiness::default());
        let traces = match &config.collector {
            Some(url) => Traces::to_collector(url, config.trace_ratio)
                .map_err(|error| format!("OTEL_EXPORTER_OTLP_ENDPOINT: {error}"))?,
            None => Traces::default(),
        };
        let told = readiness.clone();
        metrics.read_by(move |metrics| metrics.database.set_ready(told.is_ready()));
        let listen = |listen: &String| -> Result<Admin, Failure> {
            let socket = bind(listen, "HYDRIA_ADMIN_LISTEN")?;
            let admin = Admin::listen(socket, Arc::clone(&metrics), readiness.clone())?;
            log::info!("metrics are at http://{}/metrics", admin.address());
            Ok(admin)
        };
        let admin = config.admin_listen.as_ref().map(listen).transpose()?;
        Ok(Self { metrics, traces, readiness, admin, sampler: None })
    }

    /// Looks at the database from now on.
    ///
    /// # Errors
    /// Returns what the system says where it gives no thread.
    pub(super) fn watch(&mut self, setup: &Setup, config: &Config) -> Result<(), Failure> {
        let at_hand = config.clone();
        let keys = Follower::new(setup.secrets.clone(), move || {
            secret_files::known(&at_hand).ok().flatten()
        });
        self.readiness.watch(setup.database.url(), keys)?;
        if self.admin.is_some() {
            let sampler = Sampler::start(setup.database.url(), Arc::clone(&self.metrics))?;
            self.sampler = Some(sampler);
        }
        Ok(())
    }

    pub(super) fn metrics(&self) -> Arc<Metrics> {
        Arc::clone(&self.metrics)
    }

    pub(super) fn traces(&self) -> Traces {
        self.traces.clone()
    }

    pub(super) fn readiness(&self) -> Readiness {
        self.readiness.clone()
    }

    /// Returns where operators ask, if anywhere.
    pub(super) fn address(&self) -> Option<SocketAddr> {
        self.admin.as_ref().map(Admin::address)
    }
}

impl Drop for Observed {
    fn drop(&mut self) {
        self.readiness.stopping();
        self.traces.close();
    }
}
