// Text in the making, line by line, with indentation.

export class Lines {
  readonly #lines: string[] = [];
  #depth = 0;

  add(...lines: readonly string[]): void {
    for (const line of lines) this.#lines.push(line === "" ? "" : "  ".repeat(this.#depth) + line);
  }

  /** An empty line, unless there is one already or a block has just been opened. */
  gap(): void {
    const last = this.#lines.at(-1);
    if (last === undefined || last === "" || /[{[(]$/.test(last)) return;
    this.#lines.push("");
  }

  /** `open` and `close` on lines of their own, and what `body` adds between, further in. */
  block(open: string, close: string, body: () => void): void {
    this.add(open);
    this.#depth += 1;
    body();
    this.#depth -= 1;
    this.add(close);
  }

  text(): string {
    return `${this.#lines.join("\n")}\n`;
  }
}
