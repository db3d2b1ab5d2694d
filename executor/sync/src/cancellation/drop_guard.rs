//! Cancelling by dropping.

use super::CancellationToken;

/// Cancels a token when it is dropped: what [`CancellationToken::drop_guard`] returns.
#[derive(Debug)]
#[must_use = "the token is cancelled when this is dropped"]
pub struct DropGuard {
    token: Option<CancellationToken>,
}

impl DropGuard {
    pub(super) fn new(token: CancellationToken) -> Self {
        Self { token: Some(token) }
    }

    /// The token.
    pub fn token(&self) -> &CancellationToken {
        self.token.as_ref().expect("taken only by `disarm`")
    }

    /// Gives the token back, not cancelled.
    ///
    /// ```
    /// use pintle_sync::CancellationToken;
    ///
    /// let guard = CancellationToken::new().drop_guard();
    /// assert!(!guard.disarm().is_cancelled());
    /// ```
    pub fn disarm(mut self) -> CancellationToken {
        self.token.take().expect("taken only by `disarm`")
    }
}

impl Drop for DropGuard {
    fn drop(&mut self) {
        if let Some(token) = &self.token {
            token.cancel();
        }
    }
}

/// Cancels a token when it is dropped: what [`CancellationToken::drop_guard_ref`] returns.
#[derive(Debug)]
#[must_use = "the token is cancelled when this is dropped"]
pub struct DropGuardRef<'a> {
    token: Option<&'a CancellationToken>,
}

impl<'a> DropGuardRef<'a> {
    pub(super) fn new(token: &'a CancellationToken) -> Self {
        Self { token: Some(token) }
    }

    /// The token.
    pub fn token(&self) -> &CancellationToken {
        self.token.expect("taken only by `disarm`")
    }

    /// Gives the token back, not cancelled.
    pub fn disarm(mut self) -> &'a CancellationToken {
        self.token.take().expect("taken only by `disarm`")
    }
}

impl Drop for DropGuardRef<'_> {
    fn drop(&mut self) {
        if let Some(token) = self.token {
            token.cancel();
        }
    }
}
