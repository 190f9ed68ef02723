//! The address of a database as libpq reads it: a URL, or `key=value` pairs.
//!
//! Only what is needed here is read: which parameters are given, and where the server is. The text itself goes
//! to libpq as it was given, with time-outs added.

use percent_encoding::percent_decode_str;

use crate::secrets::Secret;

/// The time limits of every connection, unless its address sets others.
///
/// Without them a network that drops packets leaves a thread waiting for as long as the kernel pleases: for
/// hours. So a connection is made within 5 s; what was sent is acknowledged within 15 s; and a silent peer is
/// asked after 10 s whether it is still there, and given up 15 s later.
const TIMEOUTS: [(&str, &str); 6] = [
    ("connect_timeout", "5"),
    ("tcp_user_timeout", "15000"),
    ("keepalives", "1"),
    ("keepalives_idle", "10"),
    ("keepalives_interval", "5"),
    ("keepalives_count", "3"),
];

/// The parameters of an address, decoded, in the order given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    parameters: Vec<(String, String)>,
}

impl Address {
    /// Reads an address.
    ///
    /// # Errors
    /// Fails if it is neither a URL of PostgreSQL's nor a list of pairs, in words that do not repeat it: it may
    /// hold a password.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let parameters = match text.split_once("://") {
            Some(("postgres" | "postgresql", rest)) => url(rest),
            Some((scheme, _)) if !scheme.contains('=') => {
                return Err("must begin with postgres:// or postgresql://".into());
            }
            _ => pairs(text)?,
        };
        Ok(Self { parameters })
    }

    /// Returns the value of a parameter; of several, the last, as libpq has it.
    pub fn get(&self, name: &str) -> Option<&str> {
        let given = self.parameters.iter().rev().find(|(given, _)| given == name);
        given.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }

    /// Returns a parameter, or what libpq takes in its place from the environment.
    fn or_env(&self, name: &str, variable: &str) -> Option<String> {
        self.get(name).map(str::to_owned).or_else(|| std::env::var(variable).ok())
    }

    /// Returns all that is given but the password, as pairs that libpq reads.
    pub fn without_password(&self) -> String {
        let given = self.parameters.iter().filter(|(name, _)| name != "password");
        given.map(|(name, value)| pair(name, value)).collect::<Vec<_>>().join(" ")
    }

    /// Returns the same address for each of its servers alone, in their order.
    fn of_single_servers(&self) -> Vec<Self> {
        let entries = |name: &str| self.get(name).map_or(0, |list| list.split(',').count());
        let servers = entries("host").max(entries("hostaddr"));
        let of_server = |index: usize| {
            let own = |(name, value): &(String, String)| {
                let mut entries = value.split(',');
                // One port is that of all.
                let is_list = matches!(name.as_str(), "host" | "hostaddr")
                    || (name == "port" && value.contains(','));
                let entry = if is_list { entries.nth(index) } else { Some(value.as_str()) };
                let entry = entry.filter(|entry| !entry.is_empty())?;
                Some((name.clone(), entry.to_owned()))
            };
            Self { parameters: self.parameters.iter().filter_map(own).collect() }
        };
        (0..servers).map(of_server).collect()
    }

    /// Returns the host, or the folder of the socket, as libpq is told.
    pub fn host(&self) -> String {
        let given = self.get("host").or_else(|| self.get("hostaddr")).map(str::to_owned);
        given.or_else(|| std::env::var("PGHOST").ok()).unwrap_or_else(|| "the local socket".into())
    }

    /// Returns the port.
    pub fn port(&self) -> String {
        self.or_env("port", "PGPORT").unwrap_or_else(|| "5432".into())
    }

    /// Returns the name of the database; `None` if it is that of the user.
    pub fn name(&self) -> Option<String> {
        self.or_env("dbname", "PGDATABASE").or_else(|| self.or_env("user", "PGUSER"))
    }
}

/// Returns a parameter as libpq reads it.
fn pair(name: &str, value: &str) -> String {
    format!("{name}='{}'", value.replace('\\', "\\\\").replace('\'', "\\'"))
}

/// Returns an address for each server of one that names several, in their order, each with the password; else the
/// address itself.
pub fn single_servers(text: &str) -> Vec<String> {
    let servers = Address::parse(text).map(|address| address.of_single_servers());
    let Some(servers) = servers.ok().filter(|servers| servers.len() > 1) else {
        return vec![text.to_owned()];
    };
    let password = password(text).map(|password| pair("password", password.reveal()));
    let with_password = |server: Address| {
        let pairs = [server.without_password()].into_iter().chain(password.clone());
        pairs.collect::<Vec<_>>().join(" ")
    };
    servers.into_iter().map(with_password).collect()
}

