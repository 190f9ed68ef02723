//! The same documents in every representation, as clients ask for them.

mod choice;
mod format;
mod graphs;
mod pages;

use reqwest::Method;

use crate::support::{Answer, Client};

/// GET with these lines of Accept.
fn get(client: &Client, address: &str, accept: &[&str]) -> Answer {
    let request = client.request(Method::GET, address);
    client.send(accept.iter().fold(request, |request, line| request.header("Accept", *line)))
}

fn profile(form: &str) -> String {
    format!("application/ld+json;profile=\"http://www.w3.org/ns/json-ld#{form}\"")
}

const TURTLE: &str = "text/turtle;charset=utf-8";
const HTML: &str = "text/html;charset=utf-8";

/// What a browser sends.
const BROWSER: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
