//! Bounds on rendering: what is dear is refused at once when there is no room, and copies are never refused.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use super::reader::{Picture, Served};
use crate::engine::scene::Scene;
use crate::support::rows;

/// A request for which a large image is decoded.
fn large(number: usize) -> String {
    format!("{number},0,2100,2100/2050,/0/gray.jpg")
}

#[test]
fn an_answer_that_could_never_be_made_is_refused_and_names_the_setting() {
    let page = Served::of(Scene::with(&[("HYDRIA_MEMORY_MB", "16")]), 2200, 2200);
    let refused = page.get("iiif-img", "full/max/0/default.png").expect(400);
    assert!(refused.body.to_string().contains("HYDRIA_MEMORY_MB"), "{}", refused.body);
    assert_eq!(page.picture("iiif-img", "0,0,512,512/512,/0/default.jpg").size(), (512, 512));
}

#[test]
fn large_renderings_without_room_are_refused_while_copies_are_served() {
    let page = Served::smooth(2200, 2200);
    let (made, refused) = (AtomicUsize::new(0), AtomicUsize::new(0));
    thread::scope(|scope| {
        for number in 0..12 {
            let (page, made, refused) = (&page, &made, &refused);
            scope.spawn(move || {
                let answer = page.get("iiif-img", &large(number));
                match answer.status {
                    200 => made.fetch_add(1, Ordering::Relaxed),
                    503 => {
                        assert!(answer.header("retry-after").is_some());
                        refused.fetch_add(1, Ordering::Relaxed)
                    }
                    other => panic!("{other}: {}", answer.body),
                };
                page.get("iiif-img", "info.json").expect(200);
                page.get("iiif-img", "0,0,512,512/512,/0/default.jpg").expect(200);
                page.get("iiif-img", "full/max/0/default.jpg").expect(200);
            });
        }
    });
    let (made, refused) = (made.into_inner(), refused.into_inner());
    assert!(made >= 1 && refused >= 1, "{made} made, {refused} refused");
}

#[test]
fn where_admission_is_observed_nothing_is_refused() {
    let page = Served::of(Scene::with(&[("HYDRIA_ADMISSION", "observe")]), 2200, 2200);
    thread::scope(|scope| {
        for number in 0..6 {
            let page = &page;
            scope.spawn(move || page.get("iiif-img", &large(number)).expect(200));
        }
    });
}

#[test]
fn equal_requests_at_once_share_a_rendering_which_is_kept() {
    let page = Served::smooth(900, 700);
    let rest = "100,100,600,500/300,/0/gray.jpg";
    let answers: Vec<Vec<u8>> = thread::scope(|scope| {
        let asked: Vec<_> =
            (0..8).map(|_| scope.spawn(|| page.get("iiif-img", rest).expect(200).bytes)).collect();
        asked.into_iter().map(|asked| asked.join().expect("no panic")).collect()
    });
    assert!(answers.iter().all(|bytes| bytes == &answers[0]));
    let mut kept = rows::files(&page.scene.app.data.path().join("rendered"));
    kept.retain(|file| file.file_name().is_some_and(|name| name != "lock"));
    assert_eq!(kept.len(), 1, "{kept:?}");
    assert_eq!(std::fs::read(&kept[0]).expect("a file"), answers[0]);
}

#[test]
fn an_image_whose_object_is_lost_says_so_and_closes_nothing_else() {
    let page = Served::smooth(900, 700);
    for object in rows::files(&page.scene.app.data.path().join("objects")) {
        if object.file_name().is_some_and(|name| name != "hydria.json") {
            std::fs::remove_file(object).expect("a file");
        }
    }
    for rest in
        ["0,0,512,512/512,512/0/default.jpg", "full/max/0/default.jpg", "1,1,50,50/max/0/gray.png"]
    {
        assert_eq!(page.get("iiif-img", rest).status, 404, "{rest}");
    }
    page.get("iiif-img", "info.json").expect(200);
    page.scene.put("page", &page.scene.origin.smooth(600, 400)).expect(200);
    page.get("iiif-img", "full/max/0/default.jpg").expect(200);
}

#[test]
fn long_answers_are_sent_in_parts_and_arrive_whole() {
    let page = Served::smooth(2600, 2000);
    let answer = page.get("iiif-img", "full/max/0/default.jpg").expect(200);
    assert!(answer.bytes.len() > 64 << 10, "{} bytes", answer.bytes.len());
    assert_eq!(Picture::of(&answer).size(), (2600, 2000));
    let rendered = page.get("iiif-img", "full/max/0/default.png").expect(200);
    assert!(rendered.bytes.len() > 64 << 10, "{} bytes", rendered.bytes.len());
    assert_eq!(Picture::of(&rendered).size(), (2600, 2000));
    let again = page.get("iiif-img", "full/max/0/default.png").expect(200);
    assert_eq!(again.bytes, rendered.bytes);
}
