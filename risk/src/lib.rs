//! Portfolio margin by full revaluation: instruments, scenarios, requirement, netting, liquidation sizing.
