// Endpoints whose frames a test writes, on a real server: for what no SDK would say, and for attempts that stand still.

import { createServer, type ServerHttp2Session } from "node:http2";
import type { AddressInfo } from "node:net";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { ManifestSchema, type Manifest } from "@perdure/proto/manifest/v1/manifest";
import {
  Deployment,
  DeploymentFrameSchema,
  ProtocolMode,
  type DeploymentFrame,
  type ServerFrame,
} from "@perdure/proto/protocol/v1/deployment";
import { EntrySchema, OutputCommandSchema, type Entry } from "@perdure/proto/protocol/v1/journal";
import { protocolVersions } from "@perdure/protocol/versions";
import { onTestFinished } from "vitest";
import { service, startedAdmin, type Admin, type OfferedHandler } from "./admin/admin.fixture.js";

export type Frame = DeploymentFrame["frame"];
export type Say = (to: ServerFrame, ...frames: Frame[]) => void;

export interface Scripted {
  readonly url: string;
  /** Says something at any time, of whatever attempt. */
  readonly say: Say;
}

/** An endpoint of one service with one handler, `h`; `answer` is called for each attempt that begins. */
export function scripted(
  name: string,
  answer: (start: ServerFrame, say: Say) => void,
  more: OfferedHandler = {},
): Promise<Scripted> {
  const manifest = create(ManifestSchema, { services: [service(name, { name: "h", ...more })] });
  return scriptedAs(() => manifest, answer);
}

/** The same, of whatever a manifest says at the moment when it is asked for. */
export async function scriptedAs(
  manifest: () => Manifest,
  answer: (start: ServerFrame, say: Say) => void,
): Promise<Scripted> {
  const sessions = new Set<ServerHttp2Session>();
  const outgoing: DeploymentFrame[] = [];
  const waiting = new Set<() => void>();
  const wakeAll = (): void => {
    for (const wake of waiting) wake();
    waiting.clear();
  };
  const push = (frame: DeploymentFrame): void => {
    outgoing.push(frame);
    wakeAll();
  };
  const say: Scripted["say"] = ({ streamId, attempt }, ...frames) => {
    for (const frame of frames) {
      const about = attempt === undefined ? {} : { attempt };
      push(create(DeploymentFrameSchema, { streamId, ...about, frame: frame as never }));
    }
  };
  const http = createServer(
    connectNodeAdapter({
      routes: (router) => {
        router.service(Deployment, {
          discover: () => ({
            minProtocolVersion: protocolVersions.min,
            maxProtocolVersion: protocolVersions.max,
            protocolMode: ProtocolMode.SESSION,
            manifest: manifest(),
          }),
          async *session(requests, { signal }) {
            const { min: minProtocolVersion, max: maxProtocolVersion } = protocolVersions;
            const hello = { minProtocolVersion, maxProtocolVersion };
            yield { frames: [{ frame: { case: "hello" as const, value: hello } }] };
            // The server looks for further instances by sessions that it closes at once: they have nothing to say.
            let hasWork = false;
            void (async () => {
              for await (const { frames } of requests) {
                for (const frame of frames) {
                  if (frame.frame.case !== "start") continue;
                  hasWork = true;
                  answer(frame, say);
                  wakeAll();
                }
              }
            })().catch(() => undefined);
            // What is left to say is for the session that comes after it.
            signal.addEventListener("abort", wakeAll);
            while (!signal.aborted) {
              const frames = hasWork ? outgoing.splice(0) : [];
              if (frames.length > 0) yield { frames };
              else await new Promise<void>((resolve) => waiting.add(resolve));
            }
          },
        });
      },
    }),
  );
  http.on("session", (session) => sessions.add(session));
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  onTestFinished(async () => {
    for (const session of sessions) session.destroy();
    await new Promise((resolve) => http.close(resolve));
  });
  return { url: `http://127.0.0.1:${(http.address() as AddressInfo).port}/`, say };
}

/** A server that has registered them. */
export async function serving(...endpoints: Scripted[]): Promise<Admin> {
  const admin = await startedAdmin();
  onTestFinished(() => admin.close());
  for (const { url } of endpoints) await admin.ask("POST", "/deployments", { uri: url });
  return admin;
}

/** Calls the handler of a service. */
export function call(
  admin: Admin,
  name: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> {
  return fetch(`${admin.server.ingressUrl}/${name}/h`, { method: "POST", headers });
}

type Body = MessageInitShape<typeof EntrySchema>["body"];

export function command(body: Body): Frame {
  return { case: "command", value: create(EntrySchema, { body: body as Entry["body"] }) };
}

/** The end of an attempt, with a result that is one or none. */
export function output(result: MessageInitShape<typeof OutputCommandSchema>["result"]): Frame {
  const value = create(OutputCommandSchema, result === undefined ? {} : { result });
  const entry = create(EntrySchema, { body: { case: "output", value } });
  return { case: "end", value: { $typeName: "perdure.protocol.v1.End", output: entry } };
}

export const goodEnd: Frame = output({
  case: "value",
  value: { content: { case: "inline", value: new Uint8Array() } },
});
