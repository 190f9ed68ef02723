use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use super::*;

type Asking<'a> = Pin<Box<dyn Future<Output = Result<Permit<char>, Overloaded>> + 'a>>;

fn ask(limiter: &Limiter<char>, holder: char, amount: usize) -> Asking<'_> {
    let mut asking: Asking<'_> = Box::pin(limiter.acquire_within(holder, amount, 3));
    // Once, so that it stands in the queue.
    if let Poll::Ready(answer) = poll(&mut asking) {
        return Box::pin(std::future::ready(answer));
    }
    asking
}

fn poll(asking: &mut Asking<'_>) -> Poll<Result<Permit<char>, Overloaded>> {
    asking.as_mut().poll(&mut Context::from_waker(Waker::noop()))
}

fn admitted(asking: &mut Asking<'_>) -> Option<Permit<char>> {
    match poll(asking) {
        Poll::Ready(answer) => Some(answer.expect("admitted")),
        Poll::Pending => None,
    }
}

fn limiter(capacity: usize, extra: usize) -> Limiter<char> {
    Limiter::new(Shares { capacity, extra })
}

#[test]
fn those_who_wait_are_admitted_in_turn_customer_by_customer() {
    let limiter = limiter(2, 0);
    let held: Vec<_> =
        (0..2).map(|_| admitted(&mut ask(&limiter, 'a', 1)).expect("free")).collect();
    let mut waiting: Vec<_> =
        ['a', 'a', 'b', 'b', 'c'].iter().map(|&holder| ask(&limiter, holder, 1)).collect();
    let mut order = Vec::new();
    let mut held: VecDeque<_> = held.into();
    while let Some(permit) = held.pop_front() {
        drop(permit);
        for (n, asking) in waiting.iter_mut().enumerate() {
            if !order.contains(&n)
                && let Some(permit) = admitted(asking)
            {
                order.push(n);
                held.push_back(permit);
            }
        }
    }
    assert_eq!(order, [0, 2, 4, 1, 3], "one of each, and then the second of each");
}

#[test]
fn a_customer_that_holds_nothing_does_not_wait_for_one_that_holds_all() {
    let limiter = limiter(4, 1);
    let _slow: Vec<_> = (0..3).map(|_| admitted(&mut ask(&limiter, 'a', 1))).collect();
    let mut more = ask(&limiter, 'a', 1);
    assert!(admitted(&mut more).is_none(), "a reserve is left");
    let _first = admitted(&mut ask(&limiter, 'b', 1)).expect("the reserve");
    let beyond = admitted(&mut ask(&limiter, 'c', 1)).expect("beyond the capacity");
    let mut last = ask(&limiter, 'd', 1);
    assert!(admitted(&mut last).is_none(), "that is all");
    drop(beyond);
    assert!(admitted(&mut last).is_some() && admitted(&mut more).is_none());
}

#[test]
fn one_that_had_its_turn_is_the_first_of_its_customer_to_have_the_next() {
    let limiter = limiter(1, 0);
    let held = admitted(&mut ask(&limiter, 'a', 1)).expect("free");
    let mut waits = ask(&limiter, 'a', 1);
    let (sender, mut again) = oneshot::channel();
    assert!(limiter.enter('a', 1, Turn::First, Task(sender)).expect("never too many").is_empty());
    drop(held);
    let permit = again.try_recv().expect("its turn");
    assert!(admitted(&mut waits).is_none());
    drop(permit);
    assert!(admitted(&mut waits).is_some());
}

#[test]
fn one_that_needs_much_is_not_passed_over_for_ever() {
    let limiter = limiter(10, 0);
    let mut small = admitted(&mut ask(&limiter, 'a', 1)).expect("free");
    let mut large = ask(&limiter, 'b', 10);
    for _ in 0..MAX_PASSED_OVER {
        let next = admitted(&mut ask(&limiter, 'c', 1)).expect("it fits beside");
        small = next;
    }
    let mut next = ask(&limiter, 'c', 1);
    assert!(admitted(&mut next).is_none(), "now it is the turn of the large one");
    drop(small);
    let permit = admitted(&mut large).expect("all is free");
    assert!(admitted(&mut next).is_none());
    drop(permit);
    assert!(admitted(&mut next).is_some());
}

#[test]
fn those_who_give_up_leave_nothing_behind_and_too_many_are_refused() {
    let limiter = limiter(1, 0);
    let held = admitted(&mut ask(&limiter, 'a', 1)).expect("free");
    let waiting: Vec<_> = (0..3).map(|_| ask(&limiter, 'b', 1)).collect();
    let refused = poll(&mut ask(&limiter, 'b', 1));
    assert!(matches!(refused, Poll::Ready(Err(Overloaded))));
    drop(waiting);
    let mut later = ask(&limiter, 'b', 1);
    drop(held);
    assert!(admitted(&mut later).is_some());
    let state = limiter.0.lock();
    assert_eq!((state.total, state.held.len(), state.queues.len()), (0, 0, 0));
}
