import { useState } from "react";
import { type Client, type OperationResult, useClient } from "urql";

import { type Failure, failure } from "../gateway/failure";
import { Problem } from "../gateway/Problem";
import { ExportAccountDocument, type ExportAccountQuery } from "../generated/graphql";
import { Button } from "../style/Button";
import { Notice } from "../style/Notice";
import { text } from "../text/current";
import { save } from "./save";

/** Downloads everything that is stored about the person as one file. */
export function DataDownload() {
  const client = useClient();
  const [state, setState] = useState<"idle" | "busy" | "done">("idle");
  const [failed, setFailed] = useState<Failure | null>(null);
  const download = async () => {
    setState("busy");
    setFailed(null);
    const result = await exported(client);
    if (result instanceof Blob) save("patch-hive.json", result);
    else setFailed(result);
    setState(result instanceof Blob ? "done" : "idle");
  };
  return (
    <>
      <Problem failure={failed} onAgain={() => void download()} />
      {state === "done" && (
        <Notice look="good">
          <p>{text.profile.downloaded}</p>
        </Notice>
      )}
      <p className="profile-download">
        <Button busy={state === "busy"} onClick={() => void download()}>
          {text.profile.download}
        </Button>
        <span className="quiet small">{text.profile.downloadText}</span>
      </p>
    </>
  );
}

/** Reads all pages. Each becomes a part of the file at once, so that no more than one page of rows is held as objects. */
async function exported(client: Client): Promise<Blob | Failure> {
  const parts: Blob[] = [];
  let after: string | null = null;
  do {
    const { data, error } = await page(client, after);
    if (error) return failure(error);
    if (!data) break;
    const { records, nextCursor } = data.exportAccount;
    const lines = records.map(({ table, row }) => JSON.stringify({ table, row })).join(",\n");
    if (lines !== "") parts.push(new Blob([parts.length === 0 ? "[\n" : ",\n", lines]));
    after = nextCursor ?? null;
  } while (after !== null);
  return new Blob([...parts, "\n]\n"], { type: "application/json" });
}

function page(client: Client, after: string | null): Promise<OperationResult<ExportAccountQuery>> {
  return client.query(ExportAccountDocument, { after }, { requestPolicy: "network-only" }).toPromise();
}
