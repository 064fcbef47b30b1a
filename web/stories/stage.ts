/** Where the gateway of the stories listens, and its sandbox. */
export const ports = {
  gateway: Number(process.env["PORT"] ?? 8910),
  sandbox: Number(process.env["PORT"] ?? 8910) + 1,
};

export const gateway = `http://127.0.0.1:${ports.gateway}`;

export const sandbox = `http://127.0.0.1:${ports.sandbox}`;
