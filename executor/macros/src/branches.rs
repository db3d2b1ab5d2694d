//! What `select!`, `join!` and `try_join!` have in common: the head of their input, and how the
//! futures are put in place.
//!
//! The three are `macro_rules!` of the crate `pintle`, which pass on what the user wrote behind
//! the one thing that only they know, their `$crate`: `($crate) biased; …`. So the expansion finds
//! the crate under whatever name the user gave it.
//!
//! Everything an expansion names itself has the span `mixed_site`, so that it neither sees the
//! user's variables nor is seen; but for what the compiler has to say about a future, which is
//! said where the future stands.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote_spanned};
use syn::parse::ParseStream;
use syn::spanned::Spanned;
use syn::{Expr, Token, parenthesized};

mod keyword {
    syn::custom_keyword!(biased);
}

/// `($crate) biased;`
pub(crate) struct Head {
    /// The path of the crate's module that an expansion calls.
    pub(crate) support: TokenStream,
    pub(crate) biased: bool,
}

impl Head {
    pub(crate) fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let content;
        parenthesized!(content in input);
        let krate: TokenStream = content.parse()?;
        let site = Span::mixed_site();
        let biased = input.peek(keyword::biased) && input.peek2(Token![;]);
        if biased {
            input.parse::<keyword::biased>()?;
            input.parse::<Token![;]>()?;
        }
        Ok(Self {
            support: quote_spanned!(site=> #krate::macros::support),
            biased,
        })
    }
}

/// The variables of the futures, each of which is said to stand where its future does.
pub(crate) fn variables(futures: &[&Expr]) -> Vec<Ident> {
    let site = Span::mixed_site();
    let variable = |(index, future): (usize, &&Expr)| {
        format_ident!("future_{index}", span = site.located_at(future.span()))
    };
    futures.iter().enumerate().map(variable).collect()
}

/// Statements that evaluate the futures' expressions, in their order, and pin each future on the
/// stack, under its variable; `wrap` puts something around it.
///
/// An expression has a `let` of its own, so that its temporaries live as long as those of any
/// `let`. The futures are pinned in reverse, since that is the reverse of how they are dropped.
pub(crate) fn pinned(
    variables: &[Ident],
    futures: &[&Expr],
    wrap: impl Fn(Span, TokenStream) -> TokenStream,
) -> TokenStream {
    let site = Span::mixed_site();
    let pins = variables.iter().rev().map(|variable| {
        let at = variable.span();
        let future = quote_spanned!(at=> ::core::future::IntoFuture::into_future(#variable));
        let future = wrap(at, future);
        quote_spanned!(site=> let mut #variable = ::core::pin::pin!(#future);)
    });
    quote_spanned! {site=>
        #(let #variables = #futures;)*
        #(#pins)*
    }
}
