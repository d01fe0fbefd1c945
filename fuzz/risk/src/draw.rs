//! Values drawn from bytes, with the ends of their ranges often; past the end of the bytes all is zero.

/// One, 18 decimals.
pub(crate) const ONE: u64 = 1_000_000_000_000_000_000;

/// Bytes being used up.
pub(crate) struct Draw<'a> {
    bytes: &'a [u8],
}

impl<'a> Draw<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes }
    }

    fn array<const N: usize>(&mut self) -> [u8; N] {
        let mut out = [0; N];
        let taken = N.min(self.bytes.len());
        let (head, rest) = self.bytes.split_at(taken);
        out[..taken].copy_from_slice(head);
        self.bytes = rest;
        out
    }

    pub(crate) fn byte(&mut self) -> u8 {
        u8::from_le_bytes(self.array())
    }

    pub(crate) fn word(&mut self) -> u64 {
        u64::from_le_bytes(self.array())
    }

    pub(crate) fn wide(&mut self) -> u128 {
        u128::from_le_bytes(self.array())
    }

    pub(crate) fn raw(&mut self, length: usize) -> Vec<u8> {
        let (head, rest) = self.bytes.split_at(length.min(self.bytes.len()));
        self.bytes = rest;
        head.to_vec()
    }

    /// Below `count`, which is at least 1 and at most 2^32.
    pub(crate) fn below(&mut self, count: u64) -> u64 {
        u64::from(u32::from_le_bytes(self.array())) % count
    }

    /// True once in `count` times; not once the bytes are used up.
    pub(crate) fn once_in(&mut self, count: u8) -> bool {
        self.byte() % count == count - 1
    }

    pub(crate) fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[usize::from(self.byte()) % of.len()]
    }

    /// Any 64 bits: ends, powers of two, small multiples of one, or all alike.
    pub(crate) fn edgy(&mut self) -> u64 {
        match self.byte() % 8 {
            0 => 0,
            1 => 1,
            2 => u64::MAX,
            3 => ONE,
            4 => 1 << (self.byte() % 64),
            5 => u64::from(self.byte()) * (ONE / 16),
            6 => ONE / (1 + u64::from(self.byte())),
            _ => self.word(),
        }
    }

    pub(crate) fn edgy_signed(&mut self) -> i64 {
        match self.byte() % 4 {
            0 => i64::MIN,
            1 => i64::MAX,
            2 => self.edgy().cast_signed(),
            _ => self.edgy().cast_signed().wrapping_neg(),
        }
    }

    /// Between the two, ends included and often.
    pub(crate) fn between(&mut self, low: u64, high: u64) -> u64 {
        match self.byte() % 8 {
            0 => low,
            1 => high,
            _ => match (high - low).checked_add(1) {
                Some(span) => low + self.word() % span,
                None => self.word(),
            },
        }
    }
}
