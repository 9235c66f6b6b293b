//! What may stand in a file's place, and what a write leaves behind.

use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;

use super::*;

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<_> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

fn write(path: &Path, text: &str) -> io::Result<()> {
    replace(path, Readers::Everyone, |sink| {
        sink.write_all(text.as_bytes())
    })
}

/// Puts one of all that is no regular file at a path, beside a file that must
/// stay as it is.
type Odd = (&'static str, fn(&Path, &Path));

const ODD: [Odd; 7] = [
    ("link", |path, victim| symlink(victim, path).unwrap()),
    ("loose link", |path, _| symlink("nowhere", path).unwrap()),
    ("ring", |path, _| symlink(path, path).unwrap()),
    ("endless", |path, _| symlink("/dev/zero", path).unwrap()),
    ("socket", |path, _| {
        drop(UnixListener::bind(path).unwrap());
    }),
    ("FIFO", |path, _| fifo(path)),
    ("folder", |path, _| {
        fs::create_dir(path).unwrap();
        fs::write(path.join("inside"), "x").unwrap();
    }),
];

fn fifo(path: &Path) {
    use rustix::fs::{CWD, FileType, Mode, mknodat};
    mknodat(CWD, path, FileType::Fifo, Mode::RWXU, 0).unwrap();
}

#[test]
fn a_failed_write_leaves_the_old_content_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("targets.json");
    fs::write(&path, "old").unwrap();
    let failed = replace(&path, Readers::Everyone, |sink| {
        sink.write_all(b"half of the n")?;
        Err(io::Error::other("no space left on device"))
    });
    assert!(failed.is_err());
    assert_eq!(fs::read_to_string(&path).unwrap(), "old");
    assert_eq!(names(folder.path()), ["targets.json"]);
}

#[test]
fn the_same_trouble_has_the_same_words_each_time() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a file");
    fs::write(&file, "no folder").unwrap();
    let below = file.join("targets.json");
    let [first, second] = [(); 2].map(|()| write(&below, "new").unwrap_err().to_string());
    assert_eq!(first, second);
    assert!(first.contains("Not a directory"), "{first}");
}

#[test]
fn modes_do_not_depend_on_what_was_there() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    for readers in [Readers::Everyone, Readers::OwnerOnly, Readers::Everyone] {
        replace(&path, readers, |sink| sink.write_all(b"x")).unwrap();
        assert_eq!(mode(&path), readers.mode());
    }
}

#[test]
fn what_stands_in_the_place_of_a_file_is_not_read_and_not_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.json");
    let victim = folder.path().join("victim");
    fs::write(&victim, "precious").unwrap();
    for (what, make) in ODD {
        make(&path, &victim);
        let error = read(&path).unwrap_err().to_string();
        assert_eq!(error, "it is not a regular file", "{what}");
        assert_eq!(Stamp::of(&path), None, "{what}");
        let aside = put_aside(&path).unwrap();
        assert!(read(&path).unwrap().is_none(), "{what}");
        let _ = fs::remove_file(&aside).or_else(|_| fs::remove_dir_all(&aside));
    }
}

#[test]
fn what_stands_in_the_place_of_a_file_is_replaced_and_not_written_through() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("targets.json");
    let victim = folder.path().join("victim");
    fs::write(&victim, "precious").unwrap();
    for (what, make) in ODD {
        make(&path, &victim);
        write(&path, what).unwrap();
        assert_eq!(read(&path).unwrap().unwrap(), what.as_bytes());
        assert_eq!(fs::read_to_string(&victim).unwrap(), "precious", "{what}");
        fs::remove_file(&path).unwrap();
    }
    assert_eq!(names(folder.path()), ["targets.json.unusable", "victim"]);
}

#[test]
fn drafts_cannot_be_guessed_and_those_of_killed_processes_are_removed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.json");
    let victim = folder.path().join("victim");
    fs::write(&victim, "precious").unwrap();
    // The name that all drafts once had, one as they have now, and others' files.
    symlink(&victim, folder.path().join(".state.json.tmp")).unwrap();
    fs::write(folder.path().join(".state.json.a1B2c3.tmp"), "torn").unwrap();
    fs::write(folder.path().join(".state.jsonl.tmp"), "not ours").unwrap();
    write(&path, "new").unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), "new");
    remove_drafts(&path);
    assert_eq!(
        names(folder.path()),
        [".state.jsonl.tmp", "state.json", "victim"]
    );
    assert_eq!(fs::read_to_string(&victim).unwrap(), "precious");
    remove_drafts(&folder.path().join("no/such/folder"));
}

#[test]
fn a_folder_that_is_gone_is_made_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a/b/targets.json");
    write(&path, "first").unwrap();
    fs::remove_dir_all(folder.path().join("a")).unwrap();
    write(&path, "second").unwrap();
    assert_eq!(read(&path).unwrap().unwrap(), b"second");
}

#[test]
fn a_file_of_any_length_is_refused_before_it_is_in_memory() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.json");
    let file = File::create(&path).unwrap();
    // A hole: it takes no space on disk.
    file.set_len(1 << 40).unwrap();
    assert_eq!(read(&path).unwrap_err().kind(), ErrorKind::FileTooLarge);
}

#[test]
fn every_change_of_a_file_changes_its_stamp() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("targets.json");
    write(&path, "one").unwrap();
    let first = Stamp::of(&path).unwrap();
    assert_eq!(Stamp::of(&path), Some(first));
    write(&path, "two").unwrap();
    let second = Stamp::of(&path).unwrap();
    assert_ne!(first, second);
    fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
    assert_ne!(Stamp::of(&path), Some(second));
    fs::remove_file(&path).unwrap();
    assert_eq!(Stamp::of(&path), None);
}
