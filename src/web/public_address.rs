//! The parts of the public address of the root, such as `https://example.org/images`.

/// Returns scheme, host and port of an address.
pub fn origin(address: &str) -> &str {
    split(address).0
}

/// Returns the path of an address; empty where it ends with its host.
pub fn path(address: &str) -> &str {
    split(address).1
}

fn split(address: &str) -> (&str, &str) {
    let host = address.find("://").map_or(0, |at| at + 3);
    let end = address.get(host..).and_then(|rest| rest.find('/')).map(|at| host + at);
    end.and_then(|end| address.split_at_checked(end)).unwrap_or((address, ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_divided_where_its_path_begins() {
        for (address, parts) in [
            ("https://example.org", ("https://example.org", "")),
            ("http://localhost:8080/images/v1", ("http://localhost:8080", "/images/v1")),
            ("example.org/images", ("example.org", "/images")),
        ] {
            assert_eq!((origin(address), path(address)), parts);
        }
    }
}
