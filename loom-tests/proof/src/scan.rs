//! Finds every place that may be broken, in the syntax tree of one source file.
//!
//! | what | how it is known | mutants |
//! | --- | --- | --- |
//! | an ordering stronger than `Relaxed` | a path that ends in its name | one step weaker; both ways from `AcqRel` |
//! | a fence | a call of `fence` | left out; one step weaker, if there is a weaker fence |
//! | a read-modify-write | a method of an atomic, with an ordering as its last argument | a load and a store |
//! | a look at shared state | the condition of an `if`, a `while` or a match arm that depends on an atomic access or on what a lock guards | taken for false: the look is skipped |
//! | the same as an answer | the last expression of a function that returns `bool` and depends on such | always no, always yes |
//!
//! "Depends on" goes by names: a variable that was made from an atomic access or a guard, a closure's parameter
//! where the closure is given to one, and the functions that `shared` knows: those of the same file that make one, and
//! those of all files that are modelled which answer yes or no about one, or by asking another that does.
//!
//! Code under `cfg(test)` and `cfg(not(loom))` is passed over (`parse`), and what is there for models alone, under
//! `cfg(loom)`. So is what a macro is given, which has no syntax tree; an ordering in there is an error.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use quote::ToTokens;
use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{Attribute, Block, Expr, ImplItemFn, ItemFn, Signature, Stmt};

use crate::parse::{Parsed, digest};
use crate::shared::{Questions, answers_yes_or_no, functions, is_guard, touches};
use crate::site::{Key, Kind, Mutant, Place, is_ordering, weaker};

/// What was found in one file.
#[derive(Debug)]
pub struct Scan {
    pub places: Vec<Place>,
    /// Of the code, without comments, documentation and tests.
    pub digest: String,
}

/// Finds what may be broken. Looks at shared state are found where there are questions to ask.
pub fn scan(
    file: &str,
    source: &str,
    parsed: &Parsed,
    questions: Option<&Questions>,
) -> Result<Scan, String> {
    let tree = &parsed.tree;
    let none = Questions::new();
    let known = questions.unwrap_or(&none);
    let mut scanner = Scanner {
        file,
        source,
        with_looks: questions.is_some(),
        shared: functions(parsed, known),
        owner: String::new(),
        function: String::new(),
        tainted: HashSet::new(),
        methods: Vec::new(),
        counts: HashMap::new(),
        places: Vec::new(),
        error: None,
    };
    scanner.visit_file(tree);
    match scanner.error {
        Some(error) => Err(error),
        None => Ok(Scan {
            places: scanner.places,
            digest: digest(&tree.to_token_stream().to_string()),
        }),
    }
}

struct Scanner<'a> {
    file: &'a str,
    source: &'a str,
    with_looks: bool,
    shared: HashSet<String>,
    owner: String,
    function: String,
    /// Variables of the function that depend on shared state.
    tainted: HashSet<String>,
    /// The calls that we are inside of.
    methods: Vec<String>,
    counts: HashMap<Key, usize>,
    places: Vec<Place>,
    error: Option<String>,
}

