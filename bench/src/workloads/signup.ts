// A sign-up from the outside: submit the workflow, click the link of the verification mail, wait for
// the result. Three requests, one iteration; each sign-up has a key of its own.
import { accepted, answers, get, post } from "./workload.js";
import type { Workload } from "./workload.js";

export const signup: Workload = {
  name: "signup",
  description: "a sign-up workflow in 3 requests: submit, signal, attach to the result",
  start: (runId) => {
    let index = 0;
    return {
      next() {
        const name = `${runId}-${index++}`;
        return [
          { request: post(`/Signup/${name}/run/send`, { name }), isRight: accepted },
          { request: post(`/Signup/${name}/click`, `secret of ${name}`), isRight: answers(true) },
          {
            request: get(`/restate/workflow/Signup/${name}/attach`),
            isRight: answers({ success: true, user: `user ${name}` }),
          },
        ];
      },
    };
  },
};
