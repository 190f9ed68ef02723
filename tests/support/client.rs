//! A client that is a caller: it has a key or none, and speaks HTTP.

use std::time::Duration;

use reqwest::Method;
use reqwest::blocking::RequestBuilder;
use reqwest::header::HeaderMap;
use serde_json::Value;

/// A caller of the API.
#[derive(Clone)]
pub struct Client {
    http: reqwest::blocking::Client,
    /// Public address of the root, without a final slash.
    pub base: String,
    /// Where it is really reached.
    pub root: String,
    key: Option<(String, String)>,
}

/// What came back.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub bytes: Vec<u8>,
    /// The body, where it is JSON; null otherwise.
    pub body: Value,
}

impl Client {
    pub fn new(base: &str, root: &str, key: Option<(&str, &str)>) -> Self {
        let http = reqwest::blocking::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(Duration::from_mins(1))
            .build()
            .expect("a client");
        let key = key.map(|(key, secret)| (key.to_owned(), secret.to_owned()));
        Self { http, base: base.to_owned(), root: root.to_owned(), key }
    }

    /// The same service with another key, or none.
    pub fn with_key(&self, key: Option<(&str, &str)>) -> Self {
        let key = key.map(|(key, secret)| (key.to_owned(), secret.to_owned()));
        Self { key, ..self.clone() }
    }

    /// A request to a path, or to an address below the public root.
    pub fn request(&self, method: Method, address: &str) -> RequestBuilder {
        let path = address.strip_prefix(&self.base).unwrap_or(address);
        let request = self.http.request(method, format!("{}{path}", self.root));
        match &self.key {
            Some((key, secret)) => request.basic_auth(key, Some(secret)),
            None => request,
        }
    }

    #[expect(clippy::unused_self, reason = "it is the client that sends what it made")]
    pub fn send(&self, request: RequestBuilder) -> Answer {
        let response = request.send().expect("an answer");
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let bytes = response.bytes().expect("a whole body").to_vec();
        let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        Answer { status, headers, bytes, body }
    }

    fn with_body(&self, method: Method, address: &str, body: &Value) -> Answer {
        let request = self.request(method, address).header("Content-Type", "application/ld+json");
        self.send(request.body(body.to_string()))
    }

    pub fn get(&self, address: &str) -> Answer {
        self.send(self.request(Method::GET, address))
    }

    pub fn delete(&self, address: &str) -> Answer {
        self.send(self.request(Method::DELETE, address))
    }

    pub fn post(&self, address: &str, body: &Value) -> Answer {
        self.with_body(Method::POST, address, body)
    }

    pub fn put(&self, address: &str, body: &Value) -> Answer {
        self.with_body(Method::PUT, address, body)
    }

    pub fn patch(&self, address: &str, body: &Value) -> Answer {
        self.with_body(Method::PATCH, address, body)
    }
}

impl Answer {
    /// The answer itself, when it has this status; the test fails with the body otherwise.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        let text = String::from_utf8_lossy(&self.bytes);
        assert_eq!(self.status, status, "{text}");
        self
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// Address of the resource in the body.
    #[track_caller]
    pub fn id(&self) -> String {
        self.text("@id")
    }

    #[track_caller]
    pub fn text(&self, member: &str) -> String {
        let found = self.body.get(member).and_then(Value::as_str);
        found.unwrap_or_else(|| panic!("no text {member} in {}", self.body)).to_owned()
    }

    #[track_caller]
    pub fn number(&self, member: &str) -> i64 {
        let found = self.body.get(member).and_then(Value::as_i64);
        found.unwrap_or_else(|| panic!("no number {member} in {}", self.body))
    }

    /// Members of the collection in the body.
    #[track_caller]
    pub fn members(&self) -> Vec<Value> {
        let found = self.body.get("member").and_then(Value::as_array);
        found.unwrap_or_else(|| panic!("no members in {}", self.body)).clone()
    }

    /// One member of each member, as text, in order.
    #[track_caller]
    pub fn each(&self, member: &str) -> Vec<String> {
        let text = |value: &Value| match value.get(member) {
            Some(Value::String(text)) => text.clone(),
            Some(other) => other.to_string(),
            None => String::new(),
        };
        self.members().iter().map(text).collect()
    }

    /// What the violations are about, in order.
    pub fn faults(&self) -> Vec<String> {
        let violations = self.body.get("violations").and_then(Value::as_array);
        let path = |v: &Value| {
            v.get("propertyPath").and_then(Value::as_str).unwrap_or_default().to_owned()
        };
        violations.into_iter().flatten().map(path).collect()
    }
}
