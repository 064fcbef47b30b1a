import { Field } from "../style/Field";
import { text } from "../text/current";
import { PasswordField } from "./PasswordField";

/** A new password, as it was typed twice. */
export interface NewPassword {
  password: string;
  repeated: string;
}

export const NO_PASSWORD: NewPassword = { password: "", repeated: "" };

interface NewPasswordFieldsProps {
  typed: NewPassword;
  onChange: (typed: NewPassword) => void;
}

/** The fields for a new password, which can only be submitted if both are the same. */
export function NewPasswordFields({ typed, onChange }: NewPasswordFieldsProps) {
  return (
    <>
      <PasswordField
        label={text.access.newPassword}
        password={typed.password}
        isNew
        onChange={(password) => {
          onChange({ ...typed, password });
        }}
      />
      <Field
        label={text.access.repeatPassword}
        problem={typed.password === typed.repeated ? "" : text.access.passwordsDiffer}
        type="password"
        autoComplete="new-password"
        required
        value={typed.repeated}
        onChange={(event) => {
          onChange({ ...typed, repeated: event.target.value });
        }}
      />
    </>
  );
}
