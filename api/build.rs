//! A release build embeds the pages: it is made again when they change, and says so when they are not there. A debug build
//! reads them from their folder while it runs.

use std::{env, fs, path::Path};

const DIST: &str = "../web/dist";

#[expect(clippy::disallowed_methods, reason = "Cargo tells a build script by variables what it builds")]
fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    // Only a folder that is there can be watched, now and by a program that is built before the pages are.
    if let Err(error) = fs::create_dir_all(DIST) {
        println!("cargo::warning=cannot make web/dist, where the pages are built: {error}");
    }
    if env::var("PROFILE").as_deref() == Ok("release") {
        println!("cargo::rerun-if-changed={DIST}");
        if !Path::new(DIST).join("index.html").exists() {
            println!(
                "cargo::warning=this program will serve no pages: npm --prefix web run build, then build it again"
            );
        }
    }
}
