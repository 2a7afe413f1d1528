// The list of all cases of the field's conformance suites, and that each has a test here whose name begins with its
// number: a case can be found by searching for it, and none gets lost.

import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { testFolder } from "../harness/paths.js";

/** Cases of 11.2. #21 runs commands that a file names: these tests are such commands. */
const sdkCases: Readonly<Record<string, string>> = {
  "1": "CallOrdering.ordering",
  "2": "CallOrdering.ordering",
  "3": "CallOrdering.ordering",
  "4": "Cancellation.cancelFromAdminAPI",
  "5": "Cancellation.cancelFromAdminAPI",
  "6": "Cancellation.cancelFromAdminAPI",
  "7": "Cancellation.cancelFromContext",
  "8": "Cancellation.cancelFromContext",
  "9": "Cancellation.cancelFromContext",
  "10": "Combinators.awakeableOrTimeoutUsingAwaitAny",
  "11": "Combinators.awakeableOrTimeoutUsingAwakeableTimeoutCommand",
  "12": "Combinators.firstSuccessfulCompletedAwakeable",
  "13": "Combinators.signalFirstSuccessfulOrAllFailed",
  "14": "Combinators.signalAllSuccessfulOrFirstFailed",
  "15": "Combinators.signalAllCompleted",
  "16": "Combinators.signalFirstCompleted",
  "17": "Combinators.mixedRunWinsRaceAgainstSignal",
  "18": "Combinators.mixedSignalWinsAfterRunFails",
  "19": "Combinators.mixedAllSucceededRunAndSignal",
  "20": "Combinators.mixedAllCompletedRunSignalAndFailedRun",
  "22": "Ingress.headersPassThrough",
  "23": "Ingress.rawHandler",
  "24": "KillInvocation.kill",
  "25": "KillRuntime.startAndKillRuntimeRetainsTheState",
  "26": "StopRuntime.startAndStopRuntimeRetainsTheState",
  "27": "NonDeterminismErrors.method",
  "28": "NonDeterminismErrors.method",
  "29": "NonDeterminismErrors.method",
  "30": "NonDeterminismErrors.method",
  "31": "ProxyRequestSigning.requestSigningPass",
  "32": "RunFlush.flush",
  "33": "RunRetry.withSuccess",
  "34": "RunRetry.executedOnlyOnce",
  "35": "RunRetry.withExhaustedAttempts",
  "36": "ServiceToService.regularCall",
  "37": "ServiceToService.oneWayCall",
  "38": "ServiceToService.oneWayCallWithIdempotencyKey",
  "39": "ServiceToService.callWithIdempotencyKey",
  "40": "ServiceToService.oneWayCallWithDelay",
  "41": "ServiceToServiceScopeConcurrency",
  "42": "Signals.resolve",
  "43": "Signals.reject",
  "44": "Sleep.sleep",
  "45": "Sleep.manySleeps",
  "46": "SleepWithFailures.sleepAndKillServiceEndpoint",
  "47": "SleepWithFailures.sleepAndTerminateServiceEndpoint",
  "48": "State.add",
  "49": "State.proxyOneWayAdd",
  "50": "State.listStateAndClearAll",
  "51": "UserErrors.invokeTerminallyFailingCall",
  "52": "UserErrors.failSeveralTimes",
  "53": "UserErrors.internalCallFailurePropagation",
  "54": "UserErrors.sideEffectWithTerminalError",
  "55": "UserErrors.invokeTerminallyFailingCallWithMetadata",
  "56": "UserErrors.internalCallFailurePropagationWithMetadata",
  "57": "UserErrors.sideEffectWithTerminalErrorWithMetadata",
  "58": "UserErrors.failSeveralTimesWithMetadata",
  "59": "UserErrors.setStateThenFailShouldPersistState",
  "60": "UserErrors.invocationWithEventualSuccess",
  "61": "WorkflowAPI.setAndResolve",
};

