//! A service of its own for each test.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use hydria::cli::serve::{Options, Running, start};
use hydria::config::Config;
use serde_json::{Value, json};

use super::client::{Answer, Client};
use super::database;

/// A running service with a database, a data folder and an administrator of its own.
pub struct App {
    running: Option<Running>,
    pub database_url: String,
    pub data: tempfile::TempDir,
    pub base: String,
    /// With the key of the administrator.
    pub administrator: Client,
    /// Without a key.
    pub visitor: Client,
}

/// A customer, and a client with its key.
pub struct Owner {
    pub id: i64,
    pub client: Client,
    pub key: String,
    pub secret: String,
}

impl App {
    /// A service with workers, which may fetch from this machine.
    pub fn start() -> Self {
        Self::start_with(&[], Options::default())
    }

    /// A service whose queue nobody works at.
    pub fn without_workers() -> Self {
        Self::start_with(&[], Options { no_worker: true, ..Options::default() })
    }

    pub fn start_with(settings: &[(&str, &str)], options: Options) -> Self {
        Self::start_on(&database::fresh(), settings, options)
    }

    pub fn start_on(database_url: &str, settings: &[(&str, &str)], options: Options) -> Self {
        let data = tempfile::tempdir_in(database::folder()).expect("a data folder");
        let mut values: HashMap<String, String> = [
            ("HYDRIA_LISTEN", "127.0.0.1:0"),
            ("HYDRIA_DATA", data.path().to_str().expect("a path in UTF-8")),
            ("DATABASE_URL", database_url),
            ("HYDRIA_BOOTSTRAP_KEY", "administrator:its-secret"),
            ("HYDRIA_ORIGIN_ALLOW", "127.0.0.1"),
            ("HYDRIA_WEBHOOK_ALLOW", "127.0.0.1"),
            // Tests try wrong credentials by the hundred, all from one address.
            ("HYDRIA_AUTH_DELAY_MS", "0"),
            // What an origin fails at is final, but for tests that say otherwise.
            ("HYDRIA_RETRIES", "1"),
        ]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
        for (name, value) in settings {
            values.insert((*name).to_owned(), (*value).to_owned());
        }
        let mut config = Config::read(|name| values.get(name).cloned()).expect("settings");
        // The program of the tests is another one.
        config.program = env!("CARGO_BIN_EXE_hydria").into();
        let running = start(&config, options).expect("the service starts");
        let (base, root) = (running.base.clone(), format!("http://{}", running.address));
        let visitor = Client::new(&base, &root, None);
        let administrator = visitor.with_key(Some(("administrator", "its-secret")));
        Self {
            running: Some(running),
            database_url: database_url.to_owned(),
            data,
            base,
            administrator,
            visitor,
        }
    }

    /// Makes a customer with a key.
    pub fn customer(&self, name: &str) -> Owner {
        Owner::make(&self.administrator, name)
    }

    /// A connection to the database, for looking at rows.
    pub fn database(&self) -> diesel::PgConnection {
        let mut conn = hydria::database::connect(&self.database_url).expect("the database answers");
        // Tests write more at once than a request reads.
        diesel::connection::SimpleConnection::batch_execute(&mut conn, hydria::database::LONG)
            .expect("a setting");
        conn
    }

    /// Where the service tells changes to images.
    pub fn changes(&self) -> &hydria::journal::Hub {
        self.running.as_ref().expect("a running service").changes()
    }

    /// The address of metrics, if there is one.
    pub fn admin_address(&self) -> Option<std::net::SocketAddr> {
        self.running.as_ref().expect("a running service").admin_address()
    }

    /// Stops the service in order; the rest goes with the test.
    pub fn stop(&mut self) {
        if let Some(running) = self.running.take() {
            running.stop().expect("the service stops in order");
        }
    }
}

impl Drop for App {
    fn drop(&mut self) {
        if let Some(running) = self.running.take() {
            // A test that failed already is not helped by a second panic.
            let _ = running.stop();
        }
    }
}

impl Owner {
    /// Makes a customer with a key.
    pub fn make(administrator: &Client, name: &str) -> Self {
        let made = administrator.post("/customers", &json!({ "name": name })).expect(201);
        let key = administrator.post(&format!("{}/keys", made.id()), &json!({})).expect(201);
        let (id, key, secret) = (made.number("id"), key.text("key"), key.text("secret"));
        let client = administrator.with_key(Some((&key, &secret)));
        Self { id, client, key, secret }
    }

    /// Path of something of this customer's.
    pub fn path(&self, below: &str) -> String {
        format!("/customers/{}{below}", self.id)
    }

    /// Makes a space; answers its number.
    pub fn space(&self, name: &str) -> i64 {
        let made = self.client.post(&self.path("/spaces"), &json!({ "name": name }));
        made.expect(201).number("id")
    }

    /// Submits images to the queue.
    pub fn submit(&self, images: &[Value]) -> Answer {
        let body = json!({ "@type": "Collection", "member": images });
        self.client.post(&self.path("/queue"), &body)
    }

    /// Waits until a batch is finished; answers it.
    #[track_caller]
    pub fn finished(&self, batch: &str) -> Answer {
        let until = Instant::now() + Duration::from_mins(1);
        loop {
            let answer = self.client.get(batch).expect(200);
            if answer.body.get("finished").is_some() {
                return answer;
            }
            assert!(Instant::now() < until, "not finished: {}", answer.body);
            std::thread::sleep(Duration::from_millis(30));
        }
    }
}
