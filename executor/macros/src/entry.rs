//! Parsing and expansion of the two entry attributes.
//!
//! The body becomes an async block:
//!
//! ```text
//! fn main() -> Ret {
//!     let body = async {
//!         if false {
//!             return (|| -> Ret { loop {} })();
//!         }
//!         { … }
//!     };
//!     ::pintle::runtime::Builder::new_multi_thread().enable_all().build().expect(…)
//!         .block_on(body)
//! }
//! ```
//!
//! The return that is never reached tells the compiler what the block's own type is, which it has
//! no syntax for: so `?`, coercions and type errors behave as in the `async fn` that the user
//! wrote. The body is never parsed, only moved: each token keeps its span, what is wrong in it is
//! for the compiler to say, and half-typed code still completes.
//!
//! A mistake becomes a `compile_error!` on the tokens that are wrong, all mistakes at once, beside
//! a function that still compiles, so that one mistake is one message.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::parse::{ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::{
    Attribute, Error, Expr, Lit, Meta, Path, ReturnType, Signature, Token, Type, Visibility,
};

/// Which of the two attributes is expanded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Main,
    Test,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Kind::Main => "main",
            Kind::Test => "test",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flavor {
    MultiThread,
    CurrentThread,
    ThreadPerCore,
}

impl Flavor {
    fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "multi_thread" => Flavor::MultiThread,
            "current_thread" => Flavor::CurrentThread,
            "thread_per_core" => Flavor::ThreadPerCore,
            _ => return None,
        })
    }
}

const ATTRIBUTES: &str = "`flavor`, `worker_threads`, `start_paused`, `crate`";
const FLAVORS: &str = "`\"multi_thread\"`, `\"current_thread\"`, `\"thread_per_core\"`";

/// Expands `#[pintle::main(args)] item` or `#[pintle::test(args)] item`.
pub(crate) fn expand(kind: Kind, args: TokenStream, item: TokenStream) -> TokenStream {
    let parse = |input: ParseStream<'_>| Function::parse(kind, input);
    let function = match parse.parse2(item.clone()) {
        Ok(function) => function,
        Err(error) => return beside(&error, item),
    };
    let (config, mut errors) = Config::parse(kind, args);
    let unfit = function.check(kind, &config);
    let fits = unfit.is_none();
    errors.extend(unfit);

    let Some(error) = errors.into_iter().reduce(|mut all, next| {
        all.combine(next);
        all
    }) else {
        return function.expand(kind, &config);
    };
    let rest = if fits {
        function.expand(kind, &config)
    } else {
        function.without_body()
    };
    beside(&error, rest)
}

fn beside(error: &Error, rest: TokenStream) -> TokenStream {
    let mut tokens = error.to_compile_error();
    tokens.extend(rest);
    tokens
}

/// What the attribute asks for.
struct Config {
    flavor: Flavor,
    worker_threads: Option<usize>,
    start_paused: bool,
    krate: Path,
}

impl Config {
    /// Takes what it understands, and gives back an error for each thing it does not.
    fn parse(kind: Kind, args: TokenStream) -> (Self, Vec<Error>) {
        let mut config = Config {
            flavor: match kind {
                Kind::Main => Flavor::MultiThread,
                Kind::Test => Flavor::CurrentThread,
            },
            worker_threads: None,
            start_paused: false,
            krate: syn::parse_quote!(::pintle),
        };
        let mut errors = Vec::new();
        match Punctuated::<Meta, Token![,]>::parse_terminated.parse2(args) {
            Ok(args) => config.read(kind, &args, &mut errors),
            Err(error) => errors.push(error),
        }
        (config, errors)
    }

