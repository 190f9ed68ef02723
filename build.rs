//! Refuses to build without what would otherwise fail late, or silently make a slow binary.

use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=migrations");
    // Without nasm the JPEG codec builds without SIMD: decoding is 2 times slower, encoding 5 times.
    let needs_nasm = std::env::var("CARGO_CFG_TARGET_ARCH").is_ok_and(|arch| arch == "x86_64");
    if needs_nasm && Command::new("nasm").arg("-v").output().is_err() {
        println!(
            "cargo::error=nasm is missing: install it (apt-get install nasm), then build again"
        );
    }
}
