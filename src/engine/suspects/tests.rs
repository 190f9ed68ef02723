use super::*;

/// Faults of a job, each after the pause that the one before asked for, until it is given up.
fn attempts(suspects: &Suspects, others_come_through: bool) -> Option<(u32, Duration)> {
    let began = Instant::now();
    let mut now = began;
    for _ in 0..200 {
        match suspects.fault(1, now, GiveUp::default()) {
            Verdict::GivenUp { attempts } => return Some((attempts, now - began)),
            Verdict::Again { pause, .. } => now += pause,
        }
        if others_come_through {
            suspects.settled(2, true, now);
        }
    }
    None
}

#[test]
fn an_image_that_alone_fails_is_given_up_after_a_day_and_tried_less_and_less_until_then() {
    let suspects = Suspects::default();
    let (attempts, time) = attempts(&suspects, true).expect("given up");
    assert!((30..=40).contains(&attempts), "{attempts}");
    assert!(time >= Duration::from_hours(24) && time < Duration::from_hours(26), "{time:?}");
}

#[test]
fn a_fault_that_all_images_meet_is_held_against_none() {
    let suspects = Suspects::default();
    // Others came through before it failed for the first time, and none since.
    suspects.settled(2, true, Instant::now());
    assert_eq!(attempts(&suspects, false), None);
    // An image that is settled by an error of its own proves nothing.
    suspects.settled(2, false, Instant::now() + Duration::from_hours(48));
    assert_eq!(attempts(&suspects, false), None);
}

#[test]
fn what_was_settled_or_lost_is_watched_no_more_and_memory_is_bounded() {
    let (suspects, now) = (Suspects::default(), Instant::now());
    let again = |job| suspects.fault(job, now, GiveUp::default());
    let first = Verdict::Again { attempts: 1, pause: FIRST };
    assert_eq!(again(1), first);
    assert_ne!(again(1), first);
    suspects.settled(1, false, now);
    assert_eq!(again(1), first);
    suspects.forget(1);
    assert_eq!(again(1), first);
    let many = i64::try_from(MAX_WATCHED).expect("few") + 10;
    (2..many).for_each(|job| assert_eq!(again(job), first));
    assert_eq!(suspects.lock().jobs.len(), MAX_WATCHED);
    assert_eq!(
        (again(many - 1), again(many - 1)),
        (Verdict::Again { attempts: 1, pause: FIRST }, first)
    );
}
