//! Classes of clients, by what requests say of who sends them.
//!
//! It is for counting only, and nothing is allowed or refused by it: anybody may say anything.

use std::sync::LazyLock;

use actix_web::HttpRequest;
use actix_web::http::header::{HeaderName, REFERER, USER_AGENT};
use quick_cache::sync::Cache;
use regex::bytes::Regex;

use crate::metrics::http::ClientClass;

/// Bytes of a `User-Agent` that are looked at; those of browsers have some 120.
const LOOKED_AT: usize = 512;

/// Values of `User-Agent` whose classes are kept.
const MOST_KNOWN: usize = 1000;

/// The names by which crawlers and agents of language models make themselves known.
static AI: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let names = "gptbot|chatgpt-user|oai-searchbot|claudebot|claude-user|claude-searchbot|claude-web|\
        anthropic|perplexity|ccbot|bytespider|amazonbot|meta-externalagent|meta-externalfetcher|\
        google-extended|google-cloudvertexbot|googleother|applebot-extended|cohere|diffbot|ai2bot|\
        duckassistbot|mistralai|youbot|timpibot|imagesiftbot|omgili|img2dataset|pangubot|kangaroo bot";
    Regex::new(&format!("(?i){names}")).ok()
});

/// Words that other crawlers have in their names.
static CRAWLER: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let words = "bot\\b|bot/|crawl|spider|slurp|archiver|archive\\.org|heritrix|facebookexternalhit|\
        mediapartners|feedfetcher|preview|validator";
    Regex::new(&format!("(?i){words}")).ok()
});

/// Returns the class of who sent a request.
pub fn class(request: &HttpRequest) -> ClientClass {
    let text = |name: HeaderName| request.headers().get(name).map_or(&b""[..], |v| v.as_bytes());
    let agent = text(USER_AGENT);
    let agent = agent.get(..LOOKED_AT).unwrap_or(agent);
    // A page that shows images says where it is, or that it is no document that it asks for.
    let destination = text(HeaderName::from_static("sec-fetch-dest"));
    let is_embedded = match destination {
        b"" => !text(REFERER).is_empty(),
        destination => destination != b"document",
    };
    class_of(agent, is_embedded)
}

/// The classes of the `User-Agent` values that came last: a viewer sends the same one for each tile.
static KNOWN: LazyLock<Cache<Vec<u8>, ClientClass>> = LazyLock::new(|| Cache::new(MOST_KNOWN));

fn class_of(agent: &[u8], is_embedded: bool) -> ClientClass {
    let known = KNOWN.get(agent);
    let class = known.unwrap_or_else(|| {
        let class = class_by_name(agent);
        KNOWN.insert(agent.to_owned(), class);
        class
    });
    match class {
        ClientClass::Browser if is_embedded => ClientClass::Viewer,
        class => class,
    }
}

fn class_by_name(agent: &[u8]) -> ClientClass {
    let is = |names: &LazyLock<Option<Regex>>| names.as_ref().is_some_and(|n| n.is_match(agent));
    if is(&AI) {
        ClientClass::Ai
    } else if is(&CRAWLER) {
        ClientClass::Crawler
    } else if agent.starts_with(b"Mozilla/") {
        ClientClass::Browser
    } else {
        ClientClass::Program
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_are_told_apart_by_what_they_say() {
        let firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
        for (agent, is_embedded, expected) in [
            (firefox, false, ClientClass::Browser),
            (firefox, true, ClientClass::Viewer),
            (
                "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2; +https://openai.com/gptbot)",
                false,
                ClientClass::Ai,
            ),
            ("CCBot/2.0 (https://commoncrawl.org/faq/)", false, ClientClass::Ai),
            (
                "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
                true,
                ClientClass::Crawler,
            ),
            ("Mozilla/5.0 (compatible; archive.org_bot; Heritrix)", false, ClientClass::Crawler),
            ("curl/8.5.0", false, ClientClass::Program),
            ("python-requests/2.32", true, ClientClass::Program),
            ("", false, ClientClass::Program),
        ] {
            assert_eq!(class_of(agent.as_bytes(), is_embedded), expected, "{agent}");
        }
        assert_eq!(class_of(b"\xff\xfe", false), ClientClass::Program, "no text");
    }
}
