//! The table of endpoints: every address that is no resource of a class.
//!
//! Routing, `Allow`, OPTIONS, cache headers and the OpenAPI document derive from it, so that a new endpoint is one row.

use actix_web::HttpResponse;

use super::admin::probed;
use super::endpoint::{Audience, Caching, Call, Endpoint, EndpointDoc, Handler};
use super::scheduler::Holder;
use super::{
    console, events, image_services, represent, request, respond, robots, samples, session, uploads,
};
use crate::hydra::Problem;
use crate::hydra::openapi::SharedDoc;
use crate::metrics::http::RequestClass;
use crate::resource::transaction;

/// Caching of documents that change only with the version of the service or its settings.
const FOR_AN_HOUR: Caching = Caching::Shared("public, max-age=3600");

/// Every endpoint.
pub const ENDPOINTS: [Endpoint; 17] = [
    Endpoint {
        template: "/vocab",
        methods: &["GET"],
        audience: Audience::Clients,
        caching: FOR_AN_HOUR,
        class: RequestClass::Document,
        cross_origin: true,
        doc: Some(EndpointDoc {
            name: "vocabulary",
            title: "The vocabulary: every class, property and operation",
            media_type: None,
            tagged: true,
        }),
        is_mounted: |_| true,
        handler: |call| Box::pin(vocabulary(call)),
    },
    Endpoint {
        template: "/contexts/{context}",
        methods: &["GET"],
        audience: Audience::Clients,
        caching: FOR_AN_HOUR,
        class: RequestClass::Document,
        cross_origin: true,
        doc: Some(EndpointDoc {
            name: "context",
            title: "A JSON-LD context",
            media_type: Some(respond::JSON_LD),
            tagged: true,
        }),
        is_mounted: |_| true,
        handler: |call| Box::pin(async move { context(call) }),
    },
    Endpoint {
        template: "/openapi.json",
        methods: &["GET"],
        audience: Audience::Clients,
        caching: FOR_AN_HOUR,
        class: RequestClass::Document,
        cross_origin: true,
        doc: Some(EndpointDoc {
            name: "openapi",
            title: "This document",
            media_type: Some("application/json"),
            tagged: true,
        }),
        is_mounted: |_| true,
        handler: |call| Box::pin(async move { openapi(call) }),
    },
    Endpoint {
        template: "/healthz",
        methods: &["GET"],
        audience: Audience::Clients,
        caching: Caching::Private,
        class: RequestClass::Health,
        cross_origin: true,
        doc: Some(EndpointDoc {
            name: "health",
            title: "Whether the service is well",
            media_type: Some("text/plain"),
            tagged: false,
        }),
        is_mounted: |_| true,
        handler: |call| Box::pin(health(call)),
    },
    probe("/livez", |_call| Box::pin(async { Ok(probed(true)) })),
    probe("/readyz", |call| {
        let is_ready = call.service.readiness.is_ready();
        Box::pin(async move { Ok(probed(is_ready)) })
    }),
    Endpoint {
        template: "/robots.txt",
        methods: &["GET"],
        audience: Audience::Viewers,
        caching: FOR_AN_HOUR,
        class: RequestClass::Document,
        cross_origin: true,
        // It is for crawlers, which know where it is.
        doc: None,
        is_mounted: |_| true,
        handler: |call| Box::pin(async move { robots::get(call) }),
    },
    Endpoint {
        template: "/customers/{customer}/events",
        methods: &["GET"],
        audience: Audience::Clients,
        caching: Caching::Private,
        class: RequestClass::Events,
        cross_origin: true,
        // It has no end that a generated client could wait for; customers show its address, and docs/events.md tells the rest.
        doc: None,
        is_mounted: |_| true,
        handler: |call| Box::pin(events::get(call)),
    },
    upload("/customers/{customer}/uploads", &["POST"], |call| Box::pin(uploads::create(call))),
    upload("/customers/{customer}/uploads/{upload}", &["GET", "PATCH", "DELETE"], |call| {
        Box::pin(uploads::answer(call))
    }),
    session(session::ADDRESS, &["GET", "POST", "DELETE"], |call| Box::pin(session::answer(call))),
    session("/console/session/end", &["POST"], |call| Box::pin(session::end(call))),
    image_service("/iiif-img/{+image}"),
    image_service("/thumbs/{+image}"),
    image_service("/degraded/{+image}"),
    Endpoint {
        template: "/console/{hash}/{+file}",
        methods: &["GET"],
        // A page that says that credentials are wrong needs them as well.
        audience: Audience::Viewers,
        caching: console::FOR_EVER,
        class: RequestClass::Document,
        cross_origin: false,
        // They are for the pages that name them, and no part of the API.
        doc: None,
        is_mounted: |_| true,
        handler: |call| Box::pin(async move { console::get(call) }),
    },
    Endpoint {
        template: "/samples/{sample}",
        methods: &["GET"],
        audience: Audience::Clients,
        caching: FOR_AN_HOUR,
        class: RequestClass::Document,
        cross_origin: true,
        // It is an origin of the demonstration, and no part of the API.
        doc: None,
        is_mounted: |parts| parts.samples.is_some(),
        handler: |call| Box::pin(samples::get(call)),
    },
];

