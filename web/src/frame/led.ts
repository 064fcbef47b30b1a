import type { ConnectionState } from "../gateway/connection";

/** The light that shows each state of the connection. */
export const LED: Record<ConnectionState, string> = {
  idle: "",
  live: "led-live",
  connecting: "led-busy",
  offline: "led-off",
};
