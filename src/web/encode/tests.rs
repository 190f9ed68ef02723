use actix_web::test::TestRequest;

use super::*;
use crate::iiif::{Format, Version};
use crate::web::budget::Budget;
use crate::web::negotiate::{Kind, OFFERED};

#[test]
fn every_representation_is_text_and_no_format_of_images_is() {
    for offered in OFFERED {
        for kind in [Kind::Data, Kind::Problem] {
            assert!(is_text(offered.content_type(kind)), "{offered:?}");
        }
    }
    for version in [Version::V2, Version::V3] {
        for is_json_ld in [true, false] {
            assert!(is_text(crate::iiif::media_type(version, is_json_ld)));
        }
    }
    for format in [Format::Jpeg, Format::Png, Format::WebP, Format::Gif, Format::Tiff] {
        assert!(!is_text(format.media_type()), "{format:?}");
    }
    assert!(!is_text("application/octet-stream") && !is_text(""));
}

/// A text that compresses to something like a third.
fn text(length: usize) -> Vec<u8> {
    let words = (0_u32..).flat_map(|n| n.wrapping_mul(2_654_435_761).to_string().into_bytes());
    words.take(length).collect()
}

fn request() -> HttpRequest {
    TestRequest::get().insert_header((header::ACCEPT_ENCODING, "gzip")).to_http_request()
}

fn response(text: Vec<u8>) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/plain")
        .insert_header((header::ETAG, "\"state\""))
        .body(text)
}

fn size(response: &HttpResponse) -> usize {
    match response.body().size() {
        BodySize::Sized(size) => usize::try_from(size).expect("memory"),
        other => panic!("{other:?}"),
    }
}

fn tag(response: &HttpResponse) -> &str {
    response.headers().get(header::ETAG).expect("a tag").to_str().expect("text")
}

#[test]
fn a_compressed_answer_holds_as_much_of_the_budget_as_is_sent() {
    actix_web::rt::System::new().block_on(async {
        let (request, encoder) = (request(), Encoder::default());
        let budget = Budget::new(64 << 20, "too much");
        let context = RequestContext::new(&request);
        let whole = response(text(1 << 20));
        context.measure(&budget, &whole).await.expect("there is room");
        assert_eq!(budget.taken(), 1 << 20);
        let sent = encoder.encode(&request, &context, whole).await;
        assert_eq!(tag(&sent), "\"state-gzip\"");
        let length = size(&sent);
        assert!((100 << 10..700 << 10).contains(&length), "{length}");
        assert_eq!(budget.taken(), length);
        let sent = context.sent(sent);
        assert_eq!(budget.taken(), length, "until it is sent");
        drop(sent);
        assert_eq!(budget.taken(), 0);
    });
}

#[test]
fn a_heavy_answer_that_waits_in_vain_is_sent_as_it_is() {
    actix_web::rt::System::new().block_on(async {
        let request = request();
        let encoder = Encoder {
            turns: Arc::new(Semaphore::new(0)),
            patience: Duration::from_millis(1),
            ..Encoder::default()
        };
        let context = RequestContext::new(&request);
        let heavy = encoder.encode(&request, &context, response(text(HEAVY))).await;
        assert_eq!((tag(&heavy), size(&heavy)), ("\"state\"", HEAVY));
        assert_eq!(heavy.headers().get(header::CONTENT_ENCODING), None);
        assert_eq!(heavy.headers().get(header::VARY).expect("Vary"), VARIES_BY_CODING);
        let light = encoder.encode(&request, &context, response(text(HEAVY - 1))).await;
        assert_eq!(tag(&light), "\"state-gzip\"", "it waits for nobody");
    });
}

#[test]
fn a_document_that_all_share_is_compressed_once() {
    actix_web::rt::System::new().block_on(async {
        let (request, encoder) = (request(), Encoder::default());
        let context = RequestContext::new(&request);
        let own = encoder.encode(&request, &context, response(text(20_000))).await;
        assert!(encoder.kept.lock().is_empty(), "an answer to one is not kept");
        context.mark_shared();
        let first = encoder.encode(&request, &context, response(text(20_000))).await;
        // With another text it is seen that the kept one is sent.
        let second = encoder.encode(&request, &context, response(text(10_000))).await;
        let bytes = |response: HttpResponse| response.into_body().try_into_bytes().expect("bytes");
        let (own, first, second) = (bytes(own), bytes(first), bytes(second));
        assert!(own == first && first.as_ptr() == second.as_ptr());
        assert_eq!(encoder.kept.lock().len(), 1);
    });
}
