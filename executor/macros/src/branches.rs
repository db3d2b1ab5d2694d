//! What `select!`, `join!` and `try_join!` have in common: the head of their input, and how the
//! futures are put in place.
//!
//! The three are `macro_rules!` of the crate `pintle`, which pass on what the user wrote behind
//! the one thing that only they know, their `$crate`: `($crate) biased; …`. So the expansion finds
//! the crate under whatever name the user gave it.
//!
//! Everything an expansion names itself has the hygiene of that `$crate`, so that it neither sees
//! the user's variables nor is seen. What the compiler may have to say about a future is said to
//! stand where the future does, all of it: of what is put together from several places, or several
//! macros, the compiler says that it stands where the outermost macro does.

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
    /// The span of what stands nowhere in particular.
    pub(crate) site: Span,
    krate: TokenStream,
    pub(crate) biased: bool,
}

impl Head {
    pub(crate) fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let content;
        parenthesized!(content in input);
        let site = content.span();
        let krate = content.parse()?;
        let biased = input.peek(keyword::biased) && input.peek2(Token![;]);
        if biased {
            input.parse::<keyword::biased>()?;
            input.parse::<Token![;]>()?;
        }
        Ok(Self {
            site,
            krate,
            biased,
        })
    }

    /// The path of the crate's module that an expansion calls, said to stand at `at`.
    pub(crate) fn support(&self, at: Span) -> TokenStream {
        let krate = self.krate.clone().into_iter().map(|mut token| {
            token.set_span(at);
            token
        });
        quote_spanned!(at=> #(#krate)*::macros::support)
    }

    /// The variables of the futures, each of which is said to stand where its future does.
    pub(crate) fn variables(&self, futures: &[&Expr]) -> Vec<Ident> {
        let variable = |(index, future): (usize, &&Expr)| {
            format_ident!("future_{index}", span = self.site.located_at(future.span()))
        };
        futures.iter().enumerate().map(variable).collect()
    }

    /// Statements that evaluate the futures' expressions, in their order, and pin each future on
    /// the stack, under its variable; `wrap` puts something around it.
    ///
    /// An expression has a `let` of its own, so that its temporaries live as long as those of any
    /// `let`. The futures are pinned in reverse, since that is the reverse of how they are dropped.
    pub(crate) fn pinned(
        &self,
        variables: &[Ident],
        futures: &[&Expr],
        wrap: impl Fn(Span, TokenStream) -> TokenStream,
    ) -> TokenStream {
        let pins = variables.iter().rev().map(|variable| {
            let at = variable.span();
            let future = quote_spanned!(at=> ::core::future::IntoFuture::into_future(#variable));
            let future = wrap(at, future);
            quote_spanned!(at=> let mut #variable = ::core::pin::pin!(#future);)
        });
        quote_spanned! {self.site=>
            #(let #variables = #futures;)*
            #(#pins)*
        }
    }
}
