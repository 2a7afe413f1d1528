// The world around the workflows: a user database, a mail server and a payment provider, all pretended.
// Each activity prints one line when it really runs, so the log shows which steps ran, and how often.

import { TerminalError } from "@perdure/sdk";
import { answerCommand, type Link } from "./answer-command.js";
import { settings } from "./settings.js";

/** Someone who signs up. */
export interface User {
  /** Must not be empty. */
  readonly name: string;
  /** Where mails go. */
  readonly email: string;
}

function log(userId: string, what: string): void {
  console.log(`[${userId}] ${what}`);
}

/** @returns false  the name is missing */
export function createUser(userId: string, { name }: User): boolean {
  if (!name) return false;
  log(userId, `created the user ${name}`);
  return true;
}

export function deleteUser(userId: string): void {
  log(userId, "deleted the user");
}

export function activateUser(userId: string): void {
  log(userId, "activated the account");
}

export function deactivateUser(userId: string): void {
  log(userId, "deactivated the account");
}

/**
 * Alice's mail fails, until the fault is removed: restart with TOUR_FIXED=1.
 * @param fault  "lasting": that does not help
 */
export function sendWelcomeEmail(
  userId: string,
  user: User,
  fault: "removable" | "lasting" = "removable",
): void {
  if (user.name === "Alice" && !(fault === "removable" && settings.isMailFixed)) {
    log(userId, "welcome mail failed");
    throw new Error("the mail server refuses mail for Alice");
  }
  log(userId, `welcome mail sent to ${user.email}`);
}

/** The link in the mail is a handler of the workflow, called with the secret: here, a curl line. */
export function sendVerificationEmail(userId: string, email: string, link: Link): void {
  log(userId, `verification mail sent to ${email}; to answer it:\n  ${answerCommand(link)}`);
}

export function sendReminderEmail(userId: string, email: string, link: Link): void {
  log(userId, `reminder sent to ${email}; to answer it:\n  ${answerCommand(link)}`);
}

/** @throws TerminalError  for Alice */
export function subscribeToPaidPlan(userId: string, user: User): void {
  if (user.name === "Alice") {
    log(userId, "subscription refused");
    throw new TerminalError("the payment provider does not serve Alice's country");
  }
  log(userId, "subscribed to the paid plan");
}

export function cancelSubscription(userId: string): void {
  log(userId, "cancelled the subscription");
}
