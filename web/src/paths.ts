/** The paths of the pages other than `/`, without the slash. The gateway answers any other path with 404. */
export const paths = [
  "pricing",
  "credits",
  "account",
  "login",
  "signup",
  "forgot-password",
  "reset-password",
  "verify-email",
  "confirm-email",
  "admin",
] as const;

export type Path = (typeof paths)[number];
