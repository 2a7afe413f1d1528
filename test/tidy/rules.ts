// The rules that the architecture test holds, as tables: who may import whom, and the exceptions.
//
// A new package or a new room of the server gets its row here first. Arrows point one way: a row
// names everything that its folder may know besides itself.

/** Packages of this repository that each package may import, by folder. Private ones may import all. */
export const packageRules: Readonly<Record<string, readonly string[] | "all">> = {
  gen: [],
  protocol: ["@perdure/proto"],
  server: ["@perdure/proto", "@perdure/protocol"],
  sdk: ["@perdure/proto", "@perdure/protocol"],
  codegen: ["@perdure/proto", "@perdure/protocol"],
  clients: ["@perdure/proto", "@perdure/protocol"],
  testing: [
    "@perdure/proto",
    "@perdure/protocol",
    "@perdure/sdk",
    "@perdure/server",
    "@perdure/clients",
  ],
  cli: "all",
  "examples/endpoints": "all",
  "examples/guides": "all",
  "examples/orders": "all",
  "examples/tour": "all",
  bench: "all",
  test: "all",
};

/** Packages that nobody else may import, whatever their own row says. */
export const importedOnlyBy: Readonly<Record<string, readonly string[]>> = {
  "@perdure/testing": [
    "testing",
    "test",
    "examples/tour",
    "examples/endpoints",
    "examples/guides",
    "examples/orders",
  ],
};

/** What each room may know besides itself. */
export type RoomRules = Readonly<Record<string, readonly string[] | "all">>;

/** Rooms inside server/src, from the inside out. Files beside the rooms wire them and may import all. */
export const serverRooms: RoomRules = {
  core: [],
  observe: [],
  config: ["shard", "outbound", "observe"],
  log: ["observe"],
  store: ["core", "observe"],
  shard: ["core", "log", "store", "observe"],
  outbound: ["observe"],
  typed: ["core", "shard", "observe"],
  registry: ["core", "log", "store", "shard", "typed", "outbound", "observe"],
  invoker: ["core", "log", "store", "shard", "registry", "outbound", "observe"],
  http: ["observe"],
  ingress: ["core", "log", "store", "shard", "typed", "registry", "invoker", "http", "observe"],
  admin: ["core", "log", "store", "shard", "registry", "invoker", "http", "observe"],
  workers: ["core", "config", "shard", "registry", "invoker", "outbound", "http", "observe"],
};

/** Rooms inside codegen/src, from the inside out. Files beside the rooms wire them and may import all. */
export const codegenRooms: RoomRules = {
  model: [],
  read: ["model"],
  lower: ["model"],
  print: ["model", "lower"],
  // Outermost: it compares what a run makes with what there is.
  check: "all",
};

/** Folders that are pure and synchronous: all that they may import besides themselves. */
export const pureFolders: readonly string[] = ["server/src/core", "sdk/src/replay"];
export const pureImports: readonly string[] = [
  "@perdure/proto",
  "@perdure/protocol",
  "@bufbuild/protobuf",
  // Hashes as plain synchronous functions.
  "@noble/hashes",
];

/** Folders that run in a browser or in pure code: no `node:` import outside their tests. */
export const nodeFreeFolders: readonly string[] = [
  "gen/src",
  "protocol/src",
  "clients/src",
  ...pureFolders,
];

/** Third-party packages that only these folders know. */
export const wrappedPackages: Readonly<Record<string, readonly string[]>> = {
  lmdb: ["server/src/store"],
  "ts-morph": ["codegen/src/read", "test/tidy"],
};

/** Written by a program: their form is not ours to choose. */
export const generatedFiles: RegExp =
  /^(?:gen\/src\/(?:grpc|perdure)|examples\/[^/]+\/gen|codegen\/corpus)\//;

/** Code that is the input of a test, and no part of the package that it lies in: it imports what users import. */
export const inputFiles: RegExp = /^codegen\/corpus\//;

export const maxLines = 600;

/** Files that may be longer than `maxLines`, each with its reason. */
export const longFiles: Readonly<Record<string, string>> = {};
