// 11.2: what waits. Cancellation and kill of it, combinations of it, signals, sleeps, steps that are tried again.

import { randomUUID } from "node:crypto";
import { expect, test } from "vitest";
import { useBed } from "../harness/bed.js";
import { until } from "../harness/until.js";
import { inEveryMode } from "./modes.js";

const files = [
  "awakeable-holder",
  "cancel-test",
  "command-interpreter",
  "counter",
  "failing",
  "kill-test",
  "proxy",
  "test-utils",
];
const interpreter = "VirtualObjectCommandInterpreter";

inEveryMode(useBed("after all"), files, (stage) => {
  const isHeld = (key: string): Promise<unknown> =>
    until(`an awakeable is held for ${key}`, async () => {
      const { json } = await stage().call(`AwakeableHolder/${key}/hasAwakeable`);
      return json === true;
    });
  const unlock = (key: string) => stage().call(`AwakeableHolder/${key}/unlock`, "go on");

  /** Begins a blocking call, cancels its caller as `cancel` does, and looks at what is left. */
  async function cancelled(operation: string, cancel: (id: string) => Promise<unknown>) {
    const key = randomUUID();
    const id = await stage().id(`CancelTestRunner/${key}/startTest`, operation);
    await isHeld(key);
    await unlock(key);
    await until("the blocking service goes on", async () => {
      const { json } = await stage().call(`AwakeableHolder/${key}/hasAwakeable`);
      return json === false;
    });
    await cancel(id);
    const end = await stage().attach(id);
    const { json: wasSeen } = await stage().call(`CancelTestRunner/${key}/verifyTest`);
    const lock = await stage().call(`CancelTestBlockingService/${key}/isUnlocked`);
    expect(end.status).toBe(200);
    expect(wasSeen).toBe(true);
    expect(lock.status).toBe(200);
  }

  test.each([
    ["11.2 #4 Cancellation.cancelFromAdminAPI: CALL", "CALL"],
    ["11.2 #5 Cancellation.cancelFromAdminAPI: SLEEP", "SLEEP"],
    ["11.2 #6 Cancellation.cancelFromAdminAPI: AWAKEABLE", "AWAKEABLE"],
  ])("%s fails with 409, which the caller sees; the lock is free then", async (_, operation) => {
    await cancelled(operation, async (id) => {
      const path = `/invocations/${id}/cancel`;
      const { status } = await stage().server.admin.send(path, { method: "PATCH" });
      expect(status).toBe(202);
    });
  });

  test.each([
    ["11.2 #7 Cancellation.cancelFromContext: CALL", "CALL"],
    ["11.2 #8 Cancellation.cancelFromContext: SLEEP", "SLEEP"],
    ["11.2 #9 Cancellation.cancelFromContext: AWAKEABLE", "AWAKEABLE"],
  ])("%s fails with 409, which the caller sees; the lock is free then", async (_, operation) => {
    await cancelled(operation, (id) => stage().call("TestUtilsService/cancelInvocation", id));
  });

  const interpret = (key: string, ...commands: object[]) =>
    stage().call(`${interpreter}/${key}/interpretCommands`, { commands });
  const beginsToInterpret = (key: string, ...commands: object[]): Promise<string> =>
    stage().id(`${interpreter}/${key}/interpretCommands`, { commands });
  const results = async (key: string): Promise<unknown> =>
    (await stage().call(`${interpreter}/${key}/getResults`)).json;
  const hasAwakeable = (key: string, awakeableKey: string): Promise<unknown> =>
    until(`there is the awakeable ${awakeableKey}`, async () => {
      const { json } = await stage().call(`${interpreter}/${key}/hasAwakeable`, awakeableKey);
      return json === true;
    });
  const awakeable = (awakeableKey: string) => ({ type: "createAwakeable", awakeableKey });
  const signal = (signalName: string) => ({ type: "createSignal", signalName });
  const returns = (value: string) => ({ type: "runReturns", value });
  const throws = (reason: string) => ({ type: "runThrowTerminalException", reason });
  const resolveSignal = (invocationId: string, signalName: string, value: unknown) =>
    stage().call("TestUtilsService/resolveSignal", { invocationId, signalName, value });
  const rejectSignal = (invocationId: string, signalName: string, reason: string) =>
    stage().call("TestUtilsService/rejectSignal", { invocationId, signalName, reason });

  test("11.2 #10 Combinators.awakeableOrTimeoutUsingAwaitAny: the sleep wins", async () => {
    const key = randomUUID();
    const sleep = { type: "sleep", timeoutMillis: 100 };

    const answer = await interpret(key, { type: "awaitAny", commands: [awakeable("awk"), sleep] });

    expect(answer.json).toBe("sleep");
    expect(await results(key)).toEqual(["sleep"]);
  });

  test("11.2 #11 Combinators.awakeableOrTimeoutUsingAwakeableTimeoutCommand: fails after its time", async () => {
    const answer = await interpret(randomUUID(), {
      type: "awaitAwakeableOrTimeout",
      awakeableKey: "awk",
      timeoutMillis: 100,
    });

    expect(answer.status).toBe(500);
    expect(answer.json.message).toContain("await-timeout");
  });

  test("11.2 #12 Combinators.firstSuccessfulCompletedAwakeable: passes over what fails", async () => {
    const key = randomUUID();
    const id = await beginsToInterpret(key, {
      type: "awaitAnySuccessful",
      commands: [
        ...["awk1", "awk2", "awk3"].map(awakeable),
        ...["run1", "run2", "run3"].map(throws),
      ],
    });
    await hasAwakeable(key, "awk3");

    const reject = { awakeableKey: "awk2", reason: "awk2 is rejected" };
    await stage().call(`${interpreter}/${key}/rejectAwakeable`, reject);
    const resolve = { awakeableKey: "awk1", value: "awk1-result" };
    await stage().call(`${interpreter}/${key}/resolveAwakeable`, resolve);
    const { json } = await stage().attach(id);

    expect(json).toBe("awk1-result");
    expect(await results(key)).toEqual(["awk1-result"]);
  });

  test("11.2 #13 Combinators.signalFirstSuccessfulOrAllFailed: the one that is resolved", async () => {
    const id = await beginsToInterpret(randomUUID(), {
      type: "awaitFirstSucceededOrAllFailed",
      commands: ["sig0", "sig1", "sig2"].map(signal),
    });

    await rejectSignal(id, "sig0", "no");
    await rejectSignal(id, "sig1", "no");
    await resolveSignal(id, "sig2", "winner");

    expect((await stage().attach(id)).json).toBe("winner");
  });

  test("11.2 #14 Combinators.signalAllSuccessfulOrFirstFailed: all of them, in their order", async () => {
    const id = await beginsToInterpret(randomUUID(), {
      type: "awaitAllSucceededOrFirstFailed",
      commands: ["sig0", "sig1", "sig2"].map(signal),
    });

    for (const at of [2, 0, 1]) await resolveSignal(id, `sig${at}`, `val${at}`);

    expect((await stage().attach(id)).json).toBe("val0|val1|val2");
  });

  test("11.2 #15 Combinators.signalAllCompleted: every outcome", async () => {
    const id = await beginsToInterpret(randomUUID(), {
      type: "awaitAllCompleted",
      commands: ["sig0", "sig1", "sig2"].map(signal),
    });

    await resolveSignal(id, "sig0", "val0");
    await rejectSignal(id, "sig1", "err1");
    await resolveSignal(id, "sig2", "val2");

    expect((await stage().attach(id)).json).toBe("ok:val0|err:err1|ok:val2");
  });

  test("11.2 #16 Combinators.signalFirstCompleted: the only one that comes", async () => {
    const id = await beginsToInterpret(randomUUID(), {
      type: "awaitFirstCompleted",
      commands: ["sig0", "sig1", "sig2"].map(signal),
    });

    await resolveSignal(id, "sig1", "first");

    expect((await stage().attach(id)).json).toBe("first");
  });

  test("11.2 #17 Combinators.mixedRunWinsRaceAgainstSignal: the signal never comes", async () => {
    const answer = await interpret(randomUUID(), {
      type: "awaitFirstCompleted",
      commands: [signal("never"), returns("run-value")],
    });

    expect(answer.json).toBe("run-value");
  });

  test("11.2 #18 Combinators.mixedSignalWinsAfterRunFails: the step's failure is passed over", async () => {
    const id = await beginsToInterpret(randomUUID(), {
      type: "awaitFirstSucceededOrAllFailed",
      commands: [throws("fails"), signal("sig")],
    });

    await resolveSignal(id, "sig", "signal-value");

    expect((await stage().attach(id)).json).toBe("signal-value");
  });

  test("11.2 #19 Combinators.mixedAllSucceededRunAndSignal: both values", async () => {
    const id = await beginsToInterpret(randomUUID(), {
      type: "awaitAllSucceededOrFirstFailed",
      commands: [returns("runval"), signal("sig")],
    });

    await resolveSignal(id, "sig", "sigval");

    expect((await stage().attach(id)).json).toBe("runval|sigval");
  });

  test("11.2 #20 Combinators.mixedAllCompletedRunSignalAndFailedRun: three outcomes", async () => {
    const id = await beginsToInterpret(randomUUID(), {
      type: "awaitAllCompleted",
      commands: [returns("runval"), signal("sig"), throws("fail")],
    });

    await resolveSignal(id, "sig", "sigval");

    expect((await stage().attach(id)).json).toBe("ok:runval|ok:sigval|err:fail");
  });

  test("11.4 VirtualObjectCommandInterpreter: awaits one, completes its own awakeables, reads its environment", async () => {
    const key = randomUUID();

    const { json } = await interpret(
      key,
      { type: "awaitAny", commands: [awakeable("later"), returns("now")] },
      { type: "resolveAwakeable", awakeableKey: "later", value: "unheard" },
      { type: "getEnvVariable", envName: "CONFORMANCE_VALUE" },
      { type: "awaitOne", command: returns("last") },
    );

    expect(json).toBe("last");
    expect(await results(key)).toEqual(["now", "", "from the environment", "last"]);
  });

  test("11.2 #24 KillInvocation.kill: the children of a killed root are killed, and every lock is free", async () => {
    const key = randomUUID();
    const id = await stage().id(`KillTestRunner/${key}/startCallTree`);
    const tree = [key, `${key}.`, `${key}..`];
    for (const each of tree) {
      await isHeld(each);
      await unlock(each);
    }

    const { status } = await stage().server.admin.send(`/invocations/${id}/kill`, {
      method: "PATCH",
    });
    const end = await stage().attach(id);
    const locks = await Promise.all([
      ...tree.map((each) => stage().call(`KillTestSingleton/${each}/isUnlocked`)),
      stage().send(`KillTestRunner/${key}/startCallTree`),
    ]);

    expect(status).toBe(200);
    expect(end).toMatchObject({ status: 409, json: { message: "killed" } });
    expect(locks.map((one) => one.status)).toEqual([200, 200, 200, 202]);
    await isHeld(key);
  });

  test("11.2 #33 RunRetry.withSuccess: a step is tried until it succeeds", async () => {
    const { json } = await stage().call(
      `Failing/${randomUUID()}/sideEffectSucceedsAfterGivenAttempts`,
      3,
    );

    expect(json).toBe(3);
  });

  test("11.2 #34 RunRetry.executedOnlyOnce: a step that has a result is not executed again", async () => {
    const { json } = await stage().call(`Failing/${randomUUID()}/sideEffectThenFailingAttempts`);

    expect(json).toBe(1);
  });

  test("11.2 #35 RunRetry.withExhaustedAttempts: the step fails for good after its attempts", async () => {
    const { json } = await stage().call(
      `Failing/${randomUUID()}/sideEffectFailsAfterGivenAttempts`,
      3,
    );

    expect(json).toBe(3);
  });

  test("11.2 #42 Signals.resolve: the handler that waits gets the value", async () => {
    const command = { type: "awaitOne", command: signal("go") };
    const id = await beginsToInterpret(randomUUID(), command);

    await resolveSignal(id, "go", "hello");

    expect((await stage().attach(id)).json).toBe("hello");
  });

  test("11.2 #43 Signals.reject: the rejection is a terminal error", async () => {
    const command = { type: "awaitOne", command: signal("go") };
    const id = await beginsToInterpret(randomUUID(), command);

    await rejectSignal(id, "go", "boom");
    const answer = await stage().attach(id);

    expect(answer.status).toBe(500);
    expect(answer.json.message).toContain("boom");
  });

  test("11.2 #44 Sleep.sleep: lasts as long as it should", async () => {
    const began = performance.now();

    const { status } = await stage().call("TestUtilsService/sleepConcurrently", [10]);

    expect(status).toBe(200);
    expect(performance.now() - began).toBeGreaterThanOrEqual(10);
  });

  test("11.2 #45 Sleep.manySleeps: fifty invocations with twenty sleeps each all end", async () => {
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, at) => {
        const millis = Array.from({ length: 20 }, (__, each) => 1 + ((at * 7 + each * 13) % 50));
        return stage().call("TestUtilsService/sleepConcurrently", millis);
      }),
    );

    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
  });
});
