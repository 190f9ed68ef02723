//! The imports between modules: each layer uses only those before it, and no two files use each other.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Layers from the bottom up; modules of one layer may use one another, but not in a circle.
const LAYERS: [&[&str]; 12] = [
    &[
        "config",
        "database",
        "derivation",
        "derivatives",
        "fairness",
        "hydra",
        "iiif",
        "imaging",
        "metrics",
        "origins",
        "sandbox",
        "schema",
        "secrets",
        "storage",
        "traces",
    ],
    &["resource"],
    &["addresses"],
    &["counters", "journal", "queue", "uploads"],
    &["classes"],
    &["auth"],
    &["backup"],
    &["delivery"],
    &["engine"],
    &["web"],
    &["cli"],
    &["main"],
];

/// Crates of the workspace that are layers as well, because they know nothing of what stands above them.
const OWN_CRATES: [&str; 2] = ["imaging", "sandbox"];

/// Crates that only some modules may name.
const RESERVED: [(&str, &[&str]); 26] = [
    ("actix_http", &["web"]),
    ("actix_server", &["web"]),
    ("actix_service", &["web"]),
    ("actix_web", &["web"]),
    ("argon2", &["secrets"]),
    ("chacha20poly1305", &["secrets"]),
    ("clap", &["cli"]),
    (
        "diesel",
        &[
            "database", "schema", "resource", "counters", "journal", "queue", "uploads", "classes",
            "auth", "engine", "backup",
        ],
    ),
    ("image", &["imaging"]),
    ("json_ld", &["hydra"]),
    ("mozjpeg", &["imaging"]),
    ("object_store", &["origins", "storage"]),
    ("opentelemetry", &["traces"]),
    ("opentelemetry_otlp", &["traces"]),
    ("opentelemetry_sdk", &["traces"]),
    ("oxrdf", &["hydra"]),
    ("oxttl", &["hydra"]),
    (
        "percent_encoding",
        &["classes", "cli", "database", "hydra", "iiif", "origins", "resource", "web"],
    ),
    ("prometheus", &["metrics"]),
    ("quick_cache", &["delivery", "web"]),
    ("r2d2", &["database"]),
    ("russh", &["origins"]),
    ("russh_sftp", &["origins"]),
    ("suppaftp", &["origins"]),
    ("reqwest", &["origins", "cli"]),
    (
        "tokio",
        &[
            "auth",
            "cli",
            "database",
            "delivery",
            "derivation",
            "engine",
            "fairness",
            "hydra",
            "journal",
            "origins",
            "storage",
            "web",
        ],
    ),
];

/// A module as the segments of its path, such as `["web", "answer"]`.
type Module = Vec<String>;

/// A source file.
struct Source {
    path: PathBuf,
    code: String,
    /// Paths that it names, in `use` declarations and elsewhere; each begins with a crate, `crate`, `super` or `self`,
    /// or a module of its own.
    paths: BTreeSet<Vec<String>>,
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
}

/// Returns every source of the library and of the crates that are layers, by its module, without comments and unit
/// tests.
fn sources() -> BTreeMap<Module, Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut sources = sources_below(&root.join("src"), &[]);
    sources.remove(["lib".to_owned()].as_slice());
    for name in OWN_CRATES {
        let name = name.to_owned();
        let top = root.join("crates").join(&name).join("src");
        let mut own = sources_below(&top, std::slice::from_ref(&name));
        let crate_root = own.remove([name.clone(), "lib".to_owned()].as_slice());
        own.insert(vec![name.clone()], crate_root.expect("a root"));
        for source in own.values_mut() {
            let absolute = |path: &Vec<String>| match path.as_slice() {
                [first, rest @ ..] if first == "crate" => {
                    [&["crate".to_owned(), name.clone()], rest].concat()
                }
                path => path.to_vec(),
            };
            source.paths = source.paths.iter().map(absolute).collect();
        }
        sources.append(&mut own);
    }
    sources
}

/// Returns the sources below a folder, each by its module within another.
fn sources_below(top: &Path, within: &[String]) -> BTreeMap<Module, Source> {
    let mut found = Vec::new();
    files(top, &mut found);
    let sources = found.into_iter().map(|path| {
        let module = path.strip_prefix(top).expect("below src").with_extension("");
        let segments = module.iter().map(|part| part.to_string_lossy().into_owned());
        let segments = segments.filter(|part| part != "mod");
        let module: Module = within.iter().cloned().chain(segments).collect();
        let text = fs::read_to_string(&path).expect("a source");
        let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
        let lines = text.lines().filter(|line| !line.trim_start().starts_with("//"));
        let code = lines.collect::<Vec<_>>().join("\n");
        let paths = paths(&code);
        (module, Source { path, code, paths })
    });
    sources.collect()
}

