//! An embedded Arbitrum development chain that runs Stylus programs: revm, a WASM engine, Stylus host functions, JSON-RPC.
