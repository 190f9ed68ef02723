//! Reads metrics as Prometheus does.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use crate::support::{Answer, App, Client};

/// The metrics of a process at one time: values by name and labels, as they stand in the text.
#[derive(Debug)]
pub struct Scrape(pub BTreeMap<String, f64>);

/// A caller of the listener of operators.
pub fn operator(address: SocketAddr) -> Client {
    let root = format!("http://{address}");
    Client::new(&root, &root, None)
}

/// A caller of the listener of operators of a service.
pub fn operator_of(app: &App) -> Client {
    operator(app.admin_address().expect("a listener of operators"))
}

impl Scrape {
    #[track_caller]
    pub fn of(operator: &Client) -> Self {
        Self::read(&operator.get("/metrics").expect(200))
    }

    #[track_caller]
    pub fn read(answer: &Answer) -> Self {
        let text = std::str::from_utf8(&answer.bytes).expect("UTF-8");
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        let pairs = lines.map(|line| {
            let (name, value) = line.rsplit_once(' ').expect("a name and a value");
            (name.to_owned(), value.parse().expect("a number"))
        });
        Self(pairs.collect())
    }

    /// The value of one series; 0 where there is none yet.
    pub fn value(&self, series: &str) -> f64 {
        self.0.get(series).copied().unwrap_or_default()
    }

    /// Tells whether a series has a value, a whole number.
    pub fn is(&self, series: &str, value: f64) -> bool {
        (self.value(series) - value).abs() < 0.1
    }

    /// The sum of all series of a name whose labels have all of these.
    pub fn sum(&self, name: &str, labels: &[&str]) -> f64 {
        let start = format!("{name}{{");
        let series = self.0.iter().filter(|(series, _)| {
            series.starts_with(&start) && labels.iter().all(|label| series.contains(label))
        });
        series.map(|(_, value)| value).sum()
    }
}