/// Returns the paths that a source names.
fn paths(code: &str) -> BTreeSet<Vec<String>> {
    let mut found = BTreeSet::new();
    for tree in trees(code, "use ") {
        expand(&[], &tree, &mut found);
    }
    for start in ["crate::", "super::", "self::"] {
        for (at, _) in code.match_indices(start) {
            let end = code[at..].find(|c: char| !c.is_ascii_alphanumeric() && !"_:".contains(c));
            let path = &code[at..end.map_or(code.len(), |end| at + end)];
            let segments = path.split("::").filter(|part| !part.is_empty());
            found.insert(segments.map(str::to_owned).collect());
        }
    }
    found
}

/// Returns what stands between a keyword at the start of a line and the semicolon.
fn trees(code: &str, keyword: &str) -> Vec<String> {
    let at_start = |at: &usize| {
        code[..*at].rsplit('\n').next().is_some_and(|before| {
            let before = before.trim();
            before.is_empty() || (before.starts_with("pub") && !before.contains(' '))
        })
    };
    let starts = code.match_indices(keyword).map(|(at, _)| at).filter(at_start);
    starts
        .map(|at| code[at + keyword.len()..].split(';').next().unwrap_or_default().to_owned())
        .collect()
}

/// Adds the paths of a use tree, such as `a::{b, c::{d, e}}`.
fn expand(prefix: &[String], tree: &str, found: &mut BTreeSet<Vec<String>>) {
    let tree = tree.trim();
    let name: String =
        tree.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
    if let Some(list) = tree.strip_prefix('{') {
        let list = list.strip_suffix('}').expect("a closed list");
        let (mut depth, mut from) = (0_i32, 0);
        for (at, c) in list.char_indices().chain([(list.len(), ',')]) {
            match c {
                '{' => depth += 1,
                '}' => depth -= 1,
                ',' if depth == 0 => {
                    expand(prefix, &list[from..at], found);
                    from = (at + 1).min(list.len());
                }
                _ => {}
            }
        }
    } else if let Some(rest) = tree.strip_prefix(&name).and_then(|rest| rest.strip_prefix("::")) {
        expand(&[prefix, &[name]].concat(), rest, found);
    } else if !name.is_empty() && name != "self" {
        found.insert([prefix, &[name]].concat());
    } else if !prefix.is_empty() {
        found.insert(prefix.to_vec());
    }
}

/// Returns a path from the root of the crate, if it is of the crate.
fn absolute(
    module: &[String],
    path: &[String],
    sources: &BTreeMap<Module, Source>,
) -> Option<Vec<String>> {
    match path {
        [first, rest @ ..] if first == "crate" => Some(rest.to_vec()),
        [first, ..] if OWN_CRATES.contains(&first.as_str()) => Some(path.to_vec()),
        [first, rest @ ..] if first == "self" => Some([module, rest].concat()),
        [first, ..] if first == "super" => {
            let ups = path.iter().take_while(|part| *part == "super").count();
            let (above, rest) = (module.len().checked_sub(ups)?, path.get(ups..)?);
            Some([module.get(..above)?, rest].concat())
        }
        [first, ..] => {
            let child = [module, std::slice::from_ref(first)].concat();
            sources.contains_key(&child).then(|| [module, path].concat())
        }
        [] => None,
    }
}

/// Returns the module of the file in which a path is defined, following re-exports.
fn definition(
    path: &[String],
    sources: &BTreeMap<Module, Source>,
    exports: &BTreeMap<Vec<String>, Vec<String>>,
) -> Option<Module> {
    let mut path = path.to_vec();
    for _ in 0..8 {
        let length =
            (1..=path.len()).rev().find(|length| sources.contains_key(&path[..*length]))?;
        let name = path.get(..length + 1).unwrap_or_default();
        match exports.get(name) {
            Some(origin) => path.clone_from(origin),
            None => return Some(path[..length].to_vec()),
        }
    }
    None
}

