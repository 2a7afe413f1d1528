import { handler, service, type Context } from "@perdure/sdk";

export enum Kind {
  Mail = "mail",
  Call = "call",
  Visit = "visit",
}

export interface Mail {
  kind: Kind.Mail;
  address: string;
}

export interface Call {
  kind: Kind.Call | Kind.Visit;
  number: string;
}

export interface Visit {
  kind: Kind.Visit;
  at: Date;
}

export type Contact = Mail | Visit;

@service()
export class Contacts {
  @handler()
  async put(_: Context, value: Contact): Promise<Contact> {
    return value;
  }

  @handler()
  async call(_: Context, value: Call): Promise<Call> {
    return value;
  }
}
