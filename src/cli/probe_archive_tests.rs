//! Archives as tar programs write them, and as nobody should.

use std::io::Write;

use super::*;
use crate::units::SimTime;

/// One entry: name, kind, content.
type Given<'a> = (&'a str, u8, &'a [u8]);

fn header_of(name: &str, kind: u8, bytes: usize) -> [u8; BLOCK] {
    let mut block = [0u8; BLOCK];
    block[..name.len()].copy_from_slice(name.as_bytes());
    block[124..135].copy_from_slice(format!("{bytes:011o}").as_bytes());
    block[156] = kind;
    block[257..263].copy_from_slice(b"ustar\0");
    block[148..156].fill(b' ');
    let sum: u64 = block.iter().map(|byte| u64::from(*byte)).sum();
    block[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
    block
}

fn tar(entries: &[Given<'_>]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (name, kind, content) in entries {
        bytes.extend(header_of(name, *kind, content.len()));
        bytes.extend(*content);
        bytes.resize(bytes.len().div_ceil(BLOCK) * BLOCK, 0);
    }
    bytes.resize(bytes.len() + 2 * BLOCK, 0);
    bytes
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn restored_to(bytes: &[u8], expect: &[&str], live: Option<&Path>, max: u64) -> Restored {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("backup.tar.gz");
    fs::write(&path, bytes).unwrap();
    let archive = FileFact {
        path: "backup.tar.gz".to_owned(),
        bytes: bytes.len() as u64,
        modified: SimTime::default(),
        created: None,
    };
    let expect: Vec<Name> = expect.iter().map(|name| Name::from(*name)).collect();
    match restore(archive, &path, &expect, live, max) {
        Fact::Restored(restored) => restored,
        other => panic!("{other:?}"),
    }
}

fn restored(bytes: &[u8]) -> Restored {
    restored_to(bytes, &[], None, 1 << 30)
}

#[test]
fn plain_gzip_and_zstd_are_restored_and_compared() {
    let plain = tar(&[
        ("./", b'5', b""),
        ("./skills/", b'5', b""),
        ("./skills/a.json", b'0', b"{\"a\": 1}"),
        ("./settings.json", b'0', b"{}"),
        ("./big", b'0', &[7u8; 70_000]),
        ("./link", b'2', b""),
    ]);
    let live = tempfile::tempdir().unwrap();
    fs::write(live.path().join("settings.json"), "{}").unwrap();
    fs::write(live.path().join("big"), vec![8u8; 70_000]).unwrap();
    for bytes in [plain.clone(), gzip(&plain), zstd::bulk::compress(&plain, 1).unwrap()] {
        let expect = ["settings.json", "skills/*.json", "skills"];
        let found = restored_to(&bytes, &expect, Some(live.path()), 1 << 30);
        assert_eq!((found.files, found.bytes, found.links), (3, 70_010, 1));
        assert_eq!((&found.broken, found.refused_count), (&None, 0));
        assert!(found.missing.is_empty() && found.invalid.is_empty(), "{found:?}");
        assert_eq!(found.compared, Some(Compared { same: 1, changed: 1, gone: 1 }));
    }
}

#[test]
fn what_the_system_tar_writes_is_read() {
    // Written once with `tar --format=FORM -cf`, for a path of 150 characters: the forms differ
    // in how they keep it.
    for form in ["gnu", "pax", "ustar"] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join(format!("tests/data/archives/{form}.tar.gz"));
        let found = restored(&fs::read(path).unwrap());
        assert_eq!((found.files, &found.broken), (2, &None), "{form}");
        assert_eq!(found.bytes, 17, "{form}");
    }
}

#[test]
fn nothing_leaves_the_scratch_folder() {
    let outside = tempfile::tempdir().unwrap();
    let whole = outside.path().join("owned").display().to_string();
    let bytes = tar(&[
        ("../owned", b'0', b"x"),
        ("a/../../owned", b'0', b"x"),
        (&whole, b'0', b"x"),
        ("dev", b'3', b""),
        ("fifo", b'6', b""),
        ("good", b'0', b"x"),
    ]);
    let found = restored(&gzip(&bytes));
    assert_eq!((found.refused_count, found.files), (5, 1), "{found:?}");
    assert!(!outside.path().join("owned").exists());
    assert!(!std::env::temp_dir().join("owned").exists());
    // A link out of the folder is never made, so that no later entry can go through it.
    let bytes = tar(&[("out", b'2', b""), ("out/file", b'0', b"x")]);
    let found = restored(&bytes);
    assert_eq!((found.links, found.files, found.refused_count), (1, 1, 0));
}

#[test]
fn bombs_and_damage_end_with_a_reason() {
    let why = |bytes: &[u8], max| restored_to(bytes, &[], None, max).broken.unwrap_or_default();
    let bomb = gzip(&tar(&[("zeros", b'0', &vec![0u8; 4_000_000])]));
    assert!(bomb.len() < 40_000);
    assert_eq!(why(&bomb, 1_000_000), "unpacks to more than 1000000 bytes");
    let good = tar(&[("a", b'0', b"content")]);
    let cut = gzip(&good);
    assert!(!why(&cut[..cut.len() - 4], 1 << 30).is_empty());
    assert_eq!(why(&good[..BLOCK], 1 << 30), "ends within a file");
    assert_eq!(why(&good[..2 * BLOCK], 1 << 30), "ends without its end mark");
    assert_eq!(why(b"", 1 << 30), "is empty");
    assert_eq!(why(&[b'x'; 2000], 1 << 30), "is no tar archive, or a header is damaged");
    let mut flipped = good.clone();
    flipped[3] ^= 1;
    assert_eq!(why(&flipped, 1 << 30), "is no tar archive, or a header is damaged");
    let huge = {
        let mut block = header_of("a", b'0', 0);
        block[124..136].copy_from_slice(b"\x80\0\0\0\x7f\xff\xff\xff\xff\xff\xff\xff");
        block[148..156].fill(b' ');
        let sum: u64 = block.iter().map(|byte| u64::from(*byte)).sum();
        block[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
        block
    };
    assert_eq!(why(&huge, 1 << 30), "ends within a file");
    let pax = tar(&[("p", b'x', b"99999 path=a\n"), ("b", b'0', b"")]);
    assert_eq!(why(&pax, 1 << 30), "has a damaged pax header");
    let clash = tar(&[("a", b'0', b"x"), ("a/b", b'0', b"x")]);
    assert_eq!(why(&clash, 1 << 30), "a folder of a/b is a file");
}

#[test]
fn expected_files_are_missed_and_json_is_parsed() {
    let bytes = tar(&[("a.json", b'0', b"{"), ("b.json", b'0', b"{}")]);
    let found = restored_to(&bytes, &["*.json", "c/settings.json"], None, 1 << 20);
    assert_eq!(found.missing, ["c/settings.json"]);
    assert_eq!(found.invalid.len(), 1);
    assert!(found.invalid[0].starts_with("a.json (EOF"), "{:?}", found.invalid);
}
