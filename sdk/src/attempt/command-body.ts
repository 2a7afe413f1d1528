// The body of a command, from its fields. Made by hand instead of with `create`: all fields are given, and
// commands are made on the hot path.

import type { Entry } from "@perdure/proto/protocol/v1/journal";

type CommandType = NonNullable<Entry["body"]["case"]>;
type BodyOf<Type extends CommandType> = Extract<Entry["body"], { case: Type }>;

export function commandBody<Type extends CommandType>(
  type: Type,
  fields: Omit<BodyOf<Type>["value"], "$typeName" | "$unknown">,
): Entry["body"] {
  const value = { $typeName: typeNames[type], ...fields };
  return { case: type, value } as unknown as Entry["body"];
}

const typeNames: Record<CommandType, string> = {
  input: "perdure.protocol.v1.InputCommand",
  output: "perdure.protocol.v1.OutputCommand",
  run: "perdure.protocol.v1.RunCommand",
  sleep: "perdure.protocol.v1.SleepCommand",
  getState: "perdure.protocol.v1.GetStateCommand",
  setState: "perdure.protocol.v1.SetStateCommand",
  clearState: "perdure.protocol.v1.ClearStateCommand",
  clearAllState: "perdure.protocol.v1.ClearAllStateCommand",
  getStateKeys: "perdure.protocol.v1.GetStateKeysCommand",
  getPromise: "perdure.protocol.v1.GetPromiseCommand",
  peekPromise: "perdure.protocol.v1.PeekPromiseCommand",
  completePromise: "perdure.protocol.v1.CompletePromiseCommand",
  call: "perdure.protocol.v1.CallCommand",
  send: "perdure.protocol.v1.SendCommand",
  completeAwakeable: "perdure.protocol.v1.CompleteAwakeableCommand",
  sendSignal: "perdure.protocol.v1.SendSignalCommand",
  attach: "perdure.protocol.v1.AttachCommand",
  getOutput: "perdure.protocol.v1.GetOutputCommand",
  cancel: "perdure.protocol.v1.CancelCommand",
  completion: "perdure.protocol.v1.Completion",
  signal: "perdure.protocol.v1.Signal",
};
