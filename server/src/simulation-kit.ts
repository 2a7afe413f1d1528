// What the simulation (test/simulation) needs of the engine's inside. Not public: it changes with the engine, and
// only code of the same version may use it.

export type { EngineConfig, Engine } from "./workers/engine.js";
export { apply, type EventBody } from "./core/apply.js";
export type { Effect, OutputResult } from "./core/effect.js";
export { findRun, readOutput } from "./core/queries.js";
export { versionOfState } from "./core/state-patch.js";
export type { OpenClient } from "./invoker/link.js";
export type { OpenStream } from "./invoker/session.js";
export type { EventLog, LogRecord } from "./log/log.js";
export { SimulatedDisk } from "./log/simulated-disk.js";
export { Turns } from "./log/turns.js";
export { watchedLog } from "./log/watched-log.js";
export { CallError } from "./outbound/call-error.js";
export type { Discover, Discovered } from "./registry/discovery.js";
export type { Registered } from "./registry/registrar.js";
export type { Registry } from "./registry/registry.js";
export { createClock, type Clock } from "./shard/clock.js";
export { decodeEvent, encodeEvent } from "./shard/event-codec.js";
export { startIdsAnew } from "./shard/identity.js";
export { GoneSignal } from "./shard/gone-signal.js";
export type { InvocationRef, Invocations, Outcome, SubmitRequest } from "./shard/invocations.js";
export type { Operators, StateOf } from "./shard/operators.js";
export { movePartitions } from "./shard/move-partitions.js";
export { shardOf } from "./shard/placement.js";
export { lastEventAt, recoverShard, type Recovered } from "./shard/recovery.js";
export type { RegistryView } from "./shard/registry-view.js";
export type { Shard } from "./shard/shard.js";
export { progressOf, type WatchEvent } from "./shard/watch-events.js";
export type { Watched, Watches } from "./shard/watches.js";
export { readBatch, type CheckpointOperation } from "./store/checkpoint-batch.js";
export type { CheckpointWriter, Written } from "./store/checkpoint-writer.js";
export type { StoredRow, StoreEnvironment } from "./store/environment.js";
export type { PartitionTables } from "./store/partition-tables.js";
export { Store } from "./store/store.js";
export { Link } from "./workers/link.js";
export { Member, type MemberOptions } from "./workers/member.js";
export type { PeerLink } from "./workers/peer.js";
