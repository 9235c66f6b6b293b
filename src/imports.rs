//! Holds the folders' picture in `docs/architecture.md` against the real imports.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// Each module, a path such as `model::plan`, with the modules that its sources name.
type Imports = BTreeMap<String, BTreeSet<String>>;

#[test]
fn folders_import_what_the_picture_in_the_architecture_says_and_nothing_else() {
    let real = imports(1);
    let drawn = picture();
    for folder in real.keys().chain(drawn.keys()) {
        assert_eq!(real.get(folder), drawn.get(folder), "{folder}");
    }
}

#[test]
fn no_folders_and_no_files_import_each_other_in_a_ring() {
    for (depth, least) in [(1, 12), (2, 50)] {
        let imports = imports(depth);
        assert!(
            imports.len() > least,
            "found only {} modules",
            imports.len()
        );
        let ring = ring(imports);
        assert!(ring.is_empty(), "a ring is among {ring:?}");
    }
}

/// What is left once every module that imports nothing more, or that nothing more
/// imports, is taken away.
fn ring(mut imports: Imports) -> Imports {
    loop {
        let before = imports.len();
        let left: BTreeSet<String> = imports.keys().cloned().collect();
        for needed in imports.values_mut() {
            needed.retain(|module| left.contains(module));
        }
        let wanted: BTreeSet<String> = imports.values().flatten().cloned().collect();
        imports.retain(|module, needed| !needed.is_empty() && wanted.contains(module));
        if imports.len() == before {
            return imports;
        }
    }
}

/// The lines `folder ─► folder folder` of the picture.
fn picture() -> Imports {
    let text = fs::read_to_string("docs/architecture.md").expect("the document");
    let (_, section) = text.split_once("\n## Folders\n").expect("the section");
    let block = section.split("```").nth(1).expect("the picture");
    let arrows = block.lines().filter_map(|line| line.split_once("─►"));
    let words = |text: &str| text.split_whitespace().map(str::to_owned).collect();
    arrows
        .map(|(folder, needed)| (folder.trim().to_owned(), words(needed)))
        .collect()
}

/// Who imports whom, tests apart, in paths of at most `depth` names. A module and
/// those below it are one: what it is made of may know it.
fn imports(depth: usize) -> Imports {
    let mut sources = Vec::new();
    read(Path::new("src"), &mut Vec::new(), &mut sources);
    let short = |path: &[String]| path[..path.len().min(depth)].to_vec();
    let modules: BTreeSet<_> = sources.iter().map(|(path, _)| short(path)).collect();
    let mut imports = Imports::new();
    for (path, text) in &sources {
        let here = short(path);
        let entry = imports.entry(here.join("::")).or_default();
        for named in named(text, path) {
            let prefixes = (1..=named.len().min(depth)).rev();
            let module = prefixes
                .map(|end| &named[..end])
                .find(|path| modules.contains(*path));
            if let Some(module) = module
                && !module.starts_with(&here)
                && !here.starts_with(module)
            {
                entry.insert(module.join("::"));
            }
        }
    }
    imports
}

/// Every source file below `folder` with its module's path, without its tests.
fn read(folder: &Path, path: &mut Vec<String>, sources: &mut Vec<(Vec<String>, String)>) {
    for entry in fs::read_dir(folder).expect("a readable folder") {
        let file = entry.expect("a readable entry").path();
        let name = file.file_stem().expect("a name").to_string_lossy();
        if ["tests", "lib", "main", "imports", "fuzzing"].contains(&&*name) {
            continue;
        }
        path.push(name.into_owned());
        if file.is_dir() {
            read(&file, path, sources);
        } else if file.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&file).expect("readable source");
            let core = text.split("#[cfg(test)]\nmod ").next().unwrap_or_default();
            let code = core
                .lines()
                .map(|line| line.split("//").next().unwrap_or_default());
            sources.push((path.clone(), code.collect::<Vec<_>>().join("\n")));
        }
        path.pop();
    }
}

/// The modules that `text`, the source of `module`, names from the crate's root or its parent.
fn named(text: &str, module: &[String]) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    for (start, _) in text.match_indices("crate::") {
        tree(&text[start + "crate::".len()..], &[], &mut found);
    }
    for (start, _) in text.match_indices("super::") {
        let parents = text[..start]
            .rsplit("super::")
            .take_while(|text| text.is_empty());
        let above = module.len().saturating_sub(1 + parents.count());
        tree(
            &text[start + "super::".len()..],
            &module[..above],
            &mut found,
        );
    }
    found
}

/// Adds every path of a tree such as `a::{b, c::{D, E}}` that follows `before`;
/// returns what comes after the tree.
fn tree<'a>(text: &'a str, before: &[String], found: &mut Vec<Vec<String>>) -> &'a str {
    let text = text.trim_start();
    if let Some(mut rest) = text.strip_prefix('{') {
        loop {
            rest = tree(rest, before, found)
                .trim_start()
                .trim_start_matches(',')
                .trim_start();
            if let Some(after) = rest.strip_prefix('}') {
                return after;
            }
            if rest.is_empty() || rest.starts_with(';') {
                return rest;
            }
        }
    }
    let is_name = |c: char| c.is_alphanumeric() || c == '_' || c == '*';
    let end = text.find(|c| !is_name(c)).unwrap_or(text.len());
    let (name, rest) = text.split_at(end.max(usize::from(!text.is_empty())));
    let path = [before, &[name.to_owned()]].concat();
    match rest.strip_prefix("::") {
        Some(rest) => tree(rest, &path, found),
        None => {
            found.push(path);
            rest.strip_prefix(" as ")
                .map_or(rest, |rest| rest.trim_start_matches(is_name))
        }
    }
}
