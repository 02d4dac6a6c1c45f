import { strict as assert } from "node:assert";
import { test } from "node:test";
import { type Coexistence, yields } from "../src/coexistence";

const rules = (mode: Coexistence, state: "absent" | "installed" | "active", features = {}) => ({
  mode,
  features,
  extension: () => state,
});

test("auto leaves answers to an extension that has started", () => {
  assert.equal(yields("rust", "hover", rules("auto", "absent")), false);
  assert.equal(yields("rust", "hover", rules("auto", "installed")), false);
  assert.equal(yields("rust", "hover", rules("auto", "active")), true);
  assert.equal(yields("cobol", "hover", rules("auto", "active")), false);
});

test("a feature that is on is offered in any case", () => {
  const features = { references: "on", hover: "auto" };
  assert.equal(yields("rust", "references", rules("auto", "active", features)), false);
  assert.equal(yields("rust", "hover", rules("auto", "active", features)), true);
});

test("a language's own switch goes first", () => {
  const features = { hover: { tsx: "on", python: "off" }, rename: "on", "rename.python": "off" };
  const on = (language: string, feature: string) => !yields(language, feature, rules("auto", "active", features));
  assert.deepEqual(["typescriptreact", "python", "go"].map((language) => on(language, "hover")), [true, false, false]);
  assert.deepEqual(["go", "python"].map((language) => on(language, "rename")), [true, false]);
});

test("always and never", () => {
  assert.equal(yields("rust", "hover", rules("always", "active")), false);
  assert.equal(yields("rust", "hover", rules("never", "installed")), true);
  assert.equal(yields("rust", "hover", rules("never", "absent")), false);
});
