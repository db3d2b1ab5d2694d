//! A source's place in the table, with the generation that tells it from whoever had the place
//! before, packed into the one word that the operating system carries for us.

use mio::Token as Raw;

/// Bits of the place: 4 billion sources, or a million where words are short.
const KEY_BITS: u32 = if usize::BITS == 64 { 32 } else { 20 };
const KEY_MASK: usize = (1 << KEY_BITS) - 1;
const GENERATION_BITS: u32 = usize::BITS - KEY_BITS;

/// Places from here on are never given out: their tokens are the driver's own.
pub(crate) const KEYS: usize = KEY_MASK;

/// The other threads' call.
pub(crate) const UNPARK: Raw = Raw(usize::MAX);
/// The timer that ends a wait.
pub(crate) const ALARM: Raw = Raw(own(1));
/// The timer that a sibling sets.
pub(crate) const WATCH: Raw = Raw(own(2));

/// Tokens of the driver itself: the place that is never given out, told apart by generation.
const fn own(n: usize) -> usize {
    usize::MAX - (n << KEY_BITS)
}

const _: () = assert!(usize::BITS != 64 || (KEY_BITS == 32 && GENERATION_BITS == 32));
const _: () = assert!(
    GENERATION_BITS >= 12,
    "generations must not repeat within a batch"
);
const _: () = assert!(ALARM.0 & KEY_MASK == KEYS && WATCH.0 & KEY_MASK == KEYS);

/// A place in a driver's table and the generation of who has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Token {
    key: usize,
    generation: usize,
}

impl Token {
    /// `generation` wraps to what a token can carry.
    pub(crate) fn new(key: usize, generation: usize) -> Self {
        debug_assert!(key < KEYS);
        let generation = generation & (usize::MAX >> KEY_BITS);
        Self { key, generation }
    }

    pub(crate) fn key(self) -> usize {
        self.key
    }

    pub(crate) fn pack(self) -> Raw {
        Raw(self.generation << KEY_BITS | self.key)
    }

    pub(crate) fn unpack(raw: Raw) -> Self {
        Self {
            key: raw.0 & KEY_MASK,
            generation: raw.0 >> KEY_BITS,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_packed_is_unpacked() {
        for key in [0, 1, KEYS - 1] {
            for generation in [0, 1, usize::MAX >> KEY_BITS] {
                let token = Token::new(key, generation);
                assert_eq!(Token::unpack(token.pack()), token);
                assert!(![UNPARK, ALARM, WATCH].contains(&token.pack()));
            }
        }
    }

    #[test]
    fn generations_wrap() {
        let last = usize::MAX >> KEY_BITS;
        assert_eq!(Token::new(7, last + 1), Token::new(7, 0));
    }
}
