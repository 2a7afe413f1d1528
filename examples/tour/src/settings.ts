// What the environment changes about the tour. Nothing needs to be set.
//
//   PORT                 9080            where the services listen
//   TOUR_INGRESS         localhost:8080  the server's ingress, as the printed curl lines name it
//   TOUR_FIXED           unset           1: SignupWorkflow can send Alice's welcome mail
//   TOUR_REMINDER_MS     15000           SignupWithTimersWorkflow: from one reminder to the next
//   TOUR_TIMEOUT_MS      86400000        how long mails wait for their answer: timers, user-signup
//   TOUR_FIRST_RETRY_MS  1000            SignupWithRetriesWorkflow: before the second attempt

import type { Duration } from "@perdure/sdk";

export interface Settings {
  readonly ingress: string;
  readonly isMailFixed: boolean;
  readonly reminderInterval: Duration;
  readonly verificationTimeout: Duration;
  readonly firstRetryInterval: Duration;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** @throws RangeError  a duration that is none */
export function readSettings(environment: Environment): Settings {
  const duration = (name: string, otherwise: Duration): Duration => {
    const text = environment[name];
    if (text === undefined || text === "") return otherwise;
    if (/^\d+$/.test(text)) return Number(text);
    throw new RangeError(`${name} must be a number of milliseconds, not "${text}"`);
  };
  return {
    ingress: environment["TOUR_INGRESS"] ?? "localhost:8080",
    isMailFixed: environment["TOUR_FIXED"] === "1",
    reminderInterval: duration("TOUR_REMINDER_MS", { seconds: 15 }),
    verificationTimeout: duration("TOUR_TIMEOUT_MS", { days: 1 }),
    firstRetryInterval: duration("TOUR_FIRST_RETRY_MS", { seconds: 1 }),
  };
}

export const settings: Settings = readSettings(process.env);
