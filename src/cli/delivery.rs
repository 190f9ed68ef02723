//! The delivery of pixels as a service starts it.

use std::sync::Arc;

use super::Failure;
use super::setup::Setup;
use crate::config::Config;
use crate::delivery::{Admission, Delivery, Settings};
use crate::journal::{Changes, Hub, Reader};
use crate::metrics::Metrics;

/// Starts the delivery of pixels, which forgets images as changes to them are told. `render_bytes` is the memory that
/// renderings at work may hold in all.
///
/// # Errors
/// Fails if the folder of renderings cannot be used.
pub fn start(
    setup: &Setup,
    config: &Config,
    render_bytes: u64,
    changes: &Hub,
    journal: &Arc<Reader>,
    metrics: &Metrics,
) -> Result<Arc<Delivery>, Failure> {
    let folder = config.data.join("rendered");
    let settings = Settings {
        render_memory: render_bytes,
        most_render_memory: config.memory_bytes,
        cache_memory: config.cache_bytes,
        cache_disk: config.rendered_bytes,
        admission: match config.refuses_renderings {
            true => Admission::Enforce,
            false => Admission::Observe,
        },
        folder,
    };
    let started = Delivery::start(setup.storage.clone(), &settings, metrics);
    let delivery =
        started.map_err(|e| format!("{} cannot be used: {e}", settings.folder.display()))?;
    let told = Arc::clone(&delivery);
    changes.subscribe(move |changes| match changes {
        Changes::Images(images) => images.iter().for_each(|at| told.forget(at)),
        Changes::Unknown => told.forget_all(),
    });
    let read = Arc::downgrade(journal);
    metrics.read_by(move |metrics| {
        if let Some(began) = read.upgrade().and_then(|journal| journal.read_began()) {
            metrics.database.set_journal_lag(began.elapsed());
        }
    });
    let journal = Arc::downgrade(journal);
    delivery.images.confirm_by(Box::new(move || journal.upgrade()?.read_began()));
    Ok(delivery)
}
