// A question a line of standard input, an answer a line of standard output, both JSON: how the tests
// talk with what runs in Node.

import { createInterface } from "node:readline";

export async function answer(operations) {
  for await (const line of createInterface({ input: process.stdin })) {
    const { operation, ...question } = JSON.parse(line);
    let answer;
    try {
      answer = { done: (await operations[operation](question)) ?? null };
    } catch (error) {
      answer = { failed: `${error.name}: ${error.message}` };
    }
    console.log(JSON.stringify(answer));
  }
}
