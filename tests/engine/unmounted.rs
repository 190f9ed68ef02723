//! A store whose disk is not mounted: there is a folder, and it is empty.

use std::path::PathBuf;

use super::scene::{Hands, Scene};
use crate::support::rows;

/// The store of a service, which is away until it is put back.
struct Unmounted {
    place: PathBuf,
    away: PathBuf,
}

impl Unmounted {
    fn of(scene: &Scene) -> Self {
        let place = scene.app.data.path().join("objects");
        let away = scene.app.data.path().join("away");
        std::fs::rename(&place, &away).expect("a folder");
        std::fs::create_dir(&place).expect("a folder");
        Self { place, away }
    }

    /// Puts the store back; nothing was written in its place.
    #[track_caller]
    fn mount(self) {
        assert_eq!(rows::files(&self.place), Vec::<PathBuf>::new());
        std::fs::remove_dir(&self.place).expect("an empty folder");
        std::fs::rename(&self.away, &self.place).expect("a folder");
    }
}

#[test]
fn a_store_that_is_not_mounted_takes_no_image_and_the_image_is_processed_when_it_is_back() {
    let scene = Scene::without_workers();
    let hands = Hands::of(&scene.app);
    let batch = scene.submit(&["map"], &scene.origin.image(450, 300));
    let unmounted = Unmounted::of(&scene);
    hands.work_one();
    assert_eq!(scene.counts(&batch), (0, 0), "it is tried again");
    unmounted.mount();
    hands.work_next();
    assert_eq!(scene.counts(&batch), (1, 0));
    scene.agrees();
}

#[test]
fn objects_that_are_to_be_removed_are_not_forgotten_while_the_store_is_not_mounted() {
    let scene = Scene::without_workers();
    let hands = Hands::of(&scene.app);
    scene.submit(&["map"], &scene.origin.image(450, 300));
    hands.work_one();
    assert_eq!(scene.objects().len(), 1);
    scene.owner.client.delete(&scene.path("map")).expect(205);
    let unmounted = Unmounted::of(&scene);
    hands.tidy();
    unmounted.mount();
    assert_eq!(scene.objects().len(), 1);
    hands.tidy();
    assert_eq!(scene.objects(), Vec::<String>::new());
}
