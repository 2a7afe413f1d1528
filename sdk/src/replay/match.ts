// Whether a command of the code is the one that was recorded: same type, same name, same fields that identify
// what it is about. Values are not compared, nor are times.

import type {
  Entry,
  InvocationReference,
  SendSignalCommand,
  Target,
} from "@perdure/proto/protocol/v1/journal";

type Body = Entry["body"];

/** What identifies a command, as text that people can read. */
export function describeCommand(entry: Entry): string {
  const name = entry.name === "" ? "" : ` "${entry.name}"`;
  const about = aboutOf(entry.body);
  return `${titleOf(entry.body.case)}${name}${about === "" ? "" : ` (${about})`}`;
}

export function sameCommand(recorded: Entry, asked: Entry): boolean {
  return (
    recorded.body.case === asked.body.case &&
    recorded.name === asked.name &&
    aboutOf(recorded.body) === aboutOf(asked.body)
  );
}

/** The type of a command as it is spelled in protocols and messages: "Run", "GetState". */
export function titleOf(type: Body["case"]): string {
  if (type === undefined) return "Unknown";
  return type.charAt(0).toUpperCase() + type.slice(1);
}

function aboutOf(body: Body): string {
  switch (body.case) {
    case "getState":
    case "setState":
    case "clearState":
      return `key ${quoted(body.value.key)}`;
    case "getPromise":
    case "peekPromise":
    case "completePromise":
      return `promise ${quoted(body.value.promise)}`;
    case "call":
    case "send":
      return `${targetText(body.value.target)}${keyText(body.value.idempotencyKey)}`;
    case "completeAwakeable":
      return `awakeable ${body.value.awakeableId}`;
    case "sendSignal":
      return `signal ${signalText(body.value.signal)} to ${body.value.invocationId}`;
    case "attach":
    case "getOutput":
      return referenceText(body.value.target);
    case "cancel":
      return body.value.invocationId;
    default:
      return "";
  }
}

function targetText(target: Target | undefined): string {
  if (target === undefined) return "nobody";
  const key = target.key === undefined ? "" : `/${target.key}`;
  const limitKey = target.limitKey === undefined ? "" : `, limit key ${quoted(target.limitKey)}`;
  return `${target.service}${key}/${target.handler}${scopeText(target.scope)}${limitKey}`;
}

function scopeText(scope: string | undefined): string {
  return scope === undefined ? "" : `, scope ${quoted(scope)}`;
}

function signalText(signal: SendSignalCommand["signal"]): string {
  return signal.case === "signalName" ? quoted(signal.value) : String(signal.value);
}

function keyText(idempotencyKey: string | undefined): string {
  return idempotencyKey === undefined ? "" : `, idempotency key ${quoted(idempotencyKey)}`;
}

function referenceText(target: InvocationReference | undefined): string {
  const reference = target?.reference;
  switch (reference?.case) {
    case "invocationId":
      return reference.value;
    case "workflow":
      return `${reference.value.workflow}/${reference.value.key}${scopeText(reference.value.scope)}`;
    case "idempotent": {
      const { service, key, handler, idempotencyKey, scope } = reference.value;
      return `${service}/${key ?? ""}/${handler}/${idempotencyKey}${scopeText(scope)}`;
    }
    case undefined:
      return "";
  }
}

function quoted(text: string): string {
  return JSON.stringify(text);
}
