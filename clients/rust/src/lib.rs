//! A typed client of the Novate contracts over JSON-RPC.
