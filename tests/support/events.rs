//! A reader of server-sent events.

use std::io::{BufRead as _, BufReader};

use reqwest::Method;
use reqwest::blocking::Response;
use serde_json::Value;

use super::Client;

/// A stream of events that is open.
pub struct Events {
    lines: BufReader<Response>,
    /// Id of the event that was read last, or of the place at which the stream began.
    pub last: String,
}

/// An event as it was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    pub id: i64,
    /// Empty where none is given.
    pub name: String,
    pub data: Value,
}

impl Event {
    pub fn kind(&self) -> &str {
        self.data["kind"].as_str().unwrap_or_default()
    }

    /// Returns the kind, and the last segment of the address.
    pub fn words(&self) -> String {
        let address = self.data["address"].as_str().unwrap_or_default();
        format!("{} {}", self.kind(), address.rsplit('/').next().unwrap_or_default())
    }
}

impl Events {
    /// Opens a stream, and reads where it begins.
    #[track_caller]
    pub fn open(client: &Client, path: &str, last: Option<&str>) -> Self {
        Self::try_open(client, path, last)
            .unwrap_or_else(|refusal| panic!("no stream: {refusal:?}"))
    }

    /// As [`Events::open`], where the service may not answer; the error is the status of the answer, if there is one.
    pub fn try_open(client: &Client, path: &str, last: Option<&str>) -> Result<Self, Option<u16>> {
        let mut request = client.request(Method::GET, path).header("Accept", "text/event-stream");
        if let Some(last) = last {
            request = request.header("Last-Event-ID", last);
        }
        let response = request.send().map_err(|_unanswered| None)?;
        let status = response.status().as_u16();
        if status != 200 {
            return Err(Some(status));
        }
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        assert!(response.headers().get("content-encoding").is_none());
        let mut events = Self { lines: BufReader::new(response), last: String::new() };
        if last.is_none() {
            assert_eq!(events.block(), Some((String::new(), None)), "it says where it begins");
        }
        Ok(events)
    }

    /// Returns the next event; nothing where the stream has ended.
    #[track_caller]
    pub fn next(&mut self) -> Option<Event> {
        loop {
            let (name, data) = self.block()?;
            if let Some(data) = data {
                let id = self.last.parse().expect("a whole number");
                return Some(Event { id, name, data });
            }
        }
    }

    /// Returns the words of the next events, so many.
    #[track_caller]
    pub fn take(&mut self, count: usize) -> Vec<String> {
        (0..count).map(|_| self.next().expect("an event").words()).collect()
    }

    /// Returns the next block: the name and the data of an event, if it is one.
    fn block(&mut self) -> Option<(String, Option<Value>)> {
        let (mut name, mut data) = (String::new(), None);
        loop {
            let mut line = String::new();
            let count = self.lines.read_line(&mut line).unwrap_or_default();
            if count == 0 {
                return None;
            }
            match line.trim_end_matches('\n').split_once(':') {
                None => return Some((name, data)),
                Some(("id", id)) => id.trim().clone_into(&mut self.last),
                Some(("event", event)) => event.trim().clone_into(&mut name),
                Some(("data", text)) => data = Some(serde_json::from_str(text).expect("JSON")),
                Some(("" | "retry", _)) => {}
                Some((field, _)) => panic!("an unknown field {field}"),
            }
        }
    }
}
