import { useState } from "react";

import { ChangeDialog } from "../gateway/ChangeDialog";
import { useAction } from "../gateway/useAction";
import { ChangeEmailDocument } from "../generated/graphql";
import { PasswordField } from "../session/PasswordField";
import { Field } from "../style/Field";
import { text } from "../text/current";

/** The dialog that requests a link to change the email. It closes with the email that the link was sent to, or with null. */
export function EmailChange({ onClose }: { onClose: (sentTo: string | null) => void }) {
  const { run, busy, failure } = useAction(ChangeEmailDocument);
  const [email, setEmail] = useState("");
  const [currentPassword, setCurrentPassword] = useState("");
  const send = async () => {
    const data = await run({ input: { email, currentPassword } });
    if (data !== null) onClose(data.changeEmail.email);
  };
  return (
    <ChangeDialog
      title={text.access.changeEmail}
      lead={text.access.changeEmailText}
      submit={text.access.sendLink}
      keep={text.access.keepEmail}
      busy={busy}
      failure={failure}
      onSubmit={() => void send()}
      onKeep={() => {
        onClose(null);
      }}
    >
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
    </ChangeDialog>
  );
}
