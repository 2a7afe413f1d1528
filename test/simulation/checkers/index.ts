// All checkers, each of one promise.

import type { CreateChecker } from "../history.js";
import { acknowledgedStays } from "./acknowledged.js";
import { staysOnDeployment } from "./deployments.js";
import { closureGate } from "./gate.js";
import { everythingEnds } from "./idle.js";
import { limitsHold } from "./limits.js";
import { firstInFirstOut, locksExclude } from "./locks.js";
import { messagesOnce } from "./messages.js";
import { recoveredTables } from "./recovery.js";
import { allowedResults } from "./results.js";
import { keptIsFound, retainedUntilItsTime } from "./retention.js";
import { samePath } from "./same-path.js";
import { settledOnce } from "./settled.js";
import { sequentialState } from "./state.js";
import { recordedSteps } from "./steps.js";
import { timersInTime } from "./timers.js";
import { watchesTellAll } from "./watches.js";

export const checkers: readonly CreateChecker[] = [
  acknowledgedStays,
  everythingEnds,
  allowedResults,
  recordedSteps,
  closureGate,
  locksExclude,
  firstInFirstOut,
  sequentialState,
  timersInTime,
  settledOnce,
  messagesOnce,
  samePath,
  recoveredTables,
  retainedUntilItsTime,
  keptIsFound,
  limitsHold,
  watchesTellAll,
  staysOnDeployment,
];
