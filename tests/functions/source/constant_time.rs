//! Credentials are compared in constant time: as digests, by `subtle`, and in no other way.

use std::collections::BTreeSet;

use syn::{
    BinOp, Expr, ExprBinary, ExprCall, ExprMethodCall, ExprPath, ItemMod, Macro,
    visit::{self, Visit},
};

use super::{Source, Types, is_of_tests, sources, written};

/// Where what a caller presents meets what we know.
const MEETING_PLACES: [(&str, &str); 3] = [
    // By `subtle` itself.
    ("shared/src/auth.rs", ".ct_eq"),
    // By `hmac`, which compares with `subtle`.
    ("functions/mailchimp-inbound/src/signature.rs", ".verify_slice"),
    ("functions/mandrill-inbound/src/signature.rs", ".verify_slice"),
];

/// What may be compared there in another way: words that are no secret.
const NO_SECRETS: [&str; 4] = [
    "scheme . eq_ignore_ascii_case (\"basic\")",
    "* name == \"t\"",
    "* name == \"v1\"",
    "matches! signed , Some (Ok (signed)) if (now - signed) . abs () <= TOLERANCE",
];

/// To whom a secret is shown in the clear, file by file.
const SHOWN_TO: [(&str, &str); 25] = [
    ("shared/src/auth.rs", "Digested::key"),
    ("shared/src/auth.rs", "Digested::basic"),
    // How long it is, and whether it is the placeholder.
    ("shared/src/auth.rs", "is_fit"),
    ("shared/src/auth.rs", "is_placeholder"),
    // A secret's field, taken out of its JSON.
    ("shared/src/secrets/mod.rs", "read"),
    ("shared/src/secrets/mod.rs", "from_str"),
    // Whose product it is, by the shape.
    ("shared/src/secrets/api_key.rs", "is_placeholder"),
    ("shared/src/secrets/api_key.rs", "Product::of"),
    // A user name and its password, together.
    ("shared/src/secrets/api_key.rs", "format!"),
    // To which host it goes, by its end.
    ("shared/src/secrets/api_key.rs", "data_center"),
    ("functions/mailchimp-subscribe/src/mailchimp/mod.rs", "root"),
    // The signature's key.
    ("functions/mailchimp-inbound/src/signature.rs", "verify"),
    ("functions/mandrill-inbound/src/signature.rs", "holds"),
    // What is sent to a vendor.
    ("shared/src/http/mod.rs", "format!"),
    ("shared/src/segment/mod.rs", "format!"),
    ("shared/src/mailchimp/key.rs", "format!"),
    ("functions/mandrill-welcome/src/client.rs", "json!"),
    ("functions/relay/src/auth.rs", "Value::from"),
    ("functions/relay/src/auth.rs", "authorization"),
    ("functions/relay/src/auth.rs", "encode"),
    ("functions/relay/src/auth.rs", "header"),
    ("functions/relay/src/auth.rs", "written_path"),
    ("functions/relay/src/request.rs", "to_owned"),
    // The key that signs what is sent to an endpoint.
    ("functions/relay/src/signature.rs", "key"),
    // Whether there is one to be sent.
    ("shared/src/ory/mod.rs", "is_empty"),
];

/// Methods that compare.
const COMPARING: [&str; 16] = [
    "eq",
    "ne",
    "cmp",
    "partial_cmp",
    "eq_ignore_ascii_case",
    "starts_with",
    "ends_with",
    "contains",
    "strip_prefix",
    "strip_suffix",
    "find",
    "rfind",
    "position",
    "matches",
    "binary_search",
    "is_some_and",
];

/// Types that hold a secret, or a digest or tag that was made with one.
const SECRETS: [&str; 3] = ["SecretString", "SecretBox", "[u8 ; 32]"];

/// Goes through the code of a file, without its tests.
#[derive(Default)]
struct Reader {
    comparisons: BTreeSet<String>,
    shown_to: BTreeSet<String>,
    /// Functions by their names, methods with a dot before them.
    called: BTreeSet<String>,
    /// What the code that is looked at is given to, from the outside in.
    given_to: Vec<String>,
}

impl Reader {
    fn of(source: &Source) -> Self {
        let mut reader = Self::default();
        reader.visit_file(&source.code);
        reader
    }

    fn is_shown(&mut self) {
        // `map` gives on what it is given.
        let to = self.given_to.iter().rev().find(|to| *to != "map");
        self.shown_to.insert(to.map_or("nobody in particular", String::as_str).to_owned());
    }

    fn given_to(&mut self, to: &str, look: impl FnOnce(&mut Self)) {
        self.given_to.push(to.to_owned());
        look(self);
        self.given_to.pop();
    }
}

impl<'a> Visit<'a> for Reader {
    fn visit_item_mod(&mut self, module: &'a ItemMod) {
        if !is_of_tests(&module.attrs) {
            visit::visit_item_mod(self, module);
        }
    }

