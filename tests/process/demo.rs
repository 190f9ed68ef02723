//! The service demonstrates itself with its samples.

use super::home::{Home, Running};
use crate::support::{Client, rows};

#[test]
fn the_demonstration_brings_all_samples_through_and_says_what_to_try() {
    let home = Home::new();
    let samples = concat!(env!("CARGO_MANIFEST_DIR"), "/samples");
    let mut command = home.command(&["serve", "--demo", samples]);
    command.env_remove("HYDRIA_PUBLIC_URL").env_remove("HYDRIA_ORIGIN_ALLOW");
    command.env_remove("HYDRIA_BOOTSTRAP_KEY");
    let kept = home.data().join("admin-key");
    let mut service = Running::start(command, "ready at ");
    service.wait_for("curl -o thumbnail.jpg http");
    let said = service.printed();
    let count = std::fs::read_dir(samples).expect("samples").flatten();
    let count = count.filter(|entry| {
        let ending = entry.path().extension().map(|e| e.to_string_lossy().into_owned());
        ending.is_some_and(|ending| ending == "png" || ending == "jpg")
    });
    let count = count.count();
    assert!(said.contains(&format!("{count} of {count} processed, 0 errors")), "{said}");
    let thumbnail =
        said.lines().find_map(|line| line.trim().strip_prefix("curl -o thumbnail.jpg "));
    let thumbnail = thumbnail.expect("an address");
    let base = thumbnail.split("/thumbs/").next().expect("a base");
    let answer = Client::new(base, &service.root(), None).get(thumbnail).expect(200);
    assert_eq!(answer.header("content-type"), Some("image/jpeg"));
    service.stop();
    let kept = std::fs::read_to_string(kept).expect("a key");
    let (_, secret) = kept.trim().split_once(':').expect("a secret");
    assert_eq!(said.matches(secret).count(), 1, "the secret is shown once: {said}");
    // Each command that is named to try is one that the shell can run.
    assert!(said.contains("curl -u \"$(cat '"), "{said}");

    let mut command = home.command(&["serve", "--demo", samples]);
    command.env_remove("HYDRIA_BOOTSTRAP_KEY");
    let mut again = Running::start(command, "ready at ");
    again.wait_for("curl -o thumbnail.jpg http");
    let said = again.printed();
    assert!(said.contains(&format!("All {count} sample images are registered already")), "{said}");
    assert!(!said.contains(secret), "{said}");
    let batches = "SELECT count(*) AS n FROM batches";
    assert_eq!(rows::number(&mut home.connect(), batches), 1);
    again.stop();
}
