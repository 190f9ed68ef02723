//! `/robots.txt`: what crawlers may ask for (RFC 9309).

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use actix_web::HttpResponse;

use super::endpoint::Call;
use super::{request, respond};
use crate::config::Robots;
use crate::hydra::Problem;

/// Size in bytes up to which crawlers read the rules for certain (RFC 9309, section 2.5).
const MAX_BYTES: u64 = 500 << 10;

/// Returns the rules for a service at a public address.
///
/// # Errors
/// Returns the reason in words if they stand in a file that cannot be read, is longer than crawlers read, or is no text
/// in UTF-8.
pub fn rules(robots: &Robots, base: &str) -> Result<String, String> {
    match robots {
        Robots::Descriptions => Ok(of_descriptions(base)),
        Robots::Allow => Ok("User-agent: *\nDisallow:\n".into()),
        Robots::Disallow => Ok("User-agent: *\nDisallow: /\n".into()),
        Robots::File(path) => of_file(path).map_err(|reason| {
            format!(
                "HYDRIA_ROBOTS names the file {}, which {reason}; other values are descriptions, allow and disallow",
                path.display()
            )
        }),
    }
}

/// What is allowed comes first, for crawlers that take the first rule that fits; the standard takes the longest.
fn of_descriptions(base: &str) -> String {
    let host = base.split_once("://").map_or(base, |(_, host)| host);
    // Crawlers ask for the rules at the root of the host, and compare them with whole paths.
    let path = host.split_once('/').map(|(_, path)| format!("/{path}")).unwrap_or_default();
    format!(
        "# Descriptions and thumbnails of images may be read. Making pixels at other sizes is work\n\
         # for readers only, and most of the API needs a key.\n\
         User-agent: *\n\
         Allow: {path}/iiif-img/*/info.json$\n\
         Allow: {path}/degraded/*/info.json$\n\
         Disallow: {path}/iiif-img/\n\
         Disallow: {path}/degraded/\n\
         Disallow: {path}/customers/\n"
    )
}

fn of_file(path: &Path) -> Result<String, String> {
    let unreadable = |error: std::io::Error| format!("cannot be read: {error}");
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(unreadable)?;
    file.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if u64::try_from(bytes.len()).is_ok_and(|length| length > MAX_BYTES) {
        return Err(format!("is longer than the {MAX_BYTES} bytes that crawlers read"));
    }
    String::from_utf8(bytes).map_err(|_not_text| "is no text in UTF-8".into())
}

/// Answers with the rules.
///
/// # Errors
/// Returns [`Problem::PreconditionFailed`] if `If-Match` is not met.
pub fn get(call: Call<'_>) -> Result<HttpResponse, Problem> {
    call.context.mark_shared();
    let conditions = request::conditions(call.request);
    respond::document("text/plain; charset=utf-8", &call.service.robots, &conditions)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_hold_below_the_path_of_the_public_address() {
        let rules = |base: &str| rules(&Robots::Descriptions, base).expect("no file");
        assert!(rules("https://a.example").contains("\nDisallow: /iiif-img/\n"));
        assert!(rules("http://a.example:81/x/y").contains("\nDisallow: /x/y/iiif-img/\n"));
        assert!(rules("http://a.example/x").contains("\nAllow: /x/iiif-img/*/info.json$\n"));
    }
}
