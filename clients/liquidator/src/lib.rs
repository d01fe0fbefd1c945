//! The liquidation bot: watches accounts over JSON-RPC, starts auctions and bids.
