#!/usr/bin/env node
// Writes the figures in README.md and docs/ from snapshots/: what stands between `<!-- figures:NAME -->` and
// `<!-- end -->` is a table made here, so a figure can't outlive the measurement that it came from.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./foundry.mjs";

const PAGES = ["README.md"];
const USAGE = "usage: node scripts/figures.mjs [--check]\n\nWrites the tables of figures; --check fails if one differs.";

const read = (name) => JSON.parse(readFileSync(join(ROOT, "snapshots", `${name}.json`), "utf8"));
const count = (n) => Number(n).toLocaleString("en-US");
const table = (head, rows) =>
  [head, head.map((_, i) => (i === 0 ? "---" : "---:")), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");

export const TABLES = {
  sizes() {
    const rows = Object.entries(read("size")).map(([name, size]) => [
      `\`${name}\``, count(size.wasm_bytes), count(size.code_bytes), count(size.headroom_bytes), count(size.footprint_pages),
      count(size.cached_entry_gas), count(size.uncached_entry_gas),
    ]);
    return table(["contract", "WASM bytes", "code bytes", "headroom", "pages", "gas to enter, cached", "uncached"], rows);
  },
};

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
  const stale = PAGES.filter((page) => {
    const path = join(ROOT, page);
    const before = readFileSync(path, "utf8");
    const after = fill(before);
    if (before !== after && args.length === 0) writeFileSync(path, after);
    return before !== after;
  });
  for (const page of stale) console.log(`figures: ${page} ${args.length ? "differs from snapshots/, run node scripts/figures.mjs" : "written"}`);
  return args.length > 0 && stale.length > 0 ? 1 : 0;
}

if (import.meta.filename === process.argv[1]) process.exitCode = main(process.argv.slice(2));