/** Cases of 11.3 that one server can have. */
const runtimeCases: Readonly<Record<string, string>> = {
  R1: "AwakeableIngressEndpointTest.completeWithSuccess",
  R2: "AwakeableIngressEndpointTest.completeWithFailure",
  R4: "OldVersion.createAwakeable",
  R5: "OldVersion.startRetryableOperation",
  R6: "OldVersion.startProxyCall",
  R7: "OldVersion.startOneWayProxyCall",
  R8: "NewVersion.completeAwakeable",
  R9: "NewVersion.completeRetryableOperation",
  R10: "NewVersion.proxyCallShouldBeDone",
  R11: "NewVersion.proxyOneWayCallShouldBeDone",
  R20: "ConcurrencyLimitTest.concurrencyLimitIsRespected",
  R21: "IngressTest.idempotentInvokeVirtualObject",
  R22: "IngressTest.idempotentInvokeService",
  R23: "IngressTest.idempotentInvokeSend",
  R24: "IngressTest.idempotentSendThenAttachWIthIdempotencyKey",
  R25: "IngressTest.privateService",
  R26: "InvokerMemoryTest.allInvocationsCompleteUnderMemoryPressure",
  R27: "InvokerMemoryTest.allStatefulInvocationsCompleteUnderMemoryPressure",
  R28: "InvokerMemoryTest.invocationPausedWhenRunExceedsMemoryLimit",
  R29: "InvokerMemoryTest.invocationPausedWhenStateExceedsMemoryLimit",
  R30: "JournalRetentionTest.journalShouldBeRetained",
  R36: "OpenAPITest.shouldGenerateValidOpenAPI",
  R37: "PauseResumeChangingDeploymentTest.pauseAndResumeInvocation",
  R38: "PauseResumeTest.pauseAndResumeInvocation",
  R39: "RestartAsNewInvocationTest.restartCompletedWithTerminalException",
  R40: "RestartAsNewInvocationTest.restartFromPrefix",
  R41: "ScopeIsolationTest.sameIdempotencyKeyAcrossScopesIsolates",
  R42: "StatePatchingTest.shouldPatchState",
  R44: "UpgradeWithNewInvocation.executesNewInvocationWithLatestServiceRevisions",
  R45: "UpgradeWithInFlightInvocation.inFlightInvocation",
};

/** Cases that have no test here, and why. */
const leftOut: Readonly<Record<string, string>> = {
  "21": "runs commands of a file: these tests are what it would run",
  R3: "leadership moves between nodes: there is one server",
  R12: "goes back to an older server on the same data: there is no older one",
  R13: "goes back to an older server on the same data: there is no older one",
  R14: "goes back to an older server on the same data: there is no older one",
  R15: "goes back to an older server on the same data: there is no older one",
  R16: "goes back to an older server on the same data: there is no older one",
  R17: "goes back to an older server on the same data: there is no older one",
  R18: "goes back to an older server on the same data: there is no older one",
  R19: "goes back to an older server on the same data: there is no older one",
  R31: "Kafka subscriptions are not there yet",
  R32: "Kafka subscriptions are not there yet",
  R33: "Kafka subscriptions are not there yet",
  R34: "Kafka subscriptions are not there yet",
  R35: "Kafka subscriptions and tracing are not there yet",
  R43: "tracing is not there yet",
};

/** Parts of 11.5 that are tested in these files, with so many cases. */
const extraCases: Readonly<Record<string, number>> = {
  combinators: 20,
  signals: 9,
  "explicit cancellation": 6,
  "ingress default serde": 8,
  "memory leaks": 2,
};

