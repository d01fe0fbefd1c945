#!/usr/bin/env node
// Writes the figures in README.md and docs/ from snapshots/: what stands between `<!-- figures:NAME -->` and
// `<!-- end -->` is a table made here, so a figure can't outlive the measurement that it came from.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./foundry.mjs";
import { FLOOR, PEERS, WORKLOADS, chart, ours, sizeKey } from "./margin_chart.mjs";

const PAGES = ["README.md", "math/README.md", "docs/margin-gas.md", "docs/decisions/0007-section-six-on-chain.md"];
/** Whole files made from snapshots. */
const PICTURES = { "docs/margin-gas.svg": () => chart(read("margin")) };
const USAGE = "usage: node scripts/figures.mjs [--check]\n\nWrites the tables of figures; --check fails if one differs.";

const read = (name) => JSON.parse(readFileSync(join(ROOT, "snapshots", `${name}.json`), "utf8"));
const count = (n) => Number(n).toLocaleString("en-US");
const table = (head, rows) =>
  [head, head.map((_, i) => (i === 0 ? "---" : "---:")), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");

/** Measured exports of math/bench, what they are, the bound in math/src/accuracy.rs, and rivals as measured in whole EVM calls. */
const MATH = [
  ["black76", "Black-76 call and put", "BLACK76",
    "lyra-utils: 3,353 with delta (8.6e-17 of the forward); Premia: 98,682; a Stylus program on rust_decimal: 10,251 (6e-4)"],
  ["kernel_batch", "one option in one scenario, kernel", "OPTION_KERNEL", "Derive PMRM_2: 9,600 with its margin library"],
  ["greeks", "prices and all Greeks", "GREEKS", "Lyra v1: 54,318 for price, delta and vega"],
  ["implied_volatility", "implied volatility", "IMPLIED_VOLATILITY", "Pods: 58,468 (0.8)"],
  ["kernel_svi", "SVI volatility, kernel", "SVI_VOLATILITY", ""],
  ["svi_volatility", "SVI volatility", "SVI_VOLATILITY", "Derive: 8,967 (2.8e-17); Premia SSVI: 37,534"],
  ["kernel_cdf", "normal distribution, kernel", "NORMAL", ""],
  ["normal_cdf", "normal distribution", "CDF", "gud-cdf: 538 (3.6e-9); solgauss: 546 (4.9e-9); lyra-utils: 1,076 (4.2e-17)"],
  ["normal_inverse", "its inverse", "INVERSE", "solgauss: 633 (4.2e-9); solstat: 10,604 (1e-7)"],
  ["exp", "exp", "EXP", "solady: 445 (1e-18 near 1)"],
  ["ln", "ln", "LN", "solady: 555 (1.05e-18)"],
  ["log2", "log2", "LOG2", ""],
  ["pow", "pow", "POW", ""],
  ["sqrt", "sqrt", "SQRT", "solady: 407 (1e-18)"],
];

/** The bounds of math/src/accuracy.rs, which stand there in units of 1e-20. */
function bounds() {
  const text = readFileSync(join(ROOT, "math", "src", "accuracy.rs"), "utf8");
  const found = text.matchAll(/pub const (\w+): Bound =\s*bound\([^;]*?([\d_]+),?\s*\);/g);
  return Object.fromEntries([...found].map(([, name, error]) => [name, Number(`${error.replaceAll("_", "")}e-20`)]));
}

export const TABLES = {
  sizes() {
    const rows = Object.entries(read("size")).map(([name, size]) => [
      `\`${name}\``, count(size.wasm_bytes), count(size.code_bytes), count(size.headroom_bytes), count(size.footprint_pages),
      count(size.cached_entry_gas), count(size.uncached_entry_gas),
    ]);
    return table(["contract", "WASM bytes", "code bytes", "headroom", "pages", "gas to enter, cached", "uncached"], rows);
  },
  math() {
    const measured = read("math");
    const bound = bounds();
    const gas = (ink) => (ink / 10_000).toFixed(1);
    const rows = MATH.map(([name, what, constant, elsewhere]) => {
      const { ink_min, ink_median, ink_max } = measured[name];
      return [what, gas(ink_min), gas(ink_median), gas(ink_max), bound[constant].toExponential(), elsewhere];
    });
    return table(["function", "least", "median", "most", "guaranteed error", "published elsewhere (EVM gas; largest error)"], rows);
  },
};

const peer = (name, options) => PEERS[name].find(([size]) => size === options)?.[1];

Object.assign(TABLES, {
  margin() {
    const measured = read("margin");
    const rows = WORKLOADS.map(([options, expiries]) => {
      const [cached, theirs] = [ours(measured, options, expiries), peer("PMRM_2 (33 scenarios)", options)];
      const floor = FLOOR.find(([size]) => size === options)?.[1];
      return [
        `${options} over ${expiries}`, count(cached), count(ours(measured, options, expiries, "uncached")),
        theirs ? count(theirs) : "not possible", theirs ? `${Math.round(theirs / cached)}` : "", floor ? count(floor) : "",
      ];
    });
    return table(["options over expiries", "programs cached", "uncached", "PMRM_2", "times", "floor"], rows);
  },
  own_scenarios() {
    const measured = read("margin");
    const rows = WORKLOADS.map(([options, expiries]) => {
      const [standard, own] = ["cached", "cached_own_scenarios"].map((key) => ours(measured, options, expiries, key));
      return [`${options} over ${expiries}`, count(standard), count(own), count(own - standard)];
    });
    return table(["options over expiries", "default table", "37 entries stored", "more"], rows);
  },
  margin_parts() {
    const measured = read("margin");
    const parts = ["intrinsic", "program_entry", "storage", "feeds", "host_calls", "compute"];
    const rows = WORKLOADS.map(([options, expiries]) => {
      const row = measured.check[expiries][sizeKey(options)];
      return [`${options} over ${expiries}`, ...parts.map((part) => count(row.cached_parts[part])), count(row.cached)];
    });
    const head = ["options over expiries", "transaction", "program entry", "storage", "feeds", "host calls", "compute", "all"];
    return table(head, rows);
  },
  margin_fill() {
    const rows = [16, 127].flatMap((options) => {
      const gas = read("margin")[`fill_between_${options}_options`];
      return [
        [`two books of ${options} that hold it`, count(gas.held_cached), count(gas.held_uncached)],
        [`two books of ${options} to which it is new`, count(gas.new_cached), count(gas.new_uncached)],
      ];
    });
    return table(["one option traded between", "programs cached", "uncached"], rows);
  },
  update() {
    const gas = read("margin").update_of_4_expiries;
    return table(["one message", "programs cached", "uncached"], [["four expiries", count(gas.cached), count(gas.uncached)]]);
  },
  margin_slope() {
    const rows = [1, 4, 8].map((expiries) => {
      const gas = (options) => ours(read("margin"), options, expiries);
      return [expiries, count(Math.round((gas(256) - gas(64)) / 192))];
    });
    return table(["expiries", "gas of one more option, from 64 to 256"], rows);
  },
});

export function fill(text, tables = TABLES) {
  return text.replace(/(<!-- figures:(\w+) -->\n)[^]*?(<!-- end -->)/g, (_, open, name, close) => {
    if (!(name in tables)) throw new Error(`no table is called '${name}'`);
    return `${open}${tables[name]()}\n${close}`;
  });
}

function main(args) {
  if (args.some((arg) => arg !== "--check")) {
    console.log(USAGE);
    return args[0] === "--help" ? 0 : 2;
  }
  const stale = [...PAGES, ...Object.keys(PICTURES)].filter((page) => {
    const path = join(ROOT, page);
    const before = existsSync(path) ? readFileSync(path, "utf8") : "";
    const after = page in PICTURES ? PICTURES[page]() : fill(before);
    if (before !== after && args.length === 0) writeFileSync(path, after);
    return before !== after;
  });
  for (const page of stale) console.log(`figures: ${page} ${args.length ? "differs from snapshots/, run node scripts/figures.mjs" : "written"}`);
  return args.length > 0 && stale.length > 0 ? 1 : 0;
}

if (import.meta.filename === process.argv[1]) process.exitCode = main(process.argv.slice(2));