/// Returns a row that the OpenAPI document does not have, for the service's own clients, with answers for one caller.
const fn unlisted(
    template: &'static str,
    methods: &'static [&'static str],
    class: RequestClass,
    handler: Handler,
) -> Endpoint {
    Endpoint {
        template,
        methods,
        audience: Audience::Clients,
        caching: Caching::Private,
        class,
        cross_origin: false,
        doc: None,
        is_mounted: |_| true,
        handler,
    }
}

/// Returns the row of an address at which balancers and supervisors look, who read nothing but the status
/// (`docs/operating.md`). It costs no connection of the database, so that anybody may ask.
const fn probe(template: &'static str, handler: Handler) -> Endpoint {
    let row = unlisted(template, &["GET"], RequestClass::Health, handler);
    Endpoint { audience: Audience::Viewers, ..row }
}

/// Returns the row of an address at which people log in and out, which is for pages of the service itself
/// (`docs/sessions.md`): scripts of other sites read nothing of it, and generated clients have keys.
const fn session(
    template: &'static str,
    methods: &'static [&'static str],
    handler: Handler,
) -> Endpoint {
    unlisted(template, methods, RequestClass::Session, handler)
}

/// Returns the row of an address of uploads, whose requests and answers are those of tus (`docs/uploads.md`).
const fn upload(
    template: &'static str,
    methods: &'static [&'static str],
    handler: Handler,
) -> Endpoint {
    // Clients of tus know how it is used, and generated clients do not.
    let row = unlisted(template, methods, RequestClass::Upload, handler);
    Endpoint { cross_origin: true, ..row }
}

/// Returns the row of an image service, which its own info.json describes, in the terms of IIIF.
const fn image_service(template: &'static str) -> Endpoint {
    let row = unlisted(template, &["GET"], RequestClass::Image, |call| {
        Box::pin(image_services::get(call))
    });
    Endpoint { audience: Audience::Viewers, caching: Caching::Chosen, cross_origin: true, ..row }
}

/// Returns what the OpenAPI document says of endpoints.
pub fn documentation() -> Vec<SharedDoc> {
    ENDPOINTS.iter().filter_map(Endpoint::documentation).collect()
}

async fn vocabulary(call: Call<'_>) -> Result<HttpResponse, Problem> {
    call.context.mark_shared();
    represent::vocabulary(&call.service.documents, call.request).await
}

fn context(call: Call<'_>) -> Result<HttpResponse, Problem> {
    call.context.mark_shared();
    let name = call.value();
    let missing = || Problem::NotFound(format!("there is no context {name}"));
    let context = call.service.documents.contexts.get(name).ok_or_else(missing)?;
    respond::document(respond::JSON_LD, context, &request::conditions(call.request))
}

fn openapi(call: Call<'_>) -> Result<HttpResponse, Problem> {
    call.context.mark_shared();
    let document = &call.service.documents.openapi;
    respond::document("application/json", document, &request::conditions(call.request))
}

async fn health(call: Call<'_>) -> Result<HttpResponse, Problem> {
    let database = call.service.database.clone();
    call.service.scheduler.run(Holder::Service, move || transaction::ping(&database)).await?;
    Ok(HttpResponse::Ok().content_type("text/plain").body("ready\n"))
}
