//! A service in which there is at least one of everything, images processed by real workers.

use diesel::{Connection as _, PgConnection};
use hydria::cli::serve::Options;
use hydria::counters::roll_up::{self, Sizes};
use serde_json::json;

use super::{App, Origin, Owner, rows, until};

pub struct Library {
    pub app: App,
    pub owner: Owner,
    _origin: Origin,
}

/// Sees to it that what waits of a customer takes a while, by how fast it went so far.
fn estimate(conn: &mut PgConnection, customer: i32) {
    until("changes of jobs to be added", || {
        let roll_up = |conn: &mut _| roll_up::roll_up(conn, customer, Sizes::DEFAULT);
        conn.transaction(roll_up).expect("a roll-up");
        rows::number(conn, "SELECT count(*) AS n FROM job_tally_changes") == 0
    });
    rows::execute(conn, "UPDATE job_tallies SET rate = 0.001");
}

impl Library {
    pub fn new() -> Self {
        Self::with(&[])
    }

    /// The same in a service with other settings.
    pub fn with(settings: &[(&str, &str)]) -> Self {
        let settings: Vec<_> = settings.iter().copied().chain([("HYDRIA_RETRIES", "2")]).collect();
        let (app, origin) = (App::start_with(&settings, Options::default()), Origin::start());
        let owner = app.customer("library");
        let (client, path) = (&owner.client, |below: &str| owner.path(below));

        let user = json!({ "email": "reader@example.org", "password": "long enough" });
        client.put(&path("/portalUsers/reader"), &user).expect(201);
        let roles = json!({ "member": ["admin", "readonly"] });
        client.post(&path("/portalUsers/reader/roles"), &roles).expect(200);
        let query = json!({ "template": "s1=p1&n1=p2" });
        client.put(&path("/namedQueries/by-shelf"), &query).expect(201);
        let strategy = json!({ "regex": "^ftp", "originStrategy": "default" });
        client.put(&path("/originStrategies/others"), &strategy).expect(201);
        let service = json!({ "label": "Log in", "profile": "http://iiif.io/api/auth/1/login" });
        client.put(&path("/authServices/login"), &service).expect(201);
        let token = json!({ "name": "token" });
        client.post(&path("/authServices/login/nestedServices"), &token).expect(201);
        client.put(&path("/authServices/login/roleProvider"), &json!({})).expect(201);
        let role = json!({ "aliases": ["crew"], "authService": "login" });
        client.put(&path("/roles/staff"), &role).expect(201);

        // Switched off, because nobody is there.
        let webhook =
            json!({ "id": "hook", "url": "https://example.org/changes", "enabled": false });
        client.post(&path("/webhooks"), &webhook).expect(201);
        let error = "UPDATE webhooks SET error = '20 attempts in a row failed'";
        rows::execute(&mut app.database(), error);
        rows::execute(
            &mut app.database(),
            "INSERT INTO webhook_deliveries (customer, webhook, message, status, error, duration) \
             SELECT customer, id, 'msg_1', 204, NULL, 7 FROM webhooks UNION ALL \
             SELECT customer, id, 'msg_2', NULL, 'there was no answer within 10 s', 10000 FROM webhooks",
        );

        let space = owner.space("maps");
        let below = path(&format!("/spaces/{space}"));
        let defaults = json!({ "member": ["staff", "clickthrough"] });
        let immediate = json!({ "origin": origin.image(900, 700), "tags": ["a map"] });
        client.put(&format!("{below}/images/immediate"), &immediate).expect(201);
        client.post(&format!("{below}/defaultRoles"), &defaults).expect(200);
        let defaults = json!({
            "defaultRequiredStatement": "The Library", "defaultRights": "https://example.org/rights",
        });
        client.patch(&below, &defaults).expect(205);
        // The first is not finished, and has its turn tomorrow.
        rows::execute(
            &mut app.database(),
            "INSERT INTO bulk_jobs (customer, space, action, query, count, turn) \
             SELECT customer, id, 'delete', 'string1=none', 3, now() + interval '1 day' FROM spaces",
        );
        rows::execute(
            &mut app.database(),
            "INSERT INTO bulk_jobs (customer, space, action, query, count, completed, errors, messages, \
             finished, error) SELECT customer, id, 'update', '', 3, 1, 1, '{it grew}', now(), \
             'internal fault' FROM spaces",
        );
        let image = |id: &str, origin: String| {
            json!({
                "id": id, "space": space, "origin": origin, "string1": "shelf", "number1": 7,
                "roles": ["https://elsewhere.example.org/role", format!("{}{}", app.base, path("/roles/staff"))],
            })
        };
        let batch = owner
            .submit(&[
                image("good", origin.image(1200, 800)),
                image("missing", origin.url("/missing/x.jpg")),
                json!({ "id": "open", "space": space, "origin": origin.image(800, 600), "roles": [],
                        "label": "An open page" }),
                json!({ "id": "partly", "space": space, "origin": origin.image(600, 800),
                        "maxUnauthorised": 400 }),
            ])
            .expect(201)
            .id();
        owner.finished(&batch);
        owner.submit(&[image("again", origin.url("/failing/503-3600/9/1x1/x.png"))]).expect(201);
        until("an image that is tried again later", || {
            client.get(&format!("{below}/images/again")).expect(200).body.get("nextTry").is_some()
        });
        estimate(&mut app.database(), i32::try_from(owner.id).expect("a number"));
        Self { app, owner, _origin: origin }
    }
}
