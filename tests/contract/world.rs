//! A service with a customer, a stranger and a space, in which nobody processes images.

use std::sync::atomic::{AtomicUsize, Ordering};

use hydria::cli::serve::Options;
use serde_json::{Value, json};

use super::families::Family;
use crate::support::{Answer, App, Client, Owner};

pub struct World {
    pub app: App,
    pub owner: Owner,
    pub stranger: Owner,
    /// Number of a space of the owner's.
    pub space: i64,
    count: AtomicUsize,
}

/// An origin that is well formed and never asked.
pub const ORIGIN: &str = "https://example.org/page.jpg";

impl World {
    pub fn new() -> Self {
        // Without workers, nothing is waited for.
        let options = Options { no_worker: true, ..Options::default() };
        let app = App::start_with(&[("HYDRIA_WAIT_SECONDS", "0")], options);
        let (owner, stranger) = (app.customer("library"), app.customer("stranger"));
        let space = owner.space("a space for images");
        Self { app, owner, stranger, space, count: AtomicUsize::new(1) }
    }

    /// A number that was not given before.
    pub fn number(&self) -> usize {
        self.count.fetch_add(1, Ordering::SeqCst)
    }

    /// Who may write such things.
    pub fn writer(&self, family: &Family) -> &Client {
        if family.administrator { &self.app.administrator } else { &self.owner.client }
    }

    /// The path that a template makes with the owner and its space.
    pub fn path(&self, template: &str) -> String {
        template
            .replace("{customer}", &self.owner.id.to_string())
            .replace("{space}", &self.space.to_string())
    }

    /// The path of a collection.
    pub fn collection(&self, family: &Family) -> String {
        self.path(family.collection)
    }

    /// The path of a member, whose id is made of a number.
    pub fn item(&self, family: &Family, number: usize) -> String {
        format!("{}/{}", self.collection(family), family.id(number))
    }

    /// Makes a member by PUT, with all it can have; answers its path and what GET shows.
    pub fn made(&self, family: &Family) -> (String, Answer) {
        let number = self.number();
        let path = self.item(family, number);
        let writer = self.writer(family);
        writer.put(&path, &(family.whole)(self, number)).expect(201);
        let shown = writer.get(&path).expect(200);
        (path, shown)
    }

    /// Registers one image by the queue; answers the address of the batch.
    pub fn batch(&self) -> String {
        let id = format!("queued-{}", self.number());
        let image = json!({ "id": id, "space": self.space, "origin": ORIGIN });
        self.owner.submit(&[image]).expect(201).id()
    }
}

/// The members of an object, names only.
pub fn names(value: &Value) -> Vec<&str> {
    value.as_object().into_iter().flatten().map(|(name, _)| name.as_str()).collect()
}
