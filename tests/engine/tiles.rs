//! Tiles of images: whether there are any, and who says so.

use super::scene::{Hands, Scene};
use crate::support::{rows, until};

#[test]
fn a_check_mends_what_an_image_says_of_its_tiles() {
    let scene = Scene::start();
    scene.put("map", &scene.origin.image(300, 200)).expect(201);
    scene.put("other", &scene.origin.image(300, 200)).expect(201);
    let hands = Hands::of(&scene.app);
    let is_linked = || scene.read("map").body.get("infoJson").is_some();
    let finding = format!(
        "image {}/{}/map is marked wrongly as to whether it has tiles",
        scene.owner.id, scene.space
    );
    assert!(is_linked());
    for (spoilt, is_so) in [
        ("UPDATE images SET has_tiles = FALSE WHERE id = 'map'", true),
        ("UPDATE derivatives SET index = NULL WHERE image = 'map'", false),
    ] {
        rows::execute(&mut scene.app.database(), spoilt);
        assert_eq!(hands.check(), [finding.as_str()]);
        assert_ne!(is_linked(), is_so, "to look is to leave things as they are");
        assert_eq!(hands.mend(), [finding.as_str()]);
        assert_eq!(is_linked(), is_so);
        assert!(hands.check().is_empty());
    }
}

#[test]
fn what_has_a_broken_index_is_not_served_until_a_check_mends_it() {
    let scene = Scene::start();
    scene.put("map", &scene.origin.image(300, 200)).expect(201);
    let info = format!("/iiif-img/{}/{}/map/info.json", scene.owner.id, scene.space);
    let finding = format!(
        "image {}/{}/map has a broken index of tiles, and is sent again",
        scene.owner.id, scene.space
    );
    // Nothing has asked for the image, so that no process remembers how it was.
    let spoilt = "UPDATE derivatives SET index = substring(index for 5) WHERE image = 'map'";
    rows::execute(&mut scene.app.database(), spoilt);
    scene.app.visitor.get(&info).expect(404);
    let hands = Hands::of(&scene.app);
    assert_eq!(hands.mend(), [finding]);
    until("the image to be processed again", || {
        scene.read("map").body.get("ingesting") == Some(&serde_json::json!(false))
    });
    scene.app.visitor.get(&info).expect(200);
    assert!(hands.check().is_empty());
}
