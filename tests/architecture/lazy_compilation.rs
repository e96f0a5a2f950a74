//! Functions that only programs that use them should compile.
//!
//! A library compiles each of its functions, and what they call, into its object files. The linker drops what a program
//! does not use, but not the debug information about it. A function that is generic or `#[inline]` is compiled where it is
//! used. So is the future of an `async` function; but the function itself, which only makes the future, is not, and the debug
//! information about it describes the future and all futures within. So the functions below, which call or describe most
//! code, are `#[inline]`: docs/performance.md has the figures.

use std::path::Path;

use syn::visit::{self, Visit};

use crate::imports::{attributes, is_test, read_crate};

/// The traits whose functions encode requests and decode responses.
const TRAITS: [&str; 2] = ["Operation", "Resolve"];

/// Returns the functions of a crate that are selected, and are compiled whether they are used or not.
fn compiled_always(name: &str, selects: impl Fn(&Function<'_>) -> bool) -> (usize, Vec<String>) {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates").join(name).join("src");
    let (mut count, mut always) = (0, Vec::new());
    for source in read_crate(&src) {
        let file = syn::parse_file(&std::fs::read_to_string(src.join(&source.path)).unwrap()).unwrap();
        let mut reader = Reader {
            generics: Vec::new(),
            of_trait: None,
            visit: |function: &Function<'_>| {
                if !function.is_generic && selects(function) {
                    count += 1;
                    if !function.is_inline {
                        always.push(format!("{name}: {} of {}", function.name, source.path.display()));
                    }
                }
            },
        };
        reader.visit_file(&file);
    }
    (count, always)
}

struct Function<'a> {
    name: String,
    is_async: bool,
    /// The trait that it implements a function of.
    of_trait: Option<&'a str>,
    is_generic: bool,
    is_inline: bool,
    block: &'a syn::Block,
}

impl Function<'_> {
    fn implements(&self, traits: &[&str]) -> bool {
        self.of_trait.is_some_and(|name| traits.contains(&name))
    }
}

/// Returns whether it makes a future of which the type is hidden: this compiles all that the future does.
fn boxes_a_future(function: &Function<'_>) -> bool {
    struct Boxes(bool);
    impl<'ast> Visit<'ast> for Boxes {
        fn visit_path(&mut self, path: &'ast syn::Path) {
            let names: Vec<_> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
            let names: Vec<_> = names.iter().map(String::as_str).collect();
            self.0 |= matches!(names[..], [.., "Box", "pin"] | [.., "Poller", "new"]);
        }
    }
    let mut boxes = Boxes(false);
    boxes.visit_block(function.block);
    boxes.0 && !function.is_async
}

struct Reader<F> {
    /// For each enclosing `impl` and function, whether it is generic over a type.
    generics: Vec<bool>,
    of_trait: Option<String>,
    visit: F,
}

impl<F: FnMut(&Function<'_>)> Reader<F> {
    fn read(&mut self, attributes: &[syn::Attribute], signature: &syn::Signature, block: &syn::Block) {
        if is_test(attributes) {
            return;
        }
        let is_generic = self.generics.contains(&true) || is_generic(signature);
        (self.visit)(&Function {
            name: signature.ident.to_string(),
            is_async: signature.asyncness.is_some(),
            of_trait: self.of_trait.as_deref(),
            is_generic,
            is_inline: attributes.iter().any(|attribute| attribute.path().is_ident("inline")),
            block,
        });
    }
}

/// Returns whether a function has type parameters, or arguments of a type that its caller chooses.
fn is_generic(signature: &syn::Signature) -> bool {
    let chosen = |argument: &syn::FnArg| matches!(argument, syn::FnArg::Typed(argument) if matches!(*argument.ty, syn::Type::ImplTrait(_)));
    signature.generics.type_params().next().is_some() || signature.inputs.iter().any(chosen)
}

impl<'ast, F: FnMut(&Function<'_>)> Visit<'ast> for Reader<F> {
    fn visit_item(&mut self, item: &'ast syn::Item) {
        if !is_test(attributes(item)) {
            visit::visit_item(self, item);
        }
    }

    fn visit_item_impl(&mut self, item: &'ast syn::ItemImpl) {
        let name = |path: &syn::Path| path.segments.last().map(|segment| segment.ident.to_string());
        let outer =
            std::mem::replace(&mut self.of_trait, item.trait_.as_ref().and_then(|(_, path, _)| name(path)));
        self.generics.push(item.generics.type_params().next().is_some());
        visit::visit_item_impl(self, item);
        self.generics.pop();
        self.of_trait = outer;
    }

    fn visit_impl_item_fn(&mut self, function: &'ast syn::ImplItemFn) {
        self.read(&function.attrs, &function.sig, &function.block);
    }

    fn visit_item_fn(&mut self, function: &'ast syn::ItemFn) {
        self.read(&function.attrs, &function.sig, &function.block);
    }
}

#[test]
fn operations_that_a_program_does_not_execute_are_not_compiled_into_it() {
    let mut count = 0;
    let mut always = Vec::new();
    for name in ["arango-protocol", "arango-cluster", "arango-data", "arango"] {
        let found = compiled_always(name, |function| function.implements(&TRAITS));
        count += found.0;
        always.extend(found.1);
    }
    assert!(count > 250, "only {count} functions of operations were found");
    assert_eq!(
        always, [""; 0],
        "mark them with `#[inline]`: otherwise each program carries debug information about them"
    );
}

#[test]
fn futures_that_a_program_does_not_use_are_not_compiled_into_it() {
    let (count, always) = compiled_always("arango", boxes_a_future);
    assert!(count > 10, "only {count} functions that box a future were found");
    assert_eq!(
        always, [""; 0],
        "mark them with `#[inline]`: otherwise each program carries debug information about them"
    );
}

#[test]
fn async_functions_that_a_program_does_not_call_are_not_described_in_it() {
    let (count, always) = compiled_always("arango", |function| function.is_async);
    assert!(count > 200, "only {count} async functions were found");
    assert_eq!(
        always, [""; 0],
        "mark them with `#[inline]`: otherwise each program carries debug information about their futures"
    );
}
