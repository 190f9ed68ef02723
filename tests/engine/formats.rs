//! Formats are recognised by content, whatever the name and the origin's media type say.

use serde_json::json;

use super::scene::Scene;

#[test]
fn all_five_formats_are_recognised_by_content() {
    let scene = Scene::start();
    for format in ["jpeg", "png", "tiff", "webp", "gif"] {
        let origin = scene.origin.url(&format!("/format/{format}/450x300/page"));
        let image = scene.put(format, &origin).expect(201);
        assert_eq!(image.text("error"), "", "{format}");
        assert_eq!((image.number("width"), image.number("height")), (450, 300), "{format}");
        assert_eq!(image.text("mediaType"), format!("image/{format}"));
        image.text("thumbnail400");
    }
}

#[test]
fn a_wrong_name_does_not_matter_and_a_given_media_type_stays() {
    let scene = Scene::start();
    let misnamed = scene.put("misnamed", &scene.origin.url("/format/tiff/40x30/x.png")).expect(201);
    assert_eq!((misnamed.text("error"), misnamed.number("width")), (String::new(), 40));
    assert_eq!(misnamed.text("mediaType"), "image/tiff", "the content counts");
    let patched = json!({ "string1": "x", "mediaType": "image/tiff" });
    scene.owner.client.patch(&scene.path("misnamed"), &patched).expect(205);
    let again = scene.put("misnamed", &scene.origin.url("/format/gif/40x30/x.png")).expect(200);
    assert_eq!(again.text("mediaType"), "image/gif", "what is shown may be repeated");
    let batch = scene.submit(&["misnamed"], &scene.origin.url("/format/webp/40x30/x.png"));
    scene.owner.finished(&batch);
    assert_eq!(scene.read("misnamed").text("mediaType"), "image/webp");
    let body =
        json!({ "origin": scene.origin.url("/format/gif/40x30/x"), "mediaType": "image/own" });
    let given = scene.owner.client.put(&scene.path("given"), &body).expect(201);
    assert_eq!((given.text("error"), given.text("mediaType")), (String::new(), "image/own".into()));
}

#[test]
fn files_that_libraries_really_have_come_through_the_queue() {
    let scene = Scene::start();
    for (file, media_type) in [
        ("tiled.jp2", "image/jp2"),
        ("palette-8.tif", "image/tiff"),
        ("g3-2d.tif", "image/tiff"),
        ("lzma.tif", "image/tiff"),
        ("zstd.tif", "image/tiff"),
        ("cielab-8.tif", "image/tiff"),
        ("first-page-is-thumbnail.tif", "image/tiff"),
        ("no-eoi.jpg", "image/jpeg"),
        ("cmyk-marker-stripped.jpg", "image/jpeg"),
        ("gama-linear.png", "image/png"),
    ] {
        let image = scene.put(file, &scene.origin.url(&format!("/awkward/{file}"))).expect(201);
        assert_eq!(image.text("error"), "", "{file}");
        assert_eq!(image.text("mediaType"), media_type, "{file}");
        let storage = scene.owner.client.get(&image.text("storage")).expect(200);
        let thumbnails = scene.app.visitor.get(&image.text("thumbnailInfoJson")).expect(200);
        assert!(thumbnails.number("width") >= 100, "{file}: {}", thumbnails.body);
        assert!(storage.number("thumbnailSize") > 0, "{file}");
    }
    scene.agrees();
}