    fn read(&mut self, kind: Kind, args: &Punctuated<Meta, Token![,]>, errors: &mut Vec<Error>) {
        let mut seen: Vec<String> = Vec::new();
        let mut workers_at = None;
        for arg in args {
            let name = arg.path().to_token_stream().to_string();
            if seen.contains(&name) {
                errors.push(Error::new_spanned(arg, format!("`{name}` is set twice")));
                continue;
            }
            let read = match name.as_str() {
                "flavor" => flavor(arg).map(|flavor| self.flavor = flavor),
                "worker_threads" => {
                    workers_at = Some(arg);
                    worker_threads(arg).map(|count| self.worker_threads = Some(count))
                }
                "start_paused" => start_paused(arg).map(|paused| self.start_paused = paused),
                "crate" => krate(arg).map(|path| self.krate = path),
                _ => Err(Error::new_spanned(
                    arg,
                    format!("unknown attribute `{name}`; expected one of {ATTRIBUTES}"),
                )),
            };
            errors.extend(read.err());
            seen.push(name);
        }
        let flavor_is_known = errors.is_empty();
        if let (Some(arg), Flavor::CurrentThread, true) = (workers_at, self.flavor, flavor_is_known)
        {
            self.worker_threads = None;
            errors.push(Error::new_spanned(
                arg,
                format!(
                    "`worker_threads` has no meaning in the `current_thread` flavor, which has no \
                     workers; use `#[pintle::{}(flavor = \"multi_thread\", worker_threads = …)]` \
                     or `\"thread_per_core\"`",
                    kind.name()
                ),
            ));
        }
    }

