import { type SubmitEvent, useState } from "react";

import { Problem } from "../gateway/Problem";
import { useAction } from "../gateway/useAction";
import { ChangeNameDocument, type ProfileQuery } from "../generated/graphql";
import { sessions } from "../session/current";
import { Button } from "../style/Button";
import { Dialog } from "../style/Dialog";
import { Field } from "../style/Field";
import { text } from "../text/current";

interface NameChangeProps {
  viewer: NonNullable<ProfileQuery["viewer"]>;
  onClose: (saved: boolean) => void;
}

/** The dialog that changes the names. */
export function NameChange({ viewer, onClose }: NameChangeProps) {
  const { run, busy, failure } = useAction(ChangeNameDocument);
  const [username, setUsername] = useState(viewer.username);
  const [displayName, setDisplayName] = useState(viewer.displayName ?? "");
  const save = async () => {
    const data = await run({ input: { username, displayName: displayName.trim() === "" ? null : displayName } });
    if (data === null) return;
    sessions.rename(data.changeName.username);
    onClose(true);
  };
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    void save();
  };
  const keep = () => {
    onClose(false);
  };
  return (
    <Dialog title={text.profile.changeName} onClose={keep}>
      <form className="form" onSubmit={submit}>
        <Field
          label={text.profile.username}
          autoComplete="nickname"
          required
          value={username}
          onChange={(event) => {
            setUsername(event.target.value);
          }}
        />
        <Field
          label={text.profile.displayName}
          hint={text.profile.displayNameHint}
          autoComplete="name"
          value={displayName}
          onChange={(event) => {
            setDisplayName(event.target.value);
          }}
        />
        <Problem failure={failure} />
        <p className="actions">
          <Button type="submit" look="first" busy={busy}>
            {text.profile.saveName}
          </Button>
          <Button onClick={keep}>{text.profile.keepName}</Button>
        </p>
      </form>
    </Dialog>
  );
}