/** Parts of 11.5 that are tested beside the code: the file, and a test of each case that the inventory names. */
const testedBeside: readonly (readonly [part: string, file: string, tests: readonly string[]])[] = [
  [
    "hooks",
    "sdk/src/attempt/hooks.test.ts",
    [
      "wrap the handler alone",
      "wrap the handler and its steps",
      "each attempt once",
      "see the terminal error of a handler",
      "is not seen by run interceptors",
      "that is terminal is seen",
      "that is not fails the attempt",
      "is tried again as the step's options say",
      "that an interceptor keeps to itself",
      "are each wrapped",
      "async context",
      "the request that providers get",
      "is mapped by asTerminalError",
      "the order of hooks",
    ],
  ],
  [
    "hooks: endings",
    "sdk/src/attempt/hooks-endings.test.ts",
    [
      "an interceptor of steps that throws",
      "an interceptor of the handler that throws",
      "a provider that throws",
      "an input that can't be read",
      "the result of a step that can't be written",
      "a mapper that throws after a step",
      "code that does not match its journal",
      "a cancellation in the middle of a step",
      "a value that came and can't be read",
      "an attempt that ends without a result",
      "before the first command",
    ],
  ],
  [
    "explicit cancellation",
    "sdk/src/attempt/explicit-cancel.test.ts",
    ["can win a race", "AbortController", "a second batch has the calls since the first"],
  ],
  [
    "promise combinators",
    "sdk/src/futures/combinators.test.ts",
    ["runs once", "is the same on replay"],
  ],
  ["hooks, end to end", "test/e2e/codec-and-hooks.test.ts", ["suspensions as such"]],
  [
    "preview serdes",
    "sdk/src/endpoint/entry-points.test.ts",
    ["shows what bytes say by the serdes of its handlers"],
  ],
  ["the rules of client retries", "clients/src/retry.test.ts", ["the interval", "Retry-After"]],
  ["signals", "sdk/src/context/signals.test.ts", ["are a queue", "in batches", "both ways"]],
];

const folder = path.join(testFolder, "conformance");
const sources = readdirSync(folder)
  .filter((file) => file.endsWith(".test.ts") && file !== "inventory.test.ts")
  .map((file) => readFileSync(path.join(folder, file), "utf8"));
/** Names of tests, as they are written: also those that stand in tables. */
const names = sources.flatMap((source) =>
  [...source.matchAll(/"(11\.\d [^"]+)"/g)].map(([, name]) => name ?? ""),
);

function missing(cases: readonly string[]): string[] {
  return cases.filter((wanted) => {
    // #1 is not #10.
    const found = names.filter(
      (name) => name.startsWith(wanted) && !/^\w/.test(name.slice(wanted.length)),
    );
    return found.length !== 1;
  });
}

describe("every case has one test", () => {
  test("of the SDK suite", () => {
    const cases = Object.entries(sdkCases).map(([id, name]) => `11.2 #${id} ${name}`);

    expect(cases).toHaveLength(60);
    expect(missing(cases)).toEqual([]);
  });

  test("of the runtime suite, or a reason why not", () => {
    const cases = Object.entries(runtimeCases).map(([id, name]) => `11.3 ${id} ${name}`);
    const all = Array.from({ length: 45 }, (_, at) => `R${at + 1}`);

    expect(missing(cases)).toEqual([]);
    expect(all.filter((id) => !(id in runtimeCases) && !(id in leftOut))).toEqual([]);
    expect(all.filter((id) => id in runtimeCases && id in leftOut)).toEqual([]);
  });

  test("of the TypeScript SDK's own suite", () => {
    const cases = Object.entries(extraCases).flatMap(([part, count]) =>
      Array.from({ length: count }, (_, at) => `11.5 ${part} ${at + 1}`),
    );

    expect(missing(cases)).toEqual([]);
  });

  test.each(testedBeside)("of %s, in %s", (_, file, tests) => {
    const source = readFileSync(path.join(testFolder, "..", file), "utf8");

    expect(tests.filter((name) => !source.includes(name))).toEqual([]);
  });
});

test("no test of them is left out, or alone", () => {
  expect(sources.filter((source) => /\.(?:skip|only|todo|fails)\b/.test(source))).toEqual([]);
});
