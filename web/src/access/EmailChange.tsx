import { type SubmitEvent, useState } from "react";

import { Problem } from "../gateway/Problem";
import { useAction } from "../gateway/useAction";
import { ChangeEmailDocument } from "../generated/graphql";
import { PasswordField } from "../session/PasswordField";
import { Button } from "../style/Button";
import { Dialog } from "../style/Dialog";
import { Field } from "../style/Field";
import { text } from "../text/current";

/** The dialog that requests a link to change the email. It closes with the email that the link was sent to, or with null. */
export function EmailChange({ onClose }: { onClose: (sentTo: string | null) => void }) {
  const { run, busy, failure } = useAction(ChangeEmailDocument);
  const [email, setEmail] = useState("");
  const [currentPassword, setCurrentPassword] = useState("");
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    void run({ input: { email, currentPassword } }).then((data) => {
      if (data) onClose(data.changeEmail.email);
    });
  };
  const keep = () => {
    onClose(null);
  };
  return (
    <Dialog title={text.access.changeEmail} onClose={keep}>
      <p className="quiet">{text.access.changeEmailText}</p>
      <form className="form" onSubmit={submit}>
        <Field
          label={text.access.newEmail}
          type="email"
          autoComplete="email"
          required
          value={email}
          onChange={(event) => {
            setEmail(event.target.value);
          }}
        />
        <PasswordField label={text.access.currentPassword} password={currentPassword} onChange={setCurrentPassword} />
        <Problem failure={failure} />
        <p className="actions">
          <Button type="submit" look="first" busy={busy}>
            {text.access.sendLink}
          </Button>
          <Button onClick={keep}>{text.access.keepEmail}</Button>
        </p>
      </form>
    </Dialog>
  );
}
