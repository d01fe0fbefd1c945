import assert from "node:assert/strict";
import { test } from "node:test";
import { fill } from "../figures.mjs";

const page = "before\n<!-- figures:ages -->\nold\n<!-- end -->\nafter\n";

test("a table replaces what stood between its marks and nothing else", () => {
  const filled = fill(page, { ages: () => "| new |" });
  assert.equal(filled, "before\n<!-- figures:ages -->\n| new |\n<!-- end -->\nafter\n");
  assert.equal(fill(filled, { ages: () => "| new |" }), filled);
});

test("an unknown table is an error", () => {
  assert.throws(() => fill(page, {}), /no table is called 'ages'/);
});
