import { describe, expect, test } from "vitest";

import { memory } from "../storage/memory";
import { LoggedOut, type Session, Sessions } from "./session";

const NOON = Date.parse("2026-01-01T12:00:00Z");

function session(token: string, expiresAt = "2026-01-02T00:00:00Z"): Session {
  return { token, expiresAt, user: { id: "1", email: "ada@example.com", username: "ada", role: "USER" } };
}

describe("a session", () => {
  test("is stored for the next page", () => {
    const storage = memory();
    new Sessions(storage, NOON).begin(session("one"));
    expect(new Sessions(storage, NOON).token).toBe("one");
  });

  test("that has expired is not continued", () => {
    const storage = memory();
    new Sessions(storage, NOON).begin(session("one", "2026-01-01T11:59:59Z"));
    expect(new Sessions(storage, NOON).state.is).toBe("out");
  });

  test.each(["{", "null", "[]", '{"token": 1}', '"text"'])("is not read from %s", (text) => {
    const storage = memory();
    storage.setItem("patch-hive.session", text);
    expect(new Sessions(storage, NOON).state.is).toBe("out");
  });

  test("expires when its token is refused, not when an older one is", () => {
    const sessions = new Sessions(memory(), NOON);
    sessions.begin(session("two"));
    sessions.refuse("one");
    expect(sessions.state.is).toBe("in");
    sessions.refuse("two");
    expect(sessions.state.is).toBe("ended");
  });

  test("is the same in all tabs", () => {
    const storage = memory();
    const [here, there] = [new Sessions(storage, NOON), new Sessions(storage, NOON)];
    there.begin(session("one"));
    here.follow();
    expect(here.token).toBe("one");
    there.end();
    here.follow();
    expect(here.state.is).toBe("out");
  });
});

describe("a request for a token", () => {
  test("is answered at once while a person is logged in", async () => {
    const sessions = new Sessions(memory(), NOON);
    sessions.begin(session("one"));
    await expect(sessions.fresh()).resolves.toBe("one");
  });

  test("waits until the person has logged in again", async () => {
    const sessions = new Sessions(memory(), NOON);
    sessions.begin(session("one"));
    sessions.refuse("one");
    const [first, second] = [sessions.fresh(), sessions.fresh()];
    sessions.begin(session("two"));
    await expect(Promise.all([first, second])).resolves.toEqual(["two", "two"]);
  });

  test("is rejected when the person logs out instead", async () => {
    const sessions = new Sessions(memory(), NOON);
    sessions.begin(session("one"));
    sessions.refuse("one");
    const request = sessions.fresh();
    sessions.end();
    await expect(request).rejects.toBeInstanceOf(LoggedOut);
    await expect(sessions.fresh()).rejects.toBeInstanceOf(LoggedOut);
  });
});

describe("a request that revokes the token", () => {
  test("replaces the session, although the websocket is closed first", async () => {
    const sessions = new Sessions(memory(), NOON);
    sessions.begin(session("one"));
    const states: string[] = [];
    sessions.subscribe(() => states.push(sessions.state.is));
    let waiting: Promise<string> | undefined;
    await sessions.revoking(async () => {
      sessions.disconnect("one");
      waiting = sessions.fresh();
      await Promise.resolve();
      sessions.begin(session("two"));
    });
    await expect(waiting).resolves.toBe("two");
    expect(states).toEqual(["in"]);
  });

  test("ends the session if it fails after the websocket was closed", async () => {
    const sessions = new Sessions(memory(), NOON);
    sessions.begin(session("one"));
    await sessions.revoking(() => {
      sessions.disconnect("one");
      return Promise.resolve();
    });
    expect(sessions.state.is).toBe("ended");
  });

  test("that is itself refused waits until the person has logged in again", async () => {
    const sessions = new Sessions(memory(), NOON);
    sessions.begin(session("one"));
    await sessions.revoking(async () => {
      sessions.disconnect("one");
      sessions.refuse("one");
      expect(sessions.state.is).toBe("ended");
      const fresh = sessions.fresh();
      sessions.begin(session("two"));
      await expect(fresh).resolves.toBe("two");
    });
    expect(sessions.state.is).toBe("in");
  });

  test("changes nothing if it fails while the token is still valid", async () => {
    const sessions = new Sessions(memory(), NOON);
    sessions.begin(session("one"));
    await sessions.revoking(() => Promise.resolve());
    expect(sessions.state.is).toBe("in");
    sessions.disconnect("one");
    expect(sessions.state.is).toBe("ended");
  });
});
