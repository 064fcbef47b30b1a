import type { ReactNode } from "react";

import { Button } from "../style/Button";
import { Dialog } from "../style/Dialog";
import type { Failure } from "./failure";
import { Problem } from "./Problem";

interface ChangeDialogProps {
  title: string;
  /** A sentence above the fields. */
  lead?: string;
  /** The labels of the buttons: one sends the form, the other leaves everything as it is. */
  submit: string;
  keep: string;
  busy: boolean;
  failure: Failure | null;
  onSubmit: () => void;
  onKeep: () => void;
  /** The fields. */
  children: ReactNode;
}

/** A dialog with a form that changes something of the account. */
export function ChangeDialog(props: ChangeDialogProps) {
  const { title, lead, submit, keep, busy, failure, onSubmit, onKeep, children } = props;
  return (
    <Dialog title={title} onClose={onKeep}>
      {lead !== undefined && <p className="quiet">{lead}</p>}
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault();
          onSubmit();
        }}
      >
        {children}
        <Problem failure={failure} />
        <p className="actions">
          <Button type="submit" look="first" busy={busy}>
            {submit}
          </Button>
          <Button onClick={onKeep}>{keep}</Button>
        </p>
      </form>
    </Dialog>
  );
}
