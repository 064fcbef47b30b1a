import type { ConnectionState } from "../gateway/connection";

/** The light that stands for how things are with the gateway. */
export const LED: Record<ConnectionState, string> = {
  idle: "",
  live: "led-live",
  connecting: "led-busy",
  offline: "led-off",
};
