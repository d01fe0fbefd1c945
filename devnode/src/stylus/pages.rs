//! Price of memory: linear in the pages that are open, exponential in the most that ever were.

/// Pages of each transaction that are free.
pub(crate) const FREE_PAGES: u16 = 2;
/// Gas of each further page that is open.
pub(crate) const PAGE_GAS: u64 = 1_000;

/// The ramp: 31,874,000 ^ (pages / 128), rounded down (the last one through floating point).
const RAMP: [u64; 129] = [
    1, 1, 1, 1, 1, 1, 2, 2, 2, 3, 3, 4, 5, 5, 6, 7, 8, 9, 11, 12, 14, 17, 19, 22, 25, 29, 33, 38,
    43, 50, 57, 65, 75, 85, 98, 112, 128, 147, 168, 193, 221, 253, 289, 331, 379, 434, 497, 569,
    651, 745, 853, 976, 1_117, 1_279, 1_463, 1_675, 1_917, 2_194, 2_511, 2_874, 3_290, 3_765,
    4_309, 4_932, 5_645, 6_461, 7_395, 8_464, 9_687, 11_087, 12_689, 14_523, 16_621, 19_024,
    21_773, 24_919, 28_521, 32_642, 37_359, 42_758, 48_938, 56_010, 64_104, 73_368, 83_971, 96_106,
    109_994, 125_890, 144_082, 164_904, 188_735, 216_010, 247_226, 282_953, 323_844, 370_643,
    424_206, 485_509, 555_672, 635_973, 727_880, 833_067, 953_456, 1_091_243, 1_248_941, 1_429_429,
    1_636_000, 1_872_423, 2_143_012, 2_452_704, 2_807_151, 3_212_820, 3_677_113, 4_208_502,
    4_816_684, 5_512_756, 6_309_419, 7_221_210, 8_264_766, 9_459_129, 10_826_093, 12_390_601,
    14_181_199, 16_230_562, 18_576_084, 21_260_563, 24_332_984, 27_849_408, 31_873_999,
];

/// Memory pages of all programs of a transaction.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Pages {
    /// Open now; restored when the call that opened them ends.
    pub(crate) open: u16,
    /// The most that were open at once.
    pub(crate) ever: u16,
}

impl Pages {
    /// Gas of opening `count` more pages; what nobody can pay if that is not possible, or if more
    /// than `limit` would be open (`ArbOS` 60).
    pub(crate) fn cost(self, count: u16, limit: Option<u16>) -> u64 {
        let open = self.open.saturating_add(count);
        if limit.is_some_and(|limit| open > limit) {
            return u64::MAX;
        }
        let ever = self.ever.max(open);
        if ever <= FREE_PAGES {
            return 0;
        }
        let charged = |pages: u16| u64::from(pages.saturating_sub(FREE_PAGES));
        let added = charged(open).saturating_sub(charged(self.open));
        let ramp = |pages: u16| RAMP.get(usize::from(pages)).copied().unwrap_or(u64::MAX);
        let expansion = ramp(ever).saturating_sub(ramp(self.ever));
        added.saturating_mul(PAGE_GAS).saturating_add(expansion)
    }

    /// Opens pages.
    pub(crate) fn add(&mut self, count: u16) {
        self.open = self.open.saturating_add(count);
        self.ever = self.ever.max(self.open);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mebibyte_of_stack_is_seventeen_pages() {
        // 15 pages above the free ones: 15,000; the ramp grows from 1 to 9.
        assert_eq!(Pages::default().cost(17, None), 15_008);
    }

    #[test]
    fn two_pages_are_free_and_129_are_impossible() {
        assert_eq!(Pages::default().cost(2, None), 0);
        assert_eq!(Pages::default().cost(3, None), 1_000);
        assert_eq!(Pages { open: 128, ever: 128 }.cost(1, None), u64::MAX - RAMP[128] + 1_000);
        assert!(Pages::default().cost(128, None) < 32_000_000);
        assert!(Pages::default().cost(129, None) > 1 << 60);
    }

    #[test]
    fn a_limit_below_the_ramp_holds() {
        assert_eq!(Pages::default().cost(9, Some(8)), u64::MAX);
        assert_eq!(Pages::default().cost(8, Some(8)), Pages::default().cost(8, None));
    }

    #[test]
    fn pages_opened_again_pay_only_the_linear_part() {
        assert_eq!(Pages { open: 10, ever: 60 }.cost(5, None), 5_000);
    }
}
