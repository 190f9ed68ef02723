//! Tells a collector of traces of a request.

use std::time::Instant;

use actix_web::{HttpRequest, HttpResponse};

use super::request_context::RequestContext;
use super::router::Target;
use super::{Service, lines, respond};
use crate::traces::{AttributeValue, RequestTrace};

/// Tells a collector of traces of a request that was answered, where there is one.
pub(super) fn tell(
    service: &Service,
    request: &HttpRequest,
    target: Option<Target<'_>>,
    response: &HttpResponse,
    (context, began): (&RequestContext, Instant),
) {
    if !service.traces.are_on() {
        return;
    }
    let text = AttributeValue::Text;
    let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok());
    let template = target.map_or("nothing", Target::template);
    let method = request.method().as_str();
    let mut attributes = vec![
        ("http.request.method", text(lines::excerpt(method).into_owned())),
        ("http.route", text(template.to_owned())),
        ("url.path", text(lines::excerpt(request.uri().path()).into_owned())),
        ("http.response.status_code", AttributeValue::Number(response.status().as_u16().into())),
    ];
    if let Some(client) = context.client.get() {
        attributes.push(("client.address", text(client.to_string())));
    }
    if let Some(customer) = context.caller.get().customer() {
        attributes.push(("hydria.customer", AttributeValue::Number(customer.into())));
    }
    if let Some(id) = response.headers().get(respond::REQUEST_ID).and_then(|id| id.to_str().ok()) {
        attributes.push(("hydria.request", text(id.to_owned())));
    }
    let proxy = request.peer_addr().map(|peer| peer.ip());
    let proxy = proxy.filter(|peer| service.proxies.contain(*peer));
    service.traces.request(RequestTrace {
        traceparent: header("traceparent"),
        is_trusted: service.proxies.decide_traces && proxy.is_some(),
        name: format!("{} {template}", lines::excerpt(method)),
        attributes,
        has_failed: response.status().is_server_error(),
        took: began.elapsed(),
    });
}
