// A bank that fails on request.

export class CardDeclined extends Error {
  readonly card: string;

  constructor(card: string) {
    super(`card ${card} was declined`);
    this.card = card;
  }
}

export class TooBusy extends Error {}

class Bank {
  /** What happens to the next payments, first to last; then they go well. */
  readonly troubles: Error[] = [];
  payments = 0;

  async pay(card: string): Promise<string> {
    const trouble = this.troubles.shift();
    if (trouble !== undefined) throw trouble;
    this.payments++;
    return `paid with ${card}`;
  }
}

export const bank: Bank = new Bank();
