// Ingress.Watch against a real server: the life of an invocation as a stream, from any point on.

import { Code, ConnectError, createClient, type Client } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { Ingress, type WatchResponse } from "@perdure/proto/ingress/v1/ingress";
import { expect, test } from "vitest";
import { useBed } from "../harness/bed.js";
import type { ServerProcess } from "../harness/server-process.js";

const bed = useBed("after each");

async function startBed() {
  const gates = await bed.openGates();
  const { server, services } = await bed.serve(
    { modules: ["watched"], env: { PERDURE_TEST_GATES: gates.url } },
    { flags: { "inactivity-timeout": "100ms" } },
  );
  return { gates, server, services };
}

function clientOf({ ingress }: ServerProcess): Client<typeof Ingress> {
  return createClient(Ingress, createGrpcTransport({ baseUrl: ingress.url }));
}

function watching(key: string, cursor = "") {
  return {
    invocation: {
      target: { case: "workflow" as const, value: { workflow: "Watched", key } },
    },
    cursor,
  };
}

/** One line for each message: what it is and what it names. */
function lineOf({ event }: WatchResponse): string {
  switch (event.case) {
    case "accepted":
      return `accepted ${event.value.target?.service}/${event.value.target?.key}`;
    case "stepRecorded":
      return `recorded ${event.value.operation} ${event.value.name}`.trimEnd();
    case "stateChanged":
      return `state ${event.value.cleared ? "-" : "+"}${event.value.stateKey}`;
    case "retrying":
      return `retrying: ${event.value.failure?.message}`;
    case "completed": {
      const { failure, result } = event.value;
      const text = new TextDecoder().decode(result);
      return failure === undefined
        ? `completed ${text}`
        : `failed ${failure.code} ${failure.message}`;
    }
    default:
      return event.case ?? "nothing";
  }
}

/** Without how it stood in between, which is told as it is when looked at. */
function historyOf(lines: readonly string[]): string[] {
  return lines.filter((line) => /^(accepted|recorded|state|completed|failed)/.test(line));
}

const history = [
  "accepted Watched/k",
  "state +stage",
  "recorded run first",
  "recorded run shaky",
  "recorded promise word",
  "state -stage",
];

test("a watch tells what happens as it happens, to the end", async () => {
  const { gates, server } = await startBed();
  gates.shut("first");
  await server.ingress.post("/restate/send/Watched/k/run", false);
  const lines: string[] = [];
  const seen = (line: string): boolean => lines.some((one) => one.startsWith(line));

  for await (const message of clientOf(server).watch(watching("k"))) {
    lines.push(lineOf(message));
    if (lineOf(message) === "state +stage") gates.open("first");
    if (lineOf(message) === "waiting" && seen("recorded run shaky")) {
      await server.ingress.post("/restate/call/Watched/k/say", "hello");
    }
  }

  expect(historyOf(lines)).toEqual([...history, 'completed "1 hello"']);
  expect(lines.slice(0, 3)).toEqual(["accepted Watched/k", "started", "state +stage"]);
  expect(lines).toContain("retrying: not yet");
  expect(lines).toContain("waiting");
});

test("an invocation that has ended is told whole, a failure with its code", async () => {
  const { server } = await startBed();
  await server.ingress.post("/restate/send/Watched/k/run", true);
  await server.ingress.post("/restate/call/Watched/k/say", "hello");
  expect((await server.ingress.get("/restate/workflow/Watched/k/attach")).status).toBe(418);

  const lines: string[] = [];
  for await (const message of clientOf(server).watch(watching("k"))) lines.push(lineOf(message));

  expect(historyOf(lines)).toEqual([...history, "failed 418 as asked"]);
});

test("a watch that lost its server is taken up behind its cursor: nothing twice, nothing left out", async () => {
  const { gates, server } = await startBed();
  gates.shut("first");
  await server.ingress.post("/restate/send/Watched/k/run", false);
  const lines: string[] = [];
  let cursor = "";
  const broken = (async () => {
    for await (const message of clientOf(server).watch(watching("k"))) {
      lines.push(lineOf(message));
      ({ cursor } = message);
      if (lineOf(message) === "state +stage") await server.kill();
    }
  })();
  await expect(broken).rejects.toThrow(ConnectError);

  await server.start();
  gates.open("first");
  await server.ingress.post("/restate/call/Watched/k/say", "again");
  for await (const message of clientOf(server).watch(watching("k", cursor))) {
    lines.push(lineOf(message));
  }

  expect(historyOf(lines)).toEqual([...history, 'completed "1 again"']);
});

test("a cursor of the end leads to the end of the stream, and none of elsewhere is taken", async () => {
  const { server } = await startBed();
  const client = clientOf(server);
  const refusal = async (request: ReturnType<typeof watching>): Promise<unknown> => {
    try {
      for await (const message of client.watch(request)) void message;
      return "taken";
    } catch (error) {
      const { code, metadata } = ConnectError.from(error);
      return [code, metadata.get("x-perdure-error-code")];
    }
  };
  expect(await refusal(watching("k"))).toEqual([Code.NotFound, "PDR3016"]);

  await server.ingress.post("/restate/send/Watched/k/run", false);
  await server.ingress.post("/restate/call/Watched/k/say", "x");
  let cursor = "";
  for await (const message of client.watch(watching("k"))) ({ cursor } = message);

  expect(await refusal(watching("k", cursor))).toBe("taken");
  expect(await refusal(watching("k", "what?"))).toEqual([Code.InvalidArgument, "PDR3038"]);
  const other = cursor.replace(/^.{4}/, "0000");
  expect(await refusal(watching("k", other))).toEqual([Code.InvalidArgument, "PDR3038"]);
});
