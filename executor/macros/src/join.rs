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

use crate::branches::Head;
use proc_macro2::{Ident, TokenStream};
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
        let Head { site, biased, .. } = self.head;
        let support = self.head.support(site);
        let count = self.futures.len();
        let futures: Vec<_> = self.futures.iter().collect();
        let variables = self.head.variables(&futures);
        let pinned = self.head.pinned(&variables, &futures, |at, future| {
            let support = self.head.support(at);
            quote_spanned!(at=> #support::maybe_done(#future))
        });
        // Called by its path, so that a future which is none is a bound that is not met; of a method
        // the compiler would say that there is none of that name.
        let method = |variable: &Ident, name| {
            let at = variable.span();
            let (support, name) = (self.head.support(at), Ident::new(name, at));
            quote_spanned!(at=> #support::MaybeDone::#name)
        };
        let polls = variables.iter().enumerate().map(|(index, variable)| {
            let at = variable.span();
            let (poll, take_error) = (method(variable, "poll"), method(variable, "take_error"));
            let then = match kind {
                Kind::Join => TokenStream::new(),
                Kind::TryJoin => quote_spanned! {at=>
                    else if let ::core::option::Option::Some(error) =
                        #take_error(#variable.as_mut())
                    {
                        return ::core::task::Poll::Ready(::core::result::Result::Err(error));
                    }
                },
            };
            quote_spanned! {at=>
                #index => if #poll(#variable.as_mut(), cx).is_pending() {
                    pending = true;
                } #then
            }
        });
        let take = match kind {
            Kind::Join => "take_output",
            Kind::TryJoin => "take_success",
        };
        let outputs = variables.iter().map(|variable| {
            let (at, take) = (variable.span(), method(variable, take));
            quote_spanned!(at=> #take(#variable.as_mut()))
        });
        let outputs = quote_spanned!(site=> (#(#outputs,)*));
        let outputs = match kind {
            Kind::Join => outputs,
            Kind::TryJoin => quote_spanned!(site=> ::core::result::Result::Ok(#outputs)),
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
