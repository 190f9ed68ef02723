//! The service demonstrates itself: sample images, registered through its own API and queue.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

use super::reachable::reachable;
use super::{Failure, admin};
use crate::config::Config;
use crate::secrets::Secret;

/// A demonstration under way; it ends when this is dropped.
pub struct Demonstration(tokio::runtime::Runtime);

/// Name of the customer that the demonstration makes.
const NAME: &str = "demo";

/// Starts the demonstration; it reports on the terminal.
///
/// # Errors
/// Fails if the administrator's key is not at hand, or there are no samples.
pub fn start(
    config: &Config,
    folder: &Path,
    address: SocketAddr,
) -> Result<Demonstration, Failure> {
    let key = admin::kept_key(config).ok_or(
        "the demonstration needs the administrator's key: set HYDRIA_BOOTSTRAP_KEY, or see to the \
         file admin-key in the data folder",
    )?;
    let samples = samples(folder)?;
    // The secret is shown once, at the first start; here the shell reads it.
    let file = config.data.join("admin-key");
    let user = match file.exists() {
        true => format!("\"$(cat '{}')\"", file.display()),
        false => "\"$HYDRIA_BOOTSTRAP_KEY\"".to_owned(),
    };
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let api = Api {
        client: reqwest::Client::builder().no_proxy().timeout(Duration::from_mins(1)).build()?,
        root: format!("http://{}", reachable(address)),
        key,
        user,
    };
    runtime.spawn(async move {
        if let Err(error) = demonstrate(&api, &samples).await {
            println!("The demonstration failed: {error}");
        }
    });
    Ok(Demonstration(runtime))
}

impl Drop for Demonstration {
    fn drop(&mut self) {
        // Requests to a service that stops need not be waited for.
        let empty = tokio::runtime::Builder::new_current_thread().build();
        if let Ok(empty) = empty {
            std::mem::replace(&mut self.0, empty).shutdown_background();
        }
    }
}

fn samples(folder: &Path) -> Result<Vec<String>, Failure> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if name.rsplit('.').next().is_some_and(|ending| matches!(ending, "png" | "jpg")) {
            names.push(name);
        }
    }
    names.sort();
    if names.is_empty() {
        return Err(format!("there are no samples in {}", folder.display()).into());
    }
    Ok(names)
}

/// The API as a client sees it: it follows links, at the address that this process can reach.
struct Api {
    client: reqwest::Client,
    root: String,
    key: (String, Secret),
    /// The key and its secret as the shell is to read them.
    user: String,
}

impl Api {
    async fn send(
        &self,
        method: reqwest::Method,
        path: &str,
        body: Option<Value>,
    ) -> Result<Value, Failure> {
        let mut request = self
            .client
            .request(method, format!("{}{path}", self.root))
            .basic_auth(&self.key.0, Some(self.key.1.reveal()));
        if let Some(body) = body {
            request = request.header("Content-Type", "application/ld+json").body(body.to_string());
        }
        let response = request.send().await?;
        let status = response.status();
        let text = response.text().await?;
        let answer: Value = serde_json::from_str(&text).unwrap_or(Value::Null);
        if status.is_success() {
            return Ok(answer);
        }
        let detail = answer.get("detail").and_then(Value::as_str).unwrap_or(&text);
        Err(format!("{path} answers {status}: {detail}").into())
    }

    async fn get(&self, path: &str) -> Result<Value, Failure> {
        self.send(reqwest::Method::GET, path, None).await
    }
}

fn text<'a>(value: &'a Value, member: &str) -> &'a str {
    value.get(member).and_then(Value::as_str).unwrap_or_default()
}

fn number(value: &Value, member: &str) -> i64 {
    value.get(member).and_then(Value::as_i64).unwrap_or_default()
}

