//! What depends on shared state: on an atomic access, or on what a lock guards.
//!
//! That goes by names: those of variables, which `scan` follows, and those of functions.

use std::collections::HashSet;

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::visit::Visit;
use syn::{Block, ImplItemFn, ItemFn, ReturnType, Signature, Type};

use crate::parse::Parsed;
use crate::site::is_ordering;

/// Names of functions that answer a question about shared state: yes or no.
pub type Questions = HashSet<String>;

/// The questions that can be asked in all of these files, directly or by asking another.
pub fn questions<'a>(files: impl Iterator<Item = &'a Parsed> + Clone) -> Questions {
    let mut questions = Questions::new();
    loop {
        let mut asking = SharedFunctions {
            of_type_bool_only: true,
            known: &questions,
            names: questions.clone(),
        };
        for file in files.clone() {
            asking.visit_file(&file.tree);
        }
        if asking.names.len() == questions.len() {
            return questions;
        }
        questions = asking.names;
    }
}

/// The functions of this file that depend on shared state, and the questions that can be asked.
pub fn functions(file: &Parsed, known: &Questions) -> HashSet<String> {
    let mut shared = SharedFunctions {
        of_type_bool_only: false,
        known,
        names: known.clone(),
    };
    shared.visit_file(&file.tree);
    shared.names
}

/// The functions that touch an atomic, take a lock, or call one of those that are known to.
struct SharedFunctions<'a> {
    of_type_bool_only: bool,
    known: &'a Questions,
    names: HashSet<String>,
}

impl<'ast> Visit<'ast> for SharedFunctions<'_> {
    fn visit_impl_item_fn(&mut self, function: &'ast ImplItemFn) {
        self.look(&function.sig, &function.block);
    }

    fn visit_item_fn(&mut self, function: &'ast ItemFn) {
        self.look(&function.sig, &function.block);
    }
}

impl SharedFunctions<'_> {
    fn look(&mut self, signature: &Signature, block: &Block) {
        let counts = !self.of_type_bool_only || answers_yes_or_no(signature);
        if counts && touches(block, &HashSet::new(), self.known) {
            self.names.insert(signature.ident.to_string());
        }
    }
}

pub fn answers_yes_or_no(signature: &Signature) -> bool {
    matches!(&signature.output, ReturnType::Type(_, of) if of.to_token_stream().to_string() == "bool")
}

/// Names under which a guard is passed on.
const GUARDS: [&str; 6] = ["MutexGuard", "Locked", "Entry", "Word", "State", "List"];

/// Whether this is the type of such a guard.
pub fn is_guard(of: &Type) -> bool {
    let of = of.to_token_stream().to_string();
    GUARDS.iter().any(|guard| {
        of.split(|c: char| !c.is_alphanumeric())
            .any(|word| word == *guard)
    })
}

/// Methods that give a guard.
const LOCKS: [&str; 4] = ["lock", "try_lock", "enter", "write"];

/// Whether a piece of code depends on shared state, given the variables and the functions that do.
pub fn touches(code: &impl ToTokens, tainted: &HashSet<String>, shared: &HashSet<String>) -> bool {
    fn look(tokens: TokenStream, tainted: &HashSet<String>, shared: &HashSet<String>) -> bool {
        let mut after_dot = false;
        let mut tokens = tokens.into_iter().peekable();
        while let Some(token) = tokens.next() {
            match token {
                TokenTree::Group(group) => {
                    if look(group.stream(), tainted, shared) {
                        return true;
                    }
                    after_dot = false;
                }
                TokenTree::Ident(ident) => {
                    let name = ident.to_string();
                    let is_call = matches!(tokens.peek(), Some(TokenTree::Group(_)));
                    let found = if is_call {
                        shared.contains(&name)
                            || (after_dot && LOCKS.contains(&name.as_str()))
                            || name == "fence"
                    } else {
                        is_ordering(&name) || (!after_dot && tainted.contains(&name))
                    };
                    if found {
                        return true;
                    }
                    after_dot = false;
                }
                TokenTree::Punct(punct) => after_dot = punct.as_char() == '.',
                TokenTree::Literal(_) => after_dot = false,
            }
        }
        false
    }
    look(code.to_token_stream(), tainted, shared)
}
