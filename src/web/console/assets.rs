//! The files that pages are made of, held by the program.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use sha2::{Digest as _, Sha256};

use crate::web::documents::Document;

const SCRIPT: &str = "text/javascript;charset=utf-8";
const STYLE: &str = "text/css;charset=utf-8";
const PICTURE: &str = "image/svg+xml";
const PLAIN: &str = "text/plain;charset=utf-8";

/// Returns the row of a file below `assets`.
macro_rules! file {
    ($media_type:expr, $name:literal) => {
        ($name, $media_type, include_str!(concat!("assets/", $name)))
    };
}

/// Every file: its name, its media type, what it holds.
const FILES: &[(&str, &str, &str)] = &[
    file!(STYLE, "style.css"),
    file!(PICTURE, "icon.svg"),
    file!(SCRIPT, "api.js"),
    file!(SCRIPT, "begun.js"),
    file!(SCRIPT, "collection.js"),
    file!(SCRIPT, "dom.js"),
    file!(SCRIPT, "drafts.js"),
    file!(SCRIPT, "drop.js"),
    file!(SCRIPT, "follow.js"),
    file!(SCRIPT, "form_sheet.js"),
    file!(SCRIPT, "forms.js"),
    file!(SCRIPT, "generic.js"),
    file!(SCRIPT, "json.js"),
    file!(SCRIPT, "keys.js"),
    file!(SCRIPT, "leaving.js"),
    file!(SCRIPT, "login.js"),
    file!(SCRIPT, "main.js"),
    file!(SCRIPT, "many.js"),
    file!(SCRIPT, "numbers.js"),
    file!(SCRIPT, "once.js"),
    file!(PLAIN, "openseadragon/LICENSE.txt"),
    file!(SCRIPT, "openseadragon/openseadragon.min.js"),
    file!(SCRIPT, "operations.js"),
    file!(SCRIPT, "recognise.js"),
    file!(SCRIPT, "search.js"),
    file!(SCRIPT, "session.js"),
    file!(SCRIPT, "sets.js"),
    file!(SCRIPT, "sheet.js"),
    file!(SCRIPT, "stale.js"),
    file!(SCRIPT, "suggest.js"),
    file!(SCRIPT, "table.js"),
    file!(SCRIPT, "time.js"),
    file!(SCRIPT, "traffic.js"),
    file!(SCRIPT, "uploads.js"),
    file!(SCRIPT, "vocabulary.js"),
    file!(SCRIPT, "words.js"),
    file!(SCRIPT, "words_register.js"),
    file!(SCRIPT, "views/batch.js"),
    file!(SCRIPT, "views/bulk.js"),
    file!(SCRIPT, "views/customer.js"),
    file!(SCRIPT, "views/files.js"),
    file!(SCRIPT, "views/first.js"),
    file!(SCRIPT, "views/image.js"),
    file!(SCRIPT, "views/images.js"),
    file!(SCRIPT, "views/job.js"),
    file!(SCRIPT, "views/portal_user.js"),
    file!(SCRIPT, "views/queue.js"),
    file!(SCRIPT, "views/register.js"),
    file!(SCRIPT, "views/replace.js"),
    file!(SCRIPT, "views/rows.js"),
    file!(SCRIPT, "views/space.js"),
    file!(SCRIPT, "views/storage.js"),
    file!(SCRIPT, "views/vocabulary.js"),
];

/// The path of the files, below the base: it changes with what any of them holds, so that they fit each other.
pub static ADDRESS: LazyLock<String> = LazyLock::new(|| format!("/console/{}", &**HASH));

/// Names what all files together hold.
pub static HASH: LazyLock<String> = LazyLock::new(|| {
    let mut hash = Sha256::new();
    for (name, media_type, content) in FILES {
        for text in [name, media_type, content] {
            hash.update(text.len().to_be_bytes());
            hash.update(text);
        }
    }
    let start = hash.finalize().iter().take(8).fold(0_u64, |all, byte| all << 8 | u64::from(*byte));
    format!("{start:016x}")
});

/// Every file as it is sent: its media type, and what it holds.
pub static DOCUMENTS: LazyLock<BTreeMap<&str, (&str, Document)>> = LazyLock::new(|| {
    let documents = FILES.iter().map(|(name, media_type, content)| {
        (*name, (*media_type, Document::of_text(content.as_bytes())))
    });
    documents.collect()
});

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;

    #[test]
    fn the_viewer_is_the_one_whose_checksum_is_recorded() {
        let content = FILES.iter().find(|(name, ..)| name.ends_with("openseadragon.min.js"));
        let (_, _, content) = content.expect("the viewer");
        let hash = Sha256::digest(content).iter().fold(String::new(), |mut hash, byte| {
            write!(hash, "{byte:02x}").expect("a text");
            hash
        });
        assert!(include_str!("assets/openseadragon/README.md").contains(&hash), "{hash}");
    }

    #[test]
    fn every_file_that_a_module_imports_is_served() {
        for (name, _, content) in FILES.iter().filter(|(_, media_type, _)| *media_type == SCRIPT) {
            let folder = name.rsplit_once('/').map_or("", |(folder, _)| folder);
            for rest in content.split('\'').filter(|text| text.strip_suffix(".js").is_some()) {
                let path = match rest.strip_prefix("../") {
                    Some(above) => above.to_owned(),
                    None => format!("{folder}/{}", rest.trim_start_matches("./")),
                };
                let path = path.trim_start_matches('/');
                assert!(FILES.iter().any(|(file, ..)| *file == path), "{name} imports {rest}");
            }
        }
    }
}
