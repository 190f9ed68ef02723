use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;

#[test]
fn a_password_is_known_by_its_hash_and_no_other() {
    let hash = hash_password(&Secret::new("correct horse")).expect("hashed");
    assert!(hash.starts_with("$argon2id$"));
    assert!(password_matches(&Secret::new("correct horse"), &hash).expect("its turn"));
    assert!(!password_matches(&Secret::new("battery staple"), &hash).expect("its turn"));
    assert!(!password_matches(&Secret::new("battery staple"), "no hash").expect("its turn"));
}

#[test]
fn no_more_are_at_work_than_there_are_turns_and_each_has_its_own() {
    let turns = Turns::new(2);
    let (at_work, most, done) = (AtomicUsize::new(0), AtomicUsize::new(0), AtomicUsize::new(0));
    std::thread::scope(|threads| {
        for _ in 0..20 {
            threads.spawn(|| {
                let _turn = turns.take(Duration::from_mins(1)).expect("a turn");
                most.fetch_max(at_work.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                std::thread::yield_now();
                at_work.fetch_sub(1, Ordering::SeqCst);
                done.fetch_add(1, Ordering::SeqCst);
            });
        }
    });
    assert!(most.load(Ordering::SeqCst) <= 2);
    assert_eq!(done.load(Ordering::SeqCst), 20);
    let held = [turns.take(PATIENCE), turns.take(PATIENCE)];
    assert!(turns.take(Duration::from_millis(1)).is_none(), "it does not wait for ever");
    drop(held);
    assert!(turns.take(Duration::from_millis(1)).is_some());
}
