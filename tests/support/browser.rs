//! A browser at a page of the service: it keeps the cookie of a session, and says of its requests where they come from.

use std::cell::RefCell;

use reqwest::Method;
use serde_json::Value;

use super::client::{Answer, Client};

/// A person's browser.
pub struct Browser {
    client: Client,
    /// Name and value.
    cookie: RefCell<Option<String>>,
}

impl Browser {
    /// A browser that nobody has logged in with; `visitor`: a client without a key.
    pub fn new(visitor: &Client) -> Self {
        Self { client: visitor.clone(), cookie: RefCell::default() }
    }

    /// The cookie that it has, as it sends it.
    pub fn cookie(&self) -> Option<String> {
        self.cookie.borrow().clone()
    }

    /// Sends this cookie from now on.
    pub fn keep(&self, cookie: &str) {
        self.cookie.replace(Some(cookie.to_owned()));
    }

    /// Sends a request with these headers and the cookie, as any page could have it sent.
    pub fn send(
        &self,
        method: Method,
        address: &str,
        headers: &[(&str, &str)],
        body: Option<String>,
    ) -> Answer {
        let mut request = self.client.request(method, address);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(cookie) = self.cookie() {
            request = request.header("Cookie", format!("other=1; {cookie}"));
        }
        let answer = match body {
            Some(body) => self.client.send(request.body(body)),
            None => self.client.send(request),
        };
        if let Some(given) = answer.header("set-cookie") {
            let (pair, attributes) = given.split_once(';').expect("attributes");
            let is_over = attributes.contains("Max-Age=0");
            self.cookie.replace((!is_over).then(|| pair.to_owned()));
        }
        answer
    }

    /// Sends a request as a script of a page of the service does.
    pub fn ask(&self, method: Method, address: &str, body: Option<&Value>) -> Answer {
        let media_type =
            if address.contains("/console/") { "application/json" } else { "application/ld+json" };
        let mut headers = vec![("Sec-Fetch-Site", "same-origin")];
        headers.extend(body.map(|_| ("Content-Type", media_type)));
        self.send(method, address, &headers, body.map(Value::to_string))
    }

    pub fn get(&self, address: &str) -> Answer {
        self.ask(Method::GET, address, None)
    }

    pub fn post(&self, address: &str, body: &Value) -> Answer {
        self.ask(Method::POST, address, Some(body))
    }

    pub fn patch(&self, address: &str, body: &Value) -> Answer {
        self.ask(Method::PATCH, address, Some(body))
    }

    pub fn delete(&self, address: &str) -> Answer {
        self.ask(Method::DELETE, address, None)
    }

    /// Logs in.
    pub fn log_in(&self, credentials: &Value) -> Answer {
        self.post("/console/session", credentials)
    }
}
