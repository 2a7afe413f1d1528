// Data directories that servers of the past left, with work in every state, opened by the server of today, which ends
// all of it as it was promised. Where one fails, an upgrade would lose or double work of users: mend the server, never
// the data.

import { readFileSync } from "node:fs";
import path from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { Bed, useBed } from "../harness/bed.js";
import type { Answer } from "../harness/http.js";
import { repositoryFolder } from "../harness/paths.js";
import type { ServerProcess } from "../harness/server-process.js";
import {
  bytesOf,
  goldenNames,
  pack,
  readGolden,
  shortened,
  unpack,
  type Golden,
  type Recorded,
} from "./archives.js";

const bytesMax = 200_000;

describe("golden data", () => {
  test("is there of the version that package.json names", () => {
    const { version } = JSON.parse(
      readFileSync(path.join(repositoryFolder, "package.json"), "utf8"),
    ) as { version: string };
    const ways = (of: string): string[] =>
      goldenNames().filter((name) => name.startsWith(`${of}/`));

    expect(ways(version)).toEqual(
      ["log-only", "mixed", "store-only"].map((way) => `${version}/${way}`),
    );
  });

  test.each(goldenNames())("%s is small", (name) => {
    expect(bytesOf(name)).toBeLessThan(bytesMax);
  });

  test("is never written over", async () => {
    const [name = ""] = goldenNames();
    const empty = new Bed();
    try {
      expect(() => {
        pack(name, empty.directory(), readGolden(name));
      }).toThrow(/EEXIST/);
    } finally {
      await empty.end();
    }
  });
});

describe.each(goldenNames())("the data of %s", (name) => {
  const bed = useBed("after all");
  const golden: Golden = readGolden(name);
  let server: ServerProcess;
  let results: ReadonlyMap<string, Answer>;

  const detailOf = async (id: string): Promise<any> =>
    (await server.admin.get(`/invocations/${id}`)).json;

  beforeAll(async () => {
    const dataDir = `${bed.directory()}/data`;
    unpack(name, dataDir);
    // Timers that are due fire now, and find that nobody answers at the addresses of then.
    server = await bed.startServer({ dataDir });
  });

  test("is opened with all that it holds, in the state in which it was left", async () => {
    const found = await Promise.all(
      golden.invocations.map(async ({ id }) => (await detailOf(id)).status as string),
    );

    // What has a time that came since, or was interrupted, wants to go on.
    const goesOn = ["running", "ready", "suspended", "backing-off", "pending"];
    for (const [at, { name: what, status }] of golden.invocations.entries()) {
      const expected = ["paused", "completed"].includes(status) ? [status] : goesOn;
      expect(expected, what).toContain(found[at]);
    }
  });

  test("is ended as it began, once its services are there", async () => {
    for (const [module, id] of Object.entries(golden.deployments)) {
      const { url: uri } = await bed.startServices({ modules: [`../golden-data/${module}`] });
      const moved = await server.admin.send(`/deployments/${id}`, {
        method: "PATCH",
        json: { uri },
      });
      expect(moved.status, moved.text).toBe(200);
    }
    for (const one of golden.invocations) await act(one);

    const answers = await Promise.all(
      golden.invocations.map(({ id }) => server.ingress.get(`/restate/attach/${id}`)),
    );
    results = new Map(golden.invocations.map(({ id }, at) => [id, answers[at] as Answer]));

    for (const { id, name: what, ends } of golden.invocations) {
      const { status, json } = results.get(id) as Answer;
      expect({ status, body: shortened(json ?? "") }, what).toEqual({
        status: ends.status,
        body: ends.status === 200 ? ends.body : expect.objectContaining(ends.body as object),
      });
    }
    // Where the data was recorded just now, its timers are still to come.
  }, 150_000);

  test("answers what is asked of it afterwards: states, results under idempotency keys", async () => {
    for (const { path: asked, body, headers = {}, answers } of golden.answers) {
      const { json, text } = await server.ingress.post(asked, body, { headers });
      expect(shortened(json), `${asked}: ${text}`).toEqual(answers);
    }
  });

  test("is the same after a stop, and after a kill", async () => {
    await server.terminate();
    await server.start();
    await server.kill();
    await server.start();

    await expectSameResults();
  });

  test("is the same with other workers, and with one again", async () => {
    await server.terminate();
    await server.start({ workers: "3" });
    await expectSameResults();
    await server.kill();
    await server.start({ workers: "1" });

    await expectSameResults();
  });

  async function expectSameResults(): Promise<void> {
    for (const { id, name: what } of golden.invocations) {
      const { status, text } = await server.ingress.get(`/restate/attach/${id}`);
      expect({ status, text }, what).toEqual({
        status: results.get(id)?.status,
        text: results.get(id)?.text,
      });
    }
  }

  async function act({ id, acts }: Recorded): Promise<void> {
    for (const one of acts) {
      switch (one.do) {
        case "call": {
          const { status, text } = await server.ingress.post(one.path, one.body);
          expect(status, text).toBe(200);
          break;
        }
        case "resolve awakeable": {
          const resolved = `/restate/awakeables/${one.id}/resolve`;
          const { status, text } = await server.ingress.post(resolved, one.with);
          expect(status, text).toBe(202);
          break;
        }
        case "verb": {
          const sent = { method: "PATCH" };
          const { status } = await server.admin.send(`/invocations/${id}/${one.verb}`, sent);
          expect([200, 202]).toContain(status);
          break;
        }
      }
    }
  }
});
