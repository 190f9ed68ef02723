//! Reads the values of settings that are more than a number.

use std::net::SocketAddr;

use crate::secrets::Secret;

pub(super) fn listen(text: &str) -> Result<String, String> {
    let is_host = text.rsplit_once(':').is_some_and(|(host, port)| {
        !host.is_empty() && !host.contains(':') && port.parse::<u16>().is_ok()
    });
    if text.parse::<SocketAddr>().is_ok() || is_host {
        Ok(text.to_owned())
    } else {
        Err(format!(
            "must be an address and a port, such as 127.0.0.1:8080 or [::1]:8080, not {text}"
        ))
    }
}

/// Reads where the name of a bucket stands in requests; `None`: as the server is.
pub(super) fn is_in_host(text: &str) -> Result<Option<bool>, String> {
    match text {
        "auto" => Ok(None),
        "path" => Ok(Some(false)),
        "host" => Ok(Some(true)),
        _ => Err("must be auto, path or host".into()),
    }
}

const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];

/// Reads levels, and levels of modules; the whole is at `info` where only modules are named.
///
/// `env_logger` takes any other word for a module, and then shows nothing but that module.
pub(super) fn log_filter(text: &str) -> Result<String, String> {
    let is_level = |word: &str| LEVELS.iter().any(|level| level.eq_ignore_ascii_case(word));
    let is_module = |word: &str| {
        !word.is_empty() && word.chars().all(|c| c.is_ascii_alphanumeric() || "_:".contains(c))
    };
    let parts: Vec<&str> = text.split(',').map(str::trim).collect();
    for part in &parts {
        let is_right = match part.split_once('=') {
            Some((module, level)) => is_module(module.trim()) && is_level(level.trim()),
            None => is_level(part),
        };
        if !is_right {
            return Err(format!(
                "must be a level ({}), or levels by module such as info,hydria::access=warn, not {text}",
                LEVELS.join(", ")
            ));
        }
    }
    let names_modules_only = parts.iter().all(|part| part.contains('='));
    Ok(if names_modules_only { format!("info,{text}") } else { text.to_owned() })
}

pub(super) fn public_url(text: &str) -> Result<String, String> {
    let url = text.trim_end_matches('/');
    let host = url.strip_prefix("http://").or_else(|| url.strip_prefix("https://"));
    let odd = |c: char| c.is_whitespace() || c.is_control() || "\"<>\\^`{}|?#".contains(c);
    match host {
        Some(host)
            if !host.is_empty()
                && !host.starts_with(['/', ':'])
                && url.is_ascii()
                && !url.contains(odd) =>
        {
            Ok(url.to_owned())
        }
        _ => Err(format!("must be an http or https URL in ASCII without a query, not {text}")),
    }
}

pub(super) fn bootstrap_key(text: &str) -> Result<(String, Secret), String> {
    let (key, secret) = text.split_once(':').ok_or("must be key:secret")?;
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-._~".contains(c);
    if key.is_empty() || key.len() > 100 || !key.chars().all(allowed) || key.starts_with('.') {
        return Err("has a key with other characters than letters, digits and -._~".into());
    }
    if secret.is_empty() {
        return Err("has an empty secret".into());
    }
    Ok((key.to_owned(), Secret::new(secret)))
}

pub(super) fn secret(text: &str) -> Result<Secret, String> {
    if text.len() < 16 {
        return Err("must be at least 16 characters long".into());
    }
    Ok(Secret::new(text))
}

/// Reads the URL of a collector of traces.
pub(super) fn collector(text: &str) -> Result<String, String> {
    let rest = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://"));
    match rest.is_some_and(|rest| !rest.is_empty() && !rest.contains(['?', '#', ' '])) {
        true => Ok(text.trim_end_matches('/').to_owned()),
        false => Err("must be an http or https URL, such as http://localhost:4318".into()),
    }
}

/// Reads a part of a whole, from 0 to 1.
pub(super) fn ratio(text: &str) -> Result<f64, String> {
    let number = text.parse::<f64>().ok().filter(|number| (0.0..=1.0).contains(number));
    number.ok_or_else(|| format!("must be a number from 0 to 1, not {text}"))
}