async fn demonstrate(api: &Api, samples: &[String]) -> Result<(), Failure> {
    let customer = customer(api).await?;
    let space = space(api, customer).await?;
    let path = format!("/customers/{customer}/spaces/{space}/images");
    let held = api.get(&format!("{path}?pageSize=500")).await?;
    let held = held.get("member").and_then(Value::as_array).cloned().unwrap_or_default();
    let is_held = |id: &str| held.iter().any(|image| text(image, "id") == id);
    let members: Vec<Value> = samples
        .iter()
        .map(|name| (name.rsplit_once('.').map_or(name.as_str(), |(id, _)| id), name))
        .filter(|(id, _)| !is_held(id))
        .map(|(id, name)| {
            json!({ "@type": "Image", "id": id, "space": space, "string1": "demo",
                    "label": id.replace('_', " "),
                    "origin": format!("{}/samples/{name}", api.root) })
        })
        .collect();
    let batches = format!("/customers/{customer}/queue/batches");
    match members.len() {
        0 => println!("All {} sample images are registered already.", samples.len()),
        count => {
            println!("Registering {count} sample images in space {space} of customer {customer} …");
            register(api, customer, members).await?;
        }
    }
    let batches = api.get(&batches).await?;
    let images = api.get(&path).await?;
    let members = images.get("member").and_then(Value::as_array).cloned().unwrap_or_default();
    for image in &members {
        let error = text(image, "error");
        let size = format!("{} x {}", number(image, "width"), number(image, "height"));
        println!("  {:<20} {}", text(image, "id"), if error.is_empty() { &size } else { error });
    }
    let mut thumbnail = members.iter().map(|image| text(image, "thumbnail400"));
    let thumbnail = thumbnail.rfind(|url| !url.is_empty()).unwrap_or_default().to_owned();
    println!();
    println!("Ready. Three addresses to try:");
    println!("  curl -u {} {}", api.user, text(&batches, "@id"));
    println!("  curl -u {} {}", api.user, text(&images, "@id"));
    println!("  curl -o thumbnail.jpg {thumbnail}");
    Ok(())
}

/// Registers images through the queue, and reports until all are processed.
async fn register(api: &Api, customer: i64, members: Vec<Value>) -> Result<(), Failure> {
    let queue = format!("/customers/{customer}/queue");
    let body = json!({ "@type": "Collection", "member": members });
    let batch = api.send(reqwest::Method::POST, &queue, Some(body)).await?;
    let path = format!("{queue}/batches/{}", number(&batch, "id"));
    loop {
        let batch = api.get(&path).await?;
        let (completed, errors) = (number(&batch, "completed"), number(&batch, "errors"));
        println!("  {completed} of {} processed, {errors} errors", number(&batch, "count"));
        if batch.get("finished").is_some() {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
}

/// Returns the demonstration's customer, made where it is not there.
async fn customer(api: &Api) -> Result<i64, Failure> {
    let customers = api.get("/customers?pageSize=500").await?;
    let members = customers.get("member").and_then(Value::as_array).cloned().unwrap_or_default();
    if let Some(held) = members.iter().find(|customer| text(customer, "name") == NAME) {
        println!("Customer {NAME} is there already.");
        return Ok(number(held, "id"));
    }
    let body = json!({ "@type": "Customer", "name": NAME, "displayName": "Demonstration" });
    let made = api.send(reqwest::Method::POST, "/customers", Some(body)).await?;
    println!("Made customer {NAME}: {}", text(&made, "@id"));
    Ok(number(&made, "id"))
}

/// Returns the demonstration's space, made where it is not there.
async fn space(api: &Api, customer: i64) -> Result<i64, Failure> {
    let path = format!("/customers/{customer}/spaces");
    let spaces = api.get(&format!("{path}?name=samples")).await?;
    let members = spaces.get("member").and_then(Value::as_array);
    if let Some(held) = members.and_then(|members| members.first()) {
        return Ok(number(held, "id"));
    }
    let body = json!({ "@type": "Space", "name": "samples" });
    let made = api.send(reqwest::Method::POST, &path, Some(body)).await?;
    println!("Made space samples: {}", text(&made, "@id"));
    Ok(number(&made, "id"))
}
