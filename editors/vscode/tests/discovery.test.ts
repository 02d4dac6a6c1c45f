import { strict as assert } from "node:assert";
import { test } from "node:test";
import { NoServer, type Surroundings, discover } from "../src/discovery";

function around(executables: string[], change: Partial<Surroundings> = {}): Surroundings {
  return {
    environment: { PATH: "relative:/usr/bin:/opt/bin" },
    setting: null,
    home: "/home/me",
    extensionPath: "/ext",
    windows: false,
    isExecutable: (path) => executables.includes(path),
    ...change,
  };
}

test("what is more specific goes first", () => {
  const all = ["/debug", "/home/me/own", "/ext/server/coppice", "/opt/bin/coppice"];
  const environment = { COPPICE_SERVER_PATH: "/debug", PATH: "/opt/bin" };
  assert.deepEqual(discover(around(all, { environment, setting: "~/own" })), { path: "/debug", origin: "variable" });
  assert.deepEqual(discover(around(all, { setting: "~/own" })), { path: "/home/me/own", origin: "setting" });
  assert.deepEqual(discover(around(all)), { path: "/ext/server/coppice", origin: "bundled" });
  assert.deepEqual(discover(around(["/opt/bin/coppice"])), { path: "/opt/bin/coppice", origin: "path" });
});

test("a relative directory of the PATH is never looked into", () => {
  assert.throws(() => discover(around(["relative/coppice"])), /was not found/);
});

test("what is named and is no program is an error", () => {
  assert.throws(() => discover(around(["/ext/server/coppice"], { setting: "/gone" })), (error) => {
    assert.ok(error instanceof NoServer);
    assert.match(error.message, /\/gone, named by the setting coppice.server.path, is not a program/);
    return true;
  });
  assert.throws(() => discover(around([], { setting: "coppice" })), /is not an absolute path/);
});
