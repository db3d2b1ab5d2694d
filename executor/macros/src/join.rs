//! Parsing and expansion of `join!` and `try_join!`.
//!
//! ```text
//! {
//!     let future_0 = first(); …
//!     let mut future_0 = pin!(support::maybe_done(IntoFuture::into_future(future_0))); …
//!     let mut first = 0;
//!     poll_fn(move |cx| {
//!         poll each that is not done, beginning with `first`;
//!         all outputs, or Pending and the next one begins
//!     }).await
//! }
//! ```

use crate::branches::{Head, pinned, variables};
use proc_macro2::{Span, TokenStream};
use quote::quote_spanned;
use syn::Expr;
use syn::parse::{ParseStream, Parser};
use syn::punctuated::Punctuated;

/// Which of the two macros is expanded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Join,
    TryJoin,
}

/// Expands `join! { ($crate) … }` or `try_join! { ($crate) … }`.
pub(crate) fn expand(kind: Kind, input: TokenStream) -> TokenStream {
    match Join::parse.parse2(input) {
        Ok(join) => join.expand(kind),
        Err(error) => error.to_compile_error(),
    }
}

struct Join {
    head: Head,
    futures: Vec<Expr>,
}

impl Join {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let head = Head::parse(input)?;
        let futures = Punctuated::<_, syn::Token![,]>::parse_terminated(input)?;
        Ok(Self {
            head,
            futures: futures.into_iter().collect(),
        })
    }

    fn expand(&self, kind: Kind) -> TokenStream {
        let site = Span::mixed_site();
        let Head { support, biased } = &self.head;
        let count = self.futures.len();
        let futures: Vec<_> = self.futures.iter().collect();
        let variables = variables(&futures);
        let pinned = pinned(
            &variables,
            &futures,
            |at, future| quote_spanned!(at=> #support::maybe_done(#future)),
        );
        let polls = variables.iter().enumerate().map(|(index, variable)| {
            let then = match kind {
                Kind::Join => TokenStream::new(),
                Kind::TryJoin => quote_spanned! {site=>
                    else if let ::core::option::Option::Some(error) =
                        #variable.as_mut().take_error()
                    {
                        return ::core::task::Poll::Ready(::core::result::Result::Err(error));
                    }
                },
            };
            quote_spanned! {site=>
                #index => if #variable.as_mut().poll(cx).is_pending() {
                    pending = true;
                } #then
            }
        });
        let outputs = match kind {
            Kind::Join => quote_spanned!(site=> (#(#variables.as_mut().take_output(),)*)),
            Kind::TryJoin => quote_spanned! {site=>
                ::core::result::Result::Ok((#(#variables.as_mut().take_success(),)*))
            },
        };
        if count == 0 {
            return quote_spanned! {site=>
                #support::poll_fn(|_| ::core::task::Poll::Ready(#outputs)).await
            };
        }
        // Whoever is first may use up the budget, so another one is next time.
        let step = usize::from(!biased);
        quote_spanned! {site=>
            {
                #pinned
                let mut first = 0;
                #support::poll_fn(move |cx| {
                    let mut pending = false;
                    for branch in #support::beginning_with(first, #count) {
                        match branch {
                            #(#polls)*
                            _ => ::core::unreachable!(),
                        }
                    }
                    if pending {
                        first += #step;
                        if first == #count {
                            first = 0;
                        }
                        return ::core::task::Poll::Pending;
                    }
                    ::core::task::Poll::Ready(#outputs)
                })
                .await
            }
        }
    }
}

#[cfg(test)]
mod tests;