/// Returns the password of an address, if it has one.
pub fn password(text: &str) -> Option<Secret> {
    let text = text.trim();
    let address = Address::parse(text).ok()?;
    let of_user = || {
        let (_, rest) = text.split_once("://")?;
        let (user, _) = rest.split(['/', '?']).next()?.rsplit_once('@')?;
        user.split_once(':').map(|(_, password)| decoded(password))
    };
    let given = address.get("password").map(str::to_owned).or_else(of_user);
    given.filter(|password| !password.is_empty()).map(Secret::new)
}

/// Adds the time-outs that an address does not set itself; one that cannot be read is left as it is.
pub fn with_timeouts(text: &str) -> String {
    TIMEOUTS.iter().fold(text.trim().to_owned(), |text, (name, value)| with(&text, name, value))
}

/// Adds a parameter that an address does not set itself; one that cannot be read is left as it is.
pub fn with(text: &str, name: &str, value: &str) -> String {
    let Ok(address) = Address::parse(text) else { return text.to_owned() };
    let by_environment =
        name == "connect_timeout" && std::env::var_os("PGCONNECT_TIMEOUT").is_some();
    if by_environment || address.parameters.iter().any(|(given, _)| given == name) {
        return text.to_owned();
    }
    let is_url = text.trim_start().starts_with("postgres") && text.contains("://");
    let before = match (is_url, text.contains('?')) {
        (true, false) => '?',
        (true, true) => '&',
        (false, _) => ' ',
    };
    format!("{}{before}{name}={value}", text.trim())
}

fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

/// Reads `[user[:password]@][host[:port],…][/dbname][?name=value&…]`.
fn url(rest: &str) -> Vec<(String, String)> {
    let mut parameters = Vec::new();
    let mut give = |name: &str, value: &str| {
        if !value.is_empty() {
            parameters.push((name.to_owned(), decoded(value)));
        }
    };
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (authority, database) = rest.split_once('/').unwrap_or((rest, ""));
    let (user, hosts) = authority.rsplit_once('@').unwrap_or(("", authority));
    give("user", user.split(':').next().unwrap_or_default());
    let mut names = Vec::new();
    let mut ports = Vec::new();
    for host in hosts.split(',') {
        // The address of IPv6 stands in brackets.
        let (name, port) = match host.strip_prefix('[').and_then(|host| host.split_once(']')) {
            Some((name, port)) => (name, port.strip_prefix(':')),
            None => host.split_once(':').map_or((host, None), |(name, port)| (name, Some(port))),
        };
        names.push(name);
        ports.push(port.unwrap_or_default());
    }
    give("host", &names.join(","));
    // One entry for each host, where any has one.
    if ports.iter().any(|port| !port.is_empty()) {
        give("port", &ports.join(","));
    }
    give("dbname", database);
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        match (decoded(name).as_str(), value) {
            // Of URLs alone, as other drivers write them.
            ("ssl", "true") => give("sslmode", "require"),
            (name, value) => give(name, value),
        }
    }
    parameters
}

