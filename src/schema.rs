// @generated automatically by Diesel CLI.

diesel::table! {
    /// IIIF access control services
    auth_services (customer, id) {
        /// Whose
        customer -> Int4,
        /// Last segment of its address
        id -> Text,
        /// Name in public addresses
        name -> Text,
        /// IIIF Auth profile URI
        profile -> Text,
        /// Shown by a viewer before log-in
        label -> Text,
        /// Shown by a viewer before log-in
        description -> Text,
        /// Heading of the page that the service shows
        page_label -> Text,
        /// Text of the page that the service shows
        page_description -> Text,
        /// Text of the button
        call_to_action -> Text,
        /// Life of a session, in seconds
        time_to_live -> Int4,
        /// The service it is nested in; NULL: none
        parent -> Nullable<Text>,
    }
}

diesel::table! {
    /// Submissions to a queue
    batches (customer, id) {
        /// Whose
        customer -> Int4,
        /// Number in addresses, ascending
        id -> Int8,
        /// When it was registered
        submitted -> Timestamptz,
        /// Images as submitted; never changes
        count -> Int4,
        /// When its last image was settled; NULL: not yet
        finished -> Nullable<Timestamptz>,
        /// Whether all its images were sent again in later batches
        superseded -> Bool,
        /// Members settled with success
        completed -> Int4,
        /// Members settled with failure, deleted ones among them
        errors -> Int4,
    }
}

diesel::table! {
    /// Changes and deletions of the images of a space that a filter selects, worked in chunks
    bulk_jobs (customer, id) {
        /// Whose
        customer -> Int4,
        /// Number in its address
        id -> Int8,
        /// Number of the space of the images
        space -> Int4,
        /// delete: the images are deleted; update: they are changed as body says
        action -> Text,
        /// The filter, as the query of the request gave it
        query -> Text,
        /// Members that are changed, and their values, as JSON; NULL: none are
        body -> Nullable<Text>,
        /// Who asked for it, and so makes the changes
        actor -> Text,
        /// When it was asked for; images that were registered later are left alone
        created -> Timestamptz,
        /// Images that matched the filter then
        count -> Int8,
        /// Images that were changed or deleted
        completed -> Int8,
        /// Images that could not be changed
        errors -> Int8,
        /// Why the first of these could not be changed
        messages -> Array<Text>,
        /// Whether it was cancelled before it was done
        cancelled -> Bool,
        /// When it was done, cancelled, or given up; NULL: it is not yet
        finished -> Nullable<Timestamptz>,
        /// Why it was given up; NULL: it was not
        error -> Nullable<Text>,
        /// When the image was registered up to which all are done; NULL: none are
        reached_created -> Nullable<Timestamptz>,
        /// The id of that image
        reached_id -> Nullable<Text>,
        /// When it last had its turn, or may have the next one at the earliest
        turn -> Timestamptz,
        /// Turns in a row that came to nothing because of a fault of the service
        failures -> Int4,
    }
}

diesel::table! {
    /// Changes of images, batches, spaces, roles and named queries, in partitions of a week
    changes (customer, id, created) {
        /// Whose
        customer -> Int4,
        /// Number of the change: greater than those of all changes of the same resource before
        id -> Int8,
        /// When its transaction began
        created -> Timestamptz,
        /// What was changed, and how, such as `imageDeleted`
        kind -> Text,
        /// Number of the space of the image; NULL: it is no image
        space -> Nullable<Int4>,
        /// Last segment of the address of what was changed
        name -> Text,
        /// Who changed it: the path of a key, `command`, or `service`
        actor -> Text,
    }
}

diesel::table! {
    /// How the origins of a customer are fetched
    customer_origin_strategies (customer, id) {
        /// Whose
        customer -> Int4,
        /// Last segment of its address
        id -> Text,
        /// Sought in the origin, ignoring case
        regex -> Text,
        /// Id of the system strategy
        origin_strategy -> Text,
        /// User and password, sealed; NULL: none
        credentials -> Nullable<Bytea>,
        /// Order of trial, lowest first
        position -> Int4,
    }
}

diesel::table! {
    /// The storage policy of each customer
    customer_storages (customer) {
        /// Whose
        customer -> Int4,
        /// The policy in force
        storage_policy -> Text,
    }
}

