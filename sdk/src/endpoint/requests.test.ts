// The same promise, request by request: generated programs are run in a session, and each prefix of the journal
// that came of it is sent as a request, as a server does after every wait. Each answer must bring the commands that
// the journal has next, in order, and the whole journal must bring the same end.

import { create } from "@bufbuild/protobuf";
import {
  InvokeRequestSchema,
  ServerFrameSchema,
  StartSchema,
  type DeploymentFrame,
} from "@perdure/proto/protocol/v1/deployment";
import fc from "fast-check";
import { expect, test } from "vitest";
import { workflow } from "../definitions/define.js";
import { handlers } from "../definitions/handlers.js";
import { commandText, frameText } from "./frame-text.fixture.js";
import { helloOf } from "./hello.js";
import { invoke } from "./invoke.js";
import { diceOf, execute, type Execution } from "./model-server.fixture.js";
import { handlerOf, programs } from "./program.fixture.js";
import { resolveEndpoint } from "./resolve-endpoint.js";
import { invocationOfTests, numberOf, sessionOf } from "./session.fixture.js";

const hello = helloOf({ instanceId: "instance", buildId: "build" });
const never = new AbortController().signal;

function requestOf({ journal, states }: Execution, known: number, partialState: boolean) {
  const state = [...(states[known] ?? [])].map(([key, value]) => ({ key, value }));
  const start = create(StartSchema, {
    invocationId: invocationOfTests,
    target: { service: "W", handler: "run", key: "k" },
    randomSeed: 42n,
    knownEntries: known,
    entries: journal.slice(0, known),
    partialState,
    state: partialState ? [] : state,
  });
  const frame = { case: "start" as const, value: start };
  const frames = [create(ServerFrameSchema, { streamId: 1, attempt: numberOf(1), frame })];
  return create(InvokeRequestSchema, { frames });
}

test("every prefix of a journal brings what is next in it", { timeout: 120_000 }, async () => {
  let requests = 0;
  await fc.assert(
    fc.asyncProperty(
      programs,
      fc.record({ seed: fc.nat(), partialState: fc.boolean(), cancel: fc.boolean() }),
      async (program, { seed, partialState, cancel }) => {
        const code = handlerOf(program, false);
        const session = sessionOf(code);
        const how = { dice: diceOf(seed), partialState, cancel, explicit: false, checkTrees: true };
        const execution = await execute({ session, ...how });
        const { journal, output } = execution;
        const endpoint = resolveEndpoint({
          services: [workflow({ name: "W", handlers: { run: handlers.workflow.workflow(code) } })],
          logger: () => undefined,
        });
        for (let known = 1; known <= journal.length; known++) {
          const request = requestOf(execution, known, partialState);
          const { frames } = await invoke(request, endpoint, hello, never);
          requests++;
          const commands = frames.flatMap(({ frame }) =>
            frame.case === "command" ? [commandText(frame.value)] : [],
          );
          const left = journal
            .slice(known)
            .filter(({ body }) => body.case !== "completion" && body.case !== "signal");
          expect(commands).toEqual(left.slice(0, commands.length).map(commandText));
          const last = frames.at(-1) as DeploymentFrame;
          expect(["waiting", "end"]).toContain(last.frame.case);
          if (last.frame.case === "end") expect(frameText(last)).toBe(output);
          if (known === journal.length) expect(last.frame.case).toBe("end");
        }
        session.close();
        await session.ended;
      },
    ),
    { numRuns: 60 },
  );
  expect(requests).toBeGreaterThan(300);
});
