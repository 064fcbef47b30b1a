//! Makes a release build embed the pages, rebuild when they change, and warn if they are missing. A debug build reads them from
//! their folder while it runs.

use std::{env, fs, path::Path};

const DIST: &str = "../web/dist";

#[expect(clippy::disallowed_methods, reason = "Cargo tells a build script by variables what it builds")]
fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    // Cargo and the running program can only watch a folder that exists.
    if let Err(error) = fs::create_dir_all(DIST) {
        println!("cargo::warning=cannot create web/dist, the folder of the built pages: {error}");
    }
    if env::var("PROFILE").as_deref() == Ok("release") {
        shrink();
        println!("cargo::rerun-if-changed={DIST}");
        if !Path::new(DIST).join("index.html").exists() {
            println!("cargo::warning=this build contains no web pages: run npm --prefix web run build, then rebuild");
        }
    }
}

/// Asks the linker to keep one copy of functions whose code is the same, and to pack relocations. Only where Rust's own linker is
/// the usual one, since others do not know these options.
#[expect(clippy::disallowed_methods, reason = "Cargo tells a build script by variables what it builds")]
fn shrink() {
    if env::var("TARGET").as_deref() == Ok("x86_64-unknown-linux-gnu") {
        println!("cargo::rustc-link-arg-bins=-Wl,--icf=all,-z,pack-relative-relocs");
    }
}
