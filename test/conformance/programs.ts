// Programs for the layers of objects of services/program-interpreter.ts: what they may say, how they are made up from a
// seed, and what each must have added to which counter when all is over.

import type { SeededRandom } from "../harness/seed.js";

export type Command =
  | { readonly kind: "setState" | "getState" | "clearState"; readonly name: string }
  | { readonly kind: "increment" | "incrementIndirectly" | "incrementViaAwakeable" }
  | { readonly kind: "incrementViaDelayedCall"; readonly ms: number }
  | { readonly kind: "sleep" | "slowSideEffect"; readonly ms: number }
  | { readonly kind: "callService" | "sideEffect"; readonly text: string }
  | { readonly kind: "callSlowService"; readonly text: string; readonly ms: number }
  | { readonly kind: "callObject"; readonly key: string; readonly program: Program }
  | { readonly kind: "throwingSideEffect" | "recoverTerminalCall" }
  | { readonly kind: "recoverTerminalCallMaybeUnAwaited" | "resolveAwakeable" | "rejectAwakeable" }
  /** What the command at this index began. */
  | { readonly kind: "await"; readonly index: number };

export interface Program {
  readonly commands: readonly Command[];
}

const layers = 3;
const commandsMax = 9;

/** @param keys  how many objects each layer has */
export function newProgram(random: SeededRandom, keys: number, layer = 0): Program {
  const commands: Command[] = [];
  const begun: number[] = [];
  for (let left = random.between(1, commandsMax - 2 * layer); left > 0; left--) {
    if (begun.length > 0 && random.below(3) === 0) {
      const [index = 0] = begun.splice(random.below(begun.length), 1);
      commands.push({ kind: "await", index });
    }
    const command = newCommand(random, keys, layer);
    if (begins.has(command.kind)) begun.push(commands.length);
    commands.push(command);
  }
  // Half of what is left is awaited in the end, the other half never.
  for (const index of begun) if (random.below(2) === 0) commands.push({ kind: "await", index });
  return { commands };
}

const begins: ReadonlySet<Command["kind"]> = new Set<Command["kind"]>([
  "callService",
  "callSlowService",
  "callObject",
  "sideEffect",
  "recoverTerminalCallMaybeUnAwaited",
  "resolveAwakeable",
  "rejectAwakeable",
]);

function newCommand(random: SeededRandom, keys: number, layer: number): Command {
  const ms = random.between(1, 60);
  const text = `text ${random.below(1_000)}`;
  const name = `n${random.below(3)}`;
  const makers: readonly (() => Command)[] = [
    () => ({ kind: "setState", name }),
    () => ({ kind: "getState", name }),
    () => ({ kind: "clearState", name }),
    () => ({ kind: "increment" }),
    () => ({ kind: "increment" }),
    () => ({ kind: "incrementIndirectly" }),
    () => ({ kind: "incrementViaAwakeable" }),
    () => ({ kind: "incrementViaDelayedCall", ms }),
    () => ({ kind: "sleep", ms }),
    () => ({ kind: "callService", text }),
    () => ({ kind: "callSlowService", text, ms }),
    () => ({ kind: "sideEffect", text }),
    () => ({ kind: "slowSideEffect", ms }),
    () => ({ kind: "throwingSideEffect" }),
    () => ({ kind: "recoverTerminalCall" }),
    () => ({ kind: "recoverTerminalCallMaybeUnAwaited" }),
    () => ({ kind: "resolveAwakeable" }),
    () => ({ kind: "rejectAwakeable" }),
  ];
  // A quarter of all commands goes one layer down.
  if (layer + 1 < layers && random.below(4) === 0) {
    const program = newProgram(random, keys, layer + 1);
    return { kind: "callObject", key: `k${random.below(keys)}`, program };
  }
  const make = makers[random.below(makers.length)];
  return make === undefined ? { kind: "increment" } : make();
}

/** Adds what the program adds to the counters, by "layer/key". */
export function addIncrements(
  counters: Map<string, number>,
  program: Program,
  key: string,
  layer = 0,
): void {
  for (const command of program.commands) {
    if (command.kind.startsWith("increment")) {
      const counter = `${layer}/${key}`;
      counters.set(counter, (counters.get(counter) ?? 0) + 1);
    } else if (command.kind === "callObject") {
      addIncrements(counters, command.program, command.key, layer + 1);
    }
  }
}
