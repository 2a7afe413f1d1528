import type User from "./user.js";

export interface Mail {
  from: User;
  to: User[];
  text: string;
}
