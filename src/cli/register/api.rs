//! The API as a client sees it: from its root by links.

use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, RETRY_AFTER};
use reqwest::redirect::Policy;
use reqwest::{Client, Method, RequestBuilder, Response};
use serde_json::Value;

use crate::cli::Failure;
use crate::secrets::Secret;

/// Time that an answer may take: longer than a service lets a repetition wait for the first request.
const TIMEOUT: Duration = Duration::from_secs(90);
/// Times that a request is sent which is not answered, or answered that the service cannot answer now.
const TRIES: u32 = 8;
/// Delay before the second time, in seconds; it is doubled each time.
const DELAY_S: u64 = 1;
/// Longest delay, in seconds.
const LONGEST_S: u64 = 30;

/// A client with a key.
pub(super) struct Api {
    client: Client,
    /// Address of the root, without a final slash.
    root: String,
    key: (String, Secret),
}

/// An answer to what was written.
pub(super) struct Answer {
    pub status: u16,
    pub body: Value,
}

impl Answer {
    /// Returns an answer as a failure, with the service's own words.
    pub fn failure(&self, what: &str) -> Failure {
        let Self { status, body } = self;
        let detail = body.get("detail").and_then(Value::as_str).unwrap_or("without a word");
        format!("{what}: {status}, {detail}").into()
    }
}

impl Api {
    /// # Errors
    /// Fails if TLS cannot be set up.
    pub fn new(root: &str, key: (String, Secret)) -> Result<Self, Failure> {
        // A redirect could lead the key elsewhere.
        let client = Client::builder().redirect(Policy::none()).timeout(TIMEOUT).build()?;
        Ok(Self { client, root: root.trim_end_matches('/').to_owned(), key })
    }

    /// Returns the customer that the key acts for, or that of this name or number.
    ///
    /// # Errors
    /// Fails if there is none, or none is named and there are several.
    pub async fn customer(&self, wanted: Option<&str>) -> Result<Value, Failure> {
        let root = self.get(&format!("{}/", self.root)).await?;
        let first = self.get(text(&root, "customers")).await?;
        match (wanted, members(&first)) {
            (None, [one]) if number(&first, "totalItems") == 1 => Ok(one.clone()),
            (None, []) => Err("the key acts for no customer; set HYDRIA_KEY to key:secret".into()),
            (None, _) => Err("the key acts for several customers; name one with --customer".into()),
            (Some(wanted), _) => self.named(first, wanted, "customer").await,
        }
    }

    /// Returns the number of the space of a customer that has this name or number.
    ///
    /// # Errors
    /// Fails if there is none.
    pub async fn space(&self, customer: &Value, wanted: &str) -> Result<i64, Failure> {
        let first = self.get(text(customer, "spaces")).await?;
        Ok(number(&self.named(first, wanted, "space").await?, "id"))
    }

    /// Returns the address of a customer's queue.
    ///
    /// # Errors
    /// Fails if the API does not answer.
    pub async fn queue(&self, customer: &Value, priority: bool) -> Result<String, Failure> {
        let queue = self.get(text(customer, "queue")).await?;
        let member = if priority { "priority" } else { "@id" };
        Ok(text(&queue, member).to_owned())
    }

    /// Returns the member of a list that has this name or number, on whichever page.
    async fn named(&self, first: Value, wanted: &str, what: &str) -> Result<Value, Failure> {
        let is_it = |member: &&Value| {
            text(member, "name") == wanted || number(member, "id").to_string() == wanted
        };
        let mut page = first;
        loop {
            if let Some(found) = members(&page).iter().find(is_it) {
                return Ok(found.clone());
            }
            let next = page.get("view").and_then(|view| view.get("next")).and_then(Value::as_str);
            let Some(next) = next.map(str::to_owned) else {
                return Err(format!("there is no {what} {wanted}").into());
            };
            page = self.get(&next).await?;
        }
    }

    /// Returns what an address shows.
    ///
    /// # Errors
    /// Fails if it shows nothing.
    pub async fn get(&self, address: &str) -> Result<Value, Failure> {
        let answer = self.send(|| self.request(Method::GET, address)).await?;
        match answer.status {
            200 => Ok(answer.body),
            _ => Err(answer.failure(address)),
        }
    }

    /// Posts a body; sent again, it is the same request by its key.
    ///
    /// # Errors
    /// Fails if there is no answer; any answer that is final is none.
    pub async fn post(&self, address: &str, key: &str, body: String) -> Result<Answer, Failure> {
        let header = format!("\"{key}\"");
        self.send(|| {
            let request = self.request(Method::POST, address)?;
            let request = request.header(CONTENT_TYPE, "application/ld+json");
            Ok(request.header("Idempotency-Key", &header).body(body.clone()))
        })
        .await
    }

    fn request(&self, method: Method, address: &str) -> Result<RequestBuilder, Failure> {
        let rest = address.strip_prefix(&self.root);
        if !rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?'])) {
            return Err(format!(
                "{} leads to {address}, where the key is not sent; is --api the public address of the API?",
                self.root
            )
            .into());
        }
        let (key, secret) = &self.key;
        let request = self.client.request(method, address).basic_auth(key, Some(secret.reveal()));
        Ok(request.header("Accept", "application/ld+json"))
    }

    /// Sends a request until there is an answer that is final.
    async fn send(
        &self,
        request: impl Fn() -> Result<RequestBuilder, Failure>,
    ) -> Result<Answer, Failure> {
        let mut delay = DELAY_S;
        for attempt in 1.. {
            let (outcome, after) = match request()?.send().await {
                Ok(response) => {
                    let after = retry_after(&response);
                    (answer(response).await, after)
                }
                Err(error) => (Err(error.into()), None),
            };
            let may_pass = match &outcome {
                Ok(answer) => matches!(answer.status, 429 | 500 | 502 | 503 | 504),
                Err(_) => true,
            };
            if !may_pass || attempt == TRIES {
                return outcome;
            }
            let wait = after.unwrap_or(delay).min(LONGEST_S);
            tokio::time::sleep(Duration::from_secs(wait)).await;
            delay *= 2;
        }
        Err("there is no answer".into())
    }
}

fn retry_after(response: &Response) -> Option<u64> {
    response.headers().get(RETRY_AFTER)?.to_str().ok()?.parse().ok()
}

async fn answer(response: Response) -> Result<Answer, Failure> {
    let status = response.status().as_u16();
    let body = serde_json::from_slice(&response.bytes().await?).unwrap_or_default();
    Ok(Answer { status, body })
}

/// Returns a member that is a text; an empty one where there is none.
pub(super) fn text<'a>(value: &'a Value, member: &str) -> &'a str {
    value.get(member).and_then(Value::as_str).unwrap_or_default()
}

/// Returns a member that is a number; 0 where there is none.
pub(super) fn number(value: &Value, member: &str) -> i64 {
    value.get(member).and_then(Value::as_i64).unwrap_or_default()
}

/// Returns the members of a collection.
pub(super) fn members(value: &Value) -> &[Value] {
    value.get("member").and_then(Value::as_array).map_or(&[], Vec::as_slice)
}
