//! Who takes part: twelve accounts, each with its habit and its capital.

/// A participant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Who {
    /// Market maker, hedged.
    North,
    /// Market maker, hedged.
    South,
    /// Sells puts, thinly capitalised.
    PutSeller,
    /// Sells strangles.
    StrangleSeller,
    /// Sells calls against WETH, and buys puts on credit.
    CallWriter,
    /// Buys the puts that protect from a crash.
    TailBuyer,
    /// Long the perpetual, levered.
    Trend,
    /// Short futures.
    Bear,
    /// Holds futures against the perpetual, and takes the makers' hedges.
    Basis,
    /// Cash only: may never lose.
    Saver,
    /// Lends to the pool that funds everybody's debts.
    Lender,
    /// Capital for liquidations.
    Liquidator,
}

impl Who {
    /// All, in the order of the tables.
    pub(super) const ALL: [Self; 12] = [
        Self::North,
        Self::South,
        Self::PutSeller,
        Self::StrangleSeller,
        Self::CallWriter,
        Self::TailBuyer,
        Self::Trend,
        Self::Bear,
        Self::Basis,
        Self::Saver,
        Self::Lender,
        Self::Liquidator,
    ];

    /// Place in [`Who::ALL`].
    pub(super) fn index(self) -> usize {
        Self::ALL.iter().position(|who| *who == self).unwrap_or(0)
    }

    /// As the tables call it.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::North => "maker north",
            Self::South => "maker south",
            Self::PutSeller => "put seller",
            Self::StrangleSeller => "strangle seller",
            Self::CallWriter => "call writer (WETH)",
            Self::TailBuyer => "tail buyer",
            Self::Trend => "trend follower",
            Self::Bear => "bear",
            Self::Basis => "basis trader",
            Self::Saver => "saver",
            Self::Lender => "lender",
            Self::Liquidator => "liquidator",
        }
    }

    /// Cash brought, as a multiple of the initial requirement of the book that will be traded.
    pub(super) const fn capital(self) -> f64 {
        match self {
            Self::North | Self::South | Self::Basis => 3.0,
            Self::PutSeller | Self::TailBuyer => 1.25,
            Self::StrangleSeller => 1.4,
            Self::CallWriter => 1.1,
            Self::Trend => 1.15,
            Self::Bear => 1.8,
            Self::Saver | Self::Lender | Self::Liquidator => 1.0,
        }
    }
}
