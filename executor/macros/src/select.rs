//! Parsing and expansion of `select!`.
//!
//! ```text
//! {
//!     enum __PintleSelected<T0, …> { Branch0(T0), …, Disabled }
//!     let selected = {
//!         let mut disabled = …;                       // a bit a branch, from the preconditions
//!         let future_0 = first(); …
//!         let mut future_0 = pin!(IntoFuture::into_future(future_0)); …
//!         poll_fn(move |cx| poll each that is not disabled, beginning anywhere).await
//!     };                                              // the futures are dropped here
//!     match selected {
//!         __PintleSelected::Branch0(pattern) => handler, …
//!         __PintleSelected::Disabled => otherwise,
//!     }
//! }
//! ```
//!
//! The handlers are outside of every closure and loop of ours, so `?`, `return`, `break` and
//! `continue` mean what they mean where the macro stands, and the futures' borrows are over.
//!
//! Whether an output fits a branch's pattern has to be known inside the closure, where nothing may
//! be moved out of it. There the pattern stands without its variables ([`shape`]): it then fits
//! the same values and takes nothing.

use crate::branches::Head;
use proc_macro2::{Group, Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote_spanned};
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::{Error, Expr, Pat, Token, token};

/// As many as there are bits in the word that says which are disabled.
const MOST: usize = u64::BITS as usize;

/// Expands `select! { ($crate) … }`.
pub(crate) fn expand(input: TokenStream) -> TokenStream {
    match Select::parse.parse2(input) {
        Ok(select) => select.expand(),
        Err(error) => error.to_compile_error(),
    }
}

struct Select {
    head: Head,
    branches: Vec<Branch>,
    otherwise: Option<TokenStream>,
}

/// `pattern = future, if condition => handler`
struct Branch {
    pattern: Pat,
    future: Expr,
    condition: Option<Expr>,
    handler: TokenStream,
}

impl Select {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let head = Head::parse(input)?;
        let mut branches = Vec::new();
        while !input.is_empty() && !input.peek(Token![else]) {
            if branches.len() == MOST {
                return Err(input.error(format!("`select!` takes up to {MOST} branches")));
            }
            branches.push(Branch::parse(input)?);
        }
        let otherwise = match input.is_empty() {
            true => None,
            false => Some(otherwise(input)?),
        };
        if branches.is_empty() && otherwise.is_none() {
            let message = "`select!` needs a branch: `pattern = future => handler`";
            return Err(Error::new(input.span(), message));
        }
        Ok(Self {
            head,
            branches,
            otherwise,
        })
    }
}

fn otherwise(input: ParseStream<'_>) -> syn::Result<TokenStream> {
    input.parse::<Token![else]>()?;
    if input.peek(Token![if]) {
        let message = "`else` has no condition: it runs when every branch is disabled";
        return Err(input.error(message));
    }
    input.parse::<Token![=>]>()?;
    let handler = handler(input)?;
    match input.is_empty() {
        true => Ok(handler),
        false => Err(input.error("`else` comes last")),
    }
}

impl Branch {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let pattern = Pat::parse_multi_with_leading_vert(input)?;
        if input.peek(Token![=>]) || !input.peek(Token![=]) {
            let message = "expected `= future`: a branch is `pattern = future => handler`";
            return Err(input.error(message));
        }
        input.parse::<Token![=]>()?;
        let future = input.parse()?;
        if input.peek(Token![if]) {
            return Err(input.error("a precondition follows a comma: `, if condition`"));
        }
        let condition = match input.parse::<Option<Token![,]>>()? {
            None => None,
            Some(_) if input.peek(Token![if]) => {
                input.parse::<Token![if]>()?;
                if input.peek(Token![let]) {
                    let message = "a precondition is a `bool`; for a `let` there is `matches!`";
                    return Err(input.error(message));
                }
                Some(input.parse()?)
            }
            Some(_) => {
                let message = "expected `if condition` or, before the comma, `=> handler`";
                return Err(input.error(message));
            }
        };
        if !input.peek(Token![=>]) {
            return Err(input.error("expected `=> handler`"));
        }
        input.parse::<Token![=>]>()?;
        Ok(Self {
            pattern,
            future,
            condition,
            handler: handler(input)?,
        })
    }
}

