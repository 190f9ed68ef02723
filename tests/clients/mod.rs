//! Clients that others wrote, as their users run them: each script beside this file is a process of its own.
//!
//! `script/clients` installs them; `tests/clients/package.json` and `requirements*.txt` name their versions.

use std::path::Path;
use std::process::{Command, Output};
use std::sync::OnceLock;

use hydria::cli::serve::Options;

use crate::support::{App, Library, Owner};

/// Where the clients are, once they are installed.
pub const FOLDER: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/clients");

/// The one that tries a service by its OpenAPI document.
const OPENAPI: &str = "run.py";

/// The one that makes a client of it.
const GENERATED: &str = "generated.py";

/// The validators of the Image API.
const VALIDATOR: &str = "validator.py";
const VALIDATOR_NG: &str = "validator_ng.py";

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

/// Sees that the clients are installed, which costs little when they are.
pub fn install() {
    static INSTALLED: OnceLock<()> = OnceLock::new();
    INSTALLED.get_or_init(|| {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("script/clients");
        let output = Command::new(script).arg(FOLDER).output().expect("bash runs");
        assert!(output.status.success(), "script/clients: {}", said(&output));
    });
}

/// Runs a script to its end; the test fails where the script does.
#[track_caller]
fn run(script: &str, root: &str, (key, secret): (&str, &str)) {
    install();
    let folder = Path::new(FOLDER);
    let file = folder.join(script);
    let mut command = if file.extension().is_some_and(|e| e == "py") {
        let environment = match script {
            OPENAPI => "python-openapi",
            GENERATED => "python-generator",
            VALIDATOR => "python-validator",
            VALIDATOR_NG => "python-validator-ng",
            _ => "python",
        };
        Command::new(folder.join(environment).join("bin/python"))
    } else {
        let mut node = Command::new("node");
        // The service listens on 127.0.0.1; Node.js 18 tries nothing but the first address of localhost.
        node.arg("--dns-result-order=ipv4first");
        node
    };
    command.arg(file).args([root, &format!("{key}:{secret}")]);
    let output = command.env("NO_PROXY", "*").output().expect("the interpreter runs");
    assert!(output.status.success(), "{script}: {}", said(&output));
}

/// A client walks from the root through the pages of a customer's spaces, and writes.
#[track_caller]
fn walk(script: &str) {
    let app = App::without_workers();
    let owner = app.customer("library");
    for name in ["maps", "letters", "prints", "photographs", "drawings"] {
        owner.space(name);
    }
    let Owner { key, secret, .. } = &owner;
    run(script, &app.base, (key, secret));
}

#[test]
fn alcaeus_walks_and_writes_by_the_documentation() {
    walk("alcaeus.mjs");
}

#[test]
fn heracles_walks_and_writes_by_inline_operations() {
    walk("heracles.mjs");
}

#[test]
fn the_parser_of_api_platform_understands_the_documentation() {
    walk("api-doc-parser.mjs");
}

#[test]
fn pyld_walks_and_writes_by_iris() {
    walk("pyld_walk.py");
}

#[test]
fn hydra_python_core_and_rdflib_understand_documentation_and_data() {
    walk("documentation.py");
}

#[test]
fn every_serialisation_is_the_same_graph_to_parsers_of_others() {
    walk("representations.mjs");
}

#[test]
fn jsonld_js_and_heracles_write_bodies_that_know_meanings_and_no_names() {
    walk("bodies.mjs");
}

#[test]
fn alcaeus_revalidates_by_itself_and_overwrites_nothing_unseen() {
    walk("conditions.mjs");
}

#[test]
fn jsonld_js_finds_no_fault_in_what_any_link_leads_to() {
    let library = Library::new();
    let Library { app, owner, .. } = &library;
    for asking in [("administrator", "its-secret"), (&*owner.key, &*owner.secret)] {
        run("judge.mjs", &app.base, asking);
    }
}

#[test]
fn schemathesis_meets_nothing_that_the_openapi_document_does_not_tell() {
    let options = Options { no_worker: true, ..Options::default() };
    let app = App::start_with(&[("HYDRIA_WAIT_SECONDS", "0")], options);
    run(OPENAPI, &app.base, ("administrator", "its-secret"));
}

#[test]
fn a_generated_client_reads_and_writes_every_class_and_changes_only_what_it_is_told_to() {
    let options = Options { no_worker: true, ..Options::default() };
    let app = App::start_with(&[("HYDRIA_WAIT_SECONDS", "0")], options);
    run(GENERATED, &app.base, ("administrator", "its-secret"));
}

/// A script registers an image, which it offers as its origin, and tries its services.
#[track_caller]
fn try_image_services(script: &str) {
    let app = App::start();
    let owner = app.customer("library");
    run(script, &app.base, (&owner.key, &owner.secret));
}

#[test]
fn iiif_validator_finds_no_fault_in_either_version_at_any_level() {
    try_image_services(VALIDATOR);
}

#[test]
fn iiif_validator_ng_finds_no_fault_in_what_either_description_promises() {
    try_image_services(VALIDATOR_NG);
}

#[test]
fn openseadragon_draws_an_image_from_its_descriptions_alone() {
    try_image_services("openseadragon.mjs");
}
