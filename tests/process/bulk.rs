//! Killed in the middle of a job, and started again: it goes on where it was, and nothing is counted twice.

use super::home::Home;
use crate::support::{Owner, rows, until};

const IMAGES: i64 = 6_000;

#[test]
fn a_job_goes_on_after_each_kill_with_exact_counts() {
    let home = Home::new();
    let mut service = home.serve(&[]);
    let mut owner = Owner::make(&service.administrator(), "library");
    let space = owner.space("maps");
    rows::fill(&mut home.connect(), owner.id, space, IMAGES);
    let images = owner.path(&format!("/spaces/{space}/images"));
    let job = owner.client.delete(&format!("{images}?all=true")).expect(202);
    for share in 1..=2 {
        let completed = || owner.client.get(&job.id()).expect(200).number("completed");
        until("a part to be done", || completed() >= share * IMAGES / 4);
        service.kill();
        service = home.serve(&[]);
        owner.client = service.client_of(&owner);
        let mut conn = home.connect();
        // One statement, because it goes on meanwhile.
        let sum = "SELECT (SELECT sum(completed)::bigint FROM bulk_jobs) \
                   + (SELECT count(*) FROM images) AS n";
        assert_eq!(rows::number(&mut conn, sum), IMAGES);
    }
    until("the rest to be done", || {
        owner.client.get(&job.id()).expect(200).body.get("finished").is_some()
    });
    let done = owner.client.get(&job.id()).expect(200);
    assert_eq!((done.number("completed"), done.number("errors")), (IMAGES, 0));
    assert_eq!(owner.client.get(&images).expect(200).number("totalItems"), 0);
    let storage = owner.client.get(&owner.path("/storage")).expect(200);
    assert_eq!(storage.number("numberOfStoredImages"), 0);
    let deleted = "SELECT count(*) AS n FROM changes WHERE kind = 'imageDeleted'";
    assert_eq!(rows::number(&mut home.connect(), deleted), IMAGES);
    assert!(home.says(&["check"]).contains("agree"), "beside the service");
    service.stop();
}
