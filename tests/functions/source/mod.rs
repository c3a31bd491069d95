//! Rules for our own source. They apply to the crates that face callers, without their tests.

mod constant_time;
mod debug_output;

use std::{fs, path::Path};

use quote::ToTokens;
use syn::{
    Attribute, Field, Fields, Item, ItemImpl, ItemMod, Type,
    visit::{self, Visit},
};

/// Where they lie.
const FOLDERS: [&str; 3] = ["shared/src", "functions", "examples"];

/// One file of ours.
struct Source {
    /// From the root of the repository.
    file: String,
    code: syn::File,
}

/// All files but those that are tests.
fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut sources = Vec::new();
    for folder in FOLDERS {
        read(&root, &root.join(folder), &mut sources);
    }
    assert!(sources.len() > 80, "the sources are elsewhere: {}", sources.len());
    sources
}

fn read(root: &Path, folder: &Path, sources: &mut Vec<Source>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap();
        let is_test = name == "tests" || name == "properties" || name.ends_with("_tests");
        if path.is_dir() && !is_test {
            read(root, &path, sources);
        } else if path.extension().is_some_and(|kind| kind == "rs") && !is_test {
            let code = syn::parse_file(&fs::read_to_string(&path).unwrap()).unwrap();
            let file = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
            sources.push(Source { file, code });
        }
    }
}

/// Whether an item is there in tests only.
fn is_of_tests(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| written(attribute).contains("cfg (test)"))
}

/// A piece of code in one way of writing it.
fn written(code: &impl ToTokens) -> String {
    code.to_token_stream().to_string()
}

/// A type of ours.
struct OurType {
    name: String,
    /// The traits that are derived.
    derived: String,
    /// Its fields by name, those of variants too.
    fields: Vec<(String, Type)>,
}

/// The types of a file, and the traits that are implemented by hand: `(trait, type)`.
#[derive(Default)]
struct Types {
    types: Vec<OurType>,
    by_hand: Vec<(String, String)>,
}

impl Types {
    fn of(source: &Source) -> Self {
        let mut types = Self::default();
        types.visit_file(&source.code);
        types
    }
}

fn derived(attributes: &[Attribute]) -> String {
    attributes.iter().filter(|one| one.path().is_ident("derive")).map(written).collect()
}

fn named(prefix: &str, fields: &Fields) -> Vec<(String, Type)> {
    let name = |(n, field): (usize, &Field)| {
        let name = field.ident.as_ref().map_or_else(|| n.to_string(), ToString::to_string);
        (format!("{prefix}{name}"), field.ty.clone())
    };
    fields.iter().enumerate().map(name).collect()
}

impl<'a> Visit<'a> for Types {
    fn visit_item_mod(&mut self, module: &'a ItemMod) {
        if !is_of_tests(&module.attrs) {
            visit::visit_item_mod(self, module);
        }
    }

    fn visit_item(&mut self, item: &'a Item) {
        match item {
            Item::Struct(it) => self.types.push(OurType {
                name: it.ident.to_string(),
                derived: derived(&it.attrs),
                fields: named("", &it.fields),
            }),
            Item::Enum(it) => self.types.push(OurType {
                name: it.ident.to_string(),
                derived: derived(&it.attrs),
                fields: it
                    .variants
                    .iter()
                    .flat_map(|variant| named(&format!("{}.", variant.ident), &variant.fields))
                    .collect(),
            }),
            _ => {}
        }
        visit::visit_item(self, item);
    }

    fn visit_item_impl(&mut self, it: &'a ItemImpl) {
        if let (Some((_, of, _)), Type::Path(of_type)) = (&it.trait_, &*it.self_ty) {
            let last = |path: &syn::Path| path.segments.last().unwrap().ident.to_string();
            self.by_hand.push((last(of), last(&of_type.path)));
        }
    }
}
