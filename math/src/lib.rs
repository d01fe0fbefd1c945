//! Certified fixed-point options mathematics without std: exp, ln, the normal distribution, Black-76, Greeks, implied volatility, SVI.
