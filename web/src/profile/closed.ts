import { sessions } from "../session/current";

let isDone = false;

sessions.subscribe(() => {
  if (sessions.state.is === "in") isDone = false;
});

/** Remembers that an account was closed on this page, until somebody logs in. */
export const closing = {
  done(): void {
    isDone = true;
  },
  get isDone(): boolean {
    return isDone;
  },
};