impl Scanner<'_> {
    fn mutant(&mut self, change: String, ordering: &'static str) -> Mutant {
        let mut key = Key {
            file: self.file.to_owned(),
            function: self.function.clone(),
            change,
        };
        let count = self.counts.entry(key.clone()).or_default();
        *count += 1;
        if *count > 1 {
            key.change = format!("{}, no. {count}", key.change);
        }
        Mutant { key, ordering }
    }

    fn place(&mut self, range: Range<usize>, kind: Kind, mutants: Vec<Mutant>) {
        if !mutants.is_empty() && !self.function.is_empty() {
            self.places.push(Place {
                range,
                kind,
                mutants,
            });
        }
    }

    fn touches(&self, code: &impl ToTokens) -> bool {
        touches(code, &self.tainted, &self.shared)
    }

    fn inside(&mut self, signature: &Signature, block: &Block) {
        let name = signature.ident.to_string();
        let outer = std::mem::replace(
            &mut self.function,
            match self.owner.as_str() {
                "" => name,
                owner => format!("{owner}::{name}"),
            },
        );
        let tainted = std::mem::take(&mut self.tainted);
        for input in &signature.inputs {
            if let syn::FnArg::Typed(input) = input
                && is_guard(&input.ty)
            {
                self.taint(&input.pat);
            }
        }
        visit::visit_block(self, block);
        if answers_yes_or_no(signature)
            && let Some(Stmt::Expr(answer, None)) = block.stmts.last()
            && !matches!(answer, Expr::Lit(_) | Expr::Loop(_))
            && self.with_looks
            && self.touches(answer)
        {
            let text = self.brief(answer.span().byte_range());
            let mutants = vec![
                self.mutant(format!("`{text}` always false"), ""),
                self.mutant(format!("`{text}` always true"), ""),
            ];
            self.place(answer.span().byte_range(), Kind::Answer, mutants);
        }
        self.tainted = tainted;
        self.function = outer;
    }

    /// Everything that the pattern binds depends on shared state.
    fn taint(&mut self, pattern: &impl ToTokens) {
        fn names(tokens: TokenStream, into: &mut HashSet<String>) {
            for token in tokens {
                match token {
                    TokenTree::Group(group) => names(group.stream(), into),
                    TokenTree::Ident(ident) => {
                        let name = ident.to_string();
                        if name.starts_with(|c: char| c.is_lowercase())
                            && name != "mut"
                            && name != "ref"
                        {
                            into.insert(name);
                        }
                    }
                    _ => {}
                }
            }
        }
        names(pattern.to_token_stream(), &mut self.tainted);
    }

    /// The text there, on one line, shortened, fit for a cell of a table.
    fn brief(&self, range: Range<usize>) -> String {
        const MOST: usize = 64;
        let words: Vec<&str> = self.source[range].split_whitespace().collect();
        let text = words.join(" ").replace(" .", ".").replace("Ordering::", "");
        let text = text.replace('|', "¦").replace('`', "'");
        if text.chars().count() <= MOST {
            return text;
        }
        let head: String = text.chars().take(MOST).collect();
        format!("{head}…")
    }

    fn condition(&mut self, condition: &Expr) {
        if self.with_looks && self.touches(condition) {
            let text = self.brief(condition.span().byte_range());
            let has_let = has_let(condition);
            let mutants = vec![self.mutant(format!("`{text}` skipped"), "")];
            self.place(
                condition.span().byte_range(),
                Kind::Condition { has_let },
                mutants,
            );
        }
    }
}

fn has_let(condition: &Expr) -> bool {
    match condition {
        Expr::Let(_) => true,
        Expr::Binary(binary) => has_let(&binary.left) || has_let(&binary.right),
        _ => false,
    }
}

