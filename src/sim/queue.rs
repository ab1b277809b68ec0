//! The event queue: a binary heap over packed 128-bit keys.
//!
//! Events leave in the order of `(time, insertion)`; ties in time are broken by insertion, so
//! a run never depends on the heap's shape.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::units::SimTime;

/// What a timer means to its owner: 8 bits of tag, 24 bits of argument.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Token(u32);

impl Token {
    /// A token.
    ///
    /// # Panics
    /// When `arg` needs more than 24 bits.
    pub const fn new(tag: u8, arg: u32) -> Self {
        assert!(arg < 1 << 24, "a token's argument has 24 bits");
        Self((tag as u32) << 24 | arg)
    }

    /// The tag.
    pub const fn tag(self) -> u8 {
        (self.0 >> 24) as u8
    }

    /// The argument.
    pub const fn arg(self) -> u32 {
        self.0 & 0x00ff_ffff
    }
}

/// Pending timers. Key layout, most significant first: 64 bits of time in milliseconds (offset
/// so that negative instants sort first), 32 bits of insertion number, 32 bits of token.
#[derive(Debug, Default, Clone)]
pub struct EventQueue {
    heap: BinaryHeap<Reverse<u128>>,
    inserted: u32,
}

impl EventQueue {
    /// Forgets everything and keeps the memory.
    pub fn clear(&mut self) {
        self.heap.clear();
        self.inserted = 0;
    }

    /// Schedules `token` at `at`.
    ///
    /// # Panics
    /// After 2^32 insertions; a run is bounded far below that.
    pub fn push(&mut self, at: SimTime, token: Token) {
        let time = (at.ms() as u64) ^ (1 << 63);
        let key = u128::from(time) << 64 | u128::from(self.inserted) << 32 | u128::from(token.0);
        self.inserted = self.inserted.checked_add(1).expect("fewer than 2^32 insertions in a run");
        self.heap.push(Reverse(key));
    }

    /// When the next event is due.
    pub fn next_at(&self) -> Option<SimTime> {
        self.heap.peek().map(|Reverse(key)| time_of(*key))
    }

    /// Takes the next event out.
    pub fn pop(&mut self) -> Option<(SimTime, Token)> {
        self.heap.pop().map(|Reverse(key)| (time_of(key), Token(key as u32)))
    }

    /// Number of pending events.
    pub fn len(&self) -> usize {
        self.heap.len()
    }

    /// Whether nothing is pending.
    pub fn is_empty(&self) -> bool {
        self.heap.is_empty()
    }
}

fn time_of(key: u128) -> SimTime {
    SimTime::from_ms((((key >> 64) as u64) ^ (1 << 63)) as i64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn leaves_in_order_of_time_then_insertion(times in prop::collection::vec(-5i64..5, 0..60)) {
            let mut queue = EventQueue::default();
            for (i, ms) in times.iter().enumerate() {
                queue.push(SimTime::from_ms(*ms), Token::new(7, i as u32));
            }
            let mut expected: Vec<(i64, u32)> =
                times.iter().enumerate().map(|(i, ms)| (*ms, i as u32)).collect();
            expected.sort();
            let popped: Vec<(i64, u32)> =
                std::iter::from_fn(|| queue.pop()).map(|(at, t)| (at.ms(), t.arg())).collect();
            prop_assert_eq!(popped, expected);
        }
    }
}
