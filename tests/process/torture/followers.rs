//! Followers of the changes: a webhook whose receiver fails at times, and a reader of the stream that begins anew.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{Events, Owner, Receiver, until};

/// A webhook.
pub struct Messages(Receiver);

impl Messages {
    pub fn ask(owner: &Owner) -> Self {
        let receiver = Receiver::start();
        receiver.answers(&["500 Broken", "204 No Content", "503 Busy"]);
        let hook = json!({ "id": "hook", "url": receiver.url("/") });
        owner.client.post(&owner.path("/webhooks"), &hook).expect(201);
        Self(receiver)
    }

    /// Waits until these changes were told, and no others; those of a message that was received come in their order.
    #[track_caller]
    pub fn have_told(&self, wanted: &BTreeSet<i64>) {
        let versions = |message: &Value| -> Vec<i64> {
            assert_eq!(message["type"], "changes", "{message}");
            let changes = message["data"].as_array().expect("changes").iter();
            changes.map(|change| change["version"].as_i64().expect("a version")).collect()
        };
        let told = || -> Vec<i64> {
            self.0.received().iter().flat_map(|received| versions(&received.json())).collect()
        };
        until("the webhook to be told", || {
            told().into_iter().collect::<BTreeSet<_>>().is_superset(wanted)
        });
        let mut first = told();
        // A message that comes again is the same.
        let mut seen = BTreeSet::new();
        first.retain(|version| seen.insert(*version));
        assert!(first.is_sorted(), "in their order");
        assert_eq!(&seen, wanted);
    }
}

/// A reader of the stream of events.
pub struct Listener(Arc<Mutex<Vec<i64>>>);

impl Listener {
    /// Reads until the service ends; where the stream ends before, it goes on where that stopped.
    pub fn start(owner: &Owner) -> Self {
        let heard = Arc::new(Mutex::new(Vec::new()));
        let (client, path, shared) =
            (owner.client.clone(), owner.path("/events"), Arc::clone(&heard));
        let mut events = Events::open(&client, &path, None);
        std::thread::spawn(move || {
            loop {
                while let Some(event) = events.next() {
                    assert_ne!(event.name, "reset");
                    shared.lock().expect("no panic").push(event.id);
                    // A reader that loses its connection now and then.
                    if event.id % 50 == 0 {
                        break;
                    }
                }
                let last = events.last.clone();
                events = loop {
                    match Events::try_open(&client, &path, Some(&last)) {
                        Ok(events) => break events,
                        // It is not ready while the database is away.
                        Err(Some(_status)) => std::thread::sleep(Duration::from_millis(50)),
                        Err(None) => return,
                    }
                };
            }
        });
        Self(heard)
    }

    /// Waits until these changes were heard, and no others.
    #[track_caller]
    pub fn has_heard(&self, wanted: &BTreeSet<i64>) {
        let heard = || self.0.lock().expect("no panic").iter().copied().collect::<BTreeSet<i64>>();
        until("the stream to tell all", || heard().is_superset(wanted));
        assert_eq!(&heard(), wanted);
    }
}