/// Returns for every module the others that it uses.
///
/// A module and those within it are one unit to the others: what stands between a file and its own submodules is
/// not counted.
fn uses(sources: &BTreeMap<Module, Source>) -> BTreeMap<&Module, BTreeSet<Module>> {
    let mut exports = BTreeMap::new();
    for (module, source) in sources {
        let mut found = BTreeSet::new();
        for tree in
            trees(&source.code, "use ").into_iter().filter(|_| source.code.contains("pub use"))
        {
            expand(&[], &tree, &mut found);
        }
        for path in found {
            let origin = absolute(module, &path, sources);
            let (Some(origin), Some(name)) = (origin, path.last()) else { continue };
            let export = [module.as_slice(), std::slice::from_ref(name)].concat();
            if export != origin && !sources.contains_key(&export) {
                exports.insert(export, origin);
            }
        }
    }
    let used = |module: &Module, source: &Source| {
        let paths = source.paths.iter().filter_map(|path| absolute(module, path, sources));
        let used = paths.filter_map(|path| definition(&path, sources, &exports));
        used.filter(|used| !used.starts_with(module) && !module.starts_with(used)).collect()
    };
    sources.iter().map(|(module, source)| (module, used(module, source))).collect()
}

fn layer(module: &str) -> Option<usize> {
    LAYERS.iter().position(|modules| modules.contains(&module))
}

#[test]
fn imports_go_downward_only() {
    let sources = sources();
    let uses = uses(&sources);
    let mut wrong = Vec::new();
    for (module, used) in &uses {
        let own = layer(&module[0]).unwrap_or_else(|| panic!("{} has no layer", module[0]));
        for used in used.iter().filter(|used| layer(&used[0]).is_some_and(|of| of > own)) {
            wrong.push(format!("{} uses {}", module.join("/"), used.join("/")));
        }
    }
    let seen: usize = uses.values().map(BTreeSet::len).sum();
    assert!(seen > 400, "only {seen} imports were read; is this the right folder?");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_files_use_each_other_in_a_circle() {
    let sources = sources();
    let mut uses = uses(&sources);
    // What uses nothing that is left is part of no circle, nor is what only such files use.
    loop {
        let left: BTreeSet<Module> = uses.keys().map(|module| (*module).clone()).collect();
        let before = uses.len();
        for used in uses.values_mut() {
            used.retain(|used| left.contains(used));
        }
        uses.retain(|_, used| !used.is_empty());
        if uses.len() == before {
            break;
        }
    }
    let arrows: Vec<String> = uses
        .iter()
        .flat_map(|(module, used)| {
            used.iter().map(|used| format!("{} uses {}", module.join("/"), used.join("/")))
        })
        .collect();
    assert!(arrows.is_empty(), "these are in circles, or lead to one:\n{}", arrows.join("\n"));
}

#[test]
fn each_crate_of_an_outside_system_is_known_to_its_own_modules_only() {
    let mut wrong = Vec::new();
    for (module, source) in sources() {
        for (name, may) in RESERVED {
            let is_imported = source.paths.iter().any(|path| path[0] == name);
            // A module of ours has the name of the crate `image`.
            let is_named = name != "image" && source.code.contains(&format!("{name}::"));
            let is_ours = is_imported && module.len() == 1 && name == "image";
            if (is_imported || is_named) && !is_ours && !may.contains(&module[0].as_str()) {
                wrong.push(format!("{} names {name}", source.path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn use_trees_are_read_in_all_their_forms() {
    let code = "use crate::{a::{self, B}, c};\n    pub use super::d::E as F;\nlet x = super::super::g::h();";
    let expected = ["crate::a", "crate::a::B", "crate::c", "super::d::E", "super::super::g::h"];
    let found: BTreeSet<String> = paths(code).iter().map(|path| path.join("::")).collect();
    for path in expected {
        assert!(found.contains(path), "{path} is missing in {found:?}");
    }
}

#[test]
fn every_source_is_declared_by_its_parent() {
    let sources = sources();
    let mut wrong = Vec::new();
    for (module, source) in &sources {
        let Some((name, parent)) = module.split_last().filter(|(_, parent)| !parent.is_empty())
        else {
            continue;
        };
        let declares = format!("mod {name};");
        if !sources.get(parent).is_some_and(|parent| parent.code.contains(&declares)) {
            wrong.push(source.path.display().to_string());
        }
    }
    assert!(sources.len() > 300, "only {} sources were read", sources.len());
    assert!(wrong.is_empty(), "no module declares {wrong:?}");
}
