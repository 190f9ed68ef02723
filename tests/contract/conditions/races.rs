//! Those who write at the same moment, on the same state: one of them does.

use std::sync::Barrier;

use serde_json::json;

use super::{change, changeable, now, sent};
use crate::contract::families::each_family;
use crate::contract::world::World;
use crate::support::{Answer, Client};

/// Who writes at once.
const WRITERS: usize = 4;

/// The statuses of requests that are sent at the same moment, sorted.
fn at_once(send: impl Fn(usize) -> Answer + Sync) -> Vec<u16> {
    let barrier = Barrier::new(WRITERS);
    let mut statuses: Vec<u16> = std::thread::scope(|threads| {
        let writers: Vec<_> = (0..WRITERS)
            .map(|n| {
                let (barrier, send) = (&barrier, &send);
                threads.spawn(move || {
                    barrier.wait();
                    send(n).status
                })
            })
            .collect();
        writers.into_iter().map(|writer| writer.join().expect("no panic")).collect()
    });
    statuses.sort_unstable();
    statuses
}

#[test]
fn of_those_who_change_one_state_exactly_one_succeeds() {
    let world = World::new();
    for round in 0..3 {
        for (path, client, change) in changeable(&world) {
            let own = now(&client, &path);
            let bodies: Vec<_> = (0..WRITERS).map(|_| change(&world)).collect();
            let statuses =
                at_once(|n| sent(&client, "PATCH", &path, &[("If-Match", &own)], Some(&bodies[n])));
            assert_eq!(statuses, [205, 412, 412, 412], "round {round}, {path}");
        }
        let provider = world.owner.path("/authServices/clickthrough/roleProvider");
        world.owner.client.delete(&provider).expect(205);
    }
}

#[test]
fn of_those_who_make_one_thing_exactly_one_makes_it() {
    let world = World::new();
    each_family(|family| {
        let client: &Client = world.writer(family);
        for _ in 0..3 {
            let path = world.item(family, world.number());
            let bodies: Vec<_> = (0..WRITERS).map(|_| change(&world, family)).collect();
            let statuses = at_once(|n| {
                sent(client, "PUT", &path, &[("If-None-Match", "*")], Some(&bodies[n]))
            });
            assert_eq!(statuses, [201, 412, 412, 412], "{path}");
        }
    });
}

#[test]
fn of_those_who_replace_or_remove_one_state_exactly_one_succeeds() {
    let world = World::new();
    each_family(|family| {
        let client = world.writer(family);
        for _ in 0..3 {
            let (path, _) = world.made(family);
            let own = now(client, &path);
            let bodies: Vec<_> = (0..WRITERS).map(|_| change(&world, family)).collect();
            let statuses = at_once(|n| match n {
                0 => sent(client, "DELETE", &path, &[("If-Match", &own)], None),
                n => sent(client, "PUT", &path, &[("If-Match", &own)], Some(&bodies[n])),
            });
            let removed = statuses[0] == 205;
            assert!(removed || statuses[0] == 200, "{path}: {statuses:?}");
            assert_eq!(statuses[1..], [412; WRITERS - 1], "{path}");
            assert_eq!(client.get(&path).status, if removed { 404 } else { 200 }, "{path}");
        }
    });
}

#[test]
fn of_those_who_replace_one_set_exactly_one_succeeds() {
    let world = World::new();
    let path = world.path("/customers/{customer}/spaces/{space}/defaultRoles");
    let client = &world.owner.client;
    for n in 0..=WRITERS {
        let role = json!({ "id": format!("role{n}"), "name": format!("role {n}") });
        client.post(&world.owner.path("/roles"), &role).expect(201);
    }
    for _ in 0..5 {
        client.post(&path, &json!([format!("role{WRITERS}")])).expect(200);
        let own = now(client, &path);
        let statuses = at_once(|n| {
            let set = json!([format!("role{n}")]);
            sent(client, "POST", &path, &[("If-Match", &own)], Some(&set))
        });
        assert_eq!(statuses, [200, 412, 412, 412]);
    }
}