    fn visit_expr_binary(&mut self, binary: &'a ExprBinary) {
        if matches!(binary.op, BinOp::Eq(_) | BinOp::Ne(_)) {
            self.comparisons.insert(written(binary));
        }
        visit::visit_expr_binary(self, binary);
    }

    fn visit_expr_call(&mut self, call: &'a ExprCall) {
        let Expr::Path(function) = &*call.func else { return visit::visit_expr_call(self, call) };
        let name = function.path.segments.last().unwrap().ident.to_string();
        let name = match function.path.segments.iter().rev().nth(1) {
            // A type's function is told with its type.
            Some(of) if of.ident.to_string().starts_with(char::is_uppercase) => {
                format!("{}::{name}", of.ident)
            }
            _ => name,
        };
        self.called.insert(name.clone());
        self.given_to(&name, |reader| call.args.iter().for_each(|one| reader.visit_expr(one)));
    }

    fn visit_expr_method_call(&mut self, call: &'a ExprMethodCall) {
        let name = call.method.to_string();
        // A URL's query is asked for without a name.
        if name != "query" || !call.args.is_empty() {
            self.called.insert(format!(".{name}"));
        }
        if name == "expose_secret" {
            self.is_shown();
        }
        if COMPARING.contains(&name.as_str()) {
            self.comparisons.insert(written(call));
        }
        self.given_to(&name, |reader| visit::visit_expr_method_call(reader, call));
    }

    fn visit_expr_path(&mut self, path: &'a ExprPath) {
        if path.path.segments.last().is_some_and(|last| last.ident == "expose_secret") {
            self.is_shown();
        }
    }

    fn visit_macro(&mut self, it: &'a Macro) {
        let name = format!("{}!", it.path.segments.last().unwrap().ident);
        let inside = it.tokens.to_string();
        if inside.contains("expose_secret") {
            self.given_to(&name, Self::is_shown);
        }
        if inside.contains("==") || inside.contains("!=") || name == "matches!" {
            self.comparisons.insert(format!("{name} {inside}"));
        }
    }
}

#[test]
fn secrets_are_exposed_only_to_their_recipients() {
    let mut found = BTreeSet::new();
    for source in sources() {
        let shown_to = Reader::of(&source).shown_to;
        found.extend(shown_to.into_iter().map(|to| (source.file.clone(), to)));
    }
    let known = SHOWN_TO.map(|(file, to)| (file.to_owned(), to.to_owned()));
    assert_eq!(found, known.into());
}

#[test]
fn credentials_are_compared_in_constant_time_only() {
    let no_secrets: BTreeSet<_> = NO_SECRETS.map(str::to_owned).into();
    let mut compared = BTreeSet::new();
    for source in sources() {
        let reader = Reader::of(&source);
        let place = MEETING_PLACES.iter().find(|(file, _)| *file == source.file);
        for (_, by) in MEETING_PLACES {
            let is_here = place.is_some_and(|(_, here)| *here == by);
            assert_eq!(reader.called.contains(by), is_here, "{by} in {}", source.file);
        }
        // Credentials are looked for where they are compared, and in the envelope itself.
        if place.is_none() && source.file != "shared/src/envelope.rs" {
            for look in [".cookie", ".query"] {
                assert!(!reader.called.contains(look), "{look} in {}", source.file);
            }
        }
        if place.is_some() {
            compared.extend(reader.comparisons);
        }
        // And nobody is let in from elsewhere.
        let lets_in = reader.called.contains("Authenticated::new");
        assert_eq!(lets_in, source.file == "shared/src/auth.rs", "{}", source.file);
    }
    assert_eq!(compared, no_secrets);
}

#[test]
fn no_secret_type_implements_equality() {
    let all: Vec<_> = sources().iter().map(Types::of).collect();
    // They, and whatever holds one of them.
    let mut secret = BTreeSet::new();
    loop {
        let before = secret.len();
        for of in all.iter().flat_map(|types| &types.types) {
            let holds = of.fields.iter().any(|(_, of_type)| {
                let text = written(of_type);
                SECRETS.iter().any(|name| text.contains(name))
                    || text.split(|c: char| !c.is_alphanumeric()).any(|word| secret.contains(word))
            });
            if holds {
                secret.insert(of.name.clone());
            }
        }
        if secret.len() == before {
            break;
        }
    }
    for known in
        ["Digested", "Versions", "Cached", "CallerAuth", "SigningSecret", "ApiKey", "Signature"]
    {
        assert!(secret.contains(known), "{known} holds a secret: {secret:?}");
    }
    for types in &all {
        for of in types.types.iter().filter(|of| secret.contains(&of.name)) {
            for comparing in ["Eq", "Ord", "Hash"] {
                assert!(!of.derived.contains(comparing), "{} derives {comparing}", of.name);
            }
        }
        for (by_hand, name) in types.by_hand.iter().filter(|(_, name)| secret.contains(name)) {
            let compares =
                ["PartialEq", "Eq", "PartialOrd", "Ord", "Hash"].contains(&by_hand.as_str());
            assert!(!compares, "{by_hand} for {name}");
        }
    }
}