/// Reads `name = value` pairs; a value with blanks stands in single quotes, a backslash takes the next one as it is.
fn pairs(text: &str) -> Result<Vec<(String, String)>, String> {
    let fault = || "must be a URL (postgres://…) or pairs such as host=… dbname=…".to_owned();
    let mut parameters = Vec::new();
    let mut rest = text.chars().peekable();
    loop {
        while rest.next_if(|c| c.is_whitespace()).is_some() {}
        if rest.peek().is_none() {
            break;
        }
        let mut name = String::new();
        while let Some(c) = rest.next_if(|c| *c != '=' && !c.is_whitespace()) {
            name.push(c);
        }
        while rest.next_if(|c| c.is_whitespace()).is_some() {}
        if rest.next() != Some('=') || name.is_empty() {
            return Err(fault());
        }
        while rest.next_if(|c| c.is_whitespace()).is_some() {}
        let is_quoted = rest.next_if_eq(&'\'').is_some();
        let mut value = String::new();
        loop {
            match rest.next() {
                Some('\\') => value.extend(rest.next()),
                Some('\'') if is_quoted => break,
                Some(c) if !is_quoted && c.is_whitespace() => break,
                Some(c) => value.push(c),
                None if is_quoted => return Err(fault()),
                None => break,
            }
        }
        parameters.push((name, value));
    }
    if parameters.is_empty() { Err(fault()) } else { Ok(parameters) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_outs_are_added_to_either_form_unless_they_are_given() {
        let url = with_timeouts(
            "postgres://me:a%20b@db.example.org:5433/books?sslmode=require&connect_timeout=30",
        );
        assert!(url.starts_with(
            "postgres://me:a%20b@db.example.org:5433/books?sslmode=require&connect_timeout=30&"
        ));
        assert_eq!(url.matches("connect_timeout").count(), 1, "{url}");
        for name in ["tcp_user_timeout=15000", "keepalives_idle=10", "keepalives_count=3"] {
            assert!(url.contains(&format!("&{name}")), "{url}");
        }
        assert!(
            with_timeouts("postgresql:///books")
                .starts_with("postgresql:///books?connect_timeout=5&")
        );
        let pairs =
            with_timeouts(r"host=/run dbname=books password='it\'s = ?' tcp_user_timeout=1");
        assert!(pairs.contains(" connect_timeout=5 "), "{pairs}");
        assert_eq!(pairs.matches("tcp_user_timeout").count(), 1, "{pairs}");
    }

    #[test]
    fn an_address_tells_where_the_server_is() {
        let of = |text: &str| {
            let address = Address::parse(text).expect("an address");
            (address.host(), address.port(), address.name().expect("a name"))
        };
        let is = |host: &str, port: &str, name: &str| (host.into(), port.into(), name.into());
        assert_eq!(of("postgres://me:pw@db:5433/books"), is("db", "5433", "books"));
        assert_eq!(of("postgres://me@[::1]:1/a%2Fb"), is("::1", "1", "a/b"));
        assert_eq!(of("postgres://a,b:2/x"), is("a,b", ",2", "x"));
        assert_eq!(of("postgres://a,b/x?port=7"), is("a,b", "7", "x"));
        assert_eq!(of("postgres:///x?host=/run/pg&port=3"), is("/run/pg", "3", "x"));
        assert_eq!(of("host = 'my host' port=7 user=me"), is("my host", "7", "me"));
    }

    #[test]
    fn the_password_stands_apart_from_the_rest() {
        for (text, rest, expected) in [
            (
                "postgres://me:a%20%27b@db:5433/books?sslmode=require",
                "user='me' host='db' port='5433' dbname='books' sslmode='require'",
                Some("a 'b"),
            ),
            (r"host=/run password='it\'s' user='o\'x'", r"host='/run' user='o\'x'", Some("it's")),
            (
                "postgres://db/x?password=hush&user=me",
                "host='db' dbname='x' user='me'",
                Some("hush"),
            ),
            ("host=/run dbname=x", "host='/run' dbname='x'", None),
            ("postgres://db/x?ssl=true", "host='db' dbname='x' sslmode='require'", None),
        ] {
            let address = Address::parse(text).expect("an address");
            assert_eq!(address.without_password(), rest);
            assert_eq!(password(text).as_ref().map(Secret::reveal), expected, "{text}");
        }
    }

    #[test]
    fn an_address_of_several_servers_is_one_for_each_with_its_own_port() {
        let url = "postgres://me:it's@a,[::1]:5433,c:7/x?sslmode=require";
        let of = |host: &str, port: &str| {
            format!(r"user='me' host='{host}'{port} dbname='x' sslmode='require' password='it\'s'")
        };
        let servers = [of("a", ""), of("::1", " port='5433'"), of("c", " port='7'")];
        assert_eq!(single_servers(url), servers);
        for server in &servers {
            assert_eq!(password(server).as_ref().map(Secret::reveal), Some("it's"));
        }
        assert_eq!(single_servers("host=a,b port=7"), ["host='a' port='7'", "host='b' port='7'"]);
        assert_eq!(
            single_servers("host=a,b hostaddr=1.1.1.1,2.2.2.2"),
            ["host='a' hostaddr='1.1.1.1'", "host='b' hostaddr='2.2.2.2'"]
        );
        for one in ["postgres://db/x?ssl=true", "dbname=x", "host=/run"] {
            assert_eq!(single_servers(one), [one]);
        }
    }

    #[test]
    fn what_is_no_address_is_refused_without_repeating_it() {
        for text in ["hush", "mysql://me:hush@db/x", "host=db password='hush", "= hush"] {
            let reason = Address::parse(text).expect_err(text);
            assert!(!reason.contains("hush"), "{reason}");
        }
    }
}
