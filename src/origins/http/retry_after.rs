//! The time after which an origin says that it may be asked again (`Retry-After`, RFC 9110, 10.2.3).

use std::time::{Duration, SystemTime};

use reqwest::header::{DATE, HeaderMap, HeaderName, RETRY_AFTER};

/// Returns how long an origin asks to be left alone; `None` where it does not say so, or says it wrongly.
///
/// A date is compared with the origin's own clock (`Date`), where it tells it, because clocks differ. One that is past is
/// no time at all.
pub(super) fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        // More than a number can say is for ever.
        return Some(Duration::from_secs(text.parse().unwrap_or(u64::MAX)));
    }
    let until = httpdate::parse_http_date(text).ok()?;
    let now = date(headers, DATE).unwrap_or(now);
    Some(until.duration_since(now).unwrap_or_default())
}

fn date(headers: &HeaderMap, name: HeaderName) -> Option<SystemTime> {
    httpdate::parse_http_date(headers.get(name)?.to_str().ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(lines: &[(&'static str, &'static str)]) -> Option<u64> {
        let lines = lines.iter().map(|(name, value)| {
            (HeaderName::from_static(name), reqwest::header::HeaderValue::from_static(value))
        });
        let now = httpdate::parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT").unwrap();
        retry_after(&lines.collect(), now).map(|after| after.as_secs())
    }

    #[test]
    fn seconds_and_dates_are_read_and_anything_else_says_nothing() {
        for (text, seconds) in [
            ("120", Some(120)),
            ("0", Some(0)),
            (" 7 ", Some(7)),
            ("99999999999999999999999999", Some(u64::MAX)),
            ("Sun, 06 Nov 1994 08:50:37 GMT", Some(60)),
            ("Sunday, 06-Nov-94 08:50:37 GMT", Some(60)),
            ("Sun, 06 Nov 1994 08:00:00 GMT", Some(0)),
            ("-1", None),
            ("1.5", None),
            ("soon", None),
            ("", None),
        ] {
            assert_eq!(said(&[("retry-after", text)]), seconds, "{text}");
        }
        assert_eq!(said(&[]), None);
    }

    #[test]
    fn a_date_is_compared_with_the_clock_of_the_origin() {
        let until = ("retry-after", "Mon, 07 Nov 1994 00:00:30 GMT");
        assert_eq!(said(&[until, ("date", "Mon, 07 Nov 1994 00:00:00 GMT")]), Some(30));
        assert_eq!(said(&[until, ("date", "yesterday")]), Some(15 * 3600 + 10 * 60 + 53));
    }
}
