use futures_util::{FutureExt as _, StreamExt as _, future, stream};

use super::*;

type Part = Result<web::Bytes, PayloadError>;

fn part(size: usize) -> web::Bytes {
    web::Bytes::from(vec![b'x'; size])
}

#[test]
fn a_body_that_is_framed_wrongly_is_answered_while_something_else_is_waited_for() {
    let parts = [Ok(part(2)), Err(PayloadError::EncodingCorrupted)];
    let ahead = Ahead::new(stream::iter(parts));
    let attempt = future::pending::<Result<(), Problem>>();
    let answer = ahead.while_readable(attempt).now_or_never();
    assert!(matches!(answer, Some(Err(Problem::Unreadable(_)))), "{answer:?}");
}

#[test]
fn what_was_read_ahead_is_part_of_the_body_and_no_more_than_a_little_is() {
    let parts: Vec<Part> = (0..8).map(|_| Ok(part(MAX_AHEAD_BYTES / 2))).collect();
    let ahead = Ahead::new(stream::iter(parts).chain(stream::iter([Ok(part(3))])));
    let attempt = future::pending::<Result<(), Problem>>();
    assert!(ahead.while_readable(attempt).now_or_never().is_none());
    assert_eq!(ahead.0.borrow().bytes, MAX_AHEAD_BYTES);
    let all = async {
        let parts: Vec<Part> = ahead.parts().collect().await;
        Ok(parts.into_iter().map(|part| part.map_or(0, |part| part.len())).sum::<usize>())
    };
    let read = ahead.while_readable(all).now_or_never().expect("no waiting");
    assert_eq!(read.expect("a body"), MAX_AHEAD_BYTES * 4 + 3);
}