impl<'ast> Visit<'ast> for Scanner<'_> {
    fn visit_item_impl(&mut self, block: &'ast syn::ItemImpl) {
        let of = block.self_ty.to_token_stream().to_string();
        let mut owner: String = of.split([' ', '<']).next().unwrap_or_default().to_owned();
        if let Some((_, path, _)) = &block.trait_
            && let Some(last) = path.segments.last()
            && last.ident == "Drop"
        {
            owner = format!("{owner}, Drop");
        }
        let outer = std::mem::replace(&mut self.owner, owner);
        visit::visit_item_impl(self, block);
        self.owner = outer;
    }

    fn visit_impl_item_fn(&mut self, function: &'ast ImplItemFn) {
        // What is printed is nobody's protocol.
        if function.sig.ident != "fmt" && !is_for_models_only(&function.attrs) {
            self.inside(&function.sig, &function.block);
        }
    }

    fn visit_item_fn(&mut self, function: &'ast ItemFn) {
        self.inside(&function.sig, &function.block);
    }

    fn visit_item_trait(&mut self, item: &'ast syn::ItemTrait) {
        let outer = std::mem::replace(&mut self.owner, item.ident.to_string());
        visit::visit_item_trait(self, item);
        self.owner = outer;
    }

    fn visit_trait_item_fn(&mut self, function: &'ast syn::TraitItemFn) {
        if let Some(block) = &function.default {
            self.inside(&function.sig, block);
        }
    }

    fn visit_local(&mut self, local: &'ast syn::Local) {
        if is_for_models_only(&local.attrs) {
            return;
        }
        if let Some(init) = &local.init
            && self.touches(&init.expr)
        {
            self.taint(&local.pat);
        }
        visit::visit_local(self, local);
    }

    fn visit_expr_let(&mut self, condition: &'ast syn::ExprLet) {
        if self.touches(&condition.expr) {
            self.taint(&condition.pat);
        }
        visit::visit_expr_let(self, condition);
    }

    fn visit_expr_if(&mut self, branch: &'ast syn::ExprIf) {
        if is_for_models_only(&branch.attrs) {
            return;
        }
        self.condition(&branch.cond);
        visit::visit_expr_if(self, branch);
    }

    fn visit_expr_while(&mut self, repeat: &'ast syn::ExprWhile) {
        self.condition(&repeat.cond);
        visit::visit_expr_while(self, repeat);
    }

    fn visit_expr_match(&mut self, choice: &'ast syn::ExprMatch) {
        let shared = self.touches(&choice.expr);
        for arm in &choice.arms {
            if shared {
                self.taint(&arm.pat);
            }
            if let Some((_, guard)) = &arm.guard {
                self.condition(guard);
            }
        }
        visit::visit_expr_match(self, choice);
    }

    fn visit_expr_method_call(&mut self, call: &'ast syn::ExprMethodCall) {
        let name = call.method.to_string();
        let shares = call
            .args
            .iter()
            .any(|argument| ordering_of(argument).is_some())
            || self.shared.contains(&name);
        if shares {
            for argument in &call.args {
                if let Expr::Closure(closure) = argument {
                    for input in &closure.inputs {
                        self.taint(input);
                    }
                }
            }
        }
        let last = call
            .args
            .iter()
            .rev()
            .find(|argument| !matches!(argument, Expr::Closure(_)));
        if last.is_some_and(|last| ordering_of(last).is_some())
            && (name.starts_with("compare_exchange")
                || name.starts_with("fetch_")
                || name == "swap")
        {
            let mutants = vec![self.mutant(format!("`{name}` as a load and a store"), "")];
            let kind = Kind::ReadModifyWrite {
                name: call.method.span().byte_range(),
            };
            self.place(call.span().byte_range(), kind, mutants);
        }
        self.methods.push(name);
        visit::visit_expr_method_call(self, call);
        self.methods.pop();
    }

    fn visit_expr_call(&mut self, call: &'ast syn::ExprCall) {
        let name = match &*call.func {
            Expr::Path(path) => path.path.segments.last().map(|last| last.ident.to_string()),
            _ => None,
        };
        let name = name.unwrap_or_default();
        if name == "fence" {
            let of = call.args.first().and_then(ordering_of).unwrap_or_default();
            let mutants = vec![self.mutant(format!("`fence({of})` left out"), "")];
            self.place(call.span().byte_range(), Kind::Fence, mutants);
        }
        self.methods.push(name);
        visit::visit_expr_call(self, call);
        self.methods.pop();
    }

    fn visit_expr_path(&mut self, path: &'ast syn::ExprPath) {
        if let Some(of) = ordering_of(&Expr::Path(path.clone())) {
            let call = self.methods.last().cloned().unwrap_or_default();
            let mutants = weaker(&call, &of)
                .iter()
                .map(|weaker| self.mutant(format!("`{call}`: {of} → {weaker}"), weaker))
                .collect();
            self.place(path.span().byte_range(), Kind::Ordering, mutants);
        }
        visit::visit_expr_path(self, path);
    }

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        let name = call.path.to_token_stream().to_string();
        if hides_an_ordering(call.tokens.clone()) {
            self.error = Some(format!(
                "{}: an ordering inside of {name}!, where it cannot be broken: take it out of there",
                self.file
            ));
        }
    }
}

/// Whether a call in there is given an ordering stronger than `Relaxed`. Types may have such names as well.
fn hides_an_ordering(tokens: TokenStream) -> bool {
    let is_argument = |group: &proc_macro2::Group| {
        let text = group.stream().to_string();
        let mut arguments = text.split(',').map(|argument| {
            let argument = argument.trim();
            argument.strip_prefix("Ordering :: ").unwrap_or(argument)
        });
        group.delimiter() == Delimiter::Parenthesis
            && arguments.any(|argument| is_ordering(argument) && argument != "Relaxed")
    };
    tokens.into_iter().any(|token| match token {
        TokenTree::Group(group) => is_argument(&group) || hides_an_ordering(group.stream()),
        _ => false,
    })
}

/// What helps a model along is not what is modelled.
fn is_for_models_only(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("cfg")
            && attribute.meta.to_token_stream().to_string() == "cfg (loom)"
    })
}

