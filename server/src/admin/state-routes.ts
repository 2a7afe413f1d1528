// Routes about the state of an object or a workflow: all of it at once, as bytes. State is replaced behind the
// exclusive handlers that run or wait, so the answer comes before it is done.

import { ServiceKind } from "@perdure/proto/manifest/v1/manifest";
import { keyBytesMax, payloadBytesMax } from "@perdure/protocol/limits";
import { isScopePart } from "@perdure/protocol/scope";
import { textKey } from "../core/keys.js";
import { versionOfState } from "../core/state-patch.js";
import { adminErrors } from "../http/error-codes.js";
import { HttpError } from "../http/http-error.js";
import type { StateOf } from "../shard/operators.js";
import { badRequest, membersOf, requiredText, text, type Members } from "./members.js";
import type { AdminParts } from "./parts.js";
import { paramOf, type Answer, type Call, type Route } from "./route.js";

/** A byte takes up to four characters. */
const stateBodyBytesMax: number = 4 * payloadBytesMax;

export const stateRoutes: readonly Route[] = [
  {
    method: "POST",
    path: "/services/:service/state",
    bodyBytesMax: stateBodyBytesMax,
    answer: replace,
  },
  { method: "GET", path: "/services/:service/state/:key", answer: read },
];

async function replace(parts: AdminParts, call: Call): Promise<Answer> {
  const members = membersOf(call.body, "the body", '{"object_key":"k","new_state":{"n":[51]}}');
  const state = parseState(members["new_state"]);
  const version = text(members, "version");
  const of = stateOf(call, requiredText(members, "object_key"), text(members, "scope"));
  // What a service left behind when it went can still be cleared.
  checkHasState(parts, of.service, state.size === 0);
  await parts.operators.patchState(of, state, version);
  return { status: 202 };
}

async function read(parts: AdminParts, call: Call): Promise<Answer> {
  const of = stateOf(call, paramOf(call, "key"), call.query.get("scope") ?? undefined);
  const state = await parts.operators.state(of);
  // What a service left behind when it went can still be seen.
  checkHasState(parts, of.service, state.size > 0);
  const bytes = [...state].map(([name, value]): [string, number[]] => [name, [...value]]);
  const body = { state: Object.fromEntries(bytes), version: versionOfState(state) };
  return { status: 200, body };
}

function stateOf(call: Call, key: string, scope: string | undefined): StateOf {
  checkLength('"object_key"', Buffer.byteLength(key));
  if (scope !== undefined && !isScopePart(scope)) {
    throw badRequest(`"scope" must be 1 to 36 letters, digits, "_", "." and "-", got "${scope}"`);
  }
  return { service: paramOf(call, "service"), key, scope };
}

/** @throws HttpError  PDR4024, PDR4026 */
function checkHasState({ registrar }: AdminParts, name: string, mayBeGone: boolean): void {
  const service = registrar.view.services.get(name)?.service;
  if (service === undefined) {
    if (mayBeGone) return;
    throw new HttpError(adminErrors.unknownService, `service "${name}" not found`);
  }
  if (service.kind !== ServiceKind.SERVICE) return;
  throw new HttpError(
    adminErrors.noState,
    `"${name}" is a plain service: only objects and workflows have state`,
  );
}

function parseState(value: unknown): ReadonlyMap<string, Uint8Array> {
  if (value === undefined || value === null) throw badRequest('"new_state" is missing');
  const members: Members = membersOf(value, '"new_state"', '{"n":[51]}');
  return new Map(
    Object.entries(members).map(([name, bytes]) => {
      checkLength(`"new_state": the key "${name}"`, textKey(name).length);
      return [name, bytesOf(name, bytes)];
    }),
  );
}

function bytesOf(name: string, value: unknown): Uint8Array {
  const isByte = (byte: unknown): boolean =>
    typeof byte === "number" && Number.isInteger(byte) && byte >= 0 && byte <= 255;
  if (!Array.isArray(value) || !value.every(isByte)) {
    throw badRequest(`"new_state": the value of "${name}" must be an array of bytes, 0 to 255`);
  }
  if (value.length > payloadBytesMax) {
    throw badRequest(
      `"new_state": the value of "${name}" is ${value.length} bytes; the most is ${payloadBytesMax}`,
    );
  }
  return Uint8Array.from(value as number[]);
}

/** Of an object key as at the ingress; of a state key as the store writes it, so that both fit into one of its keys. */
function checkLength(what: string, bytes: number): void {
  if (bytes <= keyBytesMax) return;
  throw badRequest(`${what} is ${bytes} bytes long; the most is ${keyBytesMax}`);
}