diesel::table! {
    /// Who owns spaces, images and all else
    customers (id) {
        /// Number in addresses
        id -> Int4,
        /// Name in public addresses, unique ignoring case
        name -> Text,
        /// Name for people, unique ignoring case
        display_name -> Text,
        /// Whether its keys act on every customer
        administrator -> Bool,
        /// Whether the agreement was accepted
        accepted_agreement -> Bool,
        /// When it was made
        created -> Timestamptz,
        /// Last number that the server gave to a space
        last_space -> Int4,
    }
}

diesel::table! {
    /// What belongs to this database: one row
    deployment (id) {
        /// Always 1
        id -> Int4,
        /// Id of the deployment, a UUID; data folders and storages carry it
        cluster -> Text,
        /// Fingerprint (HMAC-SHA-256) of the secret
        secret -> Bytea,
        /// Id of the storage of the objects, a UUID that its marker carries; NULL: none is marked yet
        storage -> Nullable<Text>,
        /// When the row was made
        created -> Timestamptz,
        /// Number of changes up to which nobody may go on, because a restore put an earlier state in their place; 0: it never did
        changes_after -> Int8,
    }
}

diesel::table! {
    /// Keys that hash and seal, a row for each secret that opens them: one, and two while it is being replaced
    deployment_keys (secret) {
        /// Fingerprint (HMAC-SHA-256) of the secret
        secret -> Bytea,
        /// Number of the set of keys, the same in all rows; it grows with each change
        generation -> Int4,
        /// The keys, wrapped by a key that is derived from the secret
        wrapped -> Bytea,
    }
}

diesel::table! {
    /// What was made of images that were processed
    derivatives (customer, space, image) {
        /// Whose
        customer -> Int4,
        /// Number of the space of the image
        space -> Int4,
        /// Last segment of the address of the image
        image -> Text,
        /// Key of the object that holds what was made; NULL: a version before made nothing of it
        object -> Nullable<Text>,
        /// Bytes of the original
        size -> Int8,
        /// Bytes of the object
        derived_size -> Int8,
        /// When the sizes were last found right
        checked -> Timestamptz,
        /// Where tiles and thumbnails stand in the object; NULL: it is of a version before, and holds thumbnails alone
        index -> Nullable<Bytea>,
        /// Whether the image was processed again since, without success
        outdated -> Bool,
    }
}

diesel::table! {
    /// Objects that no row needs any more, to be removed
    discards (object) {
        /// Key of the object
        object -> Text,
        /// From when it may be removed
        due -> Timestamptz,
    }
}

diesel::table! {
    /// Keys by which hosts of SSH are known, by the origin strategy that fetched from them
    host_keys (customer, origin_strategy, host) {
        /// Whose
        customer -> Int4,
        /// Id of the strategy of the customer
        origin_strategy -> Text,
        /// Name or address, and port
        host -> Text,
        /// Hash of the public key, as SHA256:…
        key -> Text,
        /// When it was first seen
        created -> Timestamptz,
    }
}

diesel::table! {
    /// How many images were registered from one moment to the next, in each list of images in its default order; the rows of `tally_changes` are to be added
    image_chunks (customer, space, level, start) {
        /// Whose
        customer -> Int4,
        /// Number of the space whose images are listed; 0: those of all spaces
        space -> Int4,
        /// 0: a chunk of some thousand images; 1: a group of such chunks
        level -> Int4,
        /// First moment of the chunk, a whole second; it ends where the next one of its list and level begins
        start -> Timestamptz,
        /// Images registered in that time
        images -> Int8,
    }
}

diesel::table! {
    /// How images are encoded for delivery
    image_optimisation_policies (id) {
        /// Last segment of its address
        id -> Text,
        /// Name for people
        name -> Text,
        /// What it does, in words
        technical_details -> Text,
        /// Whether every customer may use it
        global -> Bool,
        /// Whether full/max is stored when an image is ingested
        stores_full -> Bool,
    }
}

