//! Reads which modules of its own crate a source file uses, tests left out.

use std::path::{Path, PathBuf};

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};

/// One source file and what it uses of its own crate.
pub(crate) struct SourceFile {
    /// The path below `src`.
    pub(crate) path: PathBuf,
    /// The path of its module, without `crate`.
    pub(crate) module: Vec<String>,
    /// Absolute paths within the crate, without `crate`.
    pub(crate) uses: Vec<Vec<String>>,
}

/// Reads every source file below `src` that is not made of tests.
pub(crate) fn read_crate(src: &Path) -> Vec<SourceFile> {
    let mut files = Vec::new();
    read_folder(src, src, &mut files);
    files
}

fn read_folder(src: &Path, folder: &Path, files: &mut Vec<SourceFile>) {
    let mut entries: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        let name = path.file_stem().unwrap().to_str().unwrap();
        if path.is_dir() {
            if name != "tests" {
                read_folder(src, &path, files);
            }
        } else if path.extension().is_some_and(|extension| extension == "rs") && name != "tests" {
            files.push(read_file(src, &path));
        }
    }
}

fn read_file(src: &Path, path: &Path) -> SourceFile {
    let relative = path.strip_prefix(src).unwrap().to_owned();
    let mut module: Vec<String> =
        relative.with_extension("").iter().map(|part| part.to_str().unwrap().to_owned()).collect();
    if matches!(module.last().map(String::as_str), Some("mod" | "lib")) {
        module.pop();
    }
    let text = std::fs::read_to_string(path).unwrap();
    let file = syn::parse_file(&text).unwrap();
    let mut reader = Reader { module: module.clone(), uses: Vec::new() };
    reader.visit_file(&file);
    SourceFile { path: relative, module, uses: reader.uses }
}

struct Reader {
    module: Vec<String>,
    uses: Vec<Vec<String>>,
}

impl Reader {
    /// Records a path that begins with `crate`, `super` or `self`.
    fn record(&mut self, path: &[String]) {
        // `crate` alone is how far something is visible.
        if path.len() < 2 {
            return;
        }
        let (mut absolute, mut rest) = match path.first().map(String::as_str) {
            Some("crate") => (Vec::new(), &path[1..]),
            Some("self") => (self.module.clone(), &path[1..]),
            Some("super") => (self.module.clone(), path),
            _ => return,
        };
        while let Some(("super", further)) =
            rest.split_first().map(|(first, further)| (first.as_str(), further))
        {
            absolute.pop();
            rest = further;
        }
        absolute.extend(rest.iter().cloned());
        self.uses.push(absolute);
    }

    fn record_tree(&mut self, prefix: &[String], tree: &syn::UseTree) {
        match tree {
            syn::UseTree::Path(path) => {
                let mut prefix = prefix.to_vec();
                prefix.push(path.ident.to_string());
                self.record_tree(&prefix, &path.tree);
            }
            syn::UseTree::Name(name) => self.record_leaf(prefix, &name.ident),
            syn::UseTree::Rename(rename) => self.record_leaf(prefix, &rename.ident),
            syn::UseTree::Glob(_) => {
                let mut path = prefix.to_vec();
                path.push("*".to_owned());
                self.record(&path);
            }
            syn::UseTree::Group(group) => {
                for tree in &group.items {
                    self.record_tree(prefix, tree);
                }
            }
        }
    }

    fn record_leaf(&mut self, prefix: &[String], leaf: &syn::Ident) {
        let mut path = prefix.to_vec();
        if leaf != "self" {
            path.push(leaf.to_string());
        }
        self.record(&path);
    }

    /// Finds paths within the arguments of macros, which are not parsed.
    fn record_tokens(&mut self, tokens: TokenStream) {
        let mut path: Vec<String> = Vec::new();
        let mut colons = 0;
        for token in tokens {
            match token {
                TokenTree::Ident(ident) if path.is_empty() || colons == 2 => {
                    path.push(ident.to_string());
                    colons = 0;
                }
                TokenTree::Punct(punct) if punct.as_char() == ':' && !path.is_empty() => colons += 1,
                other => {
                    self.record(&std::mem::take(&mut path));
                    colons = 0;
                    match other {
                        TokenTree::Ident(ident) => path.push(ident.to_string()),
                        TokenTree::Group(group) => self.record_tokens(group.stream()),
                        TokenTree::Punct(_) | TokenTree::Literal(_) => {}
                    }
                }
            }
        }
        self.record(&path);
    }
}

impl<'ast> Visit<'ast> for Reader {
    fn visit_item(&mut self, item: &'ast syn::Item) {
        if !is_test(attributes(item)) {
            visit::visit_item(self, item);
        }
    }

    fn visit_item_mod(&mut self, module: &'ast syn::ItemMod) {
        if module.content.is_some() {
            self.module.push(module.ident.to_string());
            visit::visit_item_mod(self, module);
            self.module.pop();
        }
    }

    fn visit_impl_item_fn(&mut self, function: &'ast syn::ImplItemFn) {
        if !is_test(&function.attrs) {
            visit::visit_impl_item_fn(self, function);
        }
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        self.record_tree(&[], &item.tree);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let segments: Vec<String> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        self.record(&segments);
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, mac: &'ast syn::Macro) {
        self.record_tokens(mac.tokens.clone());
        visit::visit_macro(self, mac);
    }
}

pub(crate) fn attributes(item: &syn::Item) -> &[syn::Attribute] {
    match item {
        syn::Item::Fn(item) => &item.attrs,
        syn::Item::Impl(item) => &item.attrs,
        syn::Item::Mod(item) => &item.attrs,
        syn::Item::Use(item) => &item.attrs,
        syn::Item::Struct(item) => &item.attrs,
        syn::Item::Const(item) => &item.attrs,
        _ => &[],
    }
}

/// Whether an item exists in tests alone.
pub(crate) fn is_test(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("cfg")
            && attribute.meta.require_list().is_ok_and(|list| {
                let condition = list.tokens.to_string();
                condition == "test" || condition == "doctest" || condition.starts_with("all (loom , test")
            })
    })
}
