// A log whose watcher is told of every batch: that it is handed over, that it is durable, that it was refused. Simulations
// and tests compare what they were told with what is found later.

import type { EventLog, LogRecord } from "./event-log.js";
import { isPostponed } from "./log-error.js";

export interface LogWatcher {
  /** Resolves when a batch may go to the disk. Not asked for those on the spot. */
  readonly before?: (() => Promise<void>) | undefined;
  /** Resolves when a body may go to the disk. */
  readonly beforeStore?: (() => Promise<void>) | undefined;
  /** The batch goes to the disk now. */
  readonly written: (batch: readonly LogRecord[]) => void;
  readonly durable?: () => void;
  /** What the disk has of the batch is in doubt: it will be handed over again, and counts for nothing until then. */
  readonly postponed: (batch: readonly LogRecord[]) => void;
}

export function watchedLog(log: EventLog, watcher: LogWatcher): EventLog {
  const failed = (batch: readonly LogRecord[], error: unknown): never => {
    if (isPostponed(error)) watcher.postponed(batch);
    throw error;
  };
  return {
    get syncedPosition(): number {
      return log.syncedPosition;
    },
    get lastPosition(): number {
      return log.lastPosition;
    },
    append: async (batch) => {
      await watcher.before?.();
      watcher.written(batch);
      const position = await log.append(batch).catch((error: unknown) => failed(batch, error));
      watcher.durable?.();
      return position;
    },
    appendSync: (batch) => {
      watcher.written(batch);
      try {
        const position = log.appendSync(batch);
        watcher.durable?.();
        return position;
      } catch (error) {
        return failed(batch, error);
      }
    },
    storeBody: async (parts) => {
      await watcher.beforeStore?.();
      return log.storeBody(parts);
    },
    dropBody: (body) => {
      log.dropBody(body);
    },
    giveUpSpareFiles: () => {
      log.giveUpSpareFiles();
    },
    trim: (before) => log.trim(before),
    close: () => log.close(),
  };
}