    /// The expression that makes the runtime.
    fn runtime(&self) -> TokenStream {
        let krate = &self.krate;
        let new = match self.flavor {
            Flavor::MultiThread => quote!(new_multi_thread),
            Flavor::CurrentThread => quote!(new_current_thread),
            Flavor::ThreadPerCore => quote!(new_thread_per_core),
        };
        let workers = self
            .worker_threads
            .map(|count| quote!(.worker_threads(#count)));
        let paused = self.start_paused.then(|| quote!(.start_paused(true)));
        quote! {
            #krate::runtime::Builder::#new()
                #workers
                #paused
                .enable_all()
                .build()
                .expect("failed to build the runtime")
        }
    }
}

fn value(arg: &Meta) -> Result<&Expr, Error> {
    match arg {
        Meta::NameValue(pair) => Ok(&pair.value),
        _ => {
            let name = arg.path().to_token_stream();
            Err(Error::new_spanned(
                arg,
                format!("`{name}` needs a value: `{name} = …`"),
            ))
        }
    }
}

fn literal(arg: &Meta) -> Result<Option<&Lit>, Error> {
    Ok(match value(arg)? {
        Expr::Lit(expr) => Some(&expr.lit),
        _ => None,
    })
}

fn wrong(arg: &Meta, expected: &str) -> Error {
    let name = arg.path().to_token_stream();
    match value(arg) {
        Ok(value) => Error::new_spanned(value, format!("`{name}` must be {expected}")),
        Err(error) => error,
    }
}

fn flavor(arg: &Meta) -> Result<Flavor, Error> {
    let Some(Lit::Str(name)) = literal(arg)? else {
        return Err(wrong(arg, &format!("a string, one of {FLAVORS}")));
    };
    Flavor::parse(&name.value()).ok_or_else(|| {
        let name = name.value();
        wrong(arg, &format!("one of {FLAVORS}, not `\"{name}\"`"))
    })
}

fn worker_threads(arg: &Meta) -> Result<usize, Error> {
    let count = match literal(arg)? {
        Some(Lit::Int(count)) => count.base10_parse().ok(),
        _ => None,
    };
    match count {
        Some(0) => Err(wrong(
            arg,
            "at least 1; for a runtime without workers there is `flavor = \"current_thread\"`",
        )),
        Some(count) => Ok(count),
        None => Err(wrong(
            arg,
            "a number of workers, as in `worker_threads = 4`",
        )),
    }
}

fn start_paused(arg: &Meta) -> Result<bool, Error> {
    match literal(arg)? {
        Some(Lit::Bool(paused)) => Ok(paused.value),
        _ => Err(wrong(arg, "`true` or `false`")),
    }
}

fn krate(arg: &Meta) -> Result<Path, Error> {
    let expected = "a path in a string, as in `crate = \"my_crate::pintle\"`";
    match literal(arg)? {
        Some(Lit::Str(path)) => path
            .parse_with(Path::parse_mod_style)
            .map_err(|_| wrong(arg, expected)),
        _ => Err(wrong(arg, expected)),
    }
}

/// The function under the attribute; its body stays tokens.
struct Function {
    attributes: Vec<Attribute>,
    visibility: Visibility,
    signature: Signature,
    inner_attributes: Vec<Attribute>,
    body: Group,
}

impl Function {
    fn parse(kind: Kind, input: ParseStream<'_>) -> Result<Self, Error> {
        let attributes = input.call(Attribute::parse_outer)?;
        let visibility = input.parse()?;
        let signature = input.parse().map_err(|error| {
            let name = kind.name();
            Error::new(
                error.span(),
                format!("`#[pintle::{name}]` goes on an `async fn`"),
            )
        })?;
        let braces: Group = match input.parse()? {
            TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => group,
            other => {
                return Err(Error::new(
                    other.span(),
                    "expected the body of the function",
                ));
            }
        };
        let split = |input: ParseStream<'_>| {
            Ok((
                input.call(Attribute::parse_inner)?,
                input.parse::<TokenStream>()?,
            ))
        };
        let (inner_attributes, body) = split.parse2(braces.stream())?;
        let mut body = Group::new(Delimiter::Brace, body);
        body.set_span(braces.span());
        Ok(Function {
            attributes,
            visibility,
            signature,
            inner_attributes,
            body,
        })
    }

    /// What makes it impossible to expand this function, if anything does.
    fn check(&self, kind: Kind, config: &Config) -> Option<Error> {
        let name = kind.name();
        let signature = &self.signature;
        if signature.asyncness.is_none() {
            let message =
                format!("`#[pintle::{name}]` needs an `async fn`: write `async` before this `fn`");
            return Some(Error::new_spanned(signature.fn_token, message));
        }
        let no_arguments = match kind {
            Kind::Test => Some("a test takes no arguments"),
            Kind::Main if signature.ident == "main" => {
                Some("`main` takes no arguments; the program's are in `std::env::args()`")
            }
            Kind::Main => None,
        };
        if let Some(message) = no_arguments.filter(|_| !signature.inputs.is_empty()) {
            return Some(Error::new_spanned(&signature.inputs, message));
        }
        let twice = self
            .attributes
            .iter()
            .find(|attribute| is_test(attribute, config))?;
        (kind == Kind::Test).then(|| {
            let message = "this would run the test twice: `#[pintle::test]` is enough, remove this";
            Error::new_spanned(twice, message)
        })
    }

    fn expand(&self, kind: Kind, config: &Config) -> TokenStream {
        let Function {
            attributes,
            visibility,
            inner_attributes,
            body,
            ..
        } = self;
        let signature = Signature {
            asyncness: None,
            ..self.signature.clone()
        };
        let output = match &signature.output {
            ReturnType::Default => Some(quote!(-> ())),
            // The compiler would call such a return unreachable, and needs no help.
            ReturnType::Type(_, output) if matches!(**output, Type::Never(_)) => None,
            // A closure cannot return `impl Trait`; the block is then of whatever type it is.
            output if mentions_impl(output.to_token_stream()) => None,
            output => Some(output.to_token_stream()),
        };
        let of_type = output.map(|output| {
            quote! {
                if false {
                    return (|| #output { loop {} })();
                }
            }
        });
        let runtime = config.runtime();
        let test = (kind == Kind::Test).then(|| quote!(#[::core::prelude::v1::test]));
        // Tests are many and each is run once: `block_on` need not be compiled for each of them.
        let future = match kind {
            Kind::Main => quote!(body),
            Kind::Test => quote! {
                ::core::pin::pin!(body)
                    as ::core::pin::Pin<&mut dyn ::core::future::Future<Output = _>>
            },
        };
        quote! {
            #test
            #(#attributes)*
            #visibility #signature {
                #(#inner_attributes)*
                let body = async { #of_type #body };
                #runtime.block_on(#future)
            }
        }
    }

    /// A stand-in beside an error about the signature itself, so that no other error follows.
    fn without_body(&self) -> TokenStream {
        let (visibility, name) = (&self.visibility, &self.signature.ident);
        quote!(#[allow(dead_code)] #visibility fn #name() {})
    }
}

fn mentions_impl(tokens: TokenStream) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(ident) => ident == "impl",
        TokenTree::Group(group) => mentions_impl(group.stream()),
        _ => false,
    })
}

/// Whether this is the standard test attribute, or ours once more.
fn is_test(attribute: &Attribute, config: &Config) -> bool {
    let names: Vec<_> = attribute
        .path()
        .segments
        .iter()
        .map(|segment| segment.ident.to_string())
        .collect();
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    let krate = config
        .krate
        .segments
        .last()
        .map(|segment| segment.ident.to_string());
    match names[..] {
        ["test"] | ["core" | "std", "prelude", _, "test"] => true,
        [.., last, "test"] => krate.is_some_and(|krate| krate == last),
        _ => false,
    }
}

#[cfg(test)]
mod tests;
