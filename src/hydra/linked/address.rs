//! The address of the service, and the form of its own IRIs.

use percent_encoding::percent_decode_str;

/// The public address of the service, and the names that begin with it.
#[derive(Debug, Clone)]
pub struct BaseIri {
    base: String,
    pub vocabulary: String,
}

impl BaseIri {
    pub fn new(base: &str) -> Self {
        Self { base: base.to_owned(), vocabulary: format!("{base}/vocab#") }
    }

    /// Returns the address of a path, in which characters that an id may hold are not percent-encoded.
    ///
    /// So one resource has one address, however the request line spells it.
    pub fn at(&self, path: &str) -> String {
        let mut address = self.base.clone();
        let mut rest = path;
        while let Some((before, after)) = rest.split_once('%') {
            address.push_str(before);
            let code = after.get(..2).unwrap_or_default();
            let byte = u8::from_str_radix(code, 16).ok().filter(|byte| is_plain(*byte));
            match byte {
                Some(byte) => address.push(char::from(byte)),
                None => address.extend(["%", code]),
            }
            rest = after.get(code.len()..).unwrap_or_default();
        }
        address.push_str(rest);
        address
    }

    /// Returns the address of a published context, by the name of its class.
    pub fn context(&self, name: &str) -> String {
        format!("{}/contexts/{name}.jsonld", self.base)
    }
}

/// Returns whether a character may stand in a path segment as it is (RFC 3986, `pchar`).
fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@".contains(&byte)
}

/// Returns the class in an IRI that is shaped like `{base}/vocab#Class` or `{base}/vocab#Class/property`, in lower
/// case, whatever the base, the case, and the percent-encoding.
pub fn class_of_shape(iri: &str) -> Option<String> {
    let decoded = percent_decode_str(iri).decode_utf8_lossy().to_lowercase();
    let (document, fragment) = decoded.rsplit_once('#')?;
    let class = fragment.split('/').next().filter(|class| !class.is_empty())?;
    document.ends_with("/vocab").then(|| class.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_one_spelling() {
        let here = BaseIri::new("https://example.org/api");
        for (path, address) in [
            ("/customers/1", "https://example.org/api/customers/1"),
            ("/a%62c/%7e%2F%20", "https://example.org/api/abc/~%2F%20"),
            ("/100%", "https://example.org/api/100%"),
            ("/%zz%4", "https://example.org/api/%zz%4"),
            ("/%é", "https://example.org/api/%é"),
        ] {
            assert_eq!(here.at(path), address);
        }
    }

    #[test]
    fn the_shape_of_our_terms_is_recognised_at_any_base() {
        for iri in [
            "https://other.example/vocab#Image",
            "http://localhost/api/vocab#Image/roles",
            "https://other.example/VOCAB#image/Roles",
            "https://other.example/vocab#Image%2Froles",
        ] {
            assert_eq!(class_of_shape(iri).as_deref(), Some("image"), "{iri}");
        }
        for iri in ["https://other.example/vocab", "https://schema.org/Image", "urn:x:vocab#Image"]
        {
            assert_eq!(class_of_shape(iri), None, "{iri}");
        }
    }
}
