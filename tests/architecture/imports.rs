//! What each file of a crate imports, tests aside.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use syn::{
    Attribute, File, Item, ItemMod, UseTree,
    visit::{self, Visit},
};

/// A module, by its path in the crate: `["gate", "rules"]`. The crate's root is empty.
pub(crate) type Module = Vec<String>;

/// One file of a crate.
pub(crate) struct Source {
    /// Its path, for people.
    pub(crate) path: PathBuf,
    /// Its text without what is compiled for tests only.
    pub(crate) text: String,
    /// The modules of this crate that it names, itself aside.
    pub(crate) imports: BTreeSet<Module>,
}

/// All files of a folder such as `src` that are more than tests, by their modules.
pub(crate) fn sources(folder: &str) -> BTreeMap<Module, Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let has_library = root.join("lib.rs").exists();
    let mut files = Vec::new();
    collect(&root, &mut files);
    let parsed: Vec<(Module, PathBuf, File)> = files
        .into_iter()
        .map(|path| (module_of(&root, &path), path))
        // Beside a library, the program is a crate of its own.
        .filter(|(module, _)| !has_library || module != &["main"])
        .map(|(module, path)| {
            let text = fs::read_to_string(&path).expect("a file");
            (module, path, syn::parse_file(&text).expect("Rust"))
        })
        .collect();
    let for_tests: BTreeSet<Module> = parsed
        .iter()
        .flat_map(|(module, _, file)| test_modules(module, file))
        .collect();
    let parsed: Vec<_> = parsed
        .into_iter()
        .filter(|(module, ..)| !for_tests.iter().any(|test| module.starts_with(test)))
        .collect();
    let modules: BTreeSet<Module> = parsed.iter().map(|(module, ..)| module.clone()).collect();
    parsed
        .into_iter()
        .map(|(module, path, file)| (module.clone(), source(module, path, file, &modules)))
        .collect()
}

fn source(module: Module, path: PathBuf, mut file: File, modules: &BTreeSet<Module>) -> Source {
    file.items.retain(|item| !is_for_tests(item));
    file.attrs.clear();
    let mut names = Names::default();
    names.visit_file(&file);
    let found = names
        .paths
        .iter()
        .filter_map(|path| resolve(&module, path, modules));
    let imports = found.filter(|import| *import != module).collect();
    let text = quote::ToTokens::to_token_stream(&file).to_string();
    Source {
        path,
        text,
        imports,
    }
}

fn collect(dir: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|it| it == "rs") {
            files.push(path);
        }
    }
}

fn module_of(root: &Path, path: &Path) -> Module {
    let path = path
        .strip_prefix(root)
        .expect("below the root")
        .with_extension("");
    let parts = path.iter().map(|part| part.to_string_lossy().into_owned());
    let module: Module = parts.collect();
    if module == ["lib"] {
        Vec::new()
    } else {
        module
    }
}

// `#[cfg(test)] mod tests;` in a file: the other file is for tests.
fn test_modules(module: &Module, file: &File) -> Vec<Module> {
    let mods = file.items.iter().filter(|item| is_for_tests(item));
    let named = mods.filter_map(|item| match item {
        Item::Mod(ItemMod { ident, .. }) => Some(ident.to_string()),
        _ => None,
    });
    named
        .map(|name| [module.clone(), vec![name]].concat())
        .collect()
}

fn is_for_tests(item: &Item) -> bool {
    let attrs: &[Attribute] = match item {
        Item::Mod(it) => &it.attrs,
        Item::Fn(it) => &it.attrs,
        Item::Impl(it) => &it.attrs,
        Item::Use(it) => &it.attrs,
        Item::Const(it) => &it.attrs,
        Item::Struct(it) => &it.attrs,
        _ => &[],
    };
    attrs.iter().any(|it| {
        it.path().is_ident("cfg")
            && it
                .parse_args::<syn::Path>()
                .is_ok_and(|path| path.is_ident("test"))
    })
}

/// The longest start of a path that is a module; `None` when it leads out of the crate.
fn resolve(module: &Module, path: &[String], modules: &BTreeSet<Module>) -> Option<Module> {
    let mut here = module.clone();
    let mut rest = path;
    let first = path.first()?;
    match first.as_str() {
        "crate" => {
            here = Vec::new();
            rest = &path[1..];
        }
        "self" | "super" => {
            while let Some((step, others)) = rest.split_first() {
                match step.as_str() {
                    "super" => _ = here.pop(),
                    "self" => {}
                    _ => break,
                }
                rest = others;
            }
        }
        // A child's name, or that of another crate.
        name => {
            let child = [here.clone(), vec![name.to_owned()]].concat();
            if !modules.contains(&child) {
                return None;
            }
        }
    }
    let whole = [here, rest.to_vec()].concat();
    let starts = (0..=whole.len()).rev().map(|end| whole[..end].to_vec());
    starts.into_iter().find(|start| modules.contains(start))
}

#[derive(Default)]
struct Names {
    paths: Vec<Vec<String>>,
}

impl<'ast> Visit<'ast> for Names {
    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        spread(&item.tree, &mut Vec::new(), &mut self.paths);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        if path.segments.len() > 1 {
            let names = path.segments.iter().map(|it| it.ident.to_string());
            self.paths.push(names.collect());
        }
        visit::visit_path(self, path);
    }

    // What is compiled for tests only is no part of the house.
    fn visit_item(&mut self, item: &'ast Item) {
        if !is_for_tests(item) {
            visit::visit_item(self, item);
        }
    }
}

fn spread(tree: &UseTree, start: &mut Vec<String>, paths: &mut Vec<Vec<String>>) {
    match tree {
        UseTree::Path(it) => {
            start.push(it.ident.to_string());
            spread(&it.tree, start, paths);
            start.pop();
        }
        UseTree::Group(it) => it.items.iter().for_each(|tree| spread(tree, start, paths)),
        UseTree::Name(it) if it.ident == "self" => paths.push(start.clone()),
        UseTree::Name(it) => paths.push([start.clone(), vec![it.ident.to_string()]].concat()),
        UseTree::Rename(it) => paths.push([start.clone(), vec![it.ident.to_string()]].concat()),
        UseTree::Glob(_) => paths.push(start.clone()),
    }
}
