// A real server in this process, and endpoints that offer whatever a test wants.

import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type ServerHttp2Session } from "node:http2";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import {
  HandlerKind,
  ManifestSchema,
  ServiceKind,
  type HandlerSchema,
  type ServiceSchema,
} from "@perdure/proto/manifest/v1/manifest";
import { Deployment, ProtocolMode } from "@perdure/proto/protocol/v1/deployment";
import { protocolVersions } from "@perdure/protocol/versions";
import { loadConfig } from "../config/index.js";
import { startServer, type Server } from "../server.js";

export type OfferedService = MessageInitShape<typeof ServiceSchema>;
export type OfferedHandler = MessageInitShape<typeof HandlerSchema>;

export interface Asked {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly json: any;
}

export interface Admin {
  readonly server: Server;
  /** @param flags  others than before, besides those of before */
  restart(flags?: Readonly<Record<string, string>>): Promise<void>;
  close(): Promise<void>;
  ask(method: string, path: string, body?: unknown): Promise<Asked>;
}

/** A server with data of its own, which goes when it is closed. */
export async function startedAdmin(flags: Readonly<Record<string, string>> = {}): Promise<Admin> {
  const cwd = mkdtempSync(path.join(tmpdir(), "perdure-admin-"));
  const ports = { ingress: "127.0.0.1:0", admin: "127.0.0.1:0" };
  const start = (more: Readonly<Record<string, string>> = {}): Promise<Server> => {
    const all = { "data-dir": "data", ...ports, ...flags, ...more };
    return startServer(loadConfig({ cwd, flags: all }), { onFatal: () => undefined });
  };
  let server = await start();
  return {
    get server() {
      return server;
    },
    restart: async (more) => {
      await server.close();
      server = await start(more);
    },
    close: async () => {
      await server.close();
      rmSync(cwd, { recursive: true, force: true });
    },
    ask: async (method, target, body) => {
      const response = await fetch(server.adminUrl + target, {
        method,
        ...(body === undefined
          ? {}
          : { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
      });
      const text = await response.text();
      const json: unknown = text === "" ? undefined : JSON.parse(text);
      return { status: response.status, headers: response.headers, text, json };
    },
  };
}

/** An endpoint that is asked what it offers, and nothing else. */
export interface Endpoint {
  readonly url: string;
  offered: readonly OfferedService[];
  versions: { readonly min: number; readonly max: number };
  protocolMode: ProtocolMode;
  /** Headers of each time that it was asked. */
  readonly asked: Headers[];
  readonly close: () => Promise<void>;
}

export async function startedEndpoint(...offered: OfferedService[]): Promise<Endpoint> {
  const sessions = new Set<ServerHttp2Session>();
  const http = createServer(
    connectNodeAdapter({
      routes: (router) => {
        router.service(Deployment, {
          discover: (_request, { requestHeader }) => {
            endpoint.asked.push(requestHeader);
            return {
              minProtocolVersion: endpoint.versions.min,
              maxProtocolVersion: endpoint.versions.max,
              sdkVersion: "perdure-sdk/0.0.1",
              protocolMode: endpoint.protocolMode,
              manifest: create(ManifestSchema, { services: [...endpoint.offered] }),
            };
          },
        });
      },
    }),
  );
  http.on("session", (session) => {
    sessions.add(session);
  });
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  const endpoint: Endpoint = {
    url: `http://127.0.0.1:${(http.address() as AddressInfo).port}/`,
    offered,
    versions: protocolVersions,
    protocolMode: ProtocolMode.SESSION,
    asked: [],
    close: async () => {
      for (const session of sessions) session.destroy();
      await new Promise((resolve) => http.close(resolve));
    },
  };
  return endpoint;
}

export function service(name: string, ...handlers: OfferedHandler[]): OfferedService {
  const shared = handlers.map((handler) => ({ kind: HandlerKind.SHARED, ...handler }));
  return { name, kind: ServiceKind.SERVICE, handlers: shared };
}

export function object(name: string, ...handlers: OfferedHandler[]): OfferedService {
  const exclusive = handlers.map((handler) => ({ kind: HandlerKind.EXCLUSIVE, ...handler }));
  return { name, kind: ServiceKind.VIRTUAL_OBJECT, handlers: exclusive };
}

export function workflow(name: string, ...handlers: OfferedHandler[]): OfferedService {
  const run = { name: "run", kind: HandlerKind.RUN };
  const shared = handlers.map((handler) => ({ kind: HandlerKind.SHARED, ...handler }));
  return { name, kind: ServiceKind.WORKFLOW, handlers: [run, ...shared] };
}