diesel::table! {
    /// Images: what the customer says of them, and how they came through
    images (customer, space, id) {
        /// Whose
        customer -> Int4,
        /// Number of its space
        space -> Int4,
        /// Last segment of its address, unique in its space
        id -> Text,
        /// When it was registered; images of one batch differ by microseconds, in its order
        created -> Timestamptz,
        /// Address at which it is fetched; an upload of the customer as /uploads/id
        origin -> Text,
        /// Address at which it is fetched the first time, in place of origin, in the same form; NULL: no such place
        initial_origin -> Nullable<Text>,
        /// Longest edge of the whole image that is open without a role, in pixels; -1: no limit
        max_unauthorised -> Int4,
        /// Own roles as /id, others as the URI given
        roles -> Array<Text>,
        /// Free keywords
        tags -> Array<Text>,
        /// Metadata of the customer; NULL: never set
        string1 -> Nullable<Text>,
        /// Metadata of the customer; NULL: never set
        string2 -> Nullable<Text>,
        /// Metadata of the customer; NULL: never set
        string3 -> Nullable<Text>,
        /// Metadata of the customer; NULL: never set
        number1 -> Nullable<Int8>,
        /// Metadata of the customer; NULL: never set
        number2 -> Nullable<Int8>,
        /// Metadata of the customer; NULL: never set
        number3 -> Nullable<Int8>,
        /// Media type, as given or inferred
        media_type -> Text,
        /// How it is encoded
        image_optimisation_policy -> Text,
        /// Which thumbnails it gets
        thumbnail_policy -> Text,
        /// The latest batch that named it; NULL: none did
        batch -> Nullable<Int8>,
        /// When it was last put into the queue; NULL: never
        queued -> Nullable<Timestamptz>,
        /// When a worker last took it; NULL: never
        dequeued -> Nullable<Timestamptz>,
        /// When it was last processed, with or without success; NULL: not yet
        finished -> Nullable<Timestamptz>,
        /// Whether it waits for, or is in, processing
        ingesting -> Bool,
        /// Why the last processing failed; empty: it did not
        error -> Text,
        /// Pixels, orientation applied; 0 until processed
        width -> Int4,
        /// Pixels, orientation applied; 0 until processed
        height -> Int4,
        /// Width, height (pixels) and length (bytes) of each of its thumbnails, in the order of its object
        thumbnails -> Array<Int4>,
        /// Whether a body gave the media type, so that the content does not change it
        media_type_given -> Bool,
        /// Name for people, plain text; NULL: none
        label -> Nullable<Text>,
        /// What has to be shown with the image, plain text; NULL: nothing
        required_statement -> Nullable<Text>,
        /// Licence or rights statement: an absolute IRI; NULL: none
        rights -> Nullable<Text>,
        /// Whether its row of `derivatives` has an index, so that all of it can be served
        has_tiles -> Bool,
    }
}

diesel::table! {
    /// Jobs of each customer, to which the rows of `job_tally_changes` are to be added
    job_tallies (customer) {
        /// Whose
        customer -> Int4,
        /// Jobs there are
        jobs -> Int8,
        /// Jobs settled a second, of late; 0: not measured yet
        rate -> Float8,
        /// When that was measured
        measured -> Timestamptz,
    }
}

diesel::table! {
    /// Changes to the number of jobs, folded into `job_tallies` now and then
    job_tally_changes (customer, id) {
        /// Whose
        customer -> Int4,
        /// Number of the change
        id -> Int8,
        /// Jobs more, or fewer
        jobs -> Int8,
    }
}

diesel::table! {
    /// Images to be processed: at most one job an image
    jobs (id) {
        /// Number; a new one whenever the image is sent again
        id -> Int8,
        /// Whose
        customer -> Int4,
        /// Number of the space of the image
        space -> Int4,
        /// Id of the image
        image -> Text,
        /// Whether a request waits for it: claimed first
        immediate -> Bool,
        /// From when it may be claimed; a claim moves it forward by the lease
        available -> Timestamptz,
        /// Claims so far; with id, the token without which nothing is settled
        attempts -> Int4,
        /// Claims after which a worker that stopped gave it back
        returns -> Int4,
        /// The batch that put it into the queue; NULL: something else did, such as a request that waits
        batch -> Nullable<Int8>,
        /// Whether it is of the priority queue: claimed before the others of its customer, as a rule
        priority -> Bool,
    }
}

