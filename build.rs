//! Makes the binary find the prebuilt DuckDB library it was linked against, lists the data files
//! that are compiled in, and names the sources by a hash.

use std::fmt::Write as _;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::{Path, PathBuf};
use std::{env, fs, io};

/// Folders of data files, with the endings that are taken.
const EMBEDDED: [(&str, &[&str]); 6] = [
    ("data/incidents", &["toml"]),
    ("data/presets", &["toml"]),
    ("data/slos", &["yaml"]),
    ("data/systems", &["toml"]),
    ("rules", &["toml", "rhai", "jsonl"]),
    ("scenarios", &["toml"]),
];

fn main() -> io::Result<()> {
    println!("cargo:rerun-if-env-changed=DUCKDB_LIB_DIR");
    println!("cargo:rerun-if-changed=build.rs");
    embed()?;
    name_sources()?;
    if env::var_os("CARGO_FEATURE_BUNDLED").is_some() {
        return Ok(());
    }
    if let Ok(dir) = env::var("DUCKDB_LIB_DIR") {
        println!("cargo:rustc-link-arg=-Wl,-rpath,{dir}");
    }
    Ok(())
}

/// Writes `embedded.rs`: `(path, text)` of each file, ascending by path.
fn embed() -> io::Result<()> {
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    let mut files = Vec::new();
    for (folder, endings) in EMBEDDED {
        let folder = root.join(folder);
        if folder.is_dir() {
            println!("cargo:rerun-if-changed={}", folder.display());
            collect(&folder, endings, &mut files)?;
        }
    }
    let mut list: Vec<(String, PathBuf)> = Vec::new();
    for file in files {
        let below = file.strip_prefix(&root).unwrap_or(&file);
        let parts: Vec<_> = below.iter().map(|part| part.to_string_lossy()).collect();
        list.push((parts.join("/"), file));
    }
    list.sort();
    let mut code = String::from("[\n");
    for (name, path) in list {
        let path = path.display().to_string();
        writeln!(code, "    ({name:?}, include_str!({path:?})),").map_err(io::Error::other)?;
    }
    code.push(']');
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default());
    fs::write(out.join("embedded.rs"), code)
}

/// Sets `DRILL_SOURCES`: what was worked out by other sources is never taken for an answer of
/// these, even between two releases.
fn name_sources() -> io::Result<()> {
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    let mut files = vec![root.join("Cargo.lock")];
    println!("cargo:rerun-if-changed=src");
    println!("cargo:rerun-if-changed=Cargo.lock");
    collect(&root.join("src"), &["rs"], &mut files)?;
    files.sort();
    let mut hasher = DefaultHasher::new();
    for file in files.iter().filter(|file| file.exists()) {
        file.strip_prefix(&root).unwrap_or(file).hash(&mut hasher);
        fs::read(file)?.hash(&mut hasher);
    }
    println!("cargo:rustc-env=DRILL_SOURCES={:016x}", hasher.finish());
    Ok(())
}

fn collect(folder: &Path, endings: &[&str], files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, endings, files)?;
        } else if path.extension().is_some_and(|e| endings.iter().any(|ending| e == *ending)) {
            files.push(path);
        }
    }
    Ok(())
}