/// A block, or an expression up to a comma. A block is not parsed, only moved, so that code that
/// is half typed still completes.
fn handler(input: ParseStream<'_>) -> syn::Result<TokenStream> {
    if input.peek(token::Brace) {
        let block: Group = input.parse()?;
        input.parse::<Option<Token![,]>>()?;
        return Ok(block.into_token_stream());
    }
    let handler: Expr = input.parse()?;
    if !input.is_empty() && !input.peek(Token![,]) {
        return Err(input.error("expected `,`: only after a handler in braces it may be left out"));
    }
    input.parse::<Option<Token![,]>>()?;
    Ok(handler.into_token_stream())
}

impl Select {
    fn expand(&self) -> TokenStream {
        let Some(last) = self.branches.len().checked_sub(1) else {
            return self.otherwise.clone().unwrap_or_default();
        };
        let Head { site, biased, .. } = self.head;
        let support = self.head.support(site);
        let count = last + 1;
        let futures: Vec<_> = self.branches.iter().map(|branch| &branch.future).collect();
        let variables = self.head.variables(&futures);
        let pinned = self.head.pinned(&variables, &futures, |_, future| future);
        let types = names("T", count, site);
        let variants = names("Branch", count, site);

        let conditions = self
            .branches
            .iter()
            .enumerate()
            .filter_map(|(index, branch)| {
                let condition = branch.condition.as_ref()?;
                Some(quote_spanned! {site=>
                    let enabled: ::core::primitive::bool = #condition;
                    if !enabled {
                        disabled |= 1_u64 << #index;
                    }
                })
            });
        let first = match biased || count == 1 {
            true => quote_spanned!(site=> 0_usize),
            false => quote_spanned!(site=> #support::any_of(#count)),
        };
        let shapes: Vec<_> = self
            .branches
            .iter()
            .map(|branch| Shape::of(&branch.pattern))
            .collect();
        let fits = shapes.iter().map(|shape| shape.fits(site));
        let indices = 0..count;
        let polls = variables.iter().map(|variable| {
            let at = variable.span();
            quote_spanned!(at=> ::core::future::Future::poll(#variable.as_mut(), cx))
        });
        let handlers = self.branches.iter().map(|branch| &branch.handler);
        let patterns = self.branches.iter().map(|branch| &branch.pattern);
        let misfits = shapes
            .iter()
            .zip(&variants)
            .filter(|(shape, _)| shape.may_not_fit());
        let misfits = misfits.map(|(_, variant)| {
            quote_spanned! {site=>
                #[allow(unreachable_patterns)]
                __PintleSelected::#variant(_) => ::core::unreachable!(),
            }
        });
        let otherwise = match &self.otherwise {
            Some(handler) => handler.clone(),
            None => quote_spanned!(site=> #support::all_disabled()),
        };

        quote_spanned! {site=>
            {
                enum __PintleSelected<#(#types),*> {
                    #(#variants(#types),)*
                    Disabled,
                }
                let selected = {
                    let mut disabled: ::core::primitive::u64 = 0;
                    #(#conditions)*
                    #pinned
                    #support::poll_fn(move |cx| {
                        ::core::task::ready!(#support::poll_budget(cx));
                        let first = #first;
                        let mut pending = false;
                        // The output of a future may be `!`.
                        #[allow(unreachable_code)]
                        for branch in #support::beginning_with(first, #count) {
                            if disabled & (1_u64 << branch) != 0 {
                                continue;
                            }
                            match branch {
                                #(#indices => match #polls {
                                    ::core::task::Poll::Ready(output) => {
                                        disabled |= 1_u64 << branch;
                                        if #fits {
                                            return ::core::task::Poll::Ready(
                                                __PintleSelected::#variants(output),
                                            );
                                        }
                                    }
                                    ::core::task::Poll::Pending => pending = true,
                                },)*
                                _ => ::core::unreachable!(),
                            }
                        }
                        match pending {
                            true => ::core::task::Poll::Pending,
                            false => ::core::task::Poll::Ready(__PintleSelected::Disabled),
                        }
                    })
                    .await
                };
                match selected {
                    #(__PintleSelected::#variants(#patterns) => #handlers,)*
                    #(#misfits)*
                    __PintleSelected::Disabled => #otherwise,
                }
            }
        }
    }
}