/// The ordering that an expression names.
fn ordering_of(expression: &Expr) -> Option<String> {
    let Expr::Path(path) = expression else {
        return None;
    };
    let name = path.path.segments.last()?.ident.to_string();
    is_ordering(&name).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::parse;
    use crate::shared::questions;

    fn found(source: &str) -> Result<Scan, String> {
        let parsed = parse("a.rs", source)?;
        let questions = questions(std::iter::once(&parsed));
        scan("a.rs", source, &parsed, Some(&questions))
    }

    fn changes(source: &str) -> Vec<String> {
        let found = found(source).expect("it parses");
        let mutants = found.places.iter().flat_map(|place| &place.mutants);
        mutants
            .map(|mutant| format!("{}: {}", mutant.key.function, mutant.key.change))
            .collect()
    }

    #[test]
    fn orderings_fences_and_read_modify_writes_are_found_and_weakened_by_one_step() {
        let source = "
            impl Word {
                fn change(&self) {
                    self.0.swap(1, Ordering::AcqRel);
                    fence(SeqCst);
                    self.0.store(1, Ordering::Release);
                    self.0.store(1, Ordering::Relaxed);
                    self.items.swap(1, 2);
                }
            }";
        assert_eq!(
            changes(source),
            [
                "Word::change: `swap` as a load and a store",
                "Word::change: `swap`: AcqRel → Acquire",
                "Word::change: `swap`: AcqRel → Release",
                "Word::change: `fence(SeqCst)` left out",
                "Word::change: `fence`: SeqCst → AcqRel",
                "Word::change: `store`: Release → Relaxed",
            ]
        );
    }

    #[test]
    fn what_depends_on_shared_state_is_a_look() {
        let source = "
            fn look(word: &AtomicUsize, list: &Mutex<Vec<u8>>, plain: bool) -> bool {
                let mut seen = word.load(Relaxed);
                let list = list.lock();
                if plain { return false; }
                while seen == 0 { seen = 1; }
                if list.is_empty() { return true; }
                if let Some(_) = list.last() {}
                seen == 2
            }";
        assert_eq!(
            changes(source),
            [
                "look: `seen == 0` skipped",
                "look: `list.is_empty()` skipped",
                "look: `let Some(_) = list.last()` skipped",
                "look: `seen == 2` always false",
                "look: `seen == 2` always true",
            ]
        );
    }

    #[test]
    fn the_same_change_twice_in_a_function_is_two_mutants() {
        let source = "fn f(w: &A) { w.load(Acquire); w.load(Acquire); }";
        assert_eq!(
            changes(source),
            [
                "f: `load`: Acquire → Relaxed",
                "f: `load`: Acquire → Relaxed, no. 2"
            ]
        );
    }

    #[test]
    fn tests_and_documentation_neither_count_nor_change_the_digest() {
        let plain = "fn f(w: &A) { w.load(Acquire); }";
        let more = "//! Docs.\n/// Docs.\nfn f(w: &A) { /* so */ w.load(Acquire); }
            #[cfg(not(loom))] fn g(w: &A) { w.load(Acquire); }
            #[cfg(test)] mod tests { fn h(w: &A) { w.load(Acquire); } }";
        assert_eq!(changes(more), ["f: `load`: Acquire → Relaxed"]);
        let digest = |source| found(source).expect("it parses").digest;
        assert_eq!(digest(plain), digest(more));
        assert_ne!(digest(plain), digest("fn f(w: &A) { w.load(Relaxed); }"));
    }

    #[test]
    fn an_ordering_that_a_macro_hides_is_an_error() {
        for hidden in [
            "fn f(w: &A) { hide!(w.load(Ordering::Acquire)); }",
            "fn f(w: &A) { hide!(w.load(Acquire)); }",
            "fn f(w: &A) { hide!({ fence(SeqCst) }); }",
        ] {
            assert!(found(hidden).is_err(), "{hidden}");
        }
        for harmless in [
            "show!(w.load(Relaxed))",
            "pin! { struct Acquire { a: Release } }",
        ] {
            assert!(found(&format!("fn f(w: &A) {{ {harmless}; }}")).is_ok());
        }
    }

    #[test]
    fn what_a_trait_does_by_default_is_found() {
        let source = "trait Word { fn get(&self) -> usize { self.word().load(Acquire) } }";
        assert_eq!(changes(source), ["Word::get: `load`: Acquire → Relaxed"]);
    }
}