diesel::table! {
    /// Answers to requests that named an Idempotency-Key
    kept_answers (customer, actor, key) {
        /// Whose key the request was authenticated by
        customer -> Int4,
        /// Path of that key
        actor -> Text,
        /// What the request named, without its quotes
        key -> Text,
        /// Keyed hash of the method, the request target and the body
        fingerprint -> Bytea,
        /// When it was made; a day later it is forgotten
        created -> Timestamptz,
        /// Until when the request may wait for what makes its answer another one; NULL: the answer stands
        provisional_until -> Nullable<Timestamptz>,
        /// Status of the answer
        status -> Int4,
        /// Headers of the answer, one a line
        headers -> Text,
        /// Body of the answer, before it is compressed
        body -> Bytea,
    }
}

diesel::table! {
    /// Keys with which programs act for a customer
    keys (key) {
        /// Public part, the user name of Basic authentication
        key -> Text,
        /// For whom it acts
        customer -> Int4,
        /// Keyed hash (HMAC-SHA-256) of the secret
        secret -> Bytea,
        /// When it was made
        created -> Timestamptz,
        /// Tells whether it only reads
        read_only -> Bool,
        /// Moment at which it stops working; NULL: never
        expires -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    /// Addresses that log in once with a key, without its secret
    log_in_links (token) {
        /// Keyed hash (HMAC-SHA-256) of the token
        token -> Bytea,
        /// The key
        key -> Text,
        /// Moment at which it was made; ten minutes later it works no longer
        created -> Timestamptz,
    }
}

diesel::table! {
    /// The images of each batch as submitted, and how each came out
    members (customer, batch, space, image) {
        /// Whose
        customer -> Int4,
        /// Number of the batch
        batch -> Int8,
        /// Number of the space of the image
        space -> Int4,
        /// Id of the image, which may be gone
        image -> Text,
        /// completed, failed, deleted or cancelled; NULL: waiting
        outcome -> Nullable<Text>,
    }
}

diesel::table! {
    /// Projections of images under a public name
    named_queries (customer, id) {
        /// Whose
        customer -> Int4,
        /// Last segment of its address
        id -> Text,
        /// Name in public addresses
        name -> Text,
        /// Whether all customers see it
        global -> Bool,
        /// The query: key=value pairs
        template -> Text,
    }
}

diesel::table! {
    /// What a portal user may do
    portal_roles (id) {
        /// Last segment of its address
        id -> Text,
        /// Name for people
        name -> Text,
    }
}

diesel::table! {
    /// People who may log in to the portal
    portal_users (customer, id) {
        /// Whose
        customer -> Int4,
        /// Last segment of its address
        id -> Text,
        /// Log-in name, unique within its customer ignoring case
        email -> Text,
        /// Argon2id hash
        password -> Text,
        /// Whether the user may log in
        enabled -> Bool,
        /// When it was made
        created -> Timestamptz,
        /// Ids of portal roles
        roles -> Array<Text>,
    }
}

diesel::table! {
    /// Caches that are told which images were changed
    purges (url, is_repeat) {
        /// Where they are told
        url -> Text,
        /// Number of the change up to which all were told
        position -> Int8,
        /// Attempts that failed since the last that did not
        failures -> Int4,
        /// From when it may be claimed; a claim moves it forward by the lease
        due -> Timestamptz,
        /// Claims so far: the token without which nothing is settled
        lease -> Int8,
        /// Whether it is the second time, when every process knows of the changes
        is_repeat -> Bool,
    }
}

diesel::table! {
    /// Images whose origins failed for a passing reason since they were last sent, unless they came through
    retries (customer, space, image) {
        /// Whose
        customer -> Int4,
        /// Number of the space of the image
        space -> Int4,
        /// Last segment of the address of the image
        image -> Text,
        /// Attempts that failed
        failures -> Int4,
        /// When the first of them failed
        since -> Timestamptz,
        /// Why the last of them failed; NULL: the image says it as its error
        last_error -> Nullable<Text>,
        /// When it is tried again at the earliest; NULL: an attempt is under way, or the image is given up
        next_try -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    /// Where an auth service learns the roles of a user
    role_providers (customer, auth_service) {
        /// Whose
        customer -> Int4,
        /// The service it belongs to
        auth_service -> Text,
        /// JSON text
        configuration -> Text,
        /// Credentials for the provider, sealed; NULL: none
        credentials -> Nullable<Bytea>,
    }
}

diesel::table! {
    /// What a reader must hold to see a protected image
    roles (customer, id) {
        /// Whose
        customer -> Int4,
        /// Last segment of its address
        id -> Text,
        /// Name
        name -> Text,
        /// Name for readers
        label -> Text,
        /// Other names by which a role provider reports it
        aliases -> Array<Text>,
        /// The service through which a reader gets it; NULL: none
        auth_service -> Nullable<Text>,
    }
}

diesel::table! {
    /// Log-ins of people that are under way
    sessions (token) {
        /// Keyed hash (HMAC-SHA-256) of the token in the cookie
        token -> Bytea,
        /// Number of the customer for which it acts
        customer -> Int4,
        /// Tells whether the account is a portal user, and no key
        is_person -> Bool,
        /// The key, or the id of the portal user
        account -> Text,
        /// Moment at which it began; twelve hours later it is over
        created -> Timestamptz,
        /// Moment of its last renewal; half an hour later it is over
        used -> Timestamptz,
    }
}

diesel::table! {
    /// Spaces whose storage is limited beside that of their customer
    space_storages (customer, space) {
        /// Whose
        customer -> Int4,
        /// Number of the space
        space -> Int4,
        /// How much it may store
        storage_policy -> Text,
    }
}

diesel::table! {
    /// Partitions of a customer's images
    spaces (customer, id) {
        /// Whose
        customer -> Int4,
        /// Number in addresses, counted per customer
        id -> Int4,
        /// Name for people
        name -> Text,
        /// When it was made
        created -> Timestamptz,
        /// Tags of new images that name none
        default_tags -> Array<Text>,
        /// Roles of new images that name none, stored as images store them: / and the id
        default_roles -> Array<Text>,
        /// maxUnauthorised of new images that name none, in pixels; -1: no limit
        default_max_unauthorised -> Int4,
        /// Required statement of new images that give none; NULL: none
        default_required_statement -> Nullable<Text>,
        /// Rights of new images that give none: an absolute IRI; NULL: none
        default_rights -> Nullable<Text>,
    }
}

diesel::table! {
    /// How much a customer may store
    storage_policies (id) {
        /// Last segment of its address
        id -> Text,
        /// Images, at most
        maximum_number_of_stored_images -> Int8,
        /// Bytes of origins, thumbnails apart, at most
        maximum_total_size_of_stored_images -> Int8,
    }
}

diesel::table! {
    /// Totals of each space, to which the rows of `tally_changes` are to be added
    tallies (customer, space) {
        /// Whose
        customer -> Int4,
        /// Number of the space; 0: uploads
        space -> Int4,
        /// Images in it
        images -> Int8,
        /// Images ever removed from it
        removals -> Int8,
        /// Bytes of the origins of its images, or of uploads
        size -> Int8,
        /// Bytes of the derivatives of its images
        thumbnail_size -> Int8,
        /// When they last changed
        changed -> Timestamptz,
    }
}

diesel::table! {
    /// Changes to totals, folded into tallies now and then: writers never wait for one another
    tally_changes (customer, id) {
        /// Whose
        customer -> Int4,
        /// Number of the change
        id -> Int8,
        /// Number of the space; 0: uploads
        space -> Int4,
        /// Images more, or fewer
        images -> Int8,
        /// Images removed
        removals -> Int8,
        /// Bytes of origins, or of uploads, more or fewer
        size -> Int8,
        /// Bytes of derivatives more, or fewer
        thumbnail_size -> Int8,
        /// When
        changed -> Timestamptz,
        /// Second in which the images were registered; NULL: the change is of totals alone
        registered -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    /// Which thumbnails an image gets
    thumbnail_policies (id) {
        /// Last segment of its address
        id -> Text,
        /// Name for people
        name -> Text,
        /// Longest edges, in pixels, largest first
        sizes -> Array<Int4>,
    }
}

diesel::table! {
    /// The parts of uploads, each an object
    upload_parts (customer, upload, start) {
        /// Number of the customer of the upload
        customer -> Int4,
        /// Id of the upload
        upload -> Text,
        /// Place of its first byte in the upload
        start -> Int8,
        /// Bytes
        length -> Int8,
        /// Number of the object, which is never used twice
        object -> Int8,
    }
}

diesel::table! {
    /// Originals that customers send in parts
    uploads (customer, id) {
        /// Number of the customer that sends it
        customer -> Int4,
        /// Last segment of its address
        id -> Text,
        /// Moment at which it was made
        created -> Timestamptz,
        /// Bytes that it has once it is finished
        length -> Int8,
        /// Bytes that were stored so far
        received -> Int8,
        /// Upload-Metadata as it was sent; empty: none
        metadata -> Text,
        /// Media type that its first bytes tell; NULL: none that is read
        media_type -> Nullable<Text>,
        /// Names the request that may add to it; NULL: none has begun
        writer -> Nullable<Text>,
        /// Moment from which it is removed unless an image names it; NULL: one does
        expires -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    /// The last attempts to send a message to each webhook
    webhook_deliveries (customer, webhook, id) {
        /// Whose
        customer -> Int4,
        /// Id of the webhook
        webhook -> Text,
        /// Number of the attempt, ascending
        id -> Int8,
        /// When it was over
        created -> Timestamptz,
        /// Id of the message, the same in all attempts to send it
        message -> Text,
        /// Status of the answer; NULL: there was none
        status -> Nullable<Int4>,
        /// Why there was no answer; NULL: there was one
        error -> Nullable<Text>,
        /// How long it took, in milliseconds
        duration -> Int4,
    }
}

diesel::table! {
    /// Where changes are sent, and how far they were
    webhooks (customer, id) {
        /// Whose
        customer -> Int4,
        /// Last segment of its address
        id -> Text,
        /// Where changes are sent
        url -> Text,
        /// Kinds of changes that are sent
        kinds -> Array<Text>,
        /// Whether changes are sent
        enabled -> Bool,
        /// Why it was switched off; NULL: the service did not
        error -> Nullable<Text>,
        /// Key of the signatures, sealed
        secret -> Bytea,
        /// When it was made
        created -> Timestamptz,
        /// Number of the change up to which all were sent
        position -> Int8,
        /// Number of the last change of the message that is sent until it is received; NULL: none is
        message_end -> Nullable<Int8>,
        /// Attempts that failed since the last that did not
        failures -> Int4,
        /// From when it may be claimed; a claim moves it forward by the lease
        due -> Timestamptz,
        /// Claims so far: the token without which nothing is settled
        lease -> Int8,
    }
}

diesel::joinable!(auth_services -> customers (customer));
diesel::joinable!(batches -> customers (customer));
diesel::joinable!(bulk_jobs -> customers (customer));
diesel::joinable!(customer_origin_strategies -> customers (customer));
diesel::joinable!(customer_storages -> customers (customer));
diesel::joinable!(customer_storages -> storage_policies (storage_policy));
diesel::joinable!(derivatives -> customers (customer));
diesel::joinable!(host_keys -> customers (customer));
diesel::joinable!(image_chunks -> customers (customer));
diesel::joinable!(job_tallies -> customers (customer));
diesel::joinable!(job_tally_changes -> customers (customer));
diesel::joinable!(kept_answers -> customers (customer));
diesel::joinable!(keys -> customers (customer));
diesel::joinable!(named_queries -> customers (customer));
diesel::joinable!(portal_users -> customers (customer));
diesel::joinable!(retries -> customers (customer));
diesel::joinable!(role_providers -> customers (customer));
diesel::joinable!(roles -> customers (customer));
diesel::joinable!(sessions -> customers (customer));
diesel::joinable!(space_storages -> storage_policies (storage_policy));
diesel::joinable!(spaces -> customers (customer));
diesel::joinable!(tallies -> customers (customer));
diesel::joinable!(tally_changes -> customers (customer));
diesel::joinable!(upload_parts -> customers (customer));
diesel::joinable!(uploads -> customers (customer));
diesel::joinable!(webhooks -> customers (customer));

diesel::allow_tables_to_appear_in_same_query!(
    auth_services,
    batches,
    bulk_jobs,
    changes,
    customer_origin_strategies,
    customer_storages,
    customers,
    deployment,
    deployment_keys,
    derivatives,
    discards,
    host_keys,
    image_chunks,
    image_optimisation_policies,
    images,
    job_tallies,
    job_tally_changes,
    jobs,
    kept_answers,
    keys,
    log_in_links,
    members,
    named_queries,
    portal_roles,
    portal_users,
    purges,
    retries,
    role_providers,
    roles,
    sessions,
    space_storages,
    spaces,
    storage_policies,
    tallies,
    tally_changes,
    thumbnail_policies,
    upload_parts,
    uploads,
    webhook_deliveries,
    webhooks,
);