fn names(prefix: &str, count: usize, site: Span) -> Vec<Ident> {
    (0..count)
        .map(|index| format_ident!("{prefix}{index}", span = site))
        .collect()
}

/// A pattern without its variables.
struct Shape {
    pattern: Pat,
    variables: Vec<Ident>,
}

impl Shape {
    fn of(pattern: &Pat) -> Self {
        let mut pattern = pattern.clone();
        let mut variables = Vec::new();
        strip(&mut pattern, &mut variables);
        Self { pattern, variables }
    }

    /// `false` for what fits everything: `_`, or a variable.
    fn may_not_fit(&self) -> bool {
        !matches!(self.pattern, Pat::Wild(_))
    }

    /// The expression that says whether `output` fits.
    fn fits(&self, site: Span) -> TokenStream {
        if !self.may_not_fit() {
            return quote_spanned!(site=> true);
        }
        let Self { pattern, variables } = self;
        // Is one of the "variables" a constant, then this is an error, and not a branch that
        // never fits.
        quote_spanned! {site=>
            {
                #[allow(unused_variables, clippy::let_unit_value)]
                if false {
                    #(let #variables = ();)*
                }
                #[allow(unreachable_patterns)]
                match output {
                    #pattern => true,
                    _ => false,
                }
            }
        }
    }
}

/// Puts `_` in the place of each variable.
///
/// `None` and `x` look alike to a macro. What begins with an upper-case letter is taken for a
/// constant, as the compiler's own lints do. (Should it be a variable, the compiler will say that
/// the output is moved twice.)
fn strip(pattern: &mut Pat, variables: &mut Vec<Ident>) {
    match pattern {
        Pat::Ident(name) => {
            if let Some((_, rest)) = name.subpat.take() {
                *pattern = *rest;
                strip(pattern, variables);
            } else if name.by_ref.is_some() || name.mutability.is_some() || is_variable(&name.ident)
            {
                variables.push(name.ident.clone());
                *pattern = Pat::Wild(syn::PatWild {
                    attrs: Vec::new(),
                    underscore_token: Token![_](name.ident.span()),
                });
            }
        }
        Pat::Struct(pattern) => {
            for field in &mut pattern.fields {
                // `Point { x }` becomes `Point { x: _ }`.
                field.colon_token.get_or_insert_default();
                strip(&mut field.pat, variables);
            }
        }
        Pat::Or(pattern) => strip_all(&mut pattern.cases, variables),
        Pat::Slice(pattern) => strip_all(&mut pattern.elems, variables),
        Pat::Tuple(pattern) => strip_all(&mut pattern.elems, variables),
        Pat::TupleStruct(pattern) => strip_all(&mut pattern.elems, variables),
        Pat::Paren(pattern) => strip(&mut pattern.pat, variables),
        Pat::Reference(pattern) => strip(&mut pattern.pat, variables),
        _ => {}
    }
}

fn strip_all<'a>(patterns: impl IntoIterator<Item = &'a mut Pat>, variables: &mut Vec<Ident>) {
    patterns
        .into_iter()
        .for_each(|pattern| strip(pattern, variables));
}

fn is_variable(name: &Ident) -> bool {
    !name.unraw().to_string().starts_with(char::is_uppercase)
}

#[cfg(test)]
mod tests;
