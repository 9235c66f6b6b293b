//! Finds the bytes that matter to a JSON scanner, 64 bytes at a time, as bit masks
//! (bit 0 is the first byte).

use wide::u8x16;

/// Bytes in a block: as many as there are bits in a mask.
pub(super) const BLOCK: usize = 64;
/// Bytes in a vector register that every x86-64 and AArch64 processor has.
const LANE: usize = 16;

/// The positions of a block's structural bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Masks {
    pub(super) quotes: u64,
    pub(super) backslashes: u64,
    /// `{` and `[`
    pub(super) opening: u64,
    /// `}` and `]`
    pub(super) closing: u64,
}

impl Masks {
    #[inline]
    pub(super) fn of(block: &[u8; BLOCK]) -> Self {
        let mut masks = Self::default();
        let (lanes, _) = block.as_chunks::<LANE>();
        for (index, lane) in lanes.iter().enumerate() {
            let lane = u8x16::new(*lane);
            // This bit is the only difference between `{` and `[`, and between `}` and `]`.
            let braced = lane | u8x16::splat(0x20);
            let place = |lane: u8x16, byte| {
                u64::from(lane.simd_eq(u8x16::splat(byte)).to_bitmask()) << (index * LANE)
            };
            masks.quotes |= place(lane, b'"');
            masks.backslashes |= place(lane, b'\\');
            masks.opening |= place(braced, b'{');
            masks.closing |= place(braced, b'}');
        }
        masks
    }
}

/// The offset of the first quote or backslash.
#[inline]
pub(super) fn first_quote_or_backslash(bytes: &[u8]) -> Option<usize> {
    let (lanes, tail) = bytes.as_chunks::<LANE>();
    for (index, lane) in lanes.iter().enumerate() {
        let lane = u8x16::new(*lane);
        let found = lane.simd_eq(u8x16::splat(b'"')) | lane.simd_eq(u8x16::splat(b'\\'));
        let mask = found.to_bitmask();
        if mask != 0 {
            return Some(index * LANE + mask.trailing_zeros() as usize);
        }
    }
    let past = tail.iter().position(|byte| matches!(byte, b'"' | b'\\'))?;
    Some(lanes.len() * LANE + past)
}
